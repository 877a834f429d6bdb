from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.filters import (
    PRESETS,
    WEEK,
    Filters,
    Window,
    link_traces,
    open_window,
    read_interval,
    write_interval,
)

NOW = datetime(2026, 11, 20, 15, 20, 17, tzinfo=UTC)
instants = st.integers(min_value=1_577_836_800, max_value=1_893_456_000).map(
    lambda seconds: datetime.fromtimestamp(seconds, tz=UTC)
)


@pytest.mark.parametrize("name", PRESETS)
def test_a_window_is_stable_for_thirty_seconds(name: str) -> None:
    at = NOW.replace(second=1)
    assert open_window(name, at) == open_window(name, at + timedelta(seconds=28))


@given(instants, st.sampled_from(list(PRESETS)))
def test_windows_have_the_bins_of_their_preset_and_the_one_before_is_as_long(
    now: datetime, name: str
) -> None:
    window = open_window(name, now)
    before = window.earlier()
    assert window.bins == PRESETS[name].bins
    assert window.start < window.until
    assert abs(window.until - now) <= timedelta(seconds=30)
    assert before.until - before.start == window.until - window.start
    assert before.until <= window.start + timedelta(seconds=window.bin_s)
    assert before.bins == window.bins


@given(instants, st.sampled_from(list(PRESETS)))
def test_beside_a_week_before_lies_the_same_time_of_that_day(now: datetime, name: str) -> None:
    window = open_window(name, now, beside="week")
    earlier = window.earlier()
    if window.words == "a week":
        assert (earlier.start, earlier.until) == (window.start - WEEK, window.until - WEEK)
    else:
        assert window.bins * window.bin_s >= WEEK.total_seconds()
        assert earlier.bin_start(window.bins) == window.start


@given(instants, st.sampled_from(list(PRESETS)))
def test_rollups_answer_for_whole_hours_only(now: datetime, name: str) -> None:
    for window in (open_window(name, now), open_window(name, now, beside="week").earlier()):
        if window.fresh_from > window.start:
            assert window.start.minute == window.start.second == 0
            assert window.fresh_from.minute == window.fresh_from.second == 0
        assert window.start <= window.fresh_from <= window.until


@given(instants, st.integers(min_value=1, max_value=60 * 24 * 300))
def test_an_interval_survives_the_url(start: datetime, minutes: int) -> None:
    start = start.replace(second=0, microsecond=0)
    ends = (start, start + timedelta(minutes=minutes))
    assert read_interval(write_interval(*ends)) == ends
    window = open_window(write_interval(*ends), NOW)
    assert (window.start, window.until) == ends
    assert window.bins <= 62


@given(st.text(max_size=60))
def test_a_range_that_means_nothing_is_the_default(text: str) -> None:
    if text not in PRESETS and read_interval(text) is None:
        assert open_window(text, NOW).name == "24h"


def test_an_interval_that_ends_before_it_starts_is_none() -> None:
    assert read_interval("2026-11-20 15:00/14:00") is None
    assert read_interval("2026-11-20 14:00/2029-11-21 14:00") is None


def test_a_bar_leads_to_its_own_hour() -> None:
    window = open_window("24h", NOW)
    assert window.bin_range(23) == "2026-11-20 15:00/16:00"


def test_links_carry_the_filters_and_leave_the_default_range_out() -> None:
    chosen = Filters(agent=("a b", "c&d"), purpose="evaluation")
    assert link_traces("24h", chosen, outcome="failure").href == (
        "/traces?agent=a+b&agent=c%26d&purpose=evaluation&outcome=failure"
    )
    assert link_traces("7d", Filters()).href == "/traces?range=7d"


def test_no_filter_lets_everything_of_production_through() -> None:
    assert Filters().params() == {
        "agents": ["*"], "environments": ["*"], "models": ["*"], "services": ["*"], "purposes": ["production"],
    }  # fmt: skip
    assert Filters(purpose="all").params()["purposes"] == ["*"]
    assert Filters(model=("m",), purpose="test").named() == ["model m", "purpose test"]


def test_a_window_is_a_small_hashable_key() -> None:
    assert hash(open_window("1h", NOW)) == hash(open_window("1h", NOW))
    assert isinstance(open_window("1h", NOW), Window)

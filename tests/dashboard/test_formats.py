from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.formats import (
    format_age,
    format_count,
    format_duration,
    format_instant,
    format_rate,
    format_signed,
    format_usd,
    format_window,
    shorten,
)

GAP = "\u202f"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "no data"), (0, "0"), (549, "549"), (3_169, "3,169"), (9_999, "9,999"), (10_000, "10_k"),
        (12_345, "12.3_k"), (999_949, "999.9_k"), (1_234_567, "1.2_M"), (5e9, "5_G"),
    ],
)  # fmt: skip
def test_counts_are_exact_while_short_and_rounded_with_a_unit_after(value: float | None, text: str) -> None:
    assert format_count(value) == text.replace("_", GAP)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "no price"), (0, "$0"), (Decimal("0.0000012"), "$0.0000012"), (0.0042, "$0.0042"), (0.0347, "$0.0347"),
        (0.122, "$0.122"), (17.418, "$17.42"), (4_590, "$4,590"), (12_345, "$12.3_k"), (-2, "−$2.00"),
    ],
)  # fmt: skip
def test_amounts_keep_the_digits_that_matter(value: float | None, text: str) -> None:
    assert format_usd(value) == text.replace("_", GAP)


def test_an_amount_that_lacks_calls_says_at_least() -> None:
    assert format_usd(1.5, at_least=True) == f"≥{GAP}$1.50"
    assert format_usd(None, at_least=True) == "no price"


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (None, "no data"), (0.4, "0.4_ms"), (335, "335_ms"), (3_420, "3.4_s"), (59_949, "59.9_s"),
        (60_000, "1_min 0_s"),        (5_227_000, "1_h 27_min"), (90_000_000, "1_d 1_h"),
    ],
)  # fmt: skip
def test_durations_say_two_units(ms: float | None, text: str) -> None:
    assert format_duration(ms) == text.replace("_", GAP)


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (None, "no data"),
        (0.0, "0_%"),
        (1.0, "100_%"),
        (0.1234, "12.3_%"),
        (0.0004, "0.04_%"),
        (0.99999, "99.99_%"),
    ],
)
def test_rates_never_round_to_certainty(rate: float | None, text: str) -> None:
    assert format_rate(rate) == text.replace("_", GAP)


@given(st.floats(min_value=0.0, max_value=1.0))
def test_only_a_rate_of_exactly_one_reads_100_percent(rate: float) -> None:
    assert (format_rate(rate) == f"100{GAP}%") == (rate * 100 == 100.0)


@given(st.floats(min_value=0, max_value=1e15, allow_nan=False))
def test_longer_durations_and_larger_amounts_never_fail(value: float) -> None:
    assert format_duration(value)
    assert format_usd(value).startswith("$")
    assert format_count(value)


def test_a_negative_zero_has_no_sign() -> None:
    assert format_signed(-0.01) == "±0.0"
    assert format_signed(-0.3) == "−0.3"
    assert format_signed(2.72) == "+2.7"


def test_times_are_utc_and_a_shared_day_is_said_once() -> None:
    start = datetime(2026, 11, 20, 14, tzinfo=UTC)
    assert format_window(start, start + timedelta(hours=1)) == "20 Nov 14:00 – 15:00 UTC"
    assert format_window(start, start + timedelta(days=1)) == "20 Nov 14:00 – 21 Nov 14:00 UTC"
    assert format_instant(start, with_seconds=True, with_zone=True) == "20 Nov 14:00:00 UTC"
    assert format_instant(None) == "no data"


def test_ages_are_just_now_below_ten_seconds() -> None:
    assert format_age(timedelta(seconds=3)) == "just now"
    assert format_age(timedelta(minutes=3)) == f"3{GAP}min 0{GAP}s ago"


def test_text_is_cut_with_an_ellipsis() -> None:
    assert shorten("abcdef", 4) == "abc…"
    assert shorten("abc", 4) == "abc"

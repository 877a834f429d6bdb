from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dashboard.changes import compare_amounts, compare_counts, compare_rates

counts = st.integers(min_value=0, max_value=10_000)


def test_a_large_and_sure_rise_of_a_failure_rate_is_red() -> None:
    assert compare_rates((50, 20), (500, 500), words="24 h", is_rise_bad=True).tone == "error"


def test_the_same_change_of_few_calls_has_no_colour() -> None:
    assert compare_rates((2, 1), (10, 10), words="24 h", is_rise_bad=True).tone is None


def test_a_sure_but_small_change_has_no_colour() -> None:
    change = compare_rates((950_000, 947_000), (1_000_000, 1_000_000), words="24 h", is_rise_bad=False)
    assert change.tone is None


def test_volume_is_neither_good_nor_bad() -> None:
    assert compare_counts(1_000, 100, words="24 h").tone is None


def test_dearer_is_red_and_cheaper_is_green_when_five_percent_or_more() -> None:
    def tone(now: float) -> str | None:
        return compare_amounts(now, 100.0, events=(100, 100), words="24 h", is_rise_bad=True).tone

    assert [tone(94), tone(97), tone(103), tone(106)] == ["good", None, None, "error"]


def test_nothing_before_is_said_not_invented() -> None:
    assert (
        compare_amounts(5.0, None, events=(9, 0), words="24 h", is_rise_bad=True).basis
        == "nothing to compare with"
    )
    assert compare_rates((1, 0), (9, 0), words="24 h", is_rise_bad=True).text == ""


def test_a_tenfold_rise_is_said_in_times() -> None:
    assert compare_counts(1_100, 100, words="24 h").text == "▲ 11.0×"


def test_a_window_in_which_the_data_begin_is_no_window_to_compare_with() -> None:
    assert compare_counts(29_315, 1, words="30 d").text == ""
    assert compare_amounts(46.3, 2.7, events=(29_315, 1), words="30 d", is_rise_bad=True).text == ""
    assert compare_rates((27_000, 1), (29_315, 1), words="30 d", is_rise_bad=False).text == ""
    assert compare_rates((900, 4), (98_800, 60), words="30 d", is_rise_bad=True).text == ""
    assert compare_amounts(1.12, 0.73, events=(98_800, 60), words="30 d", is_rise_bad=True).text == ""


@given(counts, counts, counts, counts)
def test_any_rates_compare(hits: int, hits_before: int, misses: int, misses_before: int) -> None:
    totals = (hits + misses, hits_before + misses_before)
    change = compare_rates((hits, hits_before), totals, words="24 h", is_rise_bad=True)
    mirrored = compare_rates((hits, hits_before), totals, words="24 h", is_rise_bad=False)
    assert {change.tone, mirrored.tone} in ({None}, {"error", "good"})

"""Where a change is: planted causes are found, and the parts of a change add up to it."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.drift.segments import list_members, scan_segments, split_change

RUNS = st.lists(
    st.tuples(st.booleans(), st.floats(-1e3, 1e3, allow_nan=False), st.sampled_from("abc")),
    min_size=1,
    max_size=60,
)


@given(RUNS)
def test_rates_and_mix_add_up_to_the_whole_change(runs: list[tuple[bool, float, str]]) -> None:
    frame = pl.DataFrame(runs, {"after": pl.Boolean, "y": pl.Float64, "model": pl.String}, orient="row")
    split = split_change(frame, "model")
    sides = [frame.filter(pl.col("after") == side)["y"].mean() for side in (False, True)]
    if None in sides:
        assert (split.rates, split.mix) == (0.0, 0.0)
    else:
        assert split.rates + split.mix == pytest.approx(sides[1] - sides[0], abs=1e-6)  # type: ignore[operator]


def plant(
    dice: np.random.Generator, cause: str, after_runs: int
) -> tuple[np.ndarray, np.ndarray, pl.DataFrame]:
    size = 20_000 + after_runs
    after = np.arange(size) >= 20_000
    model = dice.choice(["m-a", "m-b", "m-c"], size, p=[0.6, 0.3, 0.1])
    tool = dice.choice(["search", "crm", "sql"], size)
    version = dice.choice(["v7", "v8"], size)
    tenant = dice.choice([f"t{number}" for number in range(8)], size)
    if cause == "mix":
        moved = after & (dice.random(size) < 0.4)
        model = np.where(moved, "m-c", model)
    rate = 0.04 + 0.11 * (model == "m-c")
    added = {
        "tool": 0.20 * (tool == "crm"),
        "model": 0.10 * (model == "m-b"),
        "tenant": 0.40 * (tenant == "t3"),
        "pair": 0.30 * ((version == "v8") & (tool == "sql")),
        "everything": np.full(size, 0.06),
        "mix": np.zeros(size),
    }[cause]
    hit = dice.random(size) < rate + after * added
    frame = pl.DataFrame({"model": model, "tool": tool, "agent_version": version, "tenant": tenant})
    return hit, after, frame


@pytest.mark.parametrize(
    ("cause", "labels", "kind"),
    [
        ("tool", {"tool": "crm"}, "rate"),
        ("model", {"model": "m-b"}, "rate"),
        ("tenant", {"tenant": "t3"}, "rate"),
        ("pair", {"agent_version": "v8", "tool": "sql"}, "rate"),
        ("everything", {}, "rate"),
        ("mix", {"model": "m-c"}, "mix"),
    ],
)
def test_a_planted_cause_comes_first(cause: str, labels: dict[str, str], kind: str) -> None:
    right = 0
    for seed in range(6):
        hit, after, frame = plant(np.random.default_rng(seed), cause, 1_500)
        members = {
            (name, value): member
            for name in frame.columns
            for value, member in list_members(frame[name]).items()
        }
        first = scan_segments(hit, after, members)[0]
        right += first.kind == kind and first.labels == labels
    assert right >= 5


@pytest.mark.parametrize("without", [0.0, 0.3, 0.9])
def test_runs_without_a_value_do_not_make_a_change_of_everything_a_shift_of_traffic(without: float) -> None:
    dice = np.random.default_rng(1)
    is_after = np.arange(4_000) >= 3_200
    called = dice.choice(["crm", "mail"], is_after.size, p=[0.95, 0.05])
    tool = pl.Series("tool", called.astype(str)).set(pl.Series(dice.random(is_after.size) < without), None)
    hit = dice.random(is_after.size) < np.where(is_after, 0.6, 0.25)
    members = {("tool", value): found for value, found in list_members(tool).items()}
    segments = scan_segments(hit, is_after, members)
    assert segments[0].labels == {}
    assert max(segment.score for segment in segments if segment.kind == "mix") < 5, "nothing speaks for it"

"""Other people's traffic: a file of runs is stepped by the production code, whatever is odd about it."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import analytics.drift
from analytics.drift.seasons import hour_number
from benchmarks.drift_traffic import replay_file
from store.errors import RejectedData

TEST_FROM = datetime(2026, 3, 2, tzinfo=UTC)
MODULES = [module.name for module in pkgutil.iter_modules(analytics.drift.__path__)]


def runs_of(series: str, kind: str, fault_h: int | None, seed: int) -> pl.DataFrame:
    dice = np.random.default_rng(seed)
    first = hour_number(TEST_FROM) - 28 * 24
    hours = np.repeat(np.arange(first, first + 31 * 24), dice.poisson(30, 31 * 24))
    is_hit = hours >= hour_number(TEST_FROM) + fault_h if fault_h is not None else np.zeros(hours.size, bool)
    seconds = np.sort(hours * 3600 + dice.integers(0, 3600, hours.size))
    failed = dice.random(hours.size) < np.where(is_hit, 0.25, 0.04)
    value = np.exp(dice.normal(0, 0.5, hours.size)) * np.where(is_hit, 2.0, 1.0)
    value[::97] = np.nan
    category = np.where(is_hit & (dice.random(hours.size) < 0.3), "new", dice.choice(["a", "b"], hours.size))
    return pl.DataFrame(
        {
            "series": [series] * hours.size,
            "kind": [kind] * hours.size,
            "at": pl.from_epoch(pl.Series(seconds), time_unit="s").dt.replace_time_zone("UTC"),
            "failed": pl.Series(failed if kind == "rate" else [None] * hours.size, dtype=pl.Boolean),
            "value": pl.Series(value if kind == "value" else [None] * hours.size, dtype=pl.Float64),
            "category": pl.Series(category if kind == "category" else [None] * hours.size, dtype=pl.String),
        }
    )


def test_faults_in_a_file_are_found_in_their_series_and_nothing_before(tmp_path: Path) -> None:
    kinds = ("rate", "value", "category")
    hit = [runs_of(f"{kind} hit", kind, 30, number) for number, kind in enumerate(kinds)]
    quiet = [runs_of(f"{kind} quiet", kind, None, 10 + number) for number, kind in enumerate(kinds)]
    stray = quiet[0].tail(2).with_columns(pl.col("at") + timedelta(days=20_000))
    pl.concat([*hit, *quiet, stray]).write_parquet(tmp_path / "traffic.parquet")
    fault = hour_number(TEST_FROM) + 30
    first: dict[str, int] = {}
    for raised in replay_file(tmp_path / "traffic.parquet", hour_number(TEST_FROM)):
        first.setdefault(raised.series, raised.hour)
    assert set(first) == {f"{kind} hit" for kind in kinds}
    assert all(fault <= hour <= fault + 6 for hour in first.values())


def first_alarm(path: Path) -> int:
    """Return the hour of the first alarm of a file, counted from the begin of the test."""
    return next(replay_file(path, hour_number(TEST_FROM))).hour - hour_number(TEST_FROM)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns", "text", "naive"])
def test_times_of_every_form_and_rows_in_any_order_are_the_same_traffic(tmp_path: Path, unit: str) -> None:
    rows = runs_of("agent", "rate", 30, 1)
    at = rows["at"]
    if unit == "text":
        at = at.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    elif unit == "naive":
        at = at.dt.replace_time_zone(None)
    else:
        a_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
        at = at.dt.epoch("s") * a_second
    shuffled = (
        rows.with_columns(at=at)
        .select("at", "failed", "series", "kind")
        .sample(fraction=1.0, shuffle=True, seed=1)
    )
    shuffled.write_parquet(tmp_path / "traffic.parquet", row_group_size=5_000)
    assert 30 <= first_alarm(tmp_path / "traffic.parquet") <= 33


def test_values_below_zero_move_on_a_scale_that_is_linear(tmp_path: Path) -> None:
    rows = runs_of("score", "value", None, 2)
    dice, is_hit = np.random.default_rng(3), rows["at"] >= TEST_FROM + timedelta(hours=30)
    score = dice.normal(0, 1, rows.height) + 1.5 * is_hit.to_numpy()
    rows.with_columns(value=pl.Series(score)).write_parquet(tmp_path / "traffic.parquet")
    assert 30 <= first_alarm(tmp_path / "traffic.parquet") <= 34


@pytest.mark.parametrize(
    ("dropped", "given", "said"),
    [
        ("at", [], "no column at"),
        ("failed", [], "no column failed"),
        ("value", [pl.lit("count").alias("kind")], "kind 'count'"),
        ("value", [pl.lit("yes").alias("failed")], "it must hold numbers or booleans"),
        ("value", [pl.duration(hours=1).alias("at")], "times are timestamps"),
        ("value", [pl.col("at") - timedelta(days=90)], "before the test begins"),
    ],
)
def test_a_file_that_is_no_traffic_is_refused_with_what_is_wrong(
    tmp_path: Path, dropped: str, given: list[pl.Expr], said: str
) -> None:
    rows = runs_of("agent", "rate", None, 1).drop(dropped).with_columns(given)
    rows.write_parquet(tmp_path / "traffic.parquet")
    with pytest.raises(RejectedData, match=said):
        first_alarm(tmp_path / "traffic.parquet")


def test_what_is_no_parquet_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "traffic.parquet").write_text("series,kind,at")
    with pytest.raises(RejectedData, match="cannot be read as a Parquet file"):
        first_alarm(tmp_path / "traffic.parquet")


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_code_hold(name: str) -> None:
    module = importlib.import_module(f"analytics.drift.{name}")
    found = doctest.testmod(module)
    assert found.failed == 0
    assert (found.attempted > 0) == (">>> " in Path(str(module.__file__)).read_text())

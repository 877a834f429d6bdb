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


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_code_hold(name: str) -> None:
    module = importlib.import_module(f"analytics.drift.{name}")
    found = doctest.testmod(module)
    assert found.failed == 0
    assert (found.attempted > 0) == (">>> " in Path(str(module.__file__)).read_text())

"""Traffic from a file: a row per run, with `series`, `kind`, `at` and what its kind measures.

The file is read a group of series at a time, so memory follows the largest group and not the file; where rows are
sorted by series, the row groups of others are skipped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import log
from pathlib import Path

import numpy as np
import polars as pl

from analytics.drift.bank import TRAINING_HOURS
from analytics.drift.panel import Panel, sort_events
from analytics.drift.seasons import DAY, hour_start
from analytics.drift.values import ZERO_BUCKET
from benchmarks.drift_file import TrafficFile
from store.errors import RejectedData

CHUNK = 500
"""Series stepped together; more would not be faster."""
GROUP_ROWS = 4_000_000
"""Rows after which a group of series is stepped before more are read."""
_KEYS = ("series", "kind", "hour", "symbol")
_STEPS_PER_SD = 50.0
_OFTEN_NEGATIVE = 0.01
_LONGEST_GAP = 14 * DAY
_STRAY = 0.001
_LOGARITHMIC = pl.DataFrame(schema={"series": pl.Categorical, "unit": pl.Float64})
"""No series has a linear scale."""


@dataclass(frozen=True)
class Raised:
    """An alarm of a series, at the end of an hour."""

    series: str
    kind: str
    hour: int


def replay_file(path: Path, test_from: int) -> Iterator[Raised]:
    """Step every series of a file hour by hour from `test_from`, what lies before being history.

    Raises:
        RejectedData: The file is no Parquet file of runs, or ends before `test_from`.
    """
    file = TrafficFile(path)
    outline = file.survey()
    if not outline.rows_of:
        return
    until = find_end(outline.rows_at)
    if until <= test_from:
        raise RejectedData(
            f"{path} ends at {hour_start(until)} UTC, before the test begins at {hour_start(test_from)}; "
            "pass an earlier --test-from"
        )
    for first, last in group_series(outline.rows_of):
        is_signed = any(first <= name <= last for name in outline.signed)
        scales = measure_scales(file, test_from, first, last) if is_signed else _LOGARITHMIC
        counted = count_events(file, scales, (test_from - TRAINING_HOURS, until), (first, last))
        for kind in ("rate", "value", "category"):
            of_kind = counted.filter(pl.col("kind") == kind)
            if of_kind.is_empty():
                continue
            names = of_kind["series"].unique().cast(pl.String).sort()
            place = pl.DataFrame({"series": names.cast(pl.Categorical), "row": np.arange(names.len())})
            yield from _replay(kind, of_kind.join(place, on="series"), names, test_from, until)


def _replay(kind: str, rows: pl.DataFrame, names: pl.Series, test_from: int, until: int) -> Iterator[Raised]:
    events = sort_events(
        rows["row"].to_numpy(),
        rows["hour"].cast(pl.Int64).to_numpy(),
        rows["symbol"].cast(pl.Int64).to_numpy(),
        rows["count"].cast(pl.Float64).to_numpy(),
    )
    panel = Panel(kind)
    panel.resize(names.len())
    for alarm in panel.replay(events, test_from, until, learn_first=True):
        yield Raised(names[alarm.row], kind, alarm.hour)


def group_series(sizes: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Yield the first and last name of groups of neighbouring series that are stepped together.

    >>> list(group_series({"b": GROUP_ROWS, "a": 3, "c": 1}))
    [('a', 'b'), ('c', 'c')]
    """
    names = sorted(sizes)
    first, series, rows = names[0], 0, 0
    for name, following in zip(names, [*names[1:], None], strict=True):
        series, rows = series + 1, rows + sizes[name]
        if following is None or series == CHUNK or rows >= GROUP_ROWS:
            yield first, name
            first, series, rows = following or name, 0, 0


def count_events(
    file: TrafficFile, scales: pl.DataFrame, hours: tuple[int, int], series: tuple[str, str]
) -> pl.DataFrame:
    """Return how many events of each symbol series had in every hour: what the rollups hold of them.

    Hours are [first, last), series from the first to the last name.
    """
    parts: list[pl.DataFrame] = []
    for batch in file.read(*series):
        part = _count(batch.filter((pl.col("hour") >= hours[0]) & (pl.col("hour") < hours[1])), scales)
        parts = [pl.concat([*parts, part]).group_by(_KEYS).agg(pl.col("count").sum())]
    return parts[0] if parts else pl.DataFrame(schema={"kind": pl.Categorical})


def measure_scales(file: TrafficFile, test_from: int, first: str, last: str) -> pl.DataFrame:
    """Return the step of a linear scale for series whose history is often negative; the others are logarithmic."""
    is_old_value = (pl.col("kind") == "value") & (pl.col("hour") < test_from) & pl.col("value").is_finite()
    parts = [batch.filter(is_old_value).select("series", "value") for batch in file.read(first, last)]
    if not parts:
        return _LOGARITHMIC
    value = pl.col("value")
    return (
        pl.concat(parts)
        .group_by("series")
        .agg(
            (value < 0).mean().alias("negative"),
            ((value.quantile(0.84) - value.quantile(0.16)) / 2 / _STEPS_PER_SD).alias("unit"),
        )
        .filter((pl.col("negative") > _OFTEN_NEGATIVE) & (pl.col("unit") > 0))
        .select("series", "unit")
    )


def _count(batch: pl.DataFrame, scales: pl.DataFrame) -> pl.DataFrame:
    value = pl.when(pl.col("value").is_finite()).then(pl.col("value"))
    logarithmic = (
        pl.when(value > 0)
        .then((value.log() / log(1.02)).ceil())
        .when(value <= 0)
        .then(pl.lit(float(ZERO_BUCKET)))
    )
    linear = (value / pl.col("unit")).round().clip(-30_000, 30_000)
    symbol = (
        pl.when(pl.col("kind") == "rate")
        .then((pl.col("failed") > 0.5).cast(pl.Int64))
        .when(pl.col("kind") == "value")
        .then(
            pl.when(pl.col("unit").is_null()).then(logarithmic).otherwise(linear).cast(pl.Int64, strict=False)
        )
        .when(pl.col("kind") == "category")
        .then(
            pl.when(pl.col("category").is_not_null()).then((pl.col("category").hash(0) // 2).cast(pl.Int64))
        )
    )
    return (
        batch.join(scales, on="series", how="left")
        .with_columns(symbol.alias("symbol"))
        .filter(pl.col("symbol").is_not_null())
        .group_by(_KEYS)
        .agg(pl.len().cast(pl.UInt32).alias("count"))
    )


def find_end(rows: Mapping[int, int]) -> int:
    """Return the hour after the last; rows of broken clocks, few and far ahead of all others, do not count.

    >>> find_end({5: 2_000, 6: 1_000, 90_000: 2})
    7
    """
    numbers = np.array(sorted(rows))
    counts = np.array([rows[int(number)] for number in numbers])
    before_last = np.cumsum(counts) >= (1 - _STRAY) * counts.sum()
    end = int(np.argmax(before_last))
    while end + 1 < numbers.size and numbers[end + 1] - numbers[end] <= _LONGEST_GAP:
        end += 1
    return int(numbers[end]) + 1

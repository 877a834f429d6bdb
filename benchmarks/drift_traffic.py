"""Traffic from a file: a row per run, with `series`, `kind`, `at` and what its kind measures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import log
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from analytics.drift.bank import TRAINING_HOURS
from analytics.drift.panel import Panel, sort_events
from analytics.drift.seasons import DAY
from analytics.drift.values import ZERO_BUCKET

CHUNK = 500
"""Series stepped together; more would not be faster."""
COLUMNS = ("series", "kind", "at", "failed", "value", "category")
_BATCH_ROWS = 2_000_000
_STEPS_PER_SD = 50.0
_OFTEN_NEGATIVE = 0.01
_LONGEST_GAP = 14 * DAY
_STRAY = 0.001


@dataclass(frozen=True)
class Raised:
    """An alarm of a series, at the end of an hour."""

    series: str
    kind: str
    hour: int


def replay_file(path: Path, test_from: int) -> Iterator[Raised]:
    """Step every series of a file hour by hour from `test_from`, what lies before being history."""
    counted = count_events(path, test_from)
    if counted.is_empty():
        return
    until = find_end(counted, test_from)
    recent = counted.filter((pl.col("hour") >= test_from - TRAINING_HOURS) & (pl.col("hour") < until))
    for kind in ("rate", "value", "category"):
        of_kind = recent.filter(pl.col("kind") == kind)
        names = of_kind["series"].unique().cast(pl.String).sort()
        for start in range(0, names.len(), CHUNK):
            chosen = names.slice(start, CHUNK)
            place = pl.DataFrame({"series": chosen.cast(pl.Categorical), "row": np.arange(chosen.len())})
            yield from _replay(kind, of_kind.join(place, on="series"), chosen, test_from, until)


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


def count_events(path: Path, test_from: int) -> pl.DataFrame:
    """Return how many events of each symbol every series had in every hour: what the rollups hold of them."""
    scales = _measure_scales(path, test_from)
    keys, kept, parts = ["series", "kind", "hour", "symbol"], pl.DataFrame(), list[pl.DataFrame]()
    for batch in _read(path):
        parts.append(_count(batch, scales))
        # Sorted rows seldom meet again: adding up now and then keeps memory at what the rollups hold.
        if sum(part.height for part in parts) > max(_BATCH_ROWS, kept.height):
            kept = _add_up([kept, *parts], keys)
            parts.clear()
    return _add_up([kept, *parts], keys)


def _add_up(parts: list[pl.DataFrame], keys: list[str]) -> pl.DataFrame:
    filled = [part for part in parts if not part.is_empty()]
    return pl.concat(filled).group_by(keys).agg(pl.col("count").sum()) if filled else pl.DataFrame()


def _read(path: Path) -> Iterator[pl.DataFrame]:
    file = pq.ParquetFile(path)
    columns = [
        name
        for name in ("series", "kind", "at", "failed", "value", "category")
        if name in file.schema_arrow.names
    ]
    for batch in file.iter_batches(_BATCH_ROWS, columns=columns):
        frame = pl.from_arrow(batch)
        assert isinstance(frame, pl.DataFrame)
        for name in ("failed", "value", "category"):
            if name not in frame.columns:
                frame = frame.with_columns(pl.lit(None).alias(name))
        yield frame.with_columns(
            pl.col("series").cast(pl.String).cast(pl.Categorical),
            pl.col("kind").cast(pl.String).cast(pl.Categorical),
            _hour(frame["at"]).cast(pl.Int32, strict=False).alias("hour"),
            pl.col("failed").cast(pl.Float64, strict=False).alias("failed"),
            pl.col("value").cast(pl.Float64, strict=False).alias("value"),
            pl.col("category").cast(pl.String, strict=False).alias("category"),
        ).filter(pl.col("hour").is_not_null() & pl.col("series").is_not_null())


def _hour(at: pl.Series) -> pl.Series:
    if at.dtype == pl.String:
        at = at.str.to_datetime(time_zone="UTC", strict=False)
    return at.dt.epoch("s") // 3600


def _measure_scales(path: Path, test_from: int) -> pl.DataFrame:
    """Return the step of a linear scale for series whose history is often negative; the others are logarithmic."""
    parts = []
    for batch in _read(path):
        values = batch.filter(
            (pl.col("kind") == "value") & (pl.col("hour") < test_from) & pl.col("value").is_finite()
        )
        if (values["value"] < 0).any():
            parts.append(values.select("series", "value"))
    if not parts:
        return pl.DataFrame(schema={"series": pl.Categorical, "unit": pl.Float64})
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
        .group_by("series", "kind", "hour", "symbol")
        .agg(pl.len().cast(pl.UInt32).alias("count"))
    )


def find_end(counted: pl.DataFrame, test_from: int) -> int:
    """Return the hour after the last; rows of broken clocks, few and far ahead of all others, do not count."""
    hours = counted.group_by("hour").agg(pl.col("count").sum()).sort("hour")
    numbers, counts = hours["hour"].to_numpy(), hours["count"].to_numpy()
    before_last = np.cumsum(counts) >= (1 - _STRAY) * counts.sum()
    end = int(np.argmax(before_last))
    while end + 1 < numbers.size and numbers[end + 1] - numbers[end] <= _LONGEST_GAP:
        end += 1
    return max(int(numbers[end]) + 1, test_from)

"""Which series are watched: found in the rollups and rows of production, without any configuration."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final

import polars as pl

from analytics.drift.bank import Events
from analytics.drift.panel import sort_events
from store import Store

KINDS: Final = ("rate", "value", "category", "volume")
LABELS: Final = ("service", "environment", "agent", "model", "tool", "score")
_QUERIES: Final[Mapping[str, str]] = {
    "rate": "drift/rates",
    "value": "drift/values",
    "category": "drift/categories",
    "volume": "drift/volumes",
}
FALLS_WITH_FAILURES: Final = frozenset({"success_rate", "satisfaction"})
"""Rates that people read as a share of good ones."""
LINEAR: Final = frozenset({"run_confidence", "score"})
"""Values on a scale that is linear around zero."""


@dataclass(frozen=True)
class Series:
    """What a series is about."""

    kind: str
    metric: str
    labels: Mapping[str, str]

    @property
    def name(self) -> str:
        """Return the series as people and the database know it."""
        parts = [f'{key}="{self.labels[key]}"' for key in LABELS if key in self.labels]
        return f"{self.metric}{{{', '.join(parts)}}}"


@dataclass
class Catalogue:
    """The series of an installation; each has a row in the panel of its kind, which it keeps."""

    series: dict[str, list[Series]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    categories: dict[int, str] = field(default_factory=dict[int, str])
    """Texts of the codes that were met."""
    _rows: dict[str, dict[str, int]] = field(default_factory=lambda: {kind: {} for kind in KINDS})

    def row_of(self, series: Series) -> int:
        """Return the row of a series, a new one when it is not known."""
        rows = self._rows[series.kind]
        name = series.name
        if name not in rows:
            rows[name] = len(rows)
            self.series[series.kind].append(series)
        return rows[name]

    def find_row(self, kind: str, name: str) -> int | None:
        """Return the row of the series of this name."""
        return self._rows[kind].get(name)

    def read(self, store: Store, kind: str, since: datetime, until: datetime) -> Events:
        """Return the events of all series of a kind that began in [since, until)."""
        frame = store.select(_QUERIES[kind], {"since": since, "until": until})
        if frame.is_empty():
            return Events.none()
        keys = ["metric", *(label for label in LABELS if label in frame.columns)]
        known = frame.select(keys).unique(maintain_order=True)
        rows = [self.row_of(_series_of(kind, key)) for key in known.iter_rows(named=True)]
        frame = frame.join(known.with_columns(pl.Series("row", rows, pl.Int64)), on=keys, nulls_equal=True)
        return _to_events(pl.concat(list(self._symbols(kind, frame))))

    def _symbols(self, kind: str, frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
        columns = ["row", "hour_at", "symbol", "events"]
        if kind == "rate":
            failed, total = pl.col("failures").clip(0, pl.col("events")), pl.col("events")
            yield frame.with_columns(symbol=pl.lit(1, pl.Int64), events=failed).select(columns)
            yield frame.with_columns(symbol=pl.lit(0, pl.Int64), events=total - failed).select(columns)
        elif kind == "category":
            texts = frame["category"].unique().to_list()
            codes = {text: code_of(text) for text in texts}
            self.categories |= {code: text for text, code in codes.items()}
            symbol = pl.col("category").replace_strict(codes, return_dtype=pl.Int64)
            yield frame.with_columns(symbol=symbol).select(columns)
        elif kind == "volume":
            yield frame.with_columns(symbol=pl.lit(0, pl.Int64)).select(columns)
        else:
            yield frame.filter(pl.col("symbol").is_not_null()).select(columns)


@lru_cache(100_000)
def code_of(category: str) -> int:
    """Return a number for a category, the same everywhere."""
    digest = hashlib.blake2b(category.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def _series_of(kind: str, key: Mapping[str, object]) -> Series:
    labels = {label: str(key[label]) for label in LABELS if key.get(label) is not None}
    return Series(kind, str(key["metric"]), labels)


def _to_events(frame: pl.DataFrame) -> Events:
    frame = frame.filter(pl.col("events") > 0)
    return sort_events(
        frame["row"].to_numpy(),
        (frame["hour_at"].dt.epoch("s") // 3600).to_numpy(),
        frame["symbol"].cast(pl.Int64).to_numpy(),
        frame["events"].cast(pl.Float64).to_numpy(),
    )

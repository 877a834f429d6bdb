"""A Parquet file of runs as others write it: several types of time, columns that are missing, names in any order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from store.errors import RejectedData

MEASURED_BY = {"rate": "failed", "value": "value", "category": "category"}
"""By kind, the column that says what a run measured."""
_BATCH_ROWS = 1_000_000
# Seconds until the year 5138, milliseconds since 1973: no time is two of them.
_EPOCHS = ((1e11, 1), (1e14, 1_000), (1e17, 1_000_000), (float("inf"), 1_000_000_000))


@dataclass
class Outline:
    """What a file holds, in short."""

    rows_of: Counter[str] = field(default_factory=Counter[str])
    """Rows of each series."""
    rows_at: Counter[int] = field(default_factory=Counter[int])
    """Rows in each hour."""
    signed: set[str] = field(default_factory=set[str])
    """Series that have values below zero."""


class TrafficFile:
    """The rows of a file, a few series at a time."""

    def __init__(self, path: Path) -> None:
        """Open a file.

        Raises:
            RejectedData: It is no Parquet file, or its columns are not those of runs.
        """
        self._path = path
        try:
            self._file = pq.ParquetFile(path)
        except (OSError, pa.ArrowException) as error:
            raise RejectedData(f"{path} cannot be read as a Parquet file: {error}") from error
        types = {field.name: field.type for field in self._file.schema_arrow}
        if missing := [name for name in ("series", "kind", "at") if name not in types]:
            raise RejectedData(
                f"{path} has no column {', '.join(missing)}, only {', '.join(types)}; a run is a row of series, "
                "kind, at and failed, value or category"
            )
        self._columns = [name for name in ("series", "kind", "at", *MEASURED_BY.values()) if name in types]
        self._check_types(types)

    def _check_types(self, types: Mapping[str, pa.DataType]) -> None:
        at = types["at"]
        is_time = pa.types.is_timestamp(at) or pa.types.is_date(at) or pa.types.is_string(at)
        if not (is_time or pa.types.is_large_string(at) or _is_number(at)):
            raise RejectedData(
                f"column at of {self._path} is {at}; times are timestamps (UTC), ISO 8601 texts or numbers since 1970"
            )
        for name in ("failed", "value"):
            if name in types and not (_is_number(types[name]) or pa.types.is_boolean(types[name])):
                raise RejectedData(
                    f"column {name} of {self._path} is {types[name]}; it must hold numbers or booleans"
                )

    def survey(self) -> Outline:
        """Return what the file holds.

        Raises:
            RejectedData: A row is of no known kind, or of one whose column is missing.
        """
        outline, kinds = Outline(), set[str | None]()
        columns = [name for name in self._columns if name not in ("failed", "category")]
        for batch in self._read(columns, range(self._file.num_row_groups)):
            series = pl.col("series").cast(pl.String)
            kinds.update(batch["kind"].unique().cast(pl.String))
            outline.rows_of.update(dict(batch.group_by("series").len().select(series, "len").iter_rows()))
            outline.rows_at.update(dict(batch.group_by("hour").len().iter_rows()))
            negative = batch.filter((pl.col("kind") == "value") & (pl.col("value") < 0))
            outline.signed.update(negative["series"].unique().cast(pl.String))
        for kind in sorted(map(str, kinds)):
            if kind not in MEASURED_BY:
                raise RejectedData(
                    f"{self._path} has rows of kind {kind!r}; kinds are {', '.join(MEASURED_BY)}"
                )
            if MEASURED_BY[kind] not in self._columns:
                raise RejectedData(
                    f"{self._path} has rows of kind {kind!r}, but no column {MEASURED_BY[kind]}"
                )
        return outline

    def read(self, first: str, last: str) -> Iterator[pl.DataFrame]:
        """Yield the rows of the series from `first` to `last`: series, kind, hour, failed, value, category."""
        for batch in self._read(self._columns, self._groups_with(first, last)):
            of_range = batch.filter(pl.col("series").cast(pl.String).is_between(pl.lit(first), pl.lit(last)))
            if not of_range.is_empty():
                yield of_range

    def _groups_with(self, first: str, last: str) -> list[int]:
        """Return the row groups that may hold these series, as far as the file says what each holds."""
        place = self._file.schema.names.index("series")
        chosen: list[int] = []
        for number in range(self._file.num_row_groups):
            told = self._file.metadata.row_group(number).column(place).statistics
            low, high = (told.min, told.max) if told is not None and told.has_min_max else (None, None)
            if not (isinstance(low, str) and isinstance(high, str)) or (low <= last and high >= first):
                chosen.append(number)
        return chosen

    def _read(self, columns: Sequence[str], groups: Sequence[int]) -> Iterator[pl.DataFrame]:
        if not groups:
            return
        for batch in self._file.iter_batches(_BATCH_ROWS, row_groups=list(groups), columns=list(columns)):
            frame = pl.from_arrow(batch)
            assert isinstance(frame, pl.DataFrame)
            missing = [pl.lit(None).alias(name) for name in MEASURED_BY.values() if name not in frame.columns]
            yield (
                frame.with_columns(*missing, _hour_of(frame["at"]).alias("hour"))
                .select(
                    pl.col("series", "kind").cast(pl.String).cast(pl.Categorical),
                    pl.col("hour").cast(pl.Int32, strict=False),
                    pl.col("failed", "value").cast(pl.Float64),
                    pl.col("category").cast(pl.String, strict=False),
                )
                .filter(pl.col("hour").is_not_null() & pl.col("series").is_not_null())
            )


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def _hour_of(at: pl.Series) -> pl.Series:
    """Return the whole hours since 1970, NULL where a time cannot be read; numbers tell their unit by their size.

    >>> _hour_of(pl.Series([7_200, 1_772_000_000_000], dtype=pl.Int64)).to_list()
    [2, 492222]
    """
    if at.dtype == pl.String:
        at = at.str.to_datetime(time_zone="UTC", strict=False)
    if at.dtype.is_temporal():
        return at.dt.epoch("s") // 3600
    number, hours = at.cast(pl.Float64), pl.lit(None, pl.Float64)
    for most, a_second in reversed(_EPOCHS):
        hours = pl.when(pl.col("at").abs() < most).then(pl.col("at") / a_second / 3600).otherwise(hours)
    return pl.DataFrame({"at": number}).select(hours.floor().cast(pl.Int64)).to_series()

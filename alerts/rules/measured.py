"""Figures of many groups at once, held in columns: most groups are well, and only the others become objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

Group = tuple[str | None, ...]
"""Values of the dimensions a rule is split by."""
Flags = NDArray[np.bool_]


class Question(NamedTuple):
    """A metric over [start, end), filtered and split."""

    metric: str
    start: datetime
    end: datetime
    where: tuple[tuple[str, str | tuple[str, ...]], ...] = ()
    group_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attention:
    """Which groups a rule must speak of even though nothing is wrong with them."""

    live: Sequence[Mapping[str, str]] = ()
    """Labels of its alerts that wait or fire."""
    gaps: bool = False
    """Groups without enough data, because that alerts."""


class Measured:
    """The value of every group, and how many events it rests on."""

    def __init__(
        self,
        dimensions: Sequence[str],
        values: NDArray[np.float64],
        counts: NDArray[np.float64],
        keys: pl.DataFrame,
    ) -> None:
        self.dimensions = tuple(dimensions)
        self.values = values
        """NaN where the value cannot be said."""
        self.counts = counts
        """NaN where it is not known."""
        self._keys = keys

    @classmethod
    def of(cls, rows: Iterable[tuple[Mapping[str, str], float | None, int | None]]) -> Self:
        """Return the figures that rows of labels, value and count say."""
        given = list(rows)
        names = list(dict.fromkeys(name for labels, _, _ in given for name in labels))
        keys = {name: [labels.get(name) for labels, _, _ in given] for name in names}
        return cls(
            names,
            np.array([np.nan if value is None else value for _, value, _ in given], dtype=np.float64),
            np.array([np.nan if count is None else count for _, _, count in given], dtype=np.float64),
            pl.DataFrame(keys, schema=dict.fromkeys(names, pl.String)),
        )

    @classmethod
    def from_frame(cls, frame: pl.DataFrame, dimensions: Sequence[str]) -> Self:
        """Return the figures of a frame with the dimensions, value and n."""
        return cls(
            dimensions,
            frame["value"].cast(pl.Float64).fill_null(float("nan")).to_numpy(),
            frame["n"].cast(pl.Float64).fill_null(float("nan")).to_numpy(),
            frame.select(pl.col(list(dimensions)).cast(pl.String)),
        )

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def groups(self) -> Sequence[Group]:
        """The values of the dimensions, in the order of the figures."""
        return self._keys.rows() if self.dimensions else [()] * len(self)

    @cached_property
    def positions(self) -> Mapping[Group, int]:
        """Where each group stands."""
        return {group: position for position, group in enumerate(self.groups)}

    def labels(self, position: int) -> dict[str, str]:
        """Return the labels of a group; a dimension that is not known is none."""
        named = zip(self.dimensions, self.groups[position], strict=True)
        return {name: value for name, value in named if value is not None}

    def value(self, position: int) -> float | None:
        """Return the value of a group."""
        value = float(self.values[position])
        return None if np.isnan(value) else value

    def count(self, position: int) -> int | None:
        """Return how many events the value rests on."""
        count = float(self.counts[position])
        return None if np.isnan(count) else int(count)

    def find(self, labels: Mapping[str, str]) -> int | None:
        """Return where the group of an alert with these labels stands."""
        return self.positions.get(tuple(labels.get(name) for name in self.dimensions))

    def align(self, other: Measured) -> NDArray[np.float64]:
        """Return the other's values in the order of these groups, NaN where it has none."""
        return self.look_up({group: float(other.values[i]) for group, i in other.positions.items()})

    def look_up(self, values: Mapping[Group, float]) -> NDArray[np.float64]:
        """Return values by group in the order of these groups, NaN where there is none."""
        return np.array([values.get(group, np.nan) for group in self.groups], dtype=np.float64)

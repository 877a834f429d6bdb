"""What detectors remember between steps: one small state per series, read and written in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from store.control.tables import detector_state

_CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class DetectorRow:
    """State of the detector of one series, after the hour that begins at `hour_at`."""

    series: str
    state: Mapping[str, Any]
    hour_at: datetime


def load_detectors(connection: Connection, prefix: str = "") -> dict[str, DetectorRow]:
    """Return the states by series, of all or of those whose name begins with `prefix`."""
    query = select(detector_state)
    if prefix:
        query = query.where(detector_state.c.series.startswith(prefix, autoescape=True))
    return {row.series: DetectorRow(row.series, row.state, row.hour_at) for row in connection.execute(query)}


def save_detectors(connection: Connection, rows: Iterable[DetectorRow]) -> None:
    """Keep the states of series, new or known."""
    given = list(rows)
    for start in range(0, len(given), _CHUNK):
        chunk = given[start : start + _CHUNK]
        _delete(connection, [row.series for row in chunk])
        connection.execute(
            insert(detector_state),
            [{"series": row.series, "state": dict(row.state), "hour_at": row.hour_at} for row in chunk],
        )


def delete_detectors(connection: Connection, series: Sequence[str]) -> None:
    """Forget the states of series."""
    _delete(connection, series)


def _delete(connection: Connection, series: Sequence[str]) -> None:
    if series:
        connection.execute(
            delete(detector_state).where(detector_state.c.series == bindparam("gone")),
            [{"gone": name} for name in series],
        )

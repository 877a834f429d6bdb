"""What people said of alarms stays with them when history is stepped again and tells them from another hour on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from analytics.drift.watch import SAME_ALARM, AlarmRow
from store import Replacement, Store


def follow_alarms(
    store: Store, known: Mapping[str, AlarmRow], alarms: Iterable[AlarmRow]
) -> list[Replacement]:
    """Return what to write so that marks of alarms that are no more go to those that tell the same now.

    Late data or a decision about hours may raise the alarm of a change an hour sooner or later: it is another row then.
    """
    now = {row["alarm_id"]: row for row in alarms}
    gone = known.keys() - now.keys()
    decisions = store.select("drift/decisions").filter(pl.col("alarm_id").is_not_null())
    marked = set(decisions["alarm_id"])
    heirs: dict[str, str] = {}
    for alarm_id in sorted(gone & marked):
        before = known[alarm_id]
        same = [
            row
            for row in now.values()
            if (row["series"], row["type"]) == (before["series"], before["type"])
            and abs(row["raised_at"] - before["raised_at"]) <= SAME_ALARM
            and row["alarm_id"] not in {*marked, *heirs.values()}
        ]
        if same:
            nearest = min(same, key=lambda row: abs(row["raised_at"] - before["raised_at"]))
            heirs[alarm_id] = nearest["alarm_id"]
    if not heirs:
        return []
    moved = decisions.filter(pl.col("alarm_id").is_in(list(heirs)))
    rows = moved.with_columns(pl.col("alarm_id").replace_strict(heirs, return_dtype=pl.String))
    return [Replacement("drift_decisions", keys=moved.select("alarm_id").unique(), rows=rows)]

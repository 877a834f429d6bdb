"""The detectors over history, without writing anything: what they would have raised, and how it fits people's marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from analytics.drift.decisions import Decisions
from analytics.drift.seasons import hour_number
from analytics.drift.watch import SAME_ALARM, AlarmRow, Watch
from store import Store

_MONTH = timedelta(days=28)


@dataclass(frozen=True)
class Backtest:
    """What the detectors would have raised, and how it fits what people said."""

    alarms: Sequence[AlarmRow]
    a_month: float
    """Alarms in 28 days."""
    found: int
    """Confirmed alarms that would have been raised."""
    missed: int
    """Confirmed alarms that would not."""
    noise: int
    """Alarms that people dismissed."""
    unmarked: int
    """Alarms that nobody judged."""
    delay_hours: float | None
    """Mean hours from the start of a confirmed change to its alarm."""

    @property
    def precision(self) -> float | None:
        """Return the share of right ones among the judged; None when nobody judged one."""
        judged = self.found + self.noise
        return self.found / judged if judged else None


def run_backtest(
    store: Store,
    since: datetime,
    until: datetime,
    *,
    false_alarms_per_month: float,
    dimensions: Sequence[str] = (),
) -> Backtest:
    """Run the detectors over [since, until), learning from what lies before; `dimensions` are the declared ones."""
    decisions = Decisions.read(store).as_if_made_before()
    watch = Watch(store, hour_number(since), false_alarms_per_month, dimensions, decisions=decisions)
    watch.advance(hour_number(until))
    alarms = sorted(watch.alarms.values(), key=lambda row: (row["raised_at"], row["series"]))
    marked = store.select("drift/marked_alarms", {"since": since, "until": until})
    found, noise = (_match(alarms, marked, action) for action in ("confirm", "dismiss"))
    confirmed = marked.filter(pl.col("action") == "confirm").height
    delays = [
        (alarm["raised_at"] - mark["changed_at"]) / timedelta(hours=1)
        for alarm, mark in found
        if mark["changed_at"]
    ]
    judged = {alarm["alarm_id"] for alarm, _ in (*found, *noise)}
    return Backtest(
        alarms,
        len(alarms) / ((until - since) / _MONTH),
        len(found),
        confirmed - len(found),
        len(noise),
        len(alarms) - len(judged),
        sum(delays) / len(delays) if delays else None,
    )


def measure_precision(store: Store) -> tuple[int, int]:
    """Return how many alarms people confirmed, and how many they dismissed."""
    counts = dict(store.select("drift/mark_counts").iter_rows())
    return counts.get("confirm", 0), counts.get("dismiss", 0)


def _match(alarms: Sequence[AlarmRow], marked: pl.DataFrame, action: str) -> list[tuple[AlarmRow, AlarmRow]]:
    """Return for each marked alarm the one that tells the same: of its series, within the time that makes one alarm."""
    pairs: list[tuple[AlarmRow, AlarmRow]] = []
    for mark in marked.filter(pl.col("action") == action).iter_rows(named=True):
        same = [
            alarm
            for alarm in alarms
            if alarm["series"] == mark["series"] and abs(alarm["raised_at"] - mark["raised_at"]) <= SAME_ALARM
        ]
        if same:
            pairs.append((same[0], mark))
    return pairs

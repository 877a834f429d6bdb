"""Who is told of an alarm: nobody, where it rests on old data, or on the silence of an agent not heard live."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from analytics.drift.bank import TRAINING_HOURS
from analytics.drift.watch import AlarmRow
from store import Store

OLD_AFTER = timedelta(hours=24)
"""Alarms of older data are historic."""
_LATEST_RUNS = 100
_LIVE_SHARE = 0.25
"""Least share of the time that runs took to happen in which they came, of an agent that is heard live."""
_SPOKE_WITHIN = timedelta(days=4)
"""A silence that was historic is told once the agent had spoken again: so long ago at most, a long week-end."""


def decide_who_hears(
    store: Store, alarms: Mapping[str, AlarmRow], known: Mapping[str, AlarmRow], now: datetime
) -> list[AlarmRow]:
    """Return the alarms with `is_historic`: those of old data are, for good, and so is where a back-fill ends."""
    old = now.replace(tzinfo=None) - OLD_AFTER
    for alarm_id, row in alarms.items():
        before = known.get(alarm_id)
        if before is None:
            row["is_historic"] = row["raised_at"] < old or (_is_silence(row) and not _was_live(store, row))
            continue
        row["explanation"] = row["explanation"] or before["explanation"]
        is_new_silence = (
            row["last_raised_at"] >= old and _is_silence(row) and _was_live(store, row, again=True)
        )
        row["is_historic"] = before["is_historic"] and not is_new_silence
    return list(alarms.values())


def _is_silence(alarm: AlarmRow) -> bool:
    return alarm["kind"] == "volume" and alarm["direction"] == "down"


def _was_live(store: Store, alarm: AlarmRow, *, again: bool = False) -> bool:
    """Return whether the latest runs of an agent came as they happened; a clock that is wrong does not matter.

    With `again`: and it was heard within days before the alarm was raised last.
    """
    until = alarm["last_raised_at"].replace(tzinfo=UTC)
    whose = {f"{name}s": [alarm[name] or ""] for name in ("service", "environment", "agent")}
    window = {"since": until - timedelta(hours=TRAINING_HOURS), "until": until}
    runs, newest_at, happened_s, came_s = store.select(
        "drift/arrival", {**window, **whose, "max_rows": _LATEST_RUNS}
    ).row(0)
    if runs < 2 or (again and newest_at < until.replace(tzinfo=None) - _SPOKE_WITHIN):
        return False
    return bool(came_s >= _LIVE_SHARE * happened_s)

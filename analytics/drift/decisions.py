"""What people decided: hours that teach nothing, baselines that are pinned, alarms that were right or not."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from analytics.drift.catalogue import Catalogue
from analytics.drift.panel import Panel
from analytics.drift.seasons import hour_number
from store import Replacement, Store
from store.errors import NotFound, RejectedData

ACTIONS = ("confirm", "dismiss", "exclude", "pin", "unpin")


@dataclass(frozen=True)
class Decision:
    """One decision about hours or baselines; `series` None is about all."""

    action: str
    series: str | None
    since: int
    until: int


@dataclass(frozen=True)
class Decisions:
    """All decisions that change what detectors see, oldest first."""

    items: tuple[Decision, ...] = ()

    @classmethod
    def read(cls, store: Store) -> Decisions:
        """Return the decisions of an installation."""
        rows = store.select("drift/decisions").iter_rows(named=True)
        return cls(
            tuple(
                Decision(row["action"], row["series"], _hour(row["since_at"]), _hour(row["until_at"]))
                for row in rows
                if row["action"] in ("exclude", "pin", "unpin")
            )
        )


def apply_decisions(decisions: Decisions, panels: Mapping[str, Panel], catalogue: Catalogue) -> None:
    """Tell the panels what was decided about the series they have."""
    for kind, panel in panels.items():
        panel.excluded.clear()
        panel.pinned.clear()
        for decision in decisions.items:
            row = None if decision.series is None else catalogue.find_row(kind, decision.series)
            rows = range(panel.size) if decision.series is None else [] if row is None else [row]
            for chosen in rows:
                if decision.action == "exclude":
                    panel.excluded.append((chosen, decision.since, decision.until))
                elif decision.action == "pin":
                    panel.pinned[chosen] = (decision.since, decision.until)
                else:
                    panel.pinned.pop(chosen, None)


def mark_alarm(
    store: Store, alarm_id: str, action: str, *, reason: str | None, author: str | None, now: datetime
) -> None:
    """Keep that an alarm was right (confirm) or not (dismiss); a later word replaces an earlier one.

    Raises:
        NotFound: No alarm has this id.
    """
    known = store.select("drift/alarm", {"alarm_id": alarm_id})
    if known.is_empty():
        raise NotFound(f"no drift alarm has the id {alarm_id!r}; `spanledger drift list` shows them")
    row = _row(action, alarm_id=alarm_id, series=known["series"][0], reason=reason, author=author, now=now)
    store.replace(Replacement("drift_decisions", keys=pl.DataFrame({"alarm_id": [alarm_id]}), rows=row))


def decide_baseline(
    store: Store,
    action: str,
    *,
    series: str | None,
    since: datetime | None,
    until: datetime | None,
    reason: str | None,
    author: str | None,
    now: datetime,
) -> None:
    """Keep that hours are left out (exclude), or that a baseline is learnt from them alone (pin), or no more (unpin).

    Raises:
        RejectedData: The hours are no stretch of time.
    """
    if action != "unpin" and (since is None or until is None or since >= until):
        raise RejectedData(
            f"{action} needs a stretch of time that ends after it begins, this is {since} to {until}"
        )
    row = _row(action, series=series, since=since, until=until, reason=reason, author=author, now=now)
    store.replace(appends={"drift_decisions": row})


def _row(
    action: str,
    *,
    now: datetime,
    alarm_id: str | None = None,
    series: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    reason: str | None = None,
    author: str | None = None,
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "decision_id": [secrets.token_hex(8)],
            "action": [action],
            "alarm_id": [alarm_id],
            "series": [series],
            "since_at": [since],
            "until_at": [until],
            "reason": [reason],
            "author": [author],
            "decided_at": [now],
        },
        schema_overrides={
            "alarm_id": pl.String,
            "series": pl.String,
            "since_at": pl.Datetime("us", "UTC"),
            "until_at": pl.Datetime("us", "UTC"),
            "reason": pl.String,
            "author": pl.String,
            "decided_at": pl.Datetime("us", "UTC"),
        },
    )


def _hour(at: datetime | None) -> int:
    return 0 if at is None else hour_number(at)

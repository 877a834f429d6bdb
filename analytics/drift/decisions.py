"""What people decided: hours that teach nothing, baselines that are pinned, alarms that were right or not."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import polars as pl

from analytics.drift.agents import find_agents
from analytics.drift.catalogue import Catalogue
from analytics.drift.panel import Panel, Pin
from analytics.drift.seasons import hour_number
from store import Replacement, Store
from store.errors import NotFound, RejectedData

_OF_BASELINES = ("exclude", "pin", "accept", "unpin")


@dataclass(frozen=True)
class Decision:
    """One decision about hours or baselines; `series` None is about all, the name of an agent about all of its own."""

    action: str
    series: str | None
    since: int | None
    until: int | None
    at: int
    """Hour in which it was made: baselines follow from then on, exclusions hold for their hours."""


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
                Decision(
                    row["action"], row["series"], _hour(row["since_at"]), _hour(row["until_at"]),
                    hour_number(row["decided_at"]),
                )
                for row in rows
                if row["action"] in _OF_BASELINES
            )
        )  # fmt: skip

    def as_if_made_before(self) -> Decisions:
        """Return the decisions as holding for all of history; a level is accepted when it is, after its alarm."""
        return Decisions(
            tuple(
                decision if decision.action == "accept" else replace(decision, at=0)
                for decision in self.items
            )
        )

    def find_changed(self, since: Decisions | None, stepped: int) -> list[int]:
        """Return the first hours that decisions change which others had not: those read before, None in a new process.

        A process that begins has seen what was decided before the hour to step next.
        """
        if since is not None:
            new = set(self.items) ^ set(since.items)
        else:
            new = {decision for decision in self.items if decision.at >= stepped}
        return [
            decision.since
            if decision.action == "exclude" and decision.since
            else min(decision.at, stepped - 1)
            for decision in new
        ]


def apply_decisions(decisions: Decisions, panels: Mapping[str, Panel], catalogue: Catalogue) -> None:
    """Tell the panels what was decided about the series they have."""
    rows_of = {agent.series.name: agent.rows for agent in find_agents(catalogue)} if decisions.items else {}
    for kind, panel in panels.items():
        panel.excluded.clear()
        panel.pins.clear()
        for decision in decisions.items:
            row = None if decision.series is None else catalogue.find_row(kind, decision.series)
            rows = rows_of.get(decision.series or "", {}).get(kind, [] if row is None else [row])
            for chosen in range(panel.size) if decision.series is None else map(int, rows):
                if decision.action == "exclude":
                    panel.excluded.append((chosen, decision.since or 0, decision.until or 0))
                else:
                    pin = Pin(decision.at, decision.since, decision.until)
                    panel.pins.setdefault(chosen, []).append(pin)


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


def accept_change(
    store: Store, alarm_id: str, *, reason: str | None, author: str | None, now: datetime
) -> None:
    """Keep that an alarm was right and that its new level is the normal one: baselines begin at the change.

    Raises:
        NotFound: No alarm has this id.
    """
    mark_alarm(store, alarm_id, "confirm", reason=reason, author=author, now=now)
    alarm = store.select("drift/alarm", {"alarm_id": alarm_id}).row(0, named=True)
    since = (alarm["changed_at"] or alarm["raised_at"]).replace(tzinfo=UTC)
    row = _row("accept", series=alarm["series"], since=since, reason=reason, author=author, now=now)
    store.replace(appends={"drift_decisions": row})


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
        NotFound: No such series is watched.
    """
    if series is not None and store.select("drift/watched", {"series": series}).is_empty():
        raise NotFound(f"no series is called {series!r}; the view drift_series lists them")
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


def _hour(at: datetime | None) -> int | None:
    return None if at is None else hour_number(at)

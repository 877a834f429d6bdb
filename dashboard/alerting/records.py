"""What was: incidents with how long people needed, silences that ended, and who did what about alerts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from alerts.incidents import measure_response
from alerts.matchers import make_matcher
from alerts.states import State
from dashboard.components import Badge, Column, Headline, Line, Stat, cell, show_headline, show_table
from dashboard.formats import NO_DATA, format_count, format_duration, format_instant
from store.control.alerting import AlertEventRow, SilenceRow
from store.control.auditing import AuditRow
from store.control.incidents import IncidentRow

TONES: Final = {"critical": "error", "warning": "warning"}
STATE_TONES: Final = {
    State.FIRING: "error",
    State.RECOVERING: "warning",
    State.PENDING: "warning",
    State.RESOLVED: "good",
    State.INACTIVE: "agent",
}


def show_incidents(rows: Sequence[IncidentRow]) -> None:
    """Draw the incidents of a month, and the median times to detect, acknowledge and resolve."""
    times = measure_response(rows)
    is_open = sum(row.resolved_at is None for row in rows)
    badge = Badge(f"{format_count(is_open)} open", "error") if is_open else Badge("none is open", "good")
    stats = [
        Stat(f"Median time to {name}", _say_length(seconds), is_unknown=seconds is None)
        for name, seconds in (
            ("detect", times.median_to_detect_s),
            ("acknowledge", times.median_to_acknowledge_s),
            ("resolve", times.median_to_resolve_s),
        )
    ]
    show_headline(Headline("Incidents of 30 days", [badge], [], stats), key="incidents_head")
    columns = [Column("Incident"), Column("Severity", "badge"), Column("Alerts", "number", "end"),
               Column("Began", "time"), Column("Detected", "time"), Column("Acknowledged", "time"),
               Column("Resolved", "time")]  # fmt: skip
    lines = [
        Line(
            str(row.incident_id),
            [
                cell(row.title, title=row.title),
                cell(row.severity, tone=TONES.get(row.severity, "agent")),
                cell(format_count(len(row.members)), order=len(row.members)),
                *map(_time_cell, (row.began_at, row.detected_at, row.acknowledged_at, row.resolved_at)),
            ],
        )
        for row in rows
    ]
    show_table(columns, lines, key="incidents", caption="Incidents", nothing="No alert fired in 30 days.")


def show_ended_silences(rows: Sequence[SilenceRow]) -> None:
    """Draw the silences that ended, the latest first."""
    columns = [Column("Silence"), Column("Of"), Column("By"), Column("Why"), Column("From", "time"),
               Column("Ended", "time")]  # fmt: skip
    lines = [
        Line(
            str(row.silence_id),
            [
                cell(f"Silence {row.silence_id}"),
                cell(say_matchers(row), title=say_matchers(row)),
                cell(row.author or "nobody"),
                cell(row.comment or "", title=row.comment or ""),
                _time_cell(row.starts_at),
                _time_cell(row.ends_at),
            ],
        )
        for row in rows
    ]
    show_table(
        columns, lines, key="ended_silences", caption="Ended silences", nothing="No silence ended yet."
    )


def show_history(rows: Sequence[AlertEventRow], about: Mapping[str, str]) -> None:
    """Draw the changes of state, the latest first; `about` says by fingerprint what an alert is about."""
    columns = [Column("At", "time"), Column("Alert"), Column("About"), Column("From", "badge"),
               Column("To", "badge"), Column("Seen")]  # fmt: skip
    lines = [
        Line(
            str(place),
            [
                cell(format_instant(row.happened_at, with_seconds=True)),
                cell(row.alert, title=row.alert),
                None if not (said := about.get(row.fingerprint)) else cell(said, title=said),
                cell(row.from_state, tone=STATE_TONES.get(State(row.from_state), "agent")),
                cell(row.to_state, tone=STATE_TONES.get(State(row.to_state), "agent")),
                cell(row.reason, title=row.reason),
            ],
        )
        for place, row in enumerate(rows)
    ]
    nothing = "No alert ever changed its state."
    show_table(columns, lines, key="history", caption="Changes of state", nothing=nothing)


def show_changes(rows: Sequence[AuditRow]) -> None:
    """Draw who did what about alerts, rules, silences and messages, the latest first."""
    columns = [Column("At", "time"), Column("Who"), Column("Did"), Column("To"), Column("Detail")]
    lines = [
        Line(
            str(row.audit_id),
            [
                cell(format_instant(row.happened_at, with_seconds=True)),
                cell(row.actor, title=row.actor),
                cell(row.action),
                None if not row.subject else cell(row.subject, title=row.subject),
                None
                if not row.detail
                else cell(said := json.dumps(row.detail, ensure_ascii=False), title=said),
            ],
        )
        for row in rows
    ]
    show_table(columns, lines, key="changes", caption="What people did", nothing="Nobody did anything yet.")


def say_matchers(row: SilenceRow) -> str:
    """Return what a silence matches, as people write it."""
    return ", ".join(str(make_matcher(m["label"], m["op"], m["value"])) for m in row.matchers)


def _time_cell(at: datetime | None) -> dict[str, object] | None:
    return None if at is None else cell(format_instant(at), order=at.timestamp())


def _say_length(seconds: float | None) -> str:
    if seconds is None:
        return NO_DATA
    return "at once" if seconds < 1 else format_duration(seconds * 1_000)

"""Alerts, silences and decisions, as the engine leaves them in the control state; all made up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from alerts.rules import AlertingConfig, parse_alerting
from alerts.states import fingerprint_labels
from store import Control
from store.control import alerting
from store.control.alerting import AlertEventRow, AlertRow, OutboxRow, SilenceRow

RULES = {
    "alert": [
        {"name": "web search fails", "metric": "tool_failure_rate", "above": 0.1, "window": "1h", "group_by": ["tool"],
         "severity": "critical"},
        {"name": "success rate", "metric": "success_rate", "below": 0.95, "window": "6h", "group_by": ["agent"]},
        {"name": "slow runs", "metric": "run_p95_ms", "above": 120_000, "window": "1h", "group_by": ["agent"]},
    ],
    "channel": [{"name": "team", "type": "slack", "url": "https://hooks.slack.com/services/T/B/x"}],
    "route": {"channels": ["team"]},
}  # fmt: skip


def parse_rules() -> AlertingConfig:
    return parse_alerting(RULES, environ={})


def fill_control(control: Control, now: datetime) -> None:
    """Write two firing alerts, a pending and an ended one, with their history; `now` is naive UTC."""
    at = now.replace(tzinfo=UTC)

    def alert(name: str, severity: str, state: str, since: timedelta, **more: object) -> AlertRow:
        labels = {"alert": name, "severity": severity, **more.pop("labels", {})}  # pyright: ignore
        return AlertRow(
            fingerprint=fingerprint_labels(labels), alert=name, severity=severity, labels=labels, state=state,
            active_at=at - since, evaluated_at=at, fired_at=None if state == "pending" else at - since, **more,  # pyright: ignore
        )  # fmt: skip

    rows = [
        alert("web search fails", "critical", "firing", timedelta(hours=6, minutes=40), value=0.338, threshold=0.1,
              labels={"tool": "web_search"},
              reason="Tool failure rate: 33.8 %, above 10 %, in the last hour (71 tool calls)"),
        alert("success rate", "warning", "firing", timedelta(hours=2), value=0.89, threshold=0.95,
              labels={"agent": "research-brief"},
              reason="Success rate: 89 %, below 95 %, in the last 6 hours (37 runs)"),
        alert("slow runs", "warning", "pending", timedelta(minutes=4), value=131_000.0, threshold=120_000.0,
              labels={"agent": "code-reviewer"},
              reason="Run latency p95: 2 min 11 s, above 2 min, in the last hour (24 runs)"),
        alert("slow runs", "warning", "resolved", timedelta(hours=20), value=88_000.0, threshold=120_000.0,
              labels={"agent": "research-brief"}, resolved_at=at - timedelta(hours=18),
              reason="Run latency p95: 88 s, not above 2 min, in the last hour (12 runs)"),
    ]  # fmt: skip
    with control.begin() as connection:
        alerting.save_alerts(connection, rows)
        alerting.append_alert_events(
            connection,
            [
                AlertEventRow(
                    fingerprint=row.fingerprint, alert=row.alert, happened_at=row.fired_at or at, from_state="pending",
                    to_state="firing", value=row.value, threshold=row.threshold, reason=row.reason or "",
                )
                for row in rows
                if row.fired_at
            ],
        )  # fmt: skip
        decisions = [
            ("first_notification", "delivered", None, "web search fails: 33.8 % of calls fail"),
            ("silenced", "suppressed", None, "success rate of support-triage"),
            (
                "repeat",
                "dead",
                "the channel answered 410: this webhook was removed",
                "web search fails, still",
            ),
        ]
        for i, (reason, state, error, subject) in enumerate(decisions):
            alerting.enqueue(
                connection,
                OutboxRow(
                    idempotency_key=str(i), channel="team", group_key="alert=web search fails", reason=reason,
                    state=state,
                    decided_at=at - timedelta(hours=6 - 2 * i), attempts=int(state != "suppressed"), last_error=error,
                    subject=subject,
                ),
            )  # fmt: skip
        alerting.add_silence(
            connection,
            SilenceRow(
                matchers=[{"label": "agent", "op": "=", "value": "support-triage"}], starts_at=at - timedelta(hours=5),
                ends_at=at + timedelta(hours=19), author="kim", comment="the help desk is being moved",
            ),
        )  # fmt: skip

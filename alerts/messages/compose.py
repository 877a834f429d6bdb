"""Composes messages from alert instances and the rules they belong to."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from alerts.context import NOTHING
from alerts.figures import format_figure
from alerts.messages.links import link_to_dashboard
from alerts.messages.model import Context, Item, Message
from alerts.messages.templates import fill_template
from alerts.messages.texts import LONGEST_TEXT, capitalise, clean_labels, clean_line, clean_text
from alerts.rules.rule import AlertRule
from alerts.states import ACTIVE, Instance, State
from analytics.drift.naming import say_change

MOST_ITEMS: Final = 50
_DEFAULT_WINDOW: Final = timedelta(days=1)
_LONGEST_COMMAND: Final = 280
_THRESHOLD_NAMES: Final = {"drift": "Before", "spike": "Usual"}
"""What the threshold of a kind of rule is, where it is no limit."""
_OWN_ANNOTATIONS: Final = ("summary", "description", "runbook")


@dataclass(frozen=True)
class Composer:
    """Writes messages with the words of the rules and links to one dashboard."""

    rules: Mapping[str, AlertRule] = field(default_factory=dict[str, AlertRule])
    dashboard_url: str = ""

    def compose(
        self,
        instances: Sequence[Instance],
        *,
        reason: str,
        group_key: str,
        group_labels: Mapping[str, str],
        now: datetime,
        is_test: bool = False,
        contexts: Mapping[str, Context] | None = None,
    ) -> Message:
        """Return the message about a group: firing alerts first, the worst and the oldest of them first.

        `contexts` say by fingerprint what is known around an alert.
        """
        order = {"critical": 0, "warning": 1, "info": 2}
        ranked = sorted(
            instances,
            key=lambda i: (i.state not in ACTIVE, order.get(i.severity, 3), i.fired_at or now, i.fingerprint),
        )
        return Message(
            reason=reason,
            group_key=clean_line(group_key, 500),
            group_labels=clean_labels(group_labels),
            decided_at=now,
            items=tuple(
                self.describe(instance, now, (contexts or {}).get(instance.fingerprint, NOTHING))
                for instance in ranked[:MOST_ITEMS]
            ),
            omitted=max(0, len(ranked) - MOST_ITEMS),
            dashboard_url=self.dashboard_url,
            is_test=is_test,
        )

    def describe(self, instance: Instance, now: datetime, context: Context = NOTHING) -> Item:
        """Return what is said of one alert; a rule that is gone leaves the bare facts."""
        rule = self.rules.get(instance.alert)
        kind = rule.condition.kind if rule else ""
        labels = clean_labels(instance.labels)
        value, threshold = (
            _say_figure(figure, instance, rule) for figure in (instance.value, instance.threshold)
        )
        fields = {
            "alert": clean_line(instance.alert),
            "severity": instance.severity,
            "value": value,
            "threshold": threshold,
            "reason": capitalise(clean_text(instance.reason)),
        }
        texts = {
            name: clean_text(fill_template(text, fields, labels), LONGEST_TEXT)
            for name, text in (rule.annotations if rule else {}).items()
        }
        if "runbook" in texts and rule is not None:
            texts["runbook"] = _fill_address(rule.annotations["runbook"], fields, labels, rule.labels)
        is_active = instance.state in ACTIVE
        # The words of a rule say what is wrong; where nothing is, or is not known, what was seen says it better.
        is_wrong = instance.state is State.FIRING and instance.value is not None
        return Item(
            fingerprint=instance.fingerprint,
            alert=fields["alert"],
            state="firing" if is_active else "resolved",
            severity=instance.severity,
            labels=labels,
            summary=(texts.get("summary") if is_wrong else None) or fields["reason"],
            description=texts.get("description", "") if is_active else "",
            reason=fields["reason"],
            value=instance.value,
            value_text=value,
            threshold=instance.threshold,
            threshold_text="" if instance.threshold is None else threshold,
            threshold_name=_THRESHOLD_NAMES.get(kind, "Limit"),
            about=_say_drift(labels) if kind == "drift" else "",
            since=(instance.active_at if is_active else None) or instance.fired_at or instance.evaluated_at,
            ended_at=None if is_active else instance.resolved_at or now,
            link=context.link or self._link(instance, rule, now),
            runbook=texts.get("runbook", ""),
            facts=dict(context.facts),
            examples=tuple(context.examples),
            silence_command=_write_silence(labels) if is_active else "",
            annotations={name: text for name, text in texts.items() if name not in _OWN_ANNOTATIONS},
        )

    def _link(self, instance: Instance, rule: AlertRule | None, now: datetime) -> str:
        until = now if instance.state in ACTIVE else instance.resolved_at or now
        return link_to_dashboard(
            self.dashboard_url,
            instance.labels,
            rule.condition.where if rule else {},
            since=instance.active_at or instance.fired_at or until,
            window=rule.condition.window if rule else _DEFAULT_WINDOW,
            until=until,
        )


def _say_figure(figure: float | None, instance: Instance, rule: AlertRule | None) -> str:
    """Return the value or the threshold of an alert with its unit."""
    labels, kind = instance.labels, rule.condition.kind if rule else ""
    metric = rule.condition.metric if rule else None
    if kind == "drift":
        metric = labels.get("metric")
    elif kind == "in_a_row":
        metric = "failures_in_a_row"
    elif kind == "budget":
        metric = "cost_usd" if labels.get("unit") == "usd" else None
    is_counted = kind == "budget" and metric is None and figure is not None
    return f"{format_figure(figure, metric)} {labels.get('unit', '') if is_counted else ''}".rstrip()


def _say_drift(labels: Mapping[str, str]) -> str:
    """Return what drifted, and of whom: "Success rate down, research-brief"."""
    what = say_change(labels.get("metric", ""), labels.get("direction", ""), labels.get("category"))
    whose = [labels[name] for name in ("score", "tool", "model", "agent") if labels.get(name)]
    return ", ".join((what, *(whose or filter(None, [labels.get("service")]))))


def _fill_address(
    template: str, fields: Mapping[str, str], labels: Mapping[str, str], own: Mapping[str, str]
) -> str:
    """Return an address of the web with what telemetry says percent-encoded; empty where it would be none."""
    written = {
        name: value if own.get(name) == value else quote(value, safe="") for name, value in labels.items()
    }
    encoded = {name: quote(value, safe="") for name, value in fields.items()}
    address = fill_template(template, encoded, written).strip()
    is_address = address.startswith(("https://", "http://")) and address.isprintable() and " " not in address
    return address if is_address and len(address) <= LONGEST_TEXT else ""


def _write_silence(labels: Mapping[str, str]) -> str:
    """Return the command that silences alerts with these labels, quoted for a shell; empty where it would be long."""
    parts = [
        shlex.quote(f'{name}="{value}"')
        for name, value in labels.items()
        if name != "severity" and value and value.isprintable() and '"' not in value and "\\" not in value
    ]
    command = f"spanledger alerts silence {' '.join(parts)} --for 2h --comment …"
    return command if len(command) <= _LONGEST_COMMAND else ""

"""A rule: its condition, its timing, and what its alerts carry."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from alerts.messages.templates import check_template
from alerts.rules.baseline import Baseline
from alerts.rules.budget import Budget
from alerts.rules.burn_rate import BurnRate
from alerts.rules.change import Change
from alerts.rules.conditions import Condition
from alerts.rules.drift import Drift
from alerts.rules.health import Health
from alerts.rules.in_a_row import InARow
from alerts.rules.novelty import Novelty
from alerts.rules.silence import Silence
from alerts.rules.spike import Spike
from alerts.rules.threshold import Threshold
from alerts.states import NoDataPolicy, Timing
from store.configuration.section import Section
from store.errors import ConfigError

SEVERITIES: Final = ("info", "warning", "critical")
CONDITIONS: Final[Mapping[str, type[Condition]]] = {
    kind.kind: kind
    for kind in (
        Threshold,
        Baseline,
        Change,
        BurnRate,
        InARow,
        Drift,
        Spike,
        Silence,
        Budget,
        Novelty,
        Health,
    )
}
_RESERVED_LABELS: Final = ("alert", "severity")


@dataclass(frozen=True, kw_only=True)
class AlertRule:
    """What to watch, when to tell, and with which words."""

    name: str
    condition: Condition
    timing: Timing = field(default_factory=Timing)
    severity: str = "warning"
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    annotations: Mapping[str, str] = field(default_factory=dict[str, str])
    is_enabled: bool = True
    is_starter: bool = False
    """It comes with Spanledger, changed by the configuration or not."""
    origin: str = "file"
    """Where it was written last: starter, file or command."""
    definition: Mapping[str, object] = field(default_factory=dict[str, object], compare=False, repr=False)
    """The table that writes it."""

    def label_alert(self, group: Mapping[str, str]) -> dict[str, str]:
        """Return all labels of the alert of one group; what the rule says wins over what telemetry says."""
        return {**group, **self.labels, "alert": self.name, "severity": self.severity}


def read_rule(section: Section, *, is_starter: bool = False, origin: str = "file") -> AlertRule:
    """Return the rule that an [[alert]] table writes.

    Raises:
        ConfigError: A key is unknown, has a wrong type or value, or contradicts another.
    """
    name = section.name()
    condition = _find_kind(section).read(section)
    labels = section.pairs("labels")
    for label in labels:
        if label in _RESERVED_LABELS:
            section.fail("labels", f"sets {label}, which every alert has already; remove it")
        if label in condition.group_by:
            section.fail("labels", f"sets {label}, by which the alert is split; choose another name")
    rule = AlertRule(
        name=name,
        condition=condition,
        timing=_read_timing(section),
        severity=section.choice("severity", SEVERITIES, "warning"),
        labels=labels,
        annotations=_read_annotations(section),
        is_enabled=section.flag("enabled", default=True),
        is_starter=is_starter,
        origin=origin,
        definition=section.written,
    )
    section.finish()
    return rule


def _read_timing(section: Section) -> Timing:
    policies = [policy.value for policy in NoDataPolicy]
    return Timing(
        hold=section.duration("for", timedelta(0)),
        keep_firing_for=section.duration("keep_firing_for", timedelta(0)),
        no_data=NoDataPolicy(section.choice("no_data", policies, NoDataPolicy.OK.value)),
    )


def _find_kind(section: Section) -> type[Condition]:
    written = section.choice("kind", tuple(CONDITIONS), "") if "kind" in section else None
    implied = [kind for kind in CONDITIONS.values() if _has_any(section, kind.keys)]
    if Health in implied or written == Health.kind:
        # Its limit is written with the keys of a threshold.
        implied = [kind for kind in implied if kind is not Threshold]
    if written is not None:
        for kind in implied:
            if kind.kind != written:
                key = next(key for key in kind.keys if key in section)
                section.fail(key, f'does not go with kind = "{written}"; remove one of them')
        return CONDITIONS[written]
    if len(implied) > 1:
        keys = [next(key for key in kind.keys if key in section) for kind in implied]
        section.fail(keys[0], f"and {keys[1]} exclude each other; make two alerts")
    if not implied:
        keys = ", ".join(key for kind in CONDITIONS.values() for key in kind.keys)
        raise ConfigError(f'{section.title}: there is no condition; add one of {keys}, or kind = "drift"')
    return implied[0]


def _has_any(section: Section, keys: Collection[str]) -> bool:
    return any(key in section for key in keys)


def _read_annotations(section: Section) -> dict[str, str]:
    annotations = section.pairs("annotations")
    for name, text in annotations.items():
        try:
            check_template(text)
        except ConfigError as error:
            raise ConfigError(f"{section.title}: annotations.{name}: {error}") from error
    runbook = annotations.get("runbook")
    if runbook is not None and urlsplit(runbook).scheme not in ("http", "https"):
        section.fail("annotations", "has a runbook that is not an address; start it with https://")
    return annotations

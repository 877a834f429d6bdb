"""What people do about alerts: acknowledge, assign, comment, snooze; every step is kept with its author."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from alerts.evaluation import LIVE
from alerts.incidents import note_acknowledged
from alerts.matchers import make_matcher
from alerts.memory import load_instances
from alerts.messages.texts import clean_line, clean_text
from alerts.silences import add_silence
from alerts.states import ACTIVE, Instance
from store import Control
from store.control import incidents
from store.control.auditing import AuditRow, record_change
from store.control.incidents import RemarkRow
from store.errors import ConfigError, NotFound

_LONGEST_REFERENCE: Final = 200


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who looks after an alert; None where nobody does."""

    acknowledged_by: str | None = None
    assigned_to: str | None = None


def find_alert(control: Control, reference: str) -> Instance:
    """Return the alert that a fingerprint, the beginning of one, or a rule's name means; a live one where several are.

    Raises:
        NotFound: None is meant, or several.
    """
    with control.read() as connection:
        instances = list(load_instances(connection).values())
    found = [i for i in instances if len(reference) >= 4 and i.fingerprint.startswith(reference)]
    found = found or [i for i in instances if i.alert == reference]
    chosen = [i for i in found if i.state in LIVE] or found
    if len(chosen) == 1:
        return chosen[0]
    shown = clean_line(reference, _LONGEST_REFERENCE)
    if not chosen:
        raise NotFound(f"no alert is known as {shown!r}; spanledger alerts list shows them")
    some = ", ".join(sorted(i.fingerprint for i in chosen)[:5])
    raise NotFound(f"{shown!r} means {len(chosen)} alerts; give the fingerprint of one: {some}")


def acknowledge(control: Control, instance: Instance, *, author: str, now: datetime) -> None:
    """Note that somebody looks after a firing alert: it is not told again while it fires.

    Raises:
        ConfigError: It does not fire.
    """
    if instance.state not in ACTIVE:
        raise ConfigError(
            f"the alert {instance.alert!r} is {instance.state}; only one that fires can be acknowledged"
        )
    _remark(control, instance, "acknowledge", author, None, now)


def release(control: Control, instance: Instance, *, author: str, now: datetime) -> None:
    """Take an acknowledgement back."""
    _remark(control, instance, "release", author, None, now)


def assign(control: Control, instance: Instance, person: str, *, author: str, now: datetime) -> None:
    """Note who is to look after an alert.

    Raises:
        ConfigError: The name is empty.
    """
    if not clean_line(person):
        raise ConfigError("nobody is named; say whom the alert is assigned to")
    _remark(control, instance, "assign", author, clean_line(person), now)


def comment(control: Control, instance: Instance, text: str, *, author: str, now: datetime) -> None:
    """Note what somebody says about an alert.

    Raises:
        ConfigError: The text is empty.
    """
    if not clean_text(text):
        raise ConfigError("the comment is empty; write what others should know")
    _remark(control, instance, "comment", author, clean_text(text), now)


def snooze(
    control: Control, instance: Instance, duration: timedelta, *, author: str, comment: str, now: datetime
) -> int:
    """Silence one alert, and no other, for a while; return the silence's id."""
    matchers = [make_matcher(name, "=", value) for name, value in sorted(instance.labels.items()) if value]
    return add_silence(
        control,
        matchers,
        starts_at=now,
        ends_at=now + duration,
        author=author,
        comment=comment or f"snoozed {instance.alert}",
        now=now,
    )


def load_ownership(connection: Any, instances: Mapping[str, Instance]) -> dict[str, Ownership]:
    """Return who looks after alerts, by fingerprint; an acknowledgement ends with the firing it was made in."""
    found: dict[str, Ownership] = {}
    live = [key for key, instance in instances.items() if instance.state in ACTIVE]
    for row in incidents.list_remarks(connection) if live else []:
        instance = instances.get(row.fingerprint)
        if instance is None:
            continue
        known = found.get(row.fingerprint, Ownership())
        is_of_this = instance.fired_at is None or row.made_at >= instance.fired_at
        if row.kind == "assign":
            found[row.fingerprint] = Ownership(known.acknowledged_by, row.text)
        elif row.kind == "acknowledge" and is_of_this and instance.state in ACTIVE:
            found[row.fingerprint] = Ownership(row.author, known.assigned_to)
        elif row.kind == "release":
            found[row.fingerprint] = Ownership(None, known.assigned_to)
    return found


def load_acknowledged(connection: Any, instances: Mapping[str, Instance]) -> dict[str, str]:
    """Return by fingerprint who acknowledged an alert that fires."""
    owners = load_ownership(connection, instances)
    return {key: owner.acknowledged_by for key, owner in owners.items() if owner.acknowledged_by}


def _remark(
    control: Control, instance: Instance, kind: str, author: str, text: str | None, now: datetime
) -> None:
    if not clean_line(author):
        raise ConfigError("the author is missing; say who you are")
    row = RemarkRow(
        fingerprint=instance.fingerprint,
        alert=instance.alert,
        made_at=now,
        author=clean_line(author),
        kind=kind,
        text=text,
    )
    change = AuditRow(
        happened_at=now,
        actor=row.author,
        action=f"alert.{kind}",
        subject=instance.alert,
        detail={"fingerprint": instance.fingerprint, **({"text": text} if text else {})},
    )
    with control.begin() as connection:
        incidents.add_remark(connection, row)
        record_change(connection, change)
        if kind == "acknowledge":
            note_acknowledged(connection, instance.fingerprint, now)

"""The life of an alert: inactive → pending → firing → recovering → resolved, purely from what is seen.

Everything the machine remembers is in `Instance`, which is persisted after each evaluation; a process that
starts from it continues exactly where the last one stopped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from alerts.observations import Observation, Verdict
from store.configuration.durations import format_duration

OUTAGE_TOLERANCE: Final = timedelta(hours=1)
"""A pause between two evaluations beyond which a pending alert starts waiting anew, as in Prometheus."""
MISSING_EVALUATIONS: Final = 2
"""Evaluations in a row without a group after which its alert ends."""


class State(StrEnum):
    """Where an instance is in its life."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"
    RESOLVED = "resolved"


ACTIVE: Final = frozenset({State.FIRING, State.RECOVERING})
"""States of an alert that people were, or are about to be, told of and that has not ended."""

TRANSITIONS: Final[Mapping[State, frozenset[State]]] = {
    State.INACTIVE: frozenset({State.PENDING, State.FIRING}),
    State.PENDING: frozenset({State.INACTIVE, State.FIRING}),
    State.FIRING: frozenset({State.RECOVERING, State.RESOLVED}),
    State.RECOVERING: frozenset({State.FIRING, State.RESOLVED}),
    State.RESOLVED: frozenset({State.PENDING, State.FIRING}),
}
"""Which changes of state there are."""


class NoDataPolicy(StrEnum):
    """What no data means for a rule."""

    OK = "ok"
    KEEP = "keep"
    ALERT = "alert"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """What the machine needs to know of a rule."""

    hold: timedelta = timedelta(0)
    """`for`: how long the condition must hold before the alert fires."""
    keep_firing_for: timedelta = timedelta(0)
    """How long the condition must be clear before the alert ends."""
    no_data: NoDataPolicy = NoDataPolicy.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One alert: a rule and one group of labels, and all that is remembered of it."""

    fingerprint: str
    alert: str
    severity: str
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    state: State = State.INACTIVE
    evaluated_at: datetime
    """When it was last judged; errors do not count."""
    active_at: datetime | None = None
    """Since when the condition holds; None while it does not."""
    fired_at: datetime | None = None
    """When it last began to fire; kept after its end, until it fires again."""
    recovering_at: datetime | None = None
    resolved_at: datetime | None = None
    value: float | None = None
    threshold: float | None = None
    reason: str = ""
    missing: int = 0
    """Evaluations in a row that did not have the group."""
    problem: str | None = None
    """Why the last evaluation could not judge it; None when it could."""


class AlertEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One change of state."""

    fingerprint: str
    alert: str
    happened_at: datetime
    from_state: State
    to_state: State
    value: float | None
    threshold: float | None
    reason: str


def fingerprint_labels(labels: Mapping[str, str]) -> str:
    """Return the identity of an alert instance: a hash of its labels, whatever their order.

    >>> fingerprint_labels({"a": "1", "b": "2"}) == fingerprint_labels({"b": "2", "a": "1"})
    True
    """
    digest = hashlib.blake2b(digest_size=8)
    for name in sorted(labels):
        for text in (name, labels[name]):
            encoded = text.encode(errors="surrogatepass")
            digest.update(len(encoded).to_bytes(4, "big") + encoded)
    return digest.hexdigest()


def transition(
    instance: Instance, observation: Observation, now: datetime, timing: Timing
) -> tuple[Instance, AlertEvent | None]:
    """Return the instance after `observation` at `now`, and the change of state if there was one.

    The same observation at the same instant changes nothing a second time.
    """
    verdict = observation.verdict
    if verdict is Verdict.ERROR:
        return replace(instance, problem=observation.reason), None
    if verdict is Verdict.MISSING:
        return _miss(instance, observation, now)
    if verdict is Verdict.NO_DATA:
        if timing.no_data is NoDataPolicy.KEEP:
            return replace(instance, evaluated_at=now, missing=0, problem=observation.reason), None
        verdict = Verdict.BREACH if timing.no_data is NoDataPolicy.ALERT else Verdict.CLEAR
    seen = replace(
        instance,
        evaluated_at=now,
        value=observation.value,
        threshold=observation.threshold if observation.threshold is not None else instance.threshold,
        reason=observation.reason,
        missing=0,
        problem=observation.reason if observation.verdict is Verdict.NO_DATA else None,
    )
    if verdict is Verdict.BREACH:
        return _breach(instance, seen, now, timing)
    if verdict is Verdict.BETWEEN:
        return _stay_between(instance, seen, now)
    return _clear(instance, seen, now, timing)


def end_instance(instance: Instance, now: datetime, reason: str) -> tuple[Instance, AlertEvent | None]:
    """End an instance that nothing will judge any more, because its rule is gone or switched off."""
    ended = replace(instance, reason=reason, problem=None, evaluated_at=now)
    return _end(instance, ended, now)


def _breach(
    before: Instance, seen: Instance, now: datetime, timing: Timing
) -> tuple[Instance, AlertEvent | None]:
    if before.state is State.FIRING:
        return seen, None
    if before.state is State.RECOVERING:
        return _change(before, replace(seen, state=State.FIRING, recovering_at=None), now, "again: ")
    since = before.active_at if before.state is State.PENDING else None
    is_stale = before.state is State.PENDING and now - before.evaluated_at > OUTAGE_TOLERANCE
    active_at = now if since is None or is_stale else since
    if now - active_at >= timing.hold:
        fired = replace(seen, state=State.FIRING, active_at=active_at, fired_at=now, resolved_at=None)
        return _change(before, fired, now)
    pending = replace(seen, state=State.PENDING, active_at=active_at)
    return _change(before, pending, now)


def _stay_between(before: Instance, seen: Instance, now: datetime) -> tuple[Instance, AlertEvent | None]:
    if before.state is State.RECOVERING:
        return _change(before, replace(seen, state=State.FIRING, recovering_at=None), now, "not recovered: ")
    if before.state is State.PENDING:
        return _change(before, replace(seen, state=State.INACTIVE, active_at=None), now)
    return seen, None


def _clear(
    before: Instance, seen: Instance, now: datetime, timing: Timing
) -> tuple[Instance, AlertEvent | None]:
    if before.state not in ACTIVE:
        return _end(before, seen, now)
    since = before.recovering_at or now
    if now - since >= timing.keep_firing_for:
        return _end(before, seen, now)
    kept = replace(seen, state=State.RECOVERING, recovering_at=since)
    note = f"recovering, kept firing for {format_duration(timing.keep_firing_for)}: "
    return _change(before, kept, now, note)


def _end(before: Instance, seen: Instance, now: datetime) -> tuple[Instance, AlertEvent | None]:
    if before.state in ACTIVE:
        ended = replace(seen, state=State.RESOLVED, active_at=None, recovering_at=None, resolved_at=now)
        return _change(before, ended, now)
    if before.state is State.PENDING:
        return _change(before, replace(seen, state=State.INACTIVE, active_at=None), now)
    return replace(seen, state=before.state), None


def _miss(instance: Instance, observation: Observation, now: datetime) -> tuple[Instance, AlertEvent | None]:
    if now <= instance.evaluated_at:
        return instance, None
    seen = replace(
        instance, evaluated_at=now, missing=instance.missing + 1, problem=observation.reason, value=None
    )
    if seen.missing < MISSING_EVALUATIONS:
        return seen, None
    return _end(instance, replace(seen, reason=observation.reason), now)


def _change(
    before: Instance, after: Instance, now: datetime, note: str = ""
) -> tuple[Instance, AlertEvent | None]:
    after = replace(after, reason=f"{note}{after.reason}") if note else after
    if before.state is after.state:
        return after, None
    event = AlertEvent(
        fingerprint=after.fingerprint,
        alert=after.alert,
        happened_at=now,
        from_state=before.state,
        to_state=after.state,
        value=after.value,
        threshold=after.threshold,
        reason=after.reason,
    )
    return after, event

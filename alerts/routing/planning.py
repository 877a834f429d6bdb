"""Decides which channel is told what, and names the reason; a pure function of what is known and the time.

The rules are Alertmanager's, with three additions: an alert that fired and ended before it could be told is
told; the end of an alert whose firing was told is told even while a silence holds; and a repeat is left out while
the message before it is not delivered.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from alerts.routing.groups import NO_CHANNEL, Decision, Group, Plan, Reason, name_group
from alerts.routing.routes import DEFAULT_ROUTE, Route
from alerts.silences import Silence, find_silence
from alerts.states import ACTIVE, Instance


@dataclass(frozen=True, kw_only=True)
class Situation:
    """Everything that a plan follows from."""

    now: datetime
    route: Route
    channels: Mapping[str, bool]
    """Channels that are defined, and whether each wants to hear that alerts ended."""
    instances: Mapping[str, Instance]
    """By fingerprint."""
    groups: Mapping[str, Group]
    silences: Sequence[Silence] = ()
    undelivered: Collection[str] = ()
    """Keys of groups with a message that waits in the outbox."""


def plan_notifications(situation: Situation) -> Plan:
    """Return what is to be told now, and the groups as they are afterwards."""
    plan = Plan()
    routes, members = _assign(situation)
    for key in {**situation.groups, **members}:
        before = situation.groups.get(key)
        group = before or _open_group(situation, *routes[key])
        group = replace(group, members=group.members | members.get(key, frozenset()))
        after = _visit(situation, plan, group, routes[key][0] if key in routes else None)
        if after is not None:
            plan.next_flush_at = min(after.flush_at, plan.next_flush_at or after.flush_at)
        if after is not None and after != before:
            plan.groups[key] = after
        elif after is None and before is not None:
            plan.gone.append(key)
    return plan


_Place = tuple[Route, str, Mapping[str, str]]
"""Where a group comes from: route, channel and group labels."""


def _assign(situation: Situation) -> tuple[dict[str, _Place], dict[str, frozenset[str]]]:
    """Return the place of every group that has members, and the firing alerts that belong to each."""
    known = {fingerprint for group in situation.groups.values() for fingerprint in group.members}
    routes: dict[str, _Place] = {}
    firing: dict[str, set[str]] = {}
    for fingerprint, instance in situation.instances.items():
        if instance.state not in ACTIVE and fingerprint not in known:
            continue
        for route in situation.route.match(instance.labels):
            labels = route.group_labels(instance.labels)
            for channel in route.channels or (NO_CHANNEL,):
                key = name_group(route, channel, labels)
                routes.setdefault(key, (route, channel, labels))
                if instance.state in ACTIVE:
                    firing.setdefault(key, set()).add(fingerprint)
    return routes, {key: frozenset(members) for key, members in firing.items()}


def _open_group(situation: Situation, route: Route, channel: str, labels: Mapping[str, str]) -> Group:
    key = name_group(route, channel, labels)
    return Group(key=key, channel=channel, labels=labels, flush_at=situation.now + route.group_wait)


def _visit(situation: Situation, plan: Plan, group: Group, route: Route | None) -> Group | None:
    """Flush a group that is due; return it as it is afterwards, None when nothing is left of it."""
    if group.channel != NO_CHANNEL and group.channel not in situation.channels:
        if group.told_firing:
            detail = f"not sent: the channel {group.channel} is not defined any more"
            plan.decisions.append(
                Decision(group=group, reason=Reason.CHANNEL_REMOVED, is_sent=False, detail=detail)
            )
        return None
    if situation.now < group.flush_at:
        return group
    decision, after = _decide(situation, group, route)
    if decision is not None:
        plan.decisions.append(decision)
    if not after.members:
        return None
    return replace(after, flush_at=situation.now + (route or DEFAULT_ROUTE).group_interval)


@dataclass(frozen=True, slots=True)
class _Standing:
    """The members of a group, by what the channel should hear of them."""

    firing: frozenset[str]
    audible: frozenset[str]
    """Firing, and no silence holds."""
    fresh: frozenset[str]
    """Audible, and the channel does not know yet."""
    ended: frozenset[str]
    """Ended, and the channel knows that they fired."""
    missed: frozenset[str]
    """Fired and ended without being told."""
    quiet: frozenset[str]
    """What a silence keeps from being told."""
    silence: Silence | None
    """The one of them that ends last."""


def _take_stock(situation: Situation, group: Group, route: Route | None) -> _Standing:
    # Without a route the configuration changed: the group is only kept to tell how it ends.
    members = group.members if route is not None else group.members & group.told_firing
    present = {f: situation.instances[f] for f in members if f in situation.instances}
    firing = frozenset(f for f, instance in present.items() if instance.state in ACTIVE)
    over = frozenset(present) - firing
    silences = {
        f: s for f, i in present.items() if (s := find_silence(situation.silences, i.labels)) is not None
    }
    audible = firing - silences.keys() if route is not None else frozenset[str]()
    missed = over - group.told_firing
    quiet = (firing | missed) & silences.keys()
    return _Standing(
        firing=firing,
        audible=audible,
        fresh=audible - group.told_firing,
        ended=over & group.told_firing,
        missed=missed - silences.keys(),
        quiet=quiet,
        silence=max((silences[f] for f in quiet), key=lambda silence: silence.ends_at, default=None),
    )


def _decide(situation: Situation, group: Group, route: Route | None) -> tuple[Decision | None, Group]:
    """Return the decision about a group that is due, and the group after it."""
    standing = _take_stock(situation, group, route)
    after = replace(group, members=standing.firing, told_firing=group.told_firing & standing.firing)
    wants_resolved = situation.channels.get(group.channel, True)
    reason = _find_reason(situation, group, route, standing)
    if reason is None:
        return _note_silence(group, after, standing)
    if group.channel == NO_CHANNEL:
        return _note_no_channel(situation, group, after, standing, reason)
    if reason in (Reason.ALL_RESOLVED, Reason.NEWLY_RESOLVED) and not wants_resolved:
        detail = f"not sent: {group.channel} has send_resolved = false"
        return _suppress(group, after, Reason.RESOLVED_NOT_WANTED, detail, situation.now.isoformat())
    if reason is Reason.REPEAT_INTERVAL and group.key in situation.undelivered:
        detail = "not repeated: the message before it is not delivered yet"
        after = replace(after, notified_at=situation.now)
        return _suppress(group, after, Reason.AWAITING_DELIVERY, detail, situation.now.isoformat())
    told = standing.audible | standing.missed | (standing.ended if wants_resolved else frozenset())
    after = replace(
        after, told_firing=after.told_firing | standing.audible, notified_at=situation.now, suppressed=None
    )
    instances = tuple(situation.instances[fingerprint] for fingerprint in sorted(told))
    return Decision(group=after, reason=reason, is_sent=True, instances=instances), after


def _find_reason(
    situation: Situation, group: Group, route: Route | None, standing: _Standing
) -> Reason | None:
    """Return what there is to tell, the most pressing first."""
    if standing.fresh:
        return Reason.NEW_ALERTS if group.told_firing else Reason.FIRST_NOTIFICATION
    if standing.missed and not (standing.ended and situation.channels.get(group.channel, True)):
        return Reason.FIRED_AND_RESOLVED
    if standing.ended:
        return Reason.NEWLY_RESOLVED if standing.firing else Reason.ALL_RESOLVED
    if standing.audible and route is not None and group.notified_at is not None:
        is_due = situation.now - group.notified_at >= route.repeat_interval
        return Reason.REPEAT_INTERVAL if is_due else None
    return None


def _note_silence(group: Group, after: Group, standing: _Standing) -> tuple[Decision | None, Group]:
    if standing.silence is None:
        return None, after
    detail = f"not sent: {standing.silence.describe()}"
    return _suppress(group, after, Reason.SILENCED, detail, ",".join(sorted(standing.quiet)))


def _note_no_channel(
    situation: Situation, group: Group, after: Group, standing: _Standing, reason: Reason
) -> tuple[Decision | None, Group]:
    after = replace(after, told_firing=after.told_firing | standing.audible, notified_at=situation.now)
    if reason not in (Reason.FIRST_NOTIFICATION, Reason.NEW_ALERTS, Reason.FIRED_AND_RESOLVED):
        return None, after
    detail = "not sent: the route has no channel; add a [[channel]] to be told"
    return _suppress(group, after, Reason.NO_CHANNEL, detail, situation.now.isoformat())


def _suppress(
    group: Group, after: Group, reason: Reason, detail: str, about: str
) -> tuple[Decision | None, Group]:
    """Record a decision not to send, unless the same one was the last."""
    mark = f"{reason}: {detail} {about}"
    if group.suppressed == mark:
        return None, after
    after = replace(after, suppressed=mark)
    return Decision(group=after, reason=reason, is_sent=False, detail=detail), after

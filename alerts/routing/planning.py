"""Decides which channel is told what, and names the reason; a pure function of what is known and the time.

The rules are Alertmanager's, with these additions: an alert that fired and ended before it could be told is told; the
end of an alert whose firing was told is told even while a silence holds; a muted route tells afterwards what it would
have told; a repeat is left out while the message before it is not delivered, or somebody acknowledged; and what goes
beyond a channel's rate limit comes in a digest.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from alerts.figures import format_instant
from alerts.routing.groups import NO_CHANNEL, Decision, Group, Plan, Reason, name_group
from alerts.routing.inhibition import Inhibition
from alerts.routing.limits import RateLimit
from alerts.routing.quiet import Maintenance, Quiet, find_quiet, name_place
from alerts.routing.routes import DEFAULT_ROUTE, Route
from alerts.silences import Silence
from alerts.states import ACTIVE, Instance

_MOST_NAMED: Final = 3
"""Alerts that a decision not to send names."""


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
    maintenance: Sequence[Maintenance] = ()
    inhibitions: Sequence[Inhibition] = ()
    undelivered: Collection[str] = ()
    """Keys of groups with a message that waits in the outbox."""
    acknowledged: Mapping[str, str] = field(default_factory=dict[str, str])
    """Fingerprints of alerts that somebody looks after, and who."""
    limits: Mapping[str, RateLimit] = field(default_factory=dict[str, RateLimit])
    sent: Mapping[str, Sequence[datetime]] = field(default_factory=dict[str, Sequence[datetime]])
    """When each channel with a limit was lately sent something."""


@dataclass(frozen=True, slots=True)
class _Proposal:
    """A message that is due, before the channel's rate limit is looked at."""

    decision: Decision
    before: Group
    after: Group | None


def plan_notifications(situation: Situation) -> Plan:
    """Return what is to be told now, and the groups as they are afterwards."""
    planner = _Planner(situation)
    routes, members = planner.assign()
    for key in {**situation.groups, **members}:
        before = situation.groups.get(key)
        group = before or planner.open_group(*routes[key])
        group = replace(group, members=group.members | members.get(key, frozenset()))
        planner.visit(group, routes[key][0] if key in routes else None)
    planner.limit()
    return planner.finish()


_Place = tuple[Route, str, Mapping[str, str]]
"""Where a group comes from: route, channel and group labels."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """The members of a group, by what the channel should hear of them."""

    firing: frozenset[str]
    audible: frozenset[str]
    """Firing, and nothing keeps them quiet."""
    fresh: frozenset[str]
    """Audible, and the channel does not know yet."""
    ended: frozenset[str]
    """Ended, and the channel knows that they fired."""
    missed: frozenset[str]
    """Fired and ended without being told."""
    quiet: frozenset[str]
    """What is kept from being told."""
    cause: Quiet | None
    """What keeps them quiet; of several, what ends last."""


class _Planner:
    def __init__(self, situation: Situation) -> None:
        self._it = situation
        self._plan = Plan()
        self._after: dict[str, Group | None] = {}
        self._proposals: dict[str, list[_Proposal]] = {}
        self._quiet = find_quiet(
            situation.instances,
            silences=situation.silences,
            maintenance=situation.maintenance,
            inhibitions=situation.inhibitions,
            now=situation.now,
        )

    def assign(self) -> tuple[dict[str, _Place], dict[str, frozenset[str]]]:
        """Return the place of every group that has members, and the firing alerts that belong to each."""
        known = {fingerprint for group in self._it.groups.values() for fingerprint in group.members}
        routes: dict[str, _Place] = {}
        firing: dict[str, set[str]] = {}
        for fingerprint, instance in self._it.instances.items():
            if instance.state not in ACTIVE and fingerprint not in known:
                continue
            for route in self._it.route.match(instance.labels):
                labels = route.group_labels(instance.labels)
                for channel in route.channels or (NO_CHANNEL,):
                    key = name_group(route, channel, labels)
                    routes.setdefault(key, (route, channel, labels))
                    if instance.state in ACTIVE:
                        firing.setdefault(key, set()).add(fingerprint)
        return routes, {key: frozenset(members) for key, members in firing.items()}

    def open_group(self, route: Route, channel: str, labels: Mapping[str, str]) -> Group:
        """Return a group that nobody was told of."""
        key = name_group(route, channel, labels)
        return Group(key=key, channel=channel, labels=labels, flush_at=self._it.now + route.group_wait)

    def visit(self, group: Group, route: Route | None) -> None:
        """Flush a group that is due."""
        if group.channel != NO_CHANNEL and group.channel not in self._it.channels:
            if group.told_firing:
                detail = f"not sent: the channel {group.channel} is not defined any more"
                self._decide(
                    Decision(group=group, reason=Reason.CHANNEL_REMOVED, is_sent=False, detail=detail)
                )
            self._after[group.key] = None
            return
        self._after[group.key] = group
        if self._it.now < group.flush_at:
            return
        muted = route.find_mute(self._it.now) if route is not None else None
        decision, after = (
            self._find_decision(group, route) if muted is None else self._note_mute(group, route, muted)
        )
        interval = (route or DEFAULT_ROUTE).group_interval
        kept = replace(after, flush_at=self._it.now + interval) if after.members else None
        self._after[group.key] = kept
        if decision is not None and decision.is_sent and group.channel in self._it.limits:
            self._proposals.setdefault(group.channel, []).append(_Proposal(decision, group, kept))
        elif decision is not None:
            self._decide(decision)

    def limit(self) -> None:
        """Send what the channels' rate limits allow, the rest in a digest, or later in one."""
        for channel, proposals in self._proposals.items():
            limit, sent = self._it.limits[channel], self._it.sent.get(channel, ())
            free = limit.count_free(sent, self._it.now)
            order = {"critical": 0, "warning": 1}
            ranked = sorted(
                proposals,
                key=lambda p: (min((order.get(i.severity, 2) for i in p.decision.instances), default=3), p.before.key),
            )  # fmt: skip
            alone = ranked if len(ranked) <= free else ranked[: max(0, free - 1)]
            for proposal in alone:
                self._decide(proposal.decision)
            rest = ranked[len(alone) :]
            if rest and free:
                self._tell_digest(channel, rest, limit)
            elif rest:
                self._hold(rest, limit, limit.find_next(sent, self._it.now))

    def finish(self) -> Plan:
        """Return the plan, with the groups that changed."""
        for key, after in self._after.items():
            before = self._it.groups.get(key)
            if after is not None:
                self._plan.next_flush_at = min(after.flush_at, self._plan.next_flush_at or after.flush_at)
            if after is not None and after != before:
                self._plan.groups[key] = after
            elif after is None and before is not None:
                self._plan.gone.append(key)
        return self._plan

    def _decide(self, decision: Decision) -> None:
        self._plan.decisions.append(decision)

    def _tell_digest(self, channel: str, proposals: Sequence[_Proposal], limit: RateLimit) -> None:
        instances = {i.fingerprint: i for proposal in proposals for i in proposal.decision.instances}
        group = Group(key=f"{channel}:digest", channel=channel, labels={}, flush_at=self._it.now)
        self._decide(
            Decision(group=group, reason=Reason.DIGEST, is_sent=True, instances=tuple(instances.values()))
        )
        for proposal in proposals:
            detail = f"told in a digest: the channel takes {limit.describe()}"
            about = proposal.after or proposal.before
            self._decide(Decision(group=about, reason=Reason.DIGEST, is_sent=False, detail=detail))

    def _hold(self, proposals: Sequence[_Proposal], limit: RateLimit, until: datetime) -> None:
        """Leave the groups as if they had not been due: nothing is told and nothing forgotten."""
        for proposal in proposals:
            detail = f"held: the channel takes {limit.describe()}; a digest comes at {format_instant(until)}"
            waiting = replace(proposal.before, flush_at=until)
            decision, after = _suppress(waiting, waiting, Reason.RATE_LIMITED, detail, "")
            self._after[waiting.key] = after
            if decision is not None:
                self._decide(decision)

    def _note_mute(self, group: Group, route: Route | None, muted: str) -> tuple[Decision | None, Group]:
        """Keep everything for the end of the mute time; record that it was due."""
        if self._find_reason(group, route, self._take_stock(group, route)) is None:
            return None, group
        return _suppress(group, group, Reason.MUTED, f"not sent yet: {muted}", "")

    def _take_stock(self, group: Group, route: Route | None) -> _Standing:
        # Without a route the configuration changed: the group is only kept to tell how it ends.
        members = group.members if route is not None else group.members & group.told_firing
        present = {f: self._it.instances[f] for f in members if f in self._it.instances}
        firing = frozenset(f for f, instance in present.items() if instance.state in ACTIVE)
        over = frozenset(present) - firing
        hushed = self._quiet.keys() & present.keys()
        audible = firing - hushed if route is not None else frozenset[str]()
        missed = over - group.told_firing
        quiet = (firing | missed) & hushed
        last = datetime.max.replace(tzinfo=self._it.now.tzinfo)
        return _Standing(
            firing=firing,
            audible=audible,
            fresh=audible - group.told_firing,
            ended=over & group.told_firing,
            missed=missed - hushed,
            quiet=quiet,
            cause=max((self._quiet[f] for f in quiet), key=lambda cause: cause.until or last, default=None),
        )

    def _find_decision(self, group: Group, route: Route | None) -> tuple[Decision | None, Group]:
        """Return the decision about a group that is due, and the group after it."""
        now, standing = self._it.now, self._take_stock(group, route)
        after = replace(group, members=standing.firing, told_firing=group.told_firing & standing.firing)
        wants_resolved = self._it.channels.get(group.channel, True)
        reason = self._find_reason(group, route, standing)
        if reason is None:
            return self._note_quiet(group, after, standing)
        if group.channel == NO_CHANNEL:
            return _note_no_channel(now, group, after, standing, reason)
        if reason in (Reason.ALL_RESOLVED, Reason.NEWLY_RESOLVED) and not wants_resolved:
            detail = f"not sent: {group.channel} has send_resolved = false"
            return _suppress(group, after, Reason.RESOLVED_NOT_WANTED, detail, now.isoformat())
        if reason is Reason.REPEAT_INTERVAL:
            cause = self._find_repeat_block(group, standing)
            if cause is not None:
                return _suppress(group, replace(after, notified_at=now), *cause, now.isoformat())
        told = standing.audible | standing.missed | (standing.ended if wants_resolved else frozenset())
        after = replace(
            after, told_firing=after.told_firing | standing.audible, notified_at=now, suppressed=None
        )
        instances = tuple(self._it.instances[fingerprint] for fingerprint in sorted(told))
        return Decision(group=after, reason=reason, is_sent=True, instances=instances), after

    def _note_quiet(self, group: Group, after: Group, standing: _Standing) -> tuple[Decision | None, Group]:
        """Record what is kept quiet, and of a group that is told the rest, which alerts those are."""
        if standing.cause is None:
            return None, after
        about = ""
        if standing.firing - standing.quiet:
            places = sorted(filter(None, (name_place(self._it.instances[f].labels) for f in standing.quiet)))
            about = f" about {'; '.join(places[:_MOST_NAMED])}{' …' if len(places) > _MOST_NAMED else ''}"
        detail = f"not sent{about}: {standing.cause.detail}"
        return _suppress(group, after, standing.cause.reason, detail, ",".join(sorted(standing.quiet)))

    def _find_repeat_block(self, group: Group, standing: _Standing) -> tuple[Reason, str] | None:
        if group.key in self._it.undelivered:
            return Reason.AWAITING_DELIVERY, "not repeated: the message before it is not delivered yet"
        owners = {self._it.acknowledged.get(fingerprint) for fingerprint in standing.audible}
        if None not in owners:
            names = ", ".join(sorted(name for name in owners if name))
            return Reason.ACKNOWLEDGED, f"not repeated: acknowledged by {names}"
        return None

    def _find_reason(self, group: Group, route: Route | None, standing: _Standing) -> Reason | None:
        """Return what there is to tell, the most pressing first."""
        if standing.fresh:
            return Reason.NEW_ALERTS if group.told_firing else Reason.FIRST_NOTIFICATION
        if standing.missed and not (standing.ended and self._it.channels.get(group.channel, True)):
            return Reason.FIRED_AND_RESOLVED
        if standing.ended:
            return Reason.NEWLY_RESOLVED if standing.firing else Reason.ALL_RESOLVED
        if standing.audible and route is not None and group.notified_at is not None:
            is_due = self._it.now - group.notified_at >= route.repeat_interval
            return Reason.REPEAT_INTERVAL if is_due else None
        return None


def _note_no_channel(
    now: datetime, group: Group, after: Group, standing: _Standing, reason: Reason
) -> tuple[Decision | None, Group]:
    after = replace(after, told_firing=after.told_firing | standing.audible, notified_at=now)
    if reason not in (Reason.FIRST_NOTIFICATION, Reason.NEW_ALERTS, Reason.FIRED_AND_RESOLVED):
        return None, after
    detail = "not sent: the route has no channel; add a [[channel]] to be told"
    return _suppress(group, after, Reason.NO_CHANNEL, detail, now.isoformat())


def _suppress(
    group: Group, after: Group, reason: Reason, detail: str, about: str
) -> tuple[Decision | None, Group]:
    """Record a decision not to send, unless the same one was the last."""
    mark = f"{reason}: {detail} {about}"
    if group.suppressed == mark:
        return None, after
    after = replace(after, suppressed=mark)
    return Decision(group=after, reason=reason, is_sent=False, detail=detail), after

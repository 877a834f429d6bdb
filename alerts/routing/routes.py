"""The tree of routes: which channels an alert goes to, how it is grouped, and how often they hear of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from alerts.figures import format_instant
from alerts.matchers import Matcher, all_match, read_matchers
from alerts.routing.times import Recurrence, choose_recurrences
from store.configuration.section import Section
from store.errors import ConfigError

EVERY_LABEL: Final = "..."
"""In `group_by`: every alert is a group of its own."""
_DEEPEST: Final = 16
_SHORTEST: Final = timedelta(seconds=1)


@dataclass(frozen=True)
class Route:
    """A node of the tree; what a child does not say, its parent says."""

    path: str
    """Matchers from the root down to here, readable; identifies the route."""
    channels: tuple[str, ...]
    group_by: tuple[str, ...]
    group_wait: timedelta
    group_interval: timedelta
    repeat_interval: timedelta
    matchers: tuple[Matcher, ...] = ()
    goes_on: bool = False
    """`continue`: the siblings after it are tried as well."""
    routes: tuple[Route, ...] = ()
    mute: tuple[Recurrence, ...] = ()
    """While one of them holds, nothing is told; what there is to tell waits."""
    active: tuple[Recurrence, ...] = ()
    """When there are any, something is told only while one of them holds."""

    def find_mute(self, now: datetime) -> str | None:
        """Return which time keeps the route quiet, and until when; None when it may speak."""
        for recurrence in self.mute:
            if recurrence.holds(now):
                end = recurrence.find_end(now)
                return f"muted by {recurrence.name}{f' until {format_instant(end)}' if end else ''}"
        if self.active and not any(recurrence.holds(now) for recurrence in self.active):
            names = ", ".join(recurrence.name for recurrence in self.active)
            return f"muted outside of {names}"
        return None

    def match(self, labels: Mapping[str, str]) -> list[Route]:
        """Return the deepest routes that take an alert with these labels; empty when this one does not."""
        if not all_match(self.matchers, labels):
            return []
        found: list[Route] = []
        for child in self.routes:
            taken = child.match(labels)
            found += taken
            if taken and not child.goes_on:
                break
        return found or [self]

    def walk(self) -> Iterator[Route]:
        """Yield this route and all below it."""
        yield self
        for child in self.routes:
            yield from child.walk()

    def group_labels(self, labels: Mapping[str, str]) -> dict[str, str]:
        """Return the labels that alerts of one group share."""
        if EVERY_LABEL in self.group_by:
            return dict(sorted(labels.items()))
        return {name: labels[name] for name in sorted(self.group_by) if labels.get(name)}


DEFAULT_ROUTE: Final = Route(
    path="{}",
    channels=(),
    group_by=("alert",),
    group_wait=timedelta(seconds=30),
    group_interval=timedelta(minutes=5),
    repeat_interval=timedelta(hours=4),
)


def read_routes(
    table: Mapping[str, object], channels: Sequence[str], times: Mapping[str, Recurrence] | None = None
) -> Route:
    """Return the tree that [route] writes; a root without `channels` goes to all of them.

    Raises:
        ConfigError: A channel is not defined, a matcher is wrong, the root has matchers, or intervals contradict.
    """
    for key in ("matchers", "continue"):
        if key in table:
            Section("[route]", table).fail(key, "does not go with the root; put it into a [[route.routes]]")
    root = replace(DEFAULT_ROUTE, channels=tuple(channels))
    return _read_route(Section("[route]", table), root, _Known(tuple(channels), times or {}), depth=0)


@dataclass(frozen=True, slots=True)
class _Known:
    """What routes may name."""

    channels: tuple[str, ...]
    times: Mapping[str, Recurrence]


def _read_route(section: Section, parent: Route, known: _Known, depth: int) -> Route:
    if depth > _DEEPEST:
        raise ConfigError(f"{section.title}: routes are more than {_DEEPEST} deep; flatten them")
    matchers = read_matchers(section, "matchers")
    path = parent.path if depth == 0 else f"{parent.path}/{{{','.join(map(str, matchers))}}}"
    route = Route(
        path=path,
        channels=_read_channels(section, parent, known.channels),
        group_by=section.texts("group_by", parent.group_by),
        group_wait=section.duration("group_wait", parent.group_wait),
        group_interval=section.duration("group_interval", parent.group_interval, least=_SHORTEST),
        repeat_interval=section.duration("repeat_interval", parent.repeat_interval, least=_SHORTEST),
        matchers=matchers,
        goes_on=section.flag("continue", default=False),
        mute=choose_recurrences(section, "mute", known.times, parent.mute),
        active=choose_recurrences(section, "active", known.times, parent.active),
    )
    children = section.tables("routes")
    section.finish()
    if route.repeat_interval < route.group_interval:
        section.fail(
            "repeat_interval", "is shorter than group_interval; make it longer, or group_interval shorter"
        )
    title = "[[route.routes]]" if depth == 0 else section.title
    below = tuple(
        _read_route(Section(f"{title} number {number}", child), route, known, depth + 1)
        for number, child in enumerate(children, 1)
    )
    return replace(route, routes=below)


def _read_channels(section: Section, parent: Route, defined: tuple[str, ...]) -> tuple[str, ...]:
    used = section.texts("channels", parent.channels)
    for name in used:
        if name not in defined:
            known = f"use one of {', '.join(defined)}" if defined else "add a [[channel]] of that name"
            section.fail("channels", f"names {name!r}, which is not defined; {known}")
    return used

"""Why an alert is not told now although it fires: a silence, a maintenance window, or another alert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from alerts.figures import format_instant
from alerts.matchers import Matcher, all_match, read_matchers
from alerts.routing.groups import Reason
from alerts.routing.inhibition import Inhibition, find_inhibited
from alerts.routing.times import Recurrence, choose_recurrences
from alerts.silences import Silence, find_silence
from alerts.states import Instance
from store.configuration.section import Section


@dataclass(frozen=True, slots=True)
class Quiet:
    """What keeps one alert from being told."""

    reason: Reason
    detail: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A [[maintenance]] table: alerts that match are expected, once or again and again."""

    name: str
    matchers: tuple[Matcher, ...]
    starts_at: datetime | None
    ends_at: datetime | None
    during: tuple[Recurrence, ...]

    @classmethod
    def read(cls, section: Section, known: Mapping[str, Recurrence]) -> Self:
        """Return the window that a table writes."""
        name, matchers = section.name(), read_matchers(section, "matchers")
        if not matchers or all(matcher.matches({}) for matcher in matchers):
            section.fail("matchers", "match everything; name at least one label with a value")
        starts_at, ends_at = section.instant("from"), section.instant("until")
        during = choose_recurrences(section, "during", known)
        if during and (starts_at or ends_at):
            section.fail("during", "and from, until exclude each other; make two windows")
        if not during and (starts_at is None or ends_at is None or ends_at <= starts_at):
            section.fail("until", "must come after from; or name a [[mute_time]] in during")
        section.finish()
        return cls(name, matchers, starts_at, ends_at, during)

    def find_end(self, now: datetime) -> datetime | None:
        """Return until when the window is open; None when it is closed."""
        if self.starts_at is not None and self.ends_at is not None:
            return self.ends_at if self.starts_at <= now < self.ends_at else None
        ends = [recurrence.find_end(now) or now for recurrence in self.during if recurrence.holds(now)]
        return max(ends, default=None)

    def describe(self) -> str:
        """Return the window in words."""
        when = (
            f"{format_instant(self.starts_at)} to {format_instant(self.ends_at)}"
            if self.starts_at and self.ends_at
            else ", ".join(recurrence.name for recurrence in self.during)
        )
        return f"{self.name}: {','.join(map(str, self.matchers))}, {when}"


def name_place(labels: Mapping[str, str]) -> str:
    """Return what an alert is about, without its name: the values of its labels; empty when it has none."""
    return ", ".join(value for name, value in sorted(labels.items()) if name not in ("alert", "severity"))


def find_quiet(
    instances: Mapping[str, Instance],
    *,
    silences: Sequence[Silence],
    maintenance: Sequence[Maintenance],
    inhibitions: Sequence[Inhibition],
    now: datetime,
) -> Mapping[str, Quiet]:
    """Return by fingerprint what keeps alerts quiet: a silence first, then a window, then another alert."""
    found: dict[str, Quiet] = {}
    for fingerprint, source in find_inhibited(inhibitions, instances.values()).items():
        where = name_place(source.labels)
        text = f"inhibited by {source.alert}{f' ({where})' if where else ''}, which fires"
        found[fingerprint] = Quiet(Reason.INHIBITED, text)
    windows = [(window, end) for window in maintenance if (end := window.find_end(now)) is not None]
    if not windows and not silences:
        return found
    for fingerprint, instance in instances.items():
        for window, end in windows:
            if all_match(window.matchers, instance.labels):
                text = f"in the maintenance {window.name} until {format_instant(end)}"
                found[fingerprint] = Quiet(Reason.MAINTENANCE, text, end)
        silence = find_silence(silences, instance.labels)
        if silence is not None:
            found[fingerprint] = Quiet(Reason.SILENCED, silence.describe(), silence.ends_at)
    return found

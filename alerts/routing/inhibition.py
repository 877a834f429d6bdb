"""Inhibition: while one alert fires, others that follow from it are not told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from alerts.matchers import Matcher, all_match, read_matchers
from alerts.states import ACTIVE, Instance
from store.configuration.section import Section


@dataclass(frozen=True, slots=True)
class Inhibition:
    """An [[inhibit]] table, as Alertmanager has it."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...]
    """Labels that both must share; both may lack one."""

    @classmethod
    def read(cls, section: Section) -> Self:
        """Return the inhibition that a table writes."""
        found = cls(
            read_matchers(section, "source"), read_matchers(section, "target"), section.texts("equal")
        )
        for key, matchers in (("source", found.source), ("target", found.target)):
            if not matchers:
                section.fail(key, "is missing or empty; write it as ['severity=\"critical\"']")
        section.finish()
        return found

    def describe(self) -> str:
        """Return the rule in words."""
        source, target = (",".join(map(str, matchers)) for matchers in (self.source, self.target))
        equal = f" with the same {', '.join(self.equal)}" if self.equal else ""
        return f"{source} keeps quiet {target}{equal}"


def find_inhibited(
    inhibitions: Sequence[Inhibition], instances: Iterable[Instance]
) -> Mapping[str, Instance]:
    """Return by fingerprint which alerts are inhibited, and by which firing one.

    An alert that is source and target of one rule does not inhibit others that are both.
    """
    given = list(instances)
    found: dict[str, Instance] = {}
    for rule in inhibitions:
        sources: dict[tuple[str, ...], list[tuple[Instance, bool]]] = {}
        for instance in given:
            if instance.state in ACTIVE and all_match(rule.source, instance.labels):
                is_target = all_match(rule.target, instance.labels)
                sources.setdefault(_share(rule, instance), []).append((instance, is_target))
        if not sources:
            continue
        for instance in given:
            if instance.fingerprint in found or not all_match(rule.target, instance.labels):
                continue
            is_source = all_match(rule.source, instance.labels)
            for source, is_target in sources.get(_share(rule, instance), []):
                if source.fingerprint != instance.fingerprint and not (is_source and is_target):
                    found[instance.fingerprint] = source
                    break
    return found


def _share(rule: Inhibition, instance: Instance) -> tuple[str, ...]:
    return tuple(instance.labels.get(name, "") for name in rule.equal)

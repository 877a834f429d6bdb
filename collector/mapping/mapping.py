"""What a [[mapping]] says: which spans it is about, and what their attributes mean."""

from __future__ import annotations

from collections.abc import Mapping as Table
from dataclasses import dataclass, field
from typing import Final

from collector.fields import COUNT_FIELDS, FLAG_FIELDS, NUMBER_FIELDS, TEXT_FIELDS

NUMBERS: Final = frozenset((*COUNT_FIELDS, *NUMBER_FIELDS))
CONTENT: Final = ("input", "output")
"""Fields that point at an attribute instead of copying it."""
USAGE_PREFIX: Final = "usage."
"""A field `usage.UNIT` counts a billable unit that is no token."""
FLAGS: Final = ("failed",)
"""Fields that are true when the attribute says so."""
TARGETS: Final = (*TEXT_FIELDS, *COUNT_FIELDS, *NUMBER_FIELDS, *FLAG_FIELDS, *CONTENT, *FLAGS, "kind")


@dataclass(frozen=True, slots=True)
class Match:
    """Spans for which every given part holds; within a part, any of its globs."""

    scope: tuple[str, ...] = ()
    name: tuple[str, ...] = ()
    attributes: Table[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Globs of values by a key or a glob of keys: one of those keys has a value that fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One attribute that gives a field."""

    key: str
    to: str
    """The field."""
    unit: str | None = None
    member: str | None = None
    """Member of the attribute's JSON object that holds the value."""
    values: Table[str, str] = field(default_factory=dict[str, str])
    """What a value of the application is called here; others are taken as they are."""
    is_exclusive: bool = False
    """Cached parts are not in an input count, reasoning not in an output count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """One [[mapping]]."""

    name: str
    match: Match
    sources: tuple[Source, ...] = ()
    constants: Table[str, str] = field(default_factory=dict[str, str])
    """Fixed values by field."""

"""What a dialect can ask about a span: its scope, name, kind, keys, values and events."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import translate

import numpy as np

from collector.dialects.engine.index import AttributeIndex, Mask


@dataclass(frozen=True, slots=True)
class Condition:
    """A question about spans; `&`, `|` and `~` combine questions."""

    ask: Callable[[AttributeIndex], Mask | None]
    keys: frozenset[str] = field(default_factory=frozenset[str])
    prefixes: tuple[str, ...] = ()

    def rows(self, index: AttributeIndex) -> Mask | None:
        """Rows where the answer is yes; None when there are none."""
        return self.ask(index)

    def __and__(self, other: Condition) -> Condition:
        """Both."""

        def ask(index: AttributeIndex) -> Mask | None:
            mine = self.rows(index)
            if mine is None:
                return None
            theirs = other.rows(index)
            return None if theirs is None else mine & theirs

        return Condition(ask, self.keys | other.keys, self.prefixes + other.prefixes)

    def __or__(self, other: Condition) -> Condition:
        """Either."""

        def ask(index: AttributeIndex) -> Mask | None:
            mine, theirs = self.rows(index), other.rows(index)
            if mine is None:
                return theirs
            return mine if theirs is None else mine | theirs

        return Condition(ask, self.keys | other.keys, self.prefixes + other.prefixes)

    def __invert__(self) -> Condition:
        """Neither."""

        def ask(index: AttributeIndex) -> Mask | None:
            mine = self.rows(index)
            return np.ones(index.row_count, dtype=np.bool_) if mine is None else ~mine

        return Condition(ask, self.keys, self.prefixes)


ANYWHERE = Condition(lambda index: np.ones(index.row_count, dtype=np.bool_))


def scope(*prefixes: str) -> Condition:
    """The instrumentation scope's name begins with one of the prefixes."""
    return Condition(lambda index: index.scopes.where(lambda name: name.startswith(prefixes)))


def scope_is(*names: str) -> Condition:
    """The instrumentation scope has one of the names."""
    return Condition(lambda index: index.scopes.where(lambda name: name in names))


def named(*names: str) -> Condition:
    """The span has one of the names."""
    allowed = frozenset(names)
    return Condition(lambda index: index.names.where(allowed.__contains__))


def name_starts(*prefixes: str) -> Condition:
    """The span's name begins with one of the prefixes."""
    return Condition(lambda index: index.names.where(lambda name: name.startswith(prefixes)))


def scope_like(*globs: str) -> Condition:
    """The instrumentation scope's name fits one of the globs."""
    fits = _compile_globs(globs)
    return Condition(lambda index: index.scopes.where(fits))


def name_like(*globs: str) -> Condition:
    """The span's name fits one of the globs."""
    fits = _compile_globs(globs)
    return Condition(lambda index: index.names.where(fits))


def attribute_like(key: str, *globs: str) -> Condition:
    """A key, or one of the keys that a glob stands for, has a value that fits one of the globs."""
    head = re.split(r"[*?\[]", key, maxsplit=1)[0]
    fits_key, fits = _compile_globs((key,)), _compile_globs(globs)

    def ask(index: AttributeIndex) -> Mask | None:
        names = [key] if head == key else filter(fits_key, index.keys_under(head))
        found = [mask for name in names if (mask := index.equal(name, fits)) is not None]
        return np.logical_or.reduce(found) if found else None

    if head == key:
        return Condition(ask, frozenset((key,)))
    return Condition(ask, prefixes=(head,))


def _compile_globs(globs: tuple[str, ...]) -> Callable[[str], bool]:
    pattern = re.compile("|".join(translate(glob) for glob in globs))
    return lambda text: pattern.match(text) is not None


def name_ends(*suffixes: str) -> Condition:
    """The span's name ends with one of the suffixes."""
    return Condition(lambda index: index.names.where(lambda name: name.endswith(suffixes)))


def has(*keys: str) -> Condition:
    """One of the keys has a value."""
    return Condition(lambda index: index.having(keys), frozenset(keys))


def has_under(*prefixes: str) -> Condition:
    """A key that begins with one of the prefixes has a value."""
    return Condition(lambda index: index.having(index.keys_under(prefixes)), prefixes=prefixes)


def value(key: str, *values: str) -> Condition:
    """The key has one of the values."""
    allowed = frozenset(values)
    return Condition(lambda index: index.equal(key, allowed.__contains__), frozenset((key,)))


def value_starts(key: str, *prefixes: str) -> Condition:
    """The key's value begins with one of the prefixes."""
    return Condition(
        lambda index: index.equal(key, lambda text: text.startswith(prefixes)), frozenset((key,))
    )


def value_contains(key: str, *parts: str) -> Condition:
    """The key's value contains one of the parts."""
    return Condition(
        lambda index: index.equal(key, lambda text: any(part in text for part in parts)), frozenset((key,))
    )


def event(name: str) -> Condition:
    """The span has an event of that name."""
    return Condition(lambda index: index.events.having(name))


def otel_kind(*kinds: str) -> Condition:
    """The span's OTel kind is one of those."""
    return Condition(
        lambda index: np.logical_or.reduce([(index.spans["otel_kind"] == kind).to_numpy() for kind in kinds])
    )


def status_is(*statuses: str) -> Condition:
    """The span's own status is one of those."""
    return Condition(
        lambda index: np.logical_or.reduce(
            [(index.spans["status"] == status).to_numpy() for status in statuses]
        )
    )


def is_root() -> Condition:
    """The span names no parent."""
    return Condition(lambda index: index.spans["parent_span_id"].is_null().to_numpy())


def same_start(first: str, second: str, length: int) -> Condition:
    """Two keys have values that begin with the same characters."""

    def ask(index: AttributeIndex) -> Mask | None:
        one, two = index.positions(first), index.positions(second)
        rows, of_one, of_two = np.intersect1d(index.rows[one], index.rows[two], return_indices=True)
        if not len(rows):
            return None
        heads = [
            index.texts_at(places[picked]).str.slice(0, length)
            for places, picked in ((one, of_one), (two, of_two))
        ]
        mask = index.empty_mask()
        mask[rows[(heads[0] == heads[1]).to_numpy()]] = True
        return mask

    return Condition(ask, frozenset((first, second)))


def names_span(key: str) -> Condition:
    """The key's value is the span's name."""

    def ask(index: AttributeIndex) -> Mask | None:
        places = index.positions(key)
        if not len(places):
            return None
        rows = index.rows[places]
        mask = index.empty_mask()
        same = index.texts_at(places) == index.spans["name"][rows]
        mask[rows[same.to_numpy()]] = True
        return mask

    return Condition(ask, frozenset((key,)))

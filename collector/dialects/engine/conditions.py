"""What a dialect can ask about a span: its scope, name, kind, keys, values and events."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
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
    tell: Callable[[AttributeIndex], str] | None = None
    """Says by what the one span of an index fits; asked only to explain."""

    def rows(self, index: AttributeIndex) -> Mask | None:
        """Rows where the answer is yes; None when there are none."""
        return self.ask(index)

    def holds(self, index: AttributeIndex) -> bool:
        """Whether any span of the index fits."""
        rows = self.rows(index)
        return rows is not None and bool(rows.any())

    def witness(self, index: AttributeIndex) -> str:
        """Return by what the one span of the index fits; empty when there is nothing to name."""
        return self.tell(index) if self.tell is not None and self.holds(index) else ""

    def __and__(self, other: Condition) -> Condition:
        """Both."""

        def ask(index: AttributeIndex) -> Mask | None:
            mine = self.rows(index)
            if mine is None:
                return None
            theirs = other.rows(index)
            return None if theirs is None else mine & theirs

        return self._join(other, ask, lambda index: _list((self, other), index, " and "))

    def __or__(self, other: Condition) -> Condition:
        """Either."""

        def ask(index: AttributeIndex) -> Mask | None:
            mine, theirs = self.rows(index), other.rows(index)
            if mine is None:
                return theirs
            return mine if theirs is None else mine | theirs

        def tell(index: AttributeIndex) -> str:
            return _list((self, other), index, ", ")

        return self._join(other, ask, tell)

    def __invert__(self) -> Condition:
        """Neither."""

        def ask(index: AttributeIndex) -> Mask | None:
            mine = self.rows(index)
            return np.ones(index.row_count, dtype=np.bool_) if mine is None else ~mine

        return Condition(ask, self.keys, self.prefixes)

    def _join(
        self,
        other: Condition,
        ask: Callable[[AttributeIndex], Mask | None],
        tell: Callable[[AttributeIndex], str],
    ) -> Condition:
        return Condition(ask, self.keys | other.keys, self.prefixes + other.prefixes, tell)


def _list(conditions: Sequence[Condition], index: AttributeIndex, between: str) -> str:
    told = [text for condition in conditions if (text := condition.witness(index))]
    return between.join(dict.fromkeys(told))


ANYWHERE = Condition(
    lambda index: np.ones(index.row_count, dtype=np.bool_), tell=lambda _: "it is asked of every span"
)


def _of_scope(test: Callable[[str], bool]) -> Condition:
    return Condition(
        lambda index: index.scopes.where(test), tell=lambda index: f"scope {index.scopes.values[0]!r}"
    )


def _of_name(test: Callable[[str], bool]) -> Condition:
    return Condition(
        lambda index: index.names.where(test), tell=lambda index: f"span name {index.names.values[0]!r}"
    )


def _of_value(key: str, test: Callable[[str], bool]) -> Condition:
    def tell(index: AttributeIndex) -> str:
        return f"{key} = {_cut(index.texts_at(index.positions(key))[0])}"

    return Condition(lambda index: index.equal(key, test), frozenset((key,)), tell=tell)


def _cut(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def scope(*prefixes: str) -> Condition:
    """The instrumentation scope's name begins with one of the prefixes."""
    return _of_scope(lambda name: name.startswith(prefixes))


def scope_is(*names: str) -> Condition:
    """The instrumentation scope has one of the names."""
    return _of_scope(lambda name: name in names)


def named(*names: str) -> Condition:
    """The span has one of the names."""
    allowed = frozenset(names)
    return _of_name(allowed.__contains__)


def name_starts(*prefixes: str) -> Condition:
    """The span's name begins with one of the prefixes."""
    return _of_name(lambda name: name.startswith(prefixes))


def scope_like(*globs: str) -> Condition:
    """The instrumentation scope's name fits one of the globs."""
    return _of_scope(_compile_globs(globs))


def name_like(*globs: str) -> Condition:
    """The span's name fits one of the globs."""
    return _of_name(_compile_globs(globs))


def attribute_like(key: str, *globs: str) -> Condition:
    """A key, or one of the keys that a glob stands for, has a value that fits one of the globs."""
    head = re.split(r"[*?\[]", key, maxsplit=1)[0]
    fits_key, fits = _compile_globs((key,)), _compile_globs(globs)

    def ask(index: AttributeIndex) -> Mask | None:
        names = filter(fits_key, index.keys_under(head))
        found = [mask for name in names if (mask := index.equal(name, fits)) is not None]
        return np.logical_or.reduce(found) if found else None

    if head == key:
        return _of_value(key, fits)

    def tell(index: AttributeIndex) -> str:
        return ", ".join(sorted(filter(fits_key, index.keys_under(head)))[:3])

    return Condition(ask, prefixes=(head,), tell=tell)


def _compile_globs(globs: tuple[str, ...]) -> Callable[[str], bool]:
    pattern = re.compile("|".join(translate(glob) for glob in globs))
    return lambda text: pattern.match(text) is not None


def name_ends(*suffixes: str) -> Condition:
    """The span's name ends with one of the suffixes."""
    return _of_name(lambda name: name.endswith(suffixes))


def has(*keys: str) -> Condition:
    """One of the keys has a value."""
    return Condition(
        lambda index: index.having(keys),
        frozenset(keys),
        tell=lambda index: ", ".join(key for key in keys if len(index.positions(key))),
    )


def has_under(*prefixes: str) -> Condition:
    """A key that begins with one of the prefixes has a value."""
    return Condition(
        lambda index: index.having(index.keys_under(prefixes)),
        prefixes=prefixes,
        tell=lambda index: ", ".join(sorted(index.keys_under(prefixes))[:3]),
    )


def value(key: str, *values: str) -> Condition:
    """The key has one of the values."""
    allowed = frozenset(values)
    return _of_value(key, allowed.__contains__)


def value_starts(key: str, *prefixes: str) -> Condition:
    """The key's value begins with one of the prefixes."""
    return _of_value(key, lambda text: text.startswith(prefixes))


def value_contains(key: str, *parts: str) -> Condition:
    """The key's value contains one of the parts."""
    return _of_value(key, lambda text: any(part in text for part in parts))


def event(name: str) -> Condition:
    """The span has an event of that name."""
    return Condition(lambda index: index.events.having(name), tell=lambda _: f"event {name!r}")


def otel_kind(*kinds: str) -> Condition:
    """The span's OTel kind is one of those."""
    return Condition(
        lambda index: np.logical_or.reduce([(index.spans["otel_kind"] == kind).to_numpy() for kind in kinds]),
        tell=lambda index: f"{index.spans['otel_kind'][0]} span",
    )


def status_is(*statuses: str) -> Condition:
    """The span's own status is one of those."""
    return Condition(
        lambda index: np.logical_or.reduce(
            [(index.spans["status"] == status).to_numpy() for status in statuses]
        ),
        tell=lambda index: f"status {index.spans['status'][0]}",
    )


def is_root() -> Condition:
    """The span names no parent."""
    return Condition(
        lambda index: index.spans["parent_span_id"].is_null().to_numpy(), tell=lambda _: "it has no parent"
    )


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

    return Condition(ask, frozenset((first, second)), tell=lambda _: f"{first} and {second} begin alike")


def names_span(key: str) -> Condition:
    """The key's value, with or without JSON quotes, is the span's name."""

    def ask(index: AttributeIndex) -> Mask | None:
        places = index.positions(key)
        if not len(places):
            return None
        rows = index.rows[places]
        mask = index.empty_mask()
        same = index.texts_at(places).str.strip_chars('"') == index.spans["name"][rows]
        mask[rows[same.to_numpy()]] = True
        return mask

    return Condition(ask, frozenset((key,)), tell=lambda _: f"{key} is the span's name")

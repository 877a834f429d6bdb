"""Matchers of labels, as Alertmanager writes them: `severity="critical"`, `agent=~"support|sales"`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

import msgspec
import polars as pl

from store.configuration.section import Section
from store.errors import ConfigError

_OPERATORS: Final = ("=", "!=", "=~", "!~")
_MATCHER: Final = re.compile(
    r"\s*(?P<label>[A-Za-z_][A-Za-z0-9_.]{0,99})\s*(?P<op>=~|!~|!=|=)\s*(?:\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<bare>[^\"\s{},]+))\s*"
)
_LONGEST: Final = 1_000


class Matcher(msgspec.Struct, frozen=True):
    """One condition on one label; a label that is missing has the empty text as its value."""

    label: str
    op: str
    value: str

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Tell whether the condition holds; regular expressions match the whole value."""
        value = labels.get(self.label, "")
        if self.op == "=":
            return value == self.value
        if self.op == "!=":
            return value != self.value
        return _is_match(self.value, value) == (self.op == "=~")

    def __str__(self) -> str:
        escaped = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.label}{self.op}"{escaped}"'


def parse_matcher(text: str) -> Matcher:
    """Return the matcher that `text` writes.

    Raises:
        ConfigError: It is not of the form label, operator, value, or its regular expression is wrong.
    """
    match = _MATCHER.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        raise ConfigError(
            f"{text[:80]!r} is not a matcher; write label, operator (=, !=, =~, !~) and quoted value, "
            'for example severity="critical"'
        )
    quoted = match["quoted"]
    value = match["bare"] if quoted is None else _unescape(quoted)
    return make_matcher(match["label"], match["op"], value)


def read_matchers(section: Section, key: str) -> tuple[Matcher, ...]:
    """Return the list of matchers that a key of the configuration holds."""
    try:
        return tuple(parse_matcher(text) for text in section.texts(key))
    except ConfigError as error:
        raise ConfigError(f"{section.title}: {key}: {error}") from error


def make_matcher(label: str, op: str, value: str) -> Matcher:
    """Return a checked matcher.

    Raises:
        ConfigError: The operator is unknown or the regular expression is wrong.
    """
    if op not in _OPERATORS:
        raise ConfigError(f"{op!r} is not an operator of matchers; use one of {', '.join(_OPERATORS)}")
    if op.endswith("~"):
        try:
            pl.Series([""]).str.contains(
                value
            )  # alone first: unbalanced parentheses must not break the anchors
            _is_match(value, "")
        except pl.exceptions.ComputeError as error:
            raise ConfigError(
                f"{value[:80]!r} is not a regular expression; correct it or use = instead"
            ) from error
    return Matcher(label, op, value)


def all_match(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Tell whether every matcher holds."""
    return all(matcher.matches(labels) for matcher in matchers)


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], text)


# Polars' engine takes time linear in the text, so that no pattern of a silence can stall the alerts.
@lru_cache(maxsize=10_000)
def _is_match(pattern: str, value: str) -> bool:
    return bool(pl.Series([value]).str.contains(f"^(?s:{pattern})$").item())

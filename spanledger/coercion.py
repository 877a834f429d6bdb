"""Turns what a TOML file or an environment variable says into the typed settings of a package."""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from store.configuration.durations import parse_duration
from store.errors import ConfigError

T = TypeVar("T")

_WORDS = {
    "true": True,
    "1": True,
    "yes": True,
    "on": True,
    "false": False,
    "0": False,
    "no": False,
    "off": False,
}


def build_settings(kind: type[T], values: Mapping[str, Any], *, where: str) -> T:
    """Make a settings dataclass of a table; `where` names the table in errors.

    Raises:
        ConfigError: a key is unknown, or a value is not what its field takes.
    """
    hints = typing.get_type_hints(kind)
    known = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    arguments: dict[str, Any] = {}
    for key, value in values.items():
        if key not in known:
            raise ConfigError(f"{where}: unknown key {key!r}{suggest(key, known)}")
        arguments[key] = _coerce(hints[key], value, where=f"{where}: {key}")
    try:
        return kind(**arguments)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{where}: {error}") from error


def suggest(word: str, known: list[str]) -> str:
    """Say which known word was probably meant, or list them all."""
    near = difflib.get_close_matches(word, known, 1)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(sorted(known))}"


def _coerce(hint: Any, value: Any, *, where: str) -> Any:
    origin, options = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        if value in (None, "", "none") and type(None) in options:
            return None
        return _coerce(next(o for o in options if o is not type(None)), value, where=where)
    if origin is typing.Literal:
        if value not in options:
            raise ConfigError(f"{where} = {value!r} is not one of {', '.join(map(str, options))}")
        return value
    if origin in (tuple, list):
        items = (
            [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value
        )
        if not isinstance(items, list):
            raise ConfigError(f'{where} = {value!r} is no list; write ["a", "b"]')
        return origin(_coerce(options[0], item, where=where) for item in items)
    return _coerce_scalar(hint, value, where=where)


def _coerce_scalar(hint: Any, value: Any, *, where: str) -> Any:
    if hint is timedelta:
        try:
            return parse_duration(value)
        except (ValueError, TypeError) as error:
            raise ConfigError(
                f'{where} = {value!r} is no duration; write for example "90d" or "4h30m"'
            ) from error
    if hint is bool:
        word = _WORDS.get(str(value).lower())
        if word is None:
            raise ConfigError(f"{where} = {value!r} is neither true nor false")
        return word
    if hint in (int, float) and not isinstance(value, bool):
        try:
            return hint(value)
        except (ValueError, TypeError) as error:
            raise ConfigError(f"{where} = {value!r} is no {'whole ' if hint is int else ''}number") from error
    if hint in (str, Path) and isinstance(value, str):
        return hint(value)
    raise ConfigError(f"{where} = {value!r} has the wrong type; it takes {getattr(hint, '__name__', hint)}")

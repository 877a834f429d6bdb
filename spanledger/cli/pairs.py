"""Reads KEY=VALUE arguments as the table of an alert, forgiving what shells do to quotes."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from typing import Any, Final, cast

from store.errors import ConfigError

_LISTS: Final = ("group_by", "burn_windows")
_TABLES: Final = ("where", "labels", "annotations")
_LONGEST_SHOWN: Final = 80


def read_pairs(pairs: Iterable[str]) -> dict[str, Any]:
    """Return the table that KEY=VALUE arguments write; a key without a value becomes None.

    A value is TOML; what is none is a text, so that quotes may be left out: `group_by=agent,tool` and what a shell
    makes of `group_by=["agent"]` are lists, `where.agent=a,b` is one of both, `labels.team=ops` a key of a table.

    >>> read_pairs(["above=20000", "group_by=[agent, tool]", "where.environment=prod", "for=5m"])
    {'above': 20000, 'group_by': ['agent', 'tool'], 'where': {'environment': 'prod'}, 'for': '5m'}

    Raises:
        ConfigError: An argument is no KEY=VALUE, or its value cannot be understood.
    """
    table: dict[str, Any] = {}
    for pair in pairs:
        key, sign, text = pair.partition("=")
        key, text = key.strip(), text.strip()
        if not sign or not key:
            raise ConfigError(f"{_shorten(pair)} is not KEY=VALUE; write for example above=20000")
        name, dot, part = key.partition(".")
        if dot and name in _TABLES and part:
            inner: object = table.setdefault(name, {})
            if not isinstance(inner, dict):
                raise ConfigError(f"{name} is given as a whole and in parts; use one of both")
            cast("dict[str, object]", inner)[part] = _read_inner(
                text, is_list=name == "where" and "," in text
            )
        elif key in table:
            raise ConfigError(f"{key} is given twice; leave one out")
        else:
            table[key] = _read_whole(key, text)
    return table


def _read_whole(key: str, text: str) -> Any:
    if not text:
        return None
    found = _read_value(text, is_list=key in _LISTS)
    if isinstance(found, str) and key in _TABLES:
        raise ConfigError(f"{key}={_shorten(text)} is no table; write for example {key}.name=value")
    return found


def _read_inner(text: str, *, is_list: bool) -> Any:
    """Return a value of a table; all of them are texts, a user called 137 too."""
    found = _read_value(text, is_list=is_list)
    return found if isinstance(found, str | list) else text


def _read_value(text: str, *, is_list: bool) -> Any:
    try:
        found = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        found = text
    if isinstance(found, str) and is_list:
        inner = found[1:-1] if found.startswith("[") and found.endswith("]") else found
        return [item for part in inner.split(",") if (item := part.strip().strip("\"'"))]
    return found


def _shorten(text: str) -> str:
    return repr(text[:_LONGEST_SHOWN])

"""What stands on one side of a comparison: values of dimensions, or a time, or both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from store.errors import ConfigError

_REMEDY = 'write values of dimensions as "prompt_version=7,agent=support", a time as "2026-11-01/2026-11-08", or both'


@dataclass(frozen=True)
class Side:
    """Events of some dimensions from `start` to before `end`."""

    name: str
    start: datetime
    end: datetime
    where: Mapping[str, str | None]


def read_side(text: str, start: datetime, end: datetime, where: Mapping[str, str | None]) -> Side:
    """Return the side that a text says; what it leaves open is `start`, `end` and `where`.

    >>> week = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 8, tzinfo=UTC)
    >>> read_side("prompt_version=7", *week, {"agent": "support"}).where
    {'agent': 'support', 'prompt_version': '7'}
    >>> read_side("2026-10-01/2026-10-08", *week, {}).start
    datetime.datetime(2026, 10, 1, 0, 0, tzinfo=datetime.timezone.utc)

    Raises:
        ConfigError: It says neither.
    """
    chosen = dict(where)
    for piece in text.split(","):
        name, sign, value = piece.partition("=")
        if sign and name.strip():
            chosen[name.strip()] = value.strip() or None
        elif "/" in piece:
            start, end = _read_interval(piece)
        else:
            raise ConfigError(f"{text!r} is no side of a comparison; {_REMEDY}")
    return Side(text, start, end, chosen)


def _read_interval(text: str) -> tuple[datetime, datetime]:
    first, _, last = text.strip().partition("/")
    try:
        ends = datetime.fromisoformat(first), datetime.fromisoformat(last)
    except ValueError as error:
        raise ConfigError(f"{text!r} is no time; {_REMEDY}") from error
    start, end = (at if at.tzinfo else at.replace(tzinfo=UTC) for at in ends)
    if start >= end:
        raise ConfigError(f"{text!r} ends before it starts; {_REMEDY}")
    return start, end

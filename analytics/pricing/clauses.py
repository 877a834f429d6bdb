"""How the catalogue's clauses match names, and what of a name they leave over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_VERSION_TAIL = re.compile(
    r"(?:[-@:_.]?(?:latest|stable|preview|exp|experimental|beta|\d{4}-\d{2}-\d{2}|\d{2}-\d{2}|\d{2}-\d{4}"
    r"|\d{8}|\d{6}|\d{3,4}|v\d+(?::\d+(?::\d+k)?)?|\d:\d))*"
)
_FINE_TUNE_TAIL = re.compile(r"[\d-]*:[^:]*:[^:]*(?::[^:]*)?(?::ckpt-step-\d+)?")
_REGION_HEAD = re.compile(r"(?:(?:us|us-gov|eu|apac|au|jp|in|ca|global)\.)?(?:[a-z0-9]+\.)?")
_LAST_WORD = re.compile(r"[-@:._]?[^-@:._]*$")


def is_version(clause: Any, name: str) -> bool:
    """Return whether what the clause of a model leaves of a name is only a region, a date or a version of it."""
    return any(_is_version_of(*rest) for rest in _rests(clause, name))


def _rests(clause: Any, name: str) -> Iterator[tuple[str, str, str]]:
    """Yield, for each way the clause matches, the text it names and what stands before and behind it."""
    kind = type(clause).__name__
    if kind == "ClauseOr":
        for part in clause.or_:
            if part.is_match(name):
                yield from _rests(part, name)
    elif kind == "ClauseAnd":
        for part in clause.and_:
            yield from _rests(part, name)
    elif kind == "ClauseEquals":
        yield name, "", ""
    elif kind == "ClauseRegex":
        found = re.search(clause.regex, name)
        if found is not None and found.end() > found.start():
            yield found[0], name[: found.start()], name[found.end() :]
    else:
        text = str(next(iter(vars(clause).values()))).lower()
        at = name.rfind(text) if kind == "ClauseEndsWith" else name.find(text)
        yield text, name[:at], name[at + len(text) :]


def _is_version_of(text: str, before: str, behind: str) -> bool:
    """Return whether the rest of a name is only a region, a date or a version: the same model."""
    if text[-1:].isalnum() and behind[:1].isalnum():
        # The clause names the beginning of a version, such as "-0" of "-001": judge it whole.
        behind = _LAST_WORD.search(text)[0] + behind  # pyright: ignore[reportOptionalSubscript]
    tail = _FINE_TUNE_TAIL if text.startswith("ft:") else _VERSION_TAIL
    return _REGION_HEAD.fullmatch(before) is not None and tail.fullmatch(behind) is not None

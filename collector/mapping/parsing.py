"""Reads [[mapping]] tables; errors name the mapping, the key, the value and the remedy."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping as Table
from typing import Final, NoReturn, cast

from collector.mapping.mapping import (
    CONTENT,
    FLAGS,
    NUMBERS,
    TARGETS,
    USAGE_PREFIX,
    Mapping,
    Match,
    Source,
)
from collector.mapping.units import UNITS
from store.configuration.section import Section
from store.errors import ConfigError
from store.terms import KINDS

MAX_MAPPINGS: Final = 100
MAX_SOURCES: Final = 200
MAX_GLOBS: Final = 50
MAX_STARS: Final = 5
MAX_KEY_CHARS: Final = 256
LEAST_GLOB_HEAD: Final = 3
"""Characters that a glob of keys must begin with, so that it does not stand for everything."""

_UNIT_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_ANYTHING: Final[tuple[str, ...]] = ("*",)
_EXCLUSIVE: Final = ("input_tokens", "output_tokens")
_SOURCE_KEYS: Final = ("to", "unit", "member", "values", "exclusive")


def parse_mappings(tables: object) -> tuple[Mapping, ...]:
    """Return the mappings of the array `mapping` of a configuration, in their order.

    Raises:
        ConfigError: A key is unknown or of a wrong type, a field or unit does not exist, or a glob is too wide.
    """
    items = Section("[[mapping]]", {"mapping": tables}).tables("mapping") if tables is not None else []
    if len(items) > MAX_MAPPINGS:
        raise ConfigError(
            f"[[mapping]]: {len(items)} mappings are more than {MAX_MAPPINGS}; join some of them"
        )
    mappings: list[Mapping] = []
    for number, table in enumerate(items, 1):
        name = table.get("name")
        title = f'[[mapping]] "{name[:100]}"' if isinstance(name, str) else f"[[mapping]] number {number}"
        mapping = _Reader(Section(title, table)).read()
        if any(mapping.name == other.name for other in mappings):
            raise ConfigError(f"{title}: name is used by two mappings; rename one of them")
        mappings.append(mapping)
    return tuple(mappings)


class _Reader:
    def __init__(self, section: Section) -> None:
        self._section = section

    def read(self) -> Mapping:
        section = self._section
        name = section.name()
        match = self._read_match(section.table("match"))
        sources = self._read_sources(section.table("from"))
        constants = self._read_constants(section.table("set"))
        section.finish()
        if not sources and not constants:
            self._fail(
                "from", 'is missing; add [mapping.from] with lines like "acme.tokens" = "input_tokens"'
            )
        return Mapping(name=name, match=match, sources=sources, constants=constants)

    def _fail(self, path: str, remedy: str, value: object = None) -> NoReturn:
        shown = "" if value is None else f" = {value!r}"
        raise ConfigError(f"{self._section.title}: {path}{shown} {remedy}")

    def _read_match(self, table: Table[str, object]) -> Match:
        for key in table:
            if key not in ("scope", "name", "attribute"):
                self._fail(f"match.{key}", "is unknown; match on scope, name or attribute")
        match = Match(
            scope=self._globs("match.scope", table.get("scope")),
            name=self._globs("match.name", table.get("name")),
            attributes=self._read_attributes(table.get("attribute")),
        )
        if not (match.scope or match.name or match.attributes):
            self._fail("match", 'is missing; say which spans: match = { scope = "acme.*" }')
        return match

    def _read_attributes(self, value: object) -> dict[str, tuple[str, ...]]:
        if value is None:
            return {}
        if isinstance(value, dict):
            wanted = cast("dict[str, object]", value)
            found: dict[str, tuple[str, ...]] = {
                key: self._globs(f"match.attribute.{key}", globs) for key, globs in wanted.items()
            }
        else:
            found = dict.fromkeys(self._globs("match.attribute", value), ("*",))
            if len(found) > 1:
                self._fail("match.attribute", "names several keys; write a mapping for each", value)
        for key in found:
            self._check_key_glob(key)
        return found

    def _check_key_glob(self, key: str) -> None:
        self._check_globs("match.attribute", (key,))
        head = re.split(r"[*?\[]", key, maxsplit=1)[0]
        if head != key and len(head) < LEAST_GLOB_HEAD:
            self._fail(
                "match.attribute",
                f"begins with fewer than {LEAST_GLOB_HEAD} plain characters; write more of the key before the *",
                key,
            )

    def _globs(self, path: str, value: object) -> tuple[str, ...]:
        if value is None:
            return ()
        items = cast("list[object]", value) if isinstance(value, list) else [value]
        globs = [item for item in items if isinstance(item, str) and item]
        if len(globs) != len(items) or not globs:
            self._fail(path, 'is no text; write "acme.*" or ["acme.*", "bot.*"]', value)
        self._check_globs(path, globs)
        return tuple(dict.fromkeys(globs))

    def _check_globs(self, path: str, globs: list[str] | tuple[str, ...]) -> None:
        if len(globs) > MAX_GLOBS:
            self._fail(path, f"has more than {MAX_GLOBS} globs; use fewer and wider ones")
        for glob in globs:
            if len(glob) > MAX_KEY_CHARS or glob.count("*") > MAX_STARS:
                self._fail(
                    path,
                    f"is longer than {MAX_KEY_CHARS} characters or has more than {MAX_STARS} *; shorten it",
                    glob,
                )

    def _read_sources(self, table: Table[str, object]) -> tuple[Source, ...]:
        if len(table) > MAX_SOURCES:
            self._fail("from", f"has more than {MAX_SOURCES} attributes; split the mapping")
        sources: list[Source] = []
        for key, value in table.items():
            if not key or len(key) > MAX_KEY_CHARS:
                self._fail(
                    "from",
                    f"has an empty key, or one longer than {MAX_KEY_CHARS} characters",
                    key,
                )
            several = cast("list[object]", value) if isinstance(value, list) else [value]
            sources += [self._read_source(key, item) for item in several]
        return tuple(sources)

    def _read_source(self, key: str, value: object) -> Source:
        path = f'from."{key}"'
        if isinstance(value, str):
            return Source(key=key, to=self._target(path, value))
        if not isinstance(value, dict):
            self._fail(path, 'is no field; write "input_tokens" or { to = "ttft_ms", unit = "s" }', value)
        table = cast("dict[str, object]", value)
        for option in table:
            if option not in _SOURCE_KEYS:
                self._fail(f"{path}.{option}", f"is unknown; known are {', '.join(_SOURCE_KEYS)}")
        field = self._target(f"{path}.to", table.get("to"))
        return Source(
            key=key,
            to=field,
            unit=self._unit(path, field, table.get("unit")),
            member=self._member(path, table.get("member")),
            values=self._values(path, field, table.get("values")),
            is_exclusive=self._exclusive(path, field, table.get("exclusive", False)),
        )

    def _target(self, path: str, field: object) -> str:
        if isinstance(field, str) and field.startswith(USAGE_PREFIX):
            if _UNIT_NAME.fullmatch(field.removeprefix(USAGE_PREFIX)):
                return field
            self._fail(path, 'has no unit behind "usage."; write for example "usage.audio_seconds"', field)
        if not isinstance(field, str):
            self._fail(path, 'is missing; add to = "input_tokens" or another field', field)
        if field not in TARGETS:
            near = difflib.get_close_matches(field, TARGETS, 1)
            hint = f"did you mean {near[0]}?" if near else "docs/mapping.md lists the fields"
            self._fail(path, f"is no field; {hint}", field)
        return field

    def _unit(self, path: str, field: str, unit: object) -> str | None:
        if unit is None:
            return None
        known = UNITS.get(field)
        if known is None:
            self._fail(f"{path}.unit", f"does not go with {field}, which has no unit; leave it out", unit)
        if not isinstance(unit, str) or unit not in known:
            self._fail(f"{path}.unit", f"is no unit of {field}; use one of {', '.join(known)}", unit)
        return unit

    def _member(self, path: str, member: object) -> str | None:
        if member is not None and (not isinstance(member, str) or not 0 < len(member) <= MAX_KEY_CHARS):
            self._fail(
                f"{path}.member", 'is no name of a member of a JSON object; write member = "id"', member
            )
        return member

    def _values(self, path: str, field: str, values: object) -> dict[str, str]:
        if values is None:
            values = {}
        known = cast("dict[str, object]", values) if isinstance(values, dict) else None
        if (
            known is None
            or len(known) > MAX_SOURCES
            or not all(isinstance(text, str) for text in known.values())
        ):
            self._fail(f"{path}.values", 'is no table of texts; write { their_word = "our_word" }', values)
        if known and (field in NUMBERS or field in (*CONTENT, *FLAGS) or field.startswith(USAGE_PREFIX)):
            self._fail(f"{path}.values", f"does not go with {field}, which is no word; leave it out")
        if field == "kind":
            for text in known.values():
                self._check_kind(f"{path}.values", cast("str", text))
            if not known:
                self._fail(
                    f"{path}.values", 'is missing; say what each value is: { model = "llm", fn = "tool" }'
                )
        return cast("dict[str, str]", known)

    def _check_kind(self, path: str, kind: str) -> None:
        if kind not in KINDS:
            self._fail(path, f"is no kind; use one of {', '.join(KINDS)}", kind)

    def _exclusive(self, path: str, field: str, flag: object) -> bool:
        if not isinstance(flag, bool):
            self._fail(f"{path}.exclusive", "is not true or false; write it without quotes", flag)
        if flag and field not in _EXCLUSIVE:
            self._fail(f"{path}.exclusive", f"goes with {' and '.join(_EXCLUSIVE)} only; leave it out")
        return flag

    def _read_constants(self, table: Table[str, object]) -> dict[str, str]:
        constants: dict[str, str] = {}
        for field, value in table.items():
            path = f"set.{field}"
            self._target(path, field)
            if field in (*CONTENT, *FLAGS) or field.startswith(USAGE_PREFIX):
                self._fail(path, "cannot be fixed; map an attribute onto it")
            if not isinstance(value, str | int | float) or len(str(value)) > MAX_KEY_CHARS:
                self._fail(path, "is no text or number; write a short one", value)
            text = str(value).lower() if isinstance(value, bool) else str(value)
            if field == "kind":
                self._check_kind(path, text)
            constants[field] = text
        return constants

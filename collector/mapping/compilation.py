"""Makes dialects of mappings, asked before every other one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial, reduce
from operator import and_, or_

import numpy as np
import polars as pl

from collector.dialects import Registry, known_dialects
from collector.dialects.engine.conditions import Condition, attribute_like, name_like, scope_like, value
from collector.dialects.engine.declaration import Dialect, KindRule, Layer
from collector.dialects.engine.documents import decode_json
from collector.dialects.engine.parsing import parse_numbers
from collector.dialects.engine.provider_usage import dig
from collector.dialects.engine.readers import KeyReader, Reader, constant, convert_distinct
from collector.dialects.engine.registry import compile_registry
from collector.dialects.spanledger import read_feedback
from collector.fields import COUNT_FIELDS
from collector.mapping.mapping import CONTENT, FLAGS, USAGE_PREFIX, Mapping, Match, Source
from collector.mapping.units import STARS, UNITS

_TRUTHS = ("true", "True", "TRUE", "1", "yes", "error", "failed", "failure")


def registry_with(mappings: Sequence[Mapping]) -> Registry:
    """Return the known dialects with the mappings before them, the first mapping first."""
    if not mappings:
        return known_dialects()
    return compile_registry([*map(compile_mapping, mappings), *known_dialects().dialects])


def compile_mapping(mapping: Mapping) -> Dialect:
    """Return the dialect that a mapping is."""
    where = _compile_match(mapping.match)
    fields: dict[str, list[Reader]] = {}
    for source in mapping.sources:
        if _is_field(source.to):
            fields.setdefault(source.to, []).append(_compile_source(source))
    for field, text in mapping.constants.items():
        if field != "kind":
            fields.setdefault(field, []).append(constant(text, where))
    return Dialect(
        name=f"mapping:{mapping.name}",
        about="own mapping of the configuration",
        layer=Layer.MAPPING,
        recognise=where,
        kinds=_compile_kinds(mapping),
        fields=fields,
        failed=_any_of(value(source.key, *_TRUTHS) for source in _sources_of(mapping, "failed")),
        units=_compile_units(mapping),
        input_keys=[source.key for source in _sources_of(mapping, "input")],
        output_keys=[source.key for source in _sources_of(mapping, "output")],
    )


def _is_field(name: str) -> bool:
    return name not in (*CONTENT, *FLAGS, "kind") and not name.startswith(USAGE_PREFIX)


def _sources_of(mapping: Mapping, field: str) -> list[Source]:
    return [source for source in mapping.sources if source.to == field]


def _any_of(conditions: Iterable[Condition]) -> Condition | None:
    several = list(conditions)
    return reduce(or_, several) if several else None


def _compile_match(match: Match) -> Condition:
    parts: list[Condition] = []
    if match.scope:
        parts.append(scope_like(*match.scope))
    if match.name:
        parts.append(name_like(*match.name))
    parts += [attribute_like(key, *values) for key, values in match.attributes.items()]
    return reduce(and_, parts)


def _compile_kinds(mapping: Mapping) -> list[KindRule]:
    rules = [
        KindRule(key=source.key, by_value={word.lower(): kind for word, kind in source.values.items()})
        for source in _sources_of(mapping, "kind")
    ]
    fixed = mapping.constants.get("kind")
    return [*rules, KindRule(kind=fixed)] if fixed else rules


def _compile_units(mapping: Mapping) -> dict[str, list[str]]:
    units: dict[str, list[str]] = {}
    for source in mapping.sources:
        if source.to.startswith(USAGE_PREFIX):
            units.setdefault(source.to.removeprefix(USAGE_PREFIX), []).append(source.key)
    return units


def _compile_source(source: Source) -> KeyReader:
    steps: list[Callable[[pl.Series], pl.Series]] = []
    if source.member is not None:
        steps.append(partial(_read_member, path=source.member))
    if source.values:
        steps.append(partial(_rename, values=dict(source.values)))
    if source.unit == STARS:
        steps.append(_read_stars)
    elif source.to == "feedback":
        steps.append(read_feedback)
    factor = 1.0 if source.unit is None else UNITS[source.to][source.unit]
    if factor != 1.0:
        steps.append(partial(_scale, factor=factor, is_count=source.to in COUNT_FIELDS))

    def convert(texts: pl.Series) -> pl.Series:
        for step in steps:
            texts = step(texts)
        return texts

    return KeyReader(source.key, convert=convert if steps else None, exclusive=source.is_exclusive)


def _read_member(texts: pl.Series, path: str) -> pl.Series:
    return convert_distinct(texts, lambda text: _scalar_text(dig(decode_json(text), path)))


def _scalar_text(found: object) -> str | None:
    if isinstance(found, bool):
        return str(found).lower()
    return str(found) if isinstance(found, str | int | float) else None


def _rename(texts: pl.Series, values: dict[str, str]) -> pl.Series:
    return texts.replace(values)


def _read_stars(texts: pl.Series) -> pl.Series:
    return pl.Series((parse_numbers(texts) - 3.0) / 2.0)


def _scale(texts: pl.Series, factor: float, *, is_count: bool) -> pl.Series:
    numbers = parse_numbers(texts) * factor
    return pl.Series(np.rint(numbers) if is_count else numbers)

"""How one stored span is read: what recognised it, what gave each fact, and what was left aside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import polars as pl

from collector.dialects import Registry
from collector.dialects.engine.normalisation import translate_batch
from collector.dialects.engine.recording import NO_VALUE, Evidence, Recognition, Recording
from collector.dialects.engine.surroundings import RESOURCE_KEYS
from collector.rereading.stored import rebuild_spans
from collector.rereading.unrecognised import looks_like_ai

MAX_VALUE_CHARS: Final = 200
MAX_IGNORED: Final = 100
_OF_THE_SPAN: Final = (
    "trace_id", "span_id", "parent_span_id", "name", "otel_kind", "scope_name", "scope_version", "started_at",
    "ended_at", "row", "body", "resource_id", "content_hash", "attribute_count", "events", "links", "sent_status",
    "is_found_message", "dialect",
)  # fmt: skip
"""What a span says in fields of its own; it needs no explanation."""
_PLAIN: Final[Mapping[str, object]] = {"kind": "other", "status": "unset", "is_pending": False}
"""What stands where nothing was said."""
_ADDED: Final = {"input_tokens": "cached parts", "output_tokens": "reasoning"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of a span and where it came from."""

    field: str
    value: str
    sent: str | None
    """The attribute's text, where the fact came from an attribute."""
    source: str
    dialect: str | None
    note: str | None
    """How the value was made of what was sent, where it is not the same."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """An attribute that looks like a fact and gave none."""

    key: str
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class Account:
    """How a span is read."""

    dialect: str | None
    recognised: tuple[Recognition, ...]
    """In the order they are asked: of two that know a field the first wins."""
    facts: tuple[Fact, ...]
    ignored: tuple[Ignored, ...]


def explain_reading(row: pl.DataFrame, resources: pl.DataFrame, registry: Registry) -> Account:
    """Return how the dialects of a registry read one row of ledger.spans."""
    batch = rebuild_spans(row, resources)
    facts, recording = translate_batch(batch, registry, Recording)
    attributes = dict(batch.attributes.select("key", "value").cast(pl.String).iter_rows())
    values = {name: value for name, value in facts.row(0, named=True).items() if name not in _OF_THE_SPAN}
    told = tuple(_tell_facts(values, recording, attributes))
    used = {evidence.key for evidence in recording.evidence.values()}
    used |= {key for key in attributes if _is_content(key, values, registry)}
    return Account(
        dialect=facts["dialect"][0],
        recognised=tuple(recording.recognised),
        facts=told,
        ignored=tuple(_find_ignored(attributes, used, registry)),
    )


def _is_content(key: str, values: Mapping[str, object], registry: Registry) -> bool:
    """Whether a key holds messages, on its own or as one of many that are gathered."""
    flat = tuple(form.prefix for one in registry.dialects for form in (*one.flat_input, *one.flat_output))
    gathered = values.get("input_messages") is not None or values.get("output_messages") is not None
    return key in (values.get("input_key"), values.get("output_key")) or (gathered and key.startswith(flat))


def _tell_facts(
    values: Mapping[str, object], recording: Recording, attributes: Mapping[str, str]
) -> Iterator[Fact]:
    for name, value in values.items():
        evidence = recording.evidence.get(name)
        if value is None or value == _PLAIN.get(name):
            if evidence is not None and evidence.source == NO_VALUE:
                yield Fact(name, "nothing", None, NO_VALUE, evidence.dialect, "others would be wrong here")
            continue
        sent = attributes.get(evidence.key) if evidence is not None and evidence.key else None
        source = evidence.source if evidence is not None else _source_of(name, values)
        dialect = evidence.dialect if evidence is not None else None
        note = _note(name, value, sent, evidence, recording, values)
        yield Fact(name, _show(value), None if sent is None else _show(sent), source, dialect, note)


def _source_of(name: str, values: Mapping[str, object]) -> str:
    if name in RESOURCE_KEYS:
        return f"resource {' or '.join(RESOURCE_KEYS[name])}"
    if name in ("status_message", "error_type"):
        return "the status, or the last exception event"
    fixed = {
        "status": "the span's own status",
        "duration_ms": "the span's start and end",
        "operation": f"goes with the kind {values.get('kind')}",
        "usage_scope": f"goes with the kind {values.get('kind')}",
        "usage_source": "nothing says that it is an estimate",
        "usage_note": "the arithmetic of the counts",
        "streamed": "there is a time to the first chunk",
        "other_units": "attributes of billable units",
        "input_messages": "messages in several attributes",
        "output_messages": "messages in several attributes",
        "judgements": "scores, feedback or verdicts in attributes or events",
        "cache_write_tokens": "its 5-minute and 1-hour parts",
    }
    return fixed.get(name, "derived")


def _note(
    name: str,
    value: object,
    sent: str | None,
    evidence: Evidence | None,
    recording: Recording,
    values: Mapping[str, object],
) -> str | None:
    read = recording.sent.get(name)
    if name in _ADDED and read is not None and isinstance(value, int) and value != read:
        known = evidence is not None and evidence.is_exclusive
        why = "this emitter leaves them out" if known else "the numbers prove that they were not in it"
        return f"{read:.0f} sent + {value - read:.0f} {_ADDED[name]}: {why}"
    if name in _ADDED and values.get("usage_note") == "inconsistent":
        return "no reading explains the counts: kept as sent, not priced"
    number = _as_number(sent)
    if number is None or not isinstance(value, int | float | Decimal) or float(value) == number:
        return None
    return "converted to the field's unit"


def _as_number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:
        return None


def _find_ignored(
    attributes: Mapping[str, str], used: set[str | None], registry: Registry
) -> Iterator[Ignored]:
    likely = sorted(key for key in attributes if key not in used and looks_like_ai(key))
    for key in likely[:MAX_IGNORED]:
        known = registry.vocabulary.knows(key)
        why = "known, but another key came first or it tells nothing here" if known else "no dialect knows it"
        yield Ignored(key, _show(attributes[key]), why)


def _show(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) and value.is_integer() else str(value)
    return text if len(text) <= MAX_VALUE_CHARS else f"{text[: MAX_VALUE_CHARS - 1]}…"

"""What a dialect says about itself: data, and at most a few small functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Final

from collector.dialects.engine.conditions import Condition
from collector.dialects.engine.documents import Document
from collector.dialects.engine.judging import Judging
from collector.dialects.engine.readers import KeyReader, Reader
from collector.dialects.engine.records import Counters, LogEvents
from collector.fields import FIELDS
from store.terms import KINDS


class Layer(IntEnum):
    """Which dialect is asked first when several fit one span; the first answer to a field wins."""

    MAPPING = 0
    """What an operator maps in the configuration."""
    OWN = 1
    """The product's own attributes."""
    WRAPPER = 2
    """A framework that writes its own keys onto spans which follow a convention, and knows better."""
    LIBRARY = 3
    """One library's naming."""
    CONVENTION = 4
    """A naming that several libraries share."""
    COMMON = 5
    """OTel's own gen_ai and general conventions, for every span."""
    CUSTOM = 6
    """Names that people write by hand."""


@dataclass(frozen=True, slots=True)
class KindRule:
    """A kind for spans where a condition holds, or by the values of a key."""

    kind: str = ""
    when: Condition | None = None
    key: str = ""
    by_value: Mapping[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        for kind in (self.kind, *self.by_value.values()):
            if kind and kind not in KINDS:
                raise ValueError(f"kind {kind!r} is not one of {', '.join(KINDS)}; correct the rule")


def kind(name: str, when: Condition) -> KindRule:
    """Spans where the condition holds have this kind."""
    return KindRule(kind=name, when=when)


def kind_by(key: str, by_value: Mapping[str, str], *, when: Condition | None = None) -> KindRule:
    """The key's value, in lower case and without JSON quotes, decides."""
    return KindRule(key=key, when=when, by_value=by_value)


FieldReaders = Mapping[str, Sequence[str | Reader]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One way of naming things.

    `fields` gives for each field its readers in the order they are asked; a plain string reads that key as it stands.
    `input_keys` and `output_keys` name the attributes that hold content, in the order they are asked.
    `flat_input` and `flat_output` say how messages are flattened, which are gathered into the message form.
    `log_events` and `counters` name what is made spans of, which the dialect then reads like any other.
    A span's `dialect` is the first that recognises it and gives its name: never without `is_named`, and only where
    `named_when` holds.
    """

    name: str
    about: str
    layer: Layer
    recognise: Condition
    kinds: Sequence[KindRule] = ()
    fields: FieldReaders = field(default_factory=dict[str, Sequence[str | Reader]])
    documents: Sequence[Document] = ()
    failed: Condition | None = None
    pending: Condition | None = None
    cumulative_usage: Condition | None = None
    agent_usage: Condition | None = None
    counted_usage: Condition | None = None
    estimated_usage: Condition | None = None
    exclusive_output: Condition | None = None
    total_holds_hidden_cache: Condition | None = None
    units: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    input_keys: Sequence[str] = ()
    output_keys: Sequence[str] = ()
    flat_input: Sequence[FlatMessages] = ()
    flat_output: Sequence[FlatMessages] = ()
    named_when: Condition | None = None
    is_named: bool = True
    judgements: Sequence[Judging] = ()
    log_events: LogEvents | None = None
    counters: Counters | None = None

    def __post_init__(self) -> None:
        unknown = set(self.fields).union(*(d.fields for d in self.documents)) - FIELDS
        if unknown:
            raise ValueError(f"dialect {self.name} fills unknown fields {sorted(unknown)}; correct its file")

    def conditions(self) -> list[Condition]:
        """Return every condition the dialect asks."""
        asked = [
            self.recognise, self.failed, self.pending, self.cumulative_usage, self.agent_usage,
            self.counted_usage, self.estimated_usage, self.exclusive_output, self.total_holds_hidden_cache,
            self.named_when,
            *(rule.when for rule in self.kinds),
            *(judging.when for judging in self.judgements),
            *(document.when for document in self.documents),
            *(c for readers in self.readers().values() for reader in readers for c in reader.conditions),
        ]  # fmt: skip
        return [condition for condition in asked if condition is not None]

    def readers(self) -> dict[str, list[Reader]]:
        """Return the readers by field, plain keys made readers."""
        return {
            name: [KeyReader(reader) if isinstance(reader, str) else reader for reader in readers]
            for name, readers in self.fields.items()
        }

    def keys(self) -> frozenset[str]:
        """Return every exact key the dialect reads."""
        found = {rule.key for rule in self.kinds if rule.key}
        found.update(document.key for document in self.documents)
        found.update(self.input_keys, self.output_keys, *self.units.values())
        return frozenset(found).union(
            *(condition.keys for condition in self.conditions()),
            *(reader.keys for readers in self.readers().values() for reader in readers),
        )

    def prefixes(self) -> tuple[str, ...]:
        """Return every key prefix the dialect reads."""
        flat = [form.prefix for form in (*self.flat_input, *self.flat_output)]
        return tuple(dict.fromkeys([*flat, *(p for c in self.conditions() for p in c.prefixes)]))


@dataclass(frozen=True, slots=True)
class FlatMessages:
    """Messages flattened into keys `PREFIX` index `.` rest; the patterns say what a rest means.

    `text` and `role` are rests; `parts` prefixes of content parts; `calls` the prefix of tool calls, with the
    rests of a call's id, name and arguments; `response_id` the rest with the id of the call a tool message answers.
    """

    prefix: str
    role: str = "role"
    text: str = "content"
    calls: str = "tool_calls."
    call_id: str = "id"
    call_name: str = "name"
    call_arguments: str = "arguments"
    answered_call: str = "tool_call_id"
    parts: str = ""
    part_text: str = ""

    def under(self, prefix: str) -> FlatMessages:
        """Return the same form under another prefix."""
        return replace(self, prefix=prefix)


REPORTED: Final = "reported"
ESTIMATED: Final = "estimated"

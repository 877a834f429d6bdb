"""A translation that keeps account: which dialects recognised a span and by what, and where each fact came from.

The translation that loads spans knows nothing of it, so that accounts cost nothing when nobody asks for one.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from collector.dialects.engine.columns import TextColumn, ValueColumn
from collector.dialects.engine.declaration import Dialect, KindRule
from collector.dialects.engine.documents import Document
from collector.dialects.engine.index import AttributeIndex, Mask
from collector.dialects.engine.readers import (
    ClosingReader,
    ConstantReader,
    ElapsedReader,
    EventReader,
    EventTimeReader,
    KeyReader,
    NameReader,
    Reader,
)
from collector.dialects.engine.translation import CodeColumn, Translation

NO_VALUE: Final = "nothing is read here"


@dataclass(frozen=True, slots=True)
class Recognition:
    """A dialect that recognised the span."""

    dialect: str
    by: str
    """What it recognised it by."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where one fact came from."""

    field: str
    dialect: str
    source: str
    """What was read, in words."""
    key: str | None = None
    """The attribute that was read."""
    is_exclusive: bool = False
    """The emitter is known to leave cached parts out of this input, or reasoning out of this output."""


class Recording(Translation):
    """The translation of one span, with an account of it."""

    def __init__(self, index: AttributeIndex) -> None:
        super().__init__(index)
        self.recognised: list[Recognition] = []
        self.evidence: dict[str, Evidence] = {}
        self.sent: dict[str, float] = {}
        """Counts as they were read, before cached parts or reasoning were added."""
        self._dialect = ""

    def apply(self, dialect: Dialect, readers: dict[str, list[Reader]]) -> None:
        """Let a dialect fill what is open, and note what it filled."""
        if dialect.recognise.holds(self.index):
            self._dialect = dialect.name
            self.recognised.append(Recognition(dialect.name, dialect.recognise.witness(self.index)))
            super().apply(dialect, readers)

    def end_reading(self) -> None:
        """Note the counts as sent."""
        self.sent = {
            name: float(column.values[0]) for name, column in self.numbers.items() if column.filled[0]
        }

    def _apply_kind(self, rule: KindRule, where: Mask) -> None:
        by = rule.key or (rule.when.witness(self.index) if rule.when is not None else "")
        source = f"attribute {by}" if rule.key else by or "goes with what was recognised"
        with self._noting("kind", self.kind, source, key=rule.key or None):
            super()._apply_kind(rule, where)

    def _read_field(self, name: str, readers: list[Reader], where: Mask) -> None:
        column = self.texts[name] if name in self.texts else self.numbers[name]
        for reader in readers:
            source, key = describe_reader(reader)
            with self._noting(name, column, source, key=key):
                super()._read_field(name, [reader], where)

    def _read_document(self, document: Document, where: Mask) -> None:
        columns = {
            name: self.texts[name] if name in self.texts else self.numbers[name] for name in document.fields
        }
        before = {name: bool(column.filled[0]) for name, column in columns.items()}
        super()._read_document(document, where)
        for name, column in columns.items():
            if column.filled[0] and not before[name]:
                self._note(name, f"JSON in attribute {document.key}", document.key, column)

    def _point_at(self, column: CodeColumn, key: str, where: Mask) -> None:
        name = "input_key" if column is self.input_key else "output_key"
        with self._noting(name, column, f"attribute {key}", key=key):
            super()._point_at(column, key, where)

    def _apply_flags(self, dialect: Dialect, where: Mask) -> None:
        super()._apply_flags(dialect, where)
        for name, condition in (
            ("status", dialect.failed),
            ("is_pending", dialect.pending),
            ("usage_source", dialect.estimated_usage),
            ("usage_scope", dialect.cumulative_usage or dialect.agent_usage),
        ):
            if condition is not None and name not in self.evidence and condition.holds(self.index):
                self.evidence[name] = Evidence(name, dialect.name, condition.witness(self.index))

    @contextmanager
    def _noting(
        self, name: str, column: TextColumn | ValueColumn | CodeColumn, source: str, *, key: str | None
    ) -> Generator[None]:
        before = _is_filled(column)
        yield
        if _is_filled(column) and not before:
            self._note(name, source, key, column)

    def _note(
        self, name: str, source: str, key: str | None, column: TextColumn | ValueColumn | CodeColumn
    ) -> None:
        is_exclusive = isinstance(column, ValueColumn) and bool(column.exclusive[0])
        self.evidence[name] = Evidence(name, self._dialect, source, key, is_exclusive)


def _is_filled(column: TextColumn | ValueColumn | CodeColumn) -> bool:
    return bool(column.codes[0] >= 0) if isinstance(column, CodeColumn) else bool(column.filled[0])


def describe_reader(reader: Reader) -> tuple[str, str | None]:
    """Return what a reader reads, in words, and the attribute it is."""
    match reader:
        case KeyReader() | ElapsedReader():
            return f"attribute {reader.key}", reader.key
        case NameReader():
            return "the span's name", None
        case ConstantReader():
            return f"{reader.text!r} goes with what was recognised", None
        case ClosingReader():
            return NO_VALUE, None
        case EventReader():
            return f"{reader.key} of the event {reader.event_name!r}", None
        case EventTimeReader():
            return f"time of the event {reader.event_name!r}", None
        case _:
            keys = sorted(reader.keys)
            return f"attributes {', '.join(keys)}", keys[0] if len(keys) == 1 else None

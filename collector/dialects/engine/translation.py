"""Asks the dialects of a batch, in their order, and keeps the first answer to every field."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from collector.dialects.engine.columns import PARSERS, Reading, TextColumn, TextPool, ValueColumn
from collector.dialects.engine.conditions import Condition
from collector.dialects.engine.declaration import Dialect, KindRule, Layer
from collector.dialects.engine.documents import Document, DocumentFacts
from collector.dialects.engine.index import AttributeIndex, Mask
from collector.dialects.engine.readers import Reader
from collector.fields import COUNT_FIELDS, FLAG_FIELDS, NUMBER_FIELDS, TEXT_FIELDS
from store.terms import KINDS

KIND_CODES = {name: code for code, name in enumerate(KINDS)}


@dataclass(slots=True)
class CodeColumn:
    """A fact out of a small list of texts, kept as a code; -1 where nothing was said."""

    row_count: int
    texts: list[str] = field(default_factory=list[str])
    codes: npt.NDArray[np.int16] = field(init=False)

    def __post_init__(self) -> None:
        self.codes = np.full(self.row_count, -1, dtype=np.int16)

    def code_of(self, text: str) -> int:
        """Return the text's code, a new one when it is new."""
        if text not in self.texts:
            self.texts.append(text)
        return self.texts.index(text)

    def fill(self, mask: Mask, text: str) -> None:
        """Say the text for those rows of the mask that are open."""
        self.codes[mask & (self.codes < 0)] = self.code_of(text)

    def replace(self, mask: Mask, text: str, other: str) -> None:
        """Say another text for those rows of the mask that have the first."""
        self.codes[mask & (self.codes == self.code_of(text))] = self.code_of(other)

    def finish(self, name: str, *, default: str | None = None) -> pl.Series:
        """Return the column as text."""
        pool = pl.Series(name, [*self.texts, default], dtype=pl.String)
        return pool[np.where(self.codes < 0, len(self.texts), self.codes)]


class Translation:
    """The facts of one batch while the dialects fill them."""

    def __init__(self, index: AttributeIndex) -> None:
        self.index = index
        count = index.row_count
        self.pool = TextPool(index)
        self.texts = {name: TextColumn(index, self.pool) for name in TEXT_FIELDS}
        self.numbers = {
            name: ValueColumn(index, PARSERS[name]) for name in COUNT_FIELDS + NUMBER_FIELDS + FLAG_FIELDS
        }
        self.kind = CodeColumn(count)
        self.dialect = CodeColumn(count)
        self.usage_scope = CodeColumn(count)
        self.input_key = CodeColumn(count)
        self.output_key = CodeColumn(count)
        self.failed = index.empty_mask()
        self.pending = index.empty_mask()
        self.exclusive_output = index.empty_mask()
        self.hidden_cache = index.empty_mask()
        self.estimated = index.empty_mask()

    def apply(self, dialect: Dialect, readers: dict[str, list[Reader]]) -> None:
        """Let one dialect fill what is still open on the spans it recognises."""
        where = dialect.recognise.rows(self.index)
        if where is None or not where.any():
            return
        if dialect.layer is not Layer.MAPPING:
            self._name(dialect, where)
        for rule in dialect.kinds:
            self._apply_kind(rule, where)
        for name, field_readers in readers.items():
            self._read_field(name, field_readers, where)
        for document in dialect.documents:
            self._read_document(document, where)
        for key in dialect.input_keys:
            self._point_at(self.input_key, key, where)
        for key in dialect.output_keys:
            self._point_at(self.output_key, key, where)
        self._apply_flags(dialect, where)

    def name_by_mapping(self, dialect: Dialect) -> None:
        """Call what no library's dialect has a name for after the mapping that recognises it."""
        where = dialect.recognise.rows(self.index) if dialect.layer is Layer.MAPPING else None
        if where is not None:
            self._name(dialect, where)

    def end_reading(self) -> None:
        """Called when everything was asked and before counts are settled."""

    def _name(self, dialect: Dialect, where: Mask) -> None:
        named = self._holds(dialect.named_when) if dialect.named_when is not None else where
        if dialect.is_named and named is not None:
            self.dialect.fill(where & named, dialect.name)

    def _apply_kind(self, rule: KindRule, where: Mask) -> None:
        if rule.when is not None:
            holds = rule.when.rows(self.index)
            if holds is None:
                return
            where = where & holds
        if rule.kind:
            self.kind.fill(where, rule.kind)
            return
        places = self.index.positions(rule.key)
        if not len(places):
            return
        labels = self.index.labels(rule.key)
        codes = {text: self.kind.code_of(kind) for text, kind in rule.by_value.items()}
        found = np.asarray(
            [codes.get(text.strip('"').lower(), -1) for text in labels.values], dtype=np.int16
        )[labels.codes]
        rows = self.index.rows[places]
        usable = (found >= 0) & where[rows] & (self.kind.codes[rows] < 0)
        self.kind.codes[rows[usable]] = found[usable]

    def _read_field(self, name: str, readers: list[Reader], where: Mask) -> None:
        column = self.texts[name] if name in self.texts else self.numbers[name]
        for reader in readers:
            reading = reader.read(self.index, where & ~column.filled)
            if reading is not None:
                column.fill(reading)

    def _read_document(self, document: Document, where: Mask) -> None:
        places = self.index.positions(document.key)
        if not len(places):
            return
        columns = {
            name: self.texts[name] if name in self.texts else self.numbers[name] for name in document.fields
        }
        lacking = ~np.logical_and.reduce([column.filled for column in columns.values()])
        wanted = where & lacking
        if document.when is not None:
            holds = document.when.rows(self.index)
            if holds is None:
                return
            wanted &= holds
        places = places[wanted[self.index.rows[places]]]
        if not len(places):
            return
        facts = document.read_values(self.index.texts_at(places))
        rows = self.index.rows[places]
        for name, column in columns.items():
            found = [fact.get(name) for fact in facts]
            is_text = name in self.texts
            usable = (
                np.fromiter((value is not None for value in found), np.bool_, len(found))
                & ~column.filled[rows]
            )
            if not usable.any():
                continue
            kept = [value for value, use in zip(found, usable, strict=True) if use]
            values = _text_series(kept) if is_text else _number_series(kept)
            column.fill(
                Reading(rows[usable], values=values, exclusive=self._exclusive_rows(name, facts, rows))
            )

    def _exclusive_rows(
        self, name: str, facts: list[DocumentFacts], rows: npt.NDArray[np.int64]
    ) -> Mask | bool:
        side = {"input_tokens": "exclusive_input", "output_tokens": "exclusive_output"}.get(name)
        if side is None:
            return False
        mask = self.index.empty_mask()
        mask[rows[[fact.get(side) is True for fact in facts]]] = True
        return mask

    def _point_at(self, column: CodeColumn, key: str, where: Mask) -> None:
        present = self.index.having((key,))
        if present is not None:
            column.fill(where & present, key)

    def _apply_flags(self, dialect: Dialect, where: Mask) -> None:
        for condition, target in (
            (dialect.failed, self.failed),
            (dialect.pending, self.pending),
            (dialect.exclusive_output, self.exclusive_output),
            (dialect.total_holds_hidden_cache, self.hidden_cache),
            (dialect.estimated_usage, self.estimated),
        ):
            holds = self._holds(condition)
            if holds is not None:
                target |= where & holds
        for condition, scope in (
            (dialect.cumulative_usage, "cumulative"),
            (dialect.agent_usage, "agent"),
            (dialect.counted_usage, "counter"),
        ):
            holds = self._holds(condition)
            if holds is not None:
                self.usage_scope.fill(where & holds, scope)

    def _holds(self, condition: Condition | None) -> Mask | None:
        return None if condition is None else condition.rows(self.index)


def _text_series(values: list[object]) -> pl.Series:
    return pl.Series([v if isinstance(v, str) else str(v) if isinstance(v, int | float) else None for v in values],
                     dtype=pl.String)  # fmt: skip


def _number_series(values: list[object]) -> pl.Series:
    return pl.Series([_number(value) for value in values], dtype=pl.Float64)


def _number(value: object) -> float | None:
    if not isinstance(value, str | int | float):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None

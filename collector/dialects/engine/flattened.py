"""Messages flattened into numbered keys, joined again: each attribute becomes a fragment of its span's JSON."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple, cast

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from collector.decode.values import json_escaped
from collector.dialects.engine.columns import Reading
from collector.dialects.engine.declaration import FlatMessages
from collector.dialects.engine.index import AttributeIndex

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

ROLE, ANSWERED_CALL, TEXT, CALL_ID, CALL_NAME, CALL_ARGUMENTS = range(6)
ROLE_PART, ANSWER_PART, FIRST_TEXT_PART, FIRST_CALL_PART = 0, 1, 2, 100_002
FIELD_BITS, PART_BITS, MESSAGE_BITS = 3, 18, 17
MAX_INDEX: Final = 99_999

OPENINGS: Final = (
    '{"role":',
    '{"type":"tool_call_response","id":',
    '{"type":"text","content":',
    '{"type":"tool_call","id":',
    '{"type":"tool_call","name":',
    '{"type":"tool_call","arguments":',
    "",  # the text that answers a call
    "",
    "",
    ',"id":',
    ',"name":',
    ',"arguments":',
)
"""What comes before a field's value: by field, then by field within an opened part."""
WITHIN: Final = 6
UNKNOWN_ROLE: Final = '{"role":"unknown","parts":['
CLOSINGS: Final = (',"parts":[', ',"response":', ',"response":null}', "}", "")


class Place(NamedTuple):
    """What a flattened key holds: part `part` of message `message`, and which field of it."""

    message: int
    part: int
    field: int


def read_flattened(index: AttributeIndex, form: FlatMessages) -> Reading | None:
    """Return the messages of each span that has some in the form, as JSON."""
    keys = [(key, place) for key in index.keys_under(form.prefix) if (place := find_place(key, form))]
    if not keys:
        return None
    positions = [index.positions(key) for key, _ in keys]
    counts = [len(one) for one in positions]
    joined = np.concatenate(positions)
    message, part, field = np.repeat(
        np.asarray([place for _, place in keys], dtype=np.int64), counts, axis=0
    ).T
    rows = index.rows[joined]
    place = (((((rows << MESSAGE_BITS) + message) << PART_BITS) + part) << FIELD_BITS) + field
    order = np.argsort(place, kind="stable")  # merges runs, and each key's rows are one
    kept = order[_is_first_text(rows[order], message[order], part[order])]
    fragments = _fragments(rows[kept], message[kept], part[kept], field[kept], index.texts_at(joined[kept]))
    starts = np.flatnonzero(_changes(rows[kept]))
    return Reading(rows[kept][starts], values=_join_runs(fragments, starts))


def _join_runs(fragments: pa.LargeStringArray, starts: Ints) -> pl.Series:
    """Return neighbouring texts joined, a run from each start to the next: their bytes lie one after the other."""
    _, offsets, data = fragments.buffers()
    bounds = np.frombuffer(offsets, dtype=np.int64)[fragments.offset :]
    ends = np.append(bounds[starts], bounds[len(fragments)])
    joined = pa.LargeStringArray.from_buffers(len(starts), pa.py_buffer(ends), data)
    return cast("pl.Series", pl.from_arrow(joined))


@lru_cache(maxsize=20_000)
def find_place(key: str, form: FlatMessages) -> Place | None:
    """Return what a key holds in the form, None when it is no part of a message.

    >>> find_place("gen_ai.prompt.2.content", FlatMessages("gen_ai.prompt."))
    Place(message=2, part=2, field=2)
    """
    number, _, rest = key.removeprefix(form.prefix).partition(".")
    message = _read_index(number)
    if message is None:
        return None
    if rest == form.role:
        return Place(message, ROLE_PART, ROLE)
    if rest == form.answered_call:
        return Place(message, ANSWER_PART, ANSWERED_CALL)
    if rest == form.text:
        return Place(message, FIRST_TEXT_PART, TEXT)
    if rest.startswith(form.calls):
        call, _, member = rest.removeprefix(form.calls).partition(".")
        fields = {form.call_id: CALL_ID, form.call_name: CALL_NAME, form.call_arguments: CALL_ARGUMENTS}
        ordinal = _read_index(call)
        if ordinal is not None and member in fields:
            return Place(message, FIRST_CALL_PART + ordinal, fields[member])
    if form.parts and rest.startswith(form.parts):
        part, _, member = rest.removeprefix(form.parts).partition(".")
        ordinal = _read_index(part)
        if ordinal is not None and member == form.part_text:
            return Place(message, min(FIRST_TEXT_PART + 1 + ordinal, FIRST_CALL_PART - 1), TEXT)
    return None


def _read_index(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def _is_first_text(row: Ints, message: Ints, part: Ints) -> Bools:
    """Where a message has parts with texts, the text beside them repeats them: leave it out."""
    if not ((part > FIRST_TEXT_PART) & (part < FIRST_CALL_PART)).any():
        return np.ones(len(part), dtype=np.bool_)
    beside = part == FIRST_TEXT_PART
    following = np.roll(part, -1)
    same = (np.roll(row, -1) == row) & (np.roll(message, -1) == message)
    return ~(beside & same & (following > FIRST_TEXT_PART) & (following < FIRST_CALL_PART))


def _changes(*columns: Ints) -> Bools:
    """Return where a row differs from the one before; the first one does."""
    differs = np.ones(len(columns[0]), dtype=np.bool_)
    differs[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return differs


def _fragments(row: Ints, message: Ints, part: Ints, field: Ints, texts: pl.Series) -> pa.LargeStringArray:
    """Return each value with the JSON before and after it, so that a row's fragments make up its array."""
    starts_row, starts_message = _changes(row), _changes(row, message)
    starts_part = _changes(row, message, part)
    ends_row, ends_message, ends_part = (
        np.append(starts[1:], True) for starts in (starts_row, starts_message, starts_part)
    )
    is_role = field == ROLE
    answers = np.append(False, field[:-1] == ANSWERED_CALL) & ~starts_message & (field == TEXT)
    is_answered = np.append(answers[1:], False)
    first_part = starts_message | np.append(False, is_role[:-1])

    opening = np.where(starts_part & ~answers, field, field + WITHIN)
    comma = starts_part & ~answers & ~first_part
    before = np.where(starts_row, 1, 0) + 2 * (starts_message & ~is_role) + 4 * comma
    closing = np.select([is_role, is_answered, field == ANSWERED_CALL, ends_part], [0, 1, 2, 3], default=4)
    after = ends_message.astype(np.int64) + ends_row
    pieces = [
        _HEADS.take(pa.array(before * len(OPENINGS) + opening)),
        json_escaped(texts),
        _TAILS.take(pa.array(after * len(CLOSINGS) + closing)),
    ]
    return cast("pa.LargeStringArray", pc.call_function("binary_join_element_wise", [*pieces, _NOTHING]))


_HEADS: Final = pa.array(
    [
        "".join(("[" * (code & 1), UNKNOWN_ROLE if code & 2 else "", "," if code & 4 else "", text, '"'))
        for code in range(8)
        for text in OPENINGS
    ],
    pa.large_string(),
)
_TAILS: Final = pa.array(
    ['"' + text + end for end in ("", "]},", "]}]") for text in CLOSINGS], pa.large_string()
)
_NOTHING: Final = pa.scalar("", pa.large_string())

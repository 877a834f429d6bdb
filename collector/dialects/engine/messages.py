"""Messages that an emitter flattens into numbered keys or sends as span events, gathered into one JSON form.

The form is that of the gen_ai conventions: `[{"role": …, "parts": [{"type": "text", "content": …}, …]}]`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import polars as pl

from collector.decode.values import json_strings
from collector.dialects.engine.columns import Reading, TextColumn, TextPool
from collector.dialects.engine.declaration import FlatMessages
from collector.dialects.engine.index import AttributeIndex
from collector.dialects.engine.registry import Registry

ROLE, TEXT, CALL_ID, CALL_NAME, CALL_ARGUMENTS, ANSWERED_CALL = range(6)
MAX_INDEX_DIGITS: Final = 5
CALLS_AFTER_TEXTS: Final = 100_000

EVENT_ROLES: Final = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
CHOICE: Final = "gen_ai.choice"
DETAILS: Final = "gen_ai.client.inference.operation.details"


@dataclass(frozen=True, slots=True)
class Place:
    """What a flattened key holds: part `part` of message `message`, and which field of it."""

    message: int
    part: int
    field: int


def gather_messages(index: AttributeIndex, registry: Registry) -> list[pl.Series]:
    """Return `input_messages` and `output_messages`, null where no message was flattened or sent as an event."""
    columns: list[pl.Series] = []
    for name, forms, key in (
        ("input_messages", [f for d in registry.dialects for f in d.flat_input], "gen_ai.input.messages"),
        ("output_messages", [f for d in registry.dialects for f in d.flat_output], "gen_ai.output.messages"),
    ):
        column = TextColumn(index, TextPool(index, limit=None))
        for reading in (
            _read_flattened(index, forms),
            _read_details(index, key),
            _read_events(index, is_output=name == "output_messages"),
        ):
            if reading is not None:
                column.fill(_open_part(reading, column))
        columns.append(column.finish(name))
    return columns


def _open_part(reading: Reading, column: TextColumn) -> Reading:
    is_open = ~column.filled[reading.rows]
    values = reading.values.filter(pl.Series(is_open)) if reading.values is not None else None
    return Reading(reading.rows[is_open], values=values)


def _read_flattened(index: AttributeIndex, forms: Sequence[FlatMessages]) -> Reading | None:
    places: list[Place] = []
    positions: list[np.ndarray] = []
    for form in forms:
        for key in index.keys_under(form.prefix):
            place = find_place(key, form)
            if place is not None:
                places.append(place)
                positions.append(index.positions(key))
    if not places:
        return None
    counts = [len(one) for one in positions]
    joined = np.concatenate(positions)
    frame = pl.DataFrame(
        {
            "row": index.rows[joined],
            "message": np.repeat([place.message for place in places], counts),
            "part": np.repeat([place.part for place in places], counts),
            "field": np.repeat(np.asarray([place.field for place in places], dtype=np.int8), counts),
            "text": index.texts_at(joined),
        }
    )
    return _join_messages(frame)


@lru_cache(maxsize=20_000)
def find_place(key: str, form: FlatMessages) -> Place | None:
    """Return what a key holds in the form, None when it is no part of a message.

    >>> find_place("gen_ai.prompt.2.tool_calls.0.name", FlatMessages("gen_ai.prompt."))
    Place(message=2, part=100000, field=3)
    """
    message, _, rest = key.removeprefix(form.prefix).partition(".")
    if not _is_index(message):
        return None
    fields = {form.role: ROLE, form.text: TEXT, form.answered_call: ANSWERED_CALL}
    if rest in fields:
        return Place(int(message), 0, fields[rest])
    if rest.startswith(form.calls):
        call, _, member = rest.removeprefix(form.calls).partition(".")
        members = {form.call_id: CALL_ID, form.call_name: CALL_NAME, form.call_arguments: CALL_ARGUMENTS}
        if _is_index(call) and member in members:
            return Place(int(message), CALLS_AFTER_TEXTS + int(call), members[member])
    if form.parts and rest.startswith(form.parts):
        part, _, member = rest.removeprefix(form.parts).partition(".")
        if _is_index(part) and member == form.part_text:
            return Place(int(message), 1 + int(part), TEXT)
    return None


def _is_index(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MAX_INDEX_DIGITS


def _join_messages(frame: pl.DataFrame) -> Reading:
    """Join flattened fields to messages: a text is a part, the fields of a call are one part."""
    frame = frame.with_columns(json=json_strings(frame["text"]))
    field = pl.col("field")
    said = {
        name: pl.col("json").filter(field == code).first()
        for name, code in (("id", CALL_ID), ("name", CALL_NAME), ("arguments", CALL_ARGUMENTS))
    }
    ids = ["row", "message"]
    heads = frame.group_by(ids).agg(
        role=pl.col("json").filter(field == ROLE).first(),
        answered=pl.col("json").filter(field == ANSWERED_CALL).first(),
    )
    texts = (
        frame.filter(field == TEXT)
        .join(heads.select(*ids, "answered"), on=ids, how="left")
        .select(*ids, "part", body=_text_part())
    )
    calls = (
        frame.filter(field.is_in([CALL_ID, CALL_NAME, CALL_ARGUMENTS]))
        .group_by(*ids, "part")
        .agg(**said)
        .select(*ids, "part", body=_call_part())
    )
    parts = (
        pl.concat([texts, calls])
        .sort(*ids, "part")
        .group_by(ids, maintain_order=True)
        .agg(pl.col("body").str.join(","))
    )
    whole = heads.join(parts, on=ids, how="left").sort(ids)
    return _join_rows(
        whole.with_columns(role=pl.col("role").fill_null('"unknown"'), body=pl.col("body").fill_null(""))
    )


def _text_part() -> pl.Expr:
    answer = pl.concat_str(
        pl.lit('{"type":"tool_call_response","id":'), "answered", pl.lit(',"response":'), "json", pl.lit("}")
    )
    text = pl.concat_str(pl.lit('{"type":"text","content":'), "json", pl.lit("}"))
    return pl.when(pl.col("answered").is_null()).then(text).otherwise(answer)


def _call_part() -> pl.Expr:
    null = "null"
    return pl.concat_str(
        pl.lit('{"type":"tool_call","id":'),
        pl.col("id").fill_null(null),
        pl.lit(',"name":'),
        pl.col("name").fill_null(null),
        pl.lit(',"arguments":'),
        pl.col("arguments").fill_null(null),
        pl.lit("}"),
    )


def _join_rows(messages: pl.DataFrame) -> Reading:
    """Join messages (row, role, body, in their order) to one JSON array a row."""
    joined = (
        messages.select(
            "row",
            one=pl.concat_str(pl.lit('{"role":'), "role", pl.lit(',"parts":['), "body", pl.lit("]}")),
        )
        .group_by("row", maintain_order=True)
        .agg(pl.col("one").str.join(","))
        .select("row", text=pl.concat_str(pl.lit("["), "one", pl.lit("]")))
    )
    return Reading(joined["row"].to_numpy().astype(np.int64), values=joined["text"])


def _read_details(index: AttributeIndex, key: str) -> Reading | None:
    if DETAILS not in index.events.names():
        return None
    rows, values = index.events.last_values(DETAILS, key)
    return Reading(rows, values=values) if len(rows) else None


def _read_events(index: AttributeIndex, *, is_output: bool) -> Reading | None:
    wanted = [CHOICE] if is_output else list(EVENT_ROLES)
    if not set(wanted).intersection(index.events.names()):
        return None
    content = ["message", "content"] if is_output else ["content"]
    found = (
        index.events.frame.with_columns(pl.col("key").cast(pl.String))
        .filter(
            pl.col("event_name").is_in(wanted) & pl.col("key").is_in(content) & pl.col("value").is_not_null()
        )
        .unique(["row", "event"], keep="first", maintain_order=True)
    )
    if found.is_empty():
        return None
    role = pl.lit("assistant") if is_output else pl.col("event_name").replace_strict(EVENT_ROLES)
    messages = found.with_columns(json=json_strings(found["value"])).select(
        "row",
        role=pl.concat_str(pl.lit('"'), role, pl.lit('"')),
        body=pl.concat_str(pl.lit('{"type":"text","content":'), "json", pl.lit("}")),
    )
    return _join_rows(messages)

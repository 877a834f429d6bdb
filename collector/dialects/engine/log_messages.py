"""Messages that an emitter sends as log records, in the form of the gen_ai conventions.

Old events carry one message each in their body, `gen_ai.client.inference.operation.details` all of them in attributes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

import msgspec
import polars as pl

from collector.decode.batch import RecordBatch
from collector.dialects.engine.documents import decode_json
from collector.dialects.engine.messages import CHOICE, DETAILS, EVENT_ROLES

MAX_MESSAGE_CHARS: Final = 4_000_000
"""A longer body is kept as sent only."""
_ATTRIBUTES: Final = {"input_messages": "gen_ai.input.messages", "output_messages": "gen_ai.output.messages"}


def read_log_messages(batch: RecordBatch) -> list[pl.Series]:
    """Return `input_messages` and `output_messages` of each log record, null where it tells none of a span."""
    names = batch.records["event_name"]
    of_span = batch.records["span_id"].is_not_null()
    columns = {
        name: pl.Series(name, [None], dtype=pl.String).new_from_index(0, len(names)) for name in _ATTRIBUTES
    }
    is_input = names.is_in(list(EVENT_ROLES)).fill_null(value=False) & of_span
    is_output = (names == CHOICE).fill_null(value=False) & of_span
    for name, meant in (("input_messages", is_input), ("output_messages", is_output)):
        if meant.any():
            rows = meant.arg_true()
            told = batch.records.select("event_name", "body_text")[rows]
            columns[name] = columns[name].scatter(rows, _read_bodies(told))
    is_details = (names == DETAILS).fill_null(value=False) & of_span
    if is_details.any():
        for name, key in _ATTRIBUTES.items():
            found = batch.attributes.filter(pl.col("key") == key)
            found = found.filter(is_details.gather(found["row"]) & found["value"].str.starts_with("[{"))
            columns[name] = columns[name].scatter(found["row"].to_numpy(), found["value"])
    return [column.alias(name) for name, column in columns.items()]


def _read_bodies(told: pl.DataFrame) -> pl.Series:
    """Return each body as an array of one message; a body that occurs often is read once."""
    known: dict[tuple[str, str], str | None] = {}
    texts: list[str | None] = []
    for event, body in told.iter_rows():
        said = (event, body or "")
        if said not in known:
            message = read_message(event, body or "") if len(said[1]) <= MAX_MESSAGE_CHARS else None
            known[said] = msgspec.json.encode([message]).decode() if message else None
        texts.append(known[said])
    return pl.Series(texts, dtype=pl.String)


def read_message(event: str, body: str) -> dict[str, Any] | None:
    """Return the message of an event's body; None when it holds nothing.

    >>> read_message("gen_ai.user.message", '{"content":"hello"}')
    {'role': 'user', 'parts': [{'type': 'text', 'content': 'hello'}]}
    """
    decoded = decode_json(body)
    if isinstance(decoded, str):
        # Some emitters write JSON into a text.
        decoded = decode_json(decoded)
    fields: dict[str, Any] = (
        cast("dict[str, Any]", decoded) if isinstance(decoded, dict) else {"content": body}
    )
    said: object = fields.get("message")
    message: dict[str, Any] = {**fields, **cast("dict[str, Any]", said)} if isinstance(said, dict) else fields
    role: object = message.get("role")
    content: object = message.get("content")
    if role is None and isinstance(content, dict):
        role = cast("dict[str, Any]", content).get("role")
    parts = _parts(content)
    if event == "gen_ai.tool.message" and content is not None:
        parts = [{"type": "tool_call_response", "id": message.get("id"), "response": content}]
    calls = message.get("tool_calls")
    parts += [_call(call) for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
    if not parts:
        return None
    known = role if isinstance(role, str) else EVENT_ROLES.get(event, "assistant")
    told: dict[str, Any] = {"role": "assistant" if known == "model" else known, "parts": parts}
    if isinstance(message.get("finish_reason"), str):
        told["finish_reason"] = message["finish_reason"]
    return told


def _parts(content: object) -> list[dict[str, Any]]:
    if isinstance(content, str):
        return [{"type": "text", "content": content}] if content else []
    if isinstance(content, dict):
        inner = cast("dict[str, Any]", content)
        return _parts(inner["parts"]) if isinstance(inner.get("parts"), list) else _parts([inner])
    found: list[dict[str, Any]] = []
    for item in cast("list[Any]", content) if isinstance(content, list) else []:
        found += _parts(item) if isinstance(item, str) else [_part(item)] if isinstance(item, dict) else []
    return [part for part in found if part]


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return one part; Gemini names none of its types, and sends every field that it does not use as null."""
    call, response = part.get("function_call"), part.get("function_response")
    if isinstance(call, dict):
        return {
            "type": "tool_call",
            "id": call.get("id"),
            "name": call.get("name"),
            "arguments": call.get("args"),
        }
    if isinstance(response, dict):
        return {"type": "tool_call_response", "id": response.get("id"), "response": response.get("response")}
    if isinstance(part.get("text"), str):
        kind = "reasoning" if part.get("thought") is True else "text"
        return {"type": kind, "content": part["text"]}
    return {key: value for key, value in part.items() if value is not None}


def _call(call: Mapping[str, Any]) -> dict[str, Any]:
    function: object = call.get("function")
    said: Mapping[str, Any] = cast("Mapping[str, Any]", function) if isinstance(function, dict) else call
    return {
        "type": "tool_call",
        "id": call.get("id"),
        "name": said.get("name"),
        "arguments": said.get("arguments"),
    }

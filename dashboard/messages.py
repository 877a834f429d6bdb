"""Reads what was said in a span, in whatever shape it was recorded, into messages of parts for display.

Everything here comes from outside: any JSON, any text, any size. Nothing raises; what has no known shape is shown
as it is. Texts are cut at `TEXT_CHARACTERS`, binary content becomes its size.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, cast

TEXT_CHARACTERS: Final = 200_000
LEAST_CHARACTERS: Final = 500
MESSAGES_SHOWN: Final = 400
PARTS_SHOWN: Final = 100
_MEDIA: Final = (
    "blob",
    "image",
    "image_url",
    "input_image",
    "audio",
    "input_audio",
    "file",
    "uri",
    "document",
)
_THINKING: Final = ("reasoning", "thinking", "redacted_thinking")
_CALLS: Final = ("tool_call", "tool_use", "function_call")
_RESULTS: Final = ("tool_call_response", "tool_result", "function_call_output")

Part = dict[str, str]


def read_messages(
    text: str | None, *, direction: str, kind: str, tool: str | None = None
) -> list[dict[str, object]]:
    """Return the messages of one side of a span: direction, role, name and parts."""
    if not text:
        return []
    if kind == "tool":
        part: Part = {
            "kind": "call" if direction == "input" else "result",
            "name": tool or "",
            "text": cut(_pretty(text)),
        }
        return [_message(direction, "tool", "", [part])]
    value = _parse(text)
    if isinstance(value, Mapping) and isinstance(value.get("messages"), list):
        value = value["messages"]
    if isinstance(value, Mapping) and ("role" in value or "parts" in value or "content" in value):
        value = [value]
    default_role = "user" if direction == "input" else "assistant"
    if not isinstance(value, list):
        return [_message(direction, default_role, "", [_text_part("text", _pretty(text))])]
    messages = [_read_message(item, direction, default_role) for item in value[:MESSAGES_SHOWN]]
    if len(value) > MESSAGES_SHOWN:
        rest = f"{len(value) - MESSAGES_SHOWN:,} more messages; see Raw"
        messages.append(_message(direction, "…", "", [_text_part("text", rest)]))
    return messages


def _read_message(given: object, direction: str, default_role: str) -> dict[str, object]:
    item = cast(Any, given)
    if isinstance(item, list):
        return _message(direction, default_role, "", [_read_part(part) for part in item[:PARTS_SHOWN]])
    if not isinstance(item, Mapping):
        return _message(direction, default_role, "", [_text_part("text", _as_text(item))])
    if isinstance(item.get("message"), Mapping):
        item = item["message"]
    role = _as_text(item.get("role") or default_role)[:40]
    parts = _read_content(item.get("parts", item.get("content")))
    parts += [
        _read_part({"type": "tool_call", **_flatten_call(call)}) for call in _listed(item.get("tool_calls"))
    ]
    name = _as_text(item.get("name") or item.get("tool_call_id") or "")[:120]
    return _message(direction, role, name, parts or [_text_part("text", "")])


def _read_content(content: object) -> list[Part]:
    if content is None:
        return []
    if isinstance(content, list):
        return [_read_part(part) for part in content[:PARTS_SHOWN]]
    return [_read_part(content)]


def _read_part(given: object) -> Part:
    if not isinstance(given, Mapping):
        return _text_part("text", _as_text(given))
    part = cast("Mapping[Any, Any]", given)
    type_ = _as_text(part.get("type") or "text")
    if type_ in _MEDIA:
        return _text_part("media", _describe_media(part, type_))
    if type_ in _THINKING:
        thought = _first(part, "content", "thinking", "text", "summary")
        return _text_part("thinking", _as_text(thought or "not shown by the provider"))
    if type_ in _CALLS:
        return _text_part(
            "call", _pretty(_first(part, "arguments", "input")), _as_text(part.get("name") or "")
        )
    if type_ in _RESULTS:
        result = _first(part, "response", "result", "content", "output")
        return _text_part(
            "result", _pretty(result), _as_text(_first(part, "name", "id", "tool_use_id") or "")
        )
    text = part.get("content", part.get("text"))
    return (
        _text_part("text", _as_text(text))
        if isinstance(text, str)
        else _text_part("data", _pretty(part), type_)
    )


def _first(part: Mapping[Any, Any], *names: str) -> object:
    return next((part[name] for name in names if part.get(name) is not None), None)


def _describe_media(part: Mapping[Any, Any], type_: str) -> str:
    body = next(
        (part[key] for key in ("content", "data", "image_url", "file_data", "uri") if part.get(key)), ""
    )
    mime = part.get("mime_type") or part.get("modality") or type_
    if isinstance(body, str) and body.startswith(("http://", "https://")):
        return f"{_as_text(mime)[:80]}, by address: {body[:200]}"
    size = len(body) if isinstance(body, str) else len(json.dumps(body, default=str))
    return f"{_as_text(mime)[:80]}, about {max(1, round(size * 3 / 4 / 1024)):,} KiB, not shown"


def _flatten_call(given: object) -> dict[str, object]:
    if not isinstance(given, Mapping):
        return {"name": "", "arguments": _as_text(given)}
    call = cast("Mapping[Any, Any]", given)
    function = call.get("function")
    source = function if isinstance(function, Mapping) else call
    return {"name": source.get("name"), "arguments": source.get("arguments")}


def _listed(value: object) -> list[object]:
    return list(value[:PARTS_SHOWN]) if isinstance(value, list) else []


def _message(direction: str, role: str, name: str, parts: list[Part]) -> dict[str, object]:
    return {"direction": direction, "role": role, "name": name, "parts": parts}


def _text_part(kind: str, text: str, name: str = "") -> Part:
    return {"kind": kind, "name": name[:200], "text": cut(text)}


def cut(text: str, limit: int = TEXT_CHARACTERS) -> str:
    """Return `text`, cut with a word on how much is missing where it is longer than `limit`."""
    return text if len(text) <= limit else f"{text[:limit]}\n… {len(text) - limit:,} more characters"


def bound_messages(messages: list[dict[str, object]], budget: int) -> list[dict[str, object]]:
    """Cut the texts of the later parts so that all together stay near `budget` characters; return `messages`."""
    for message in messages:
        parts = cast("list[Part]", message["parts"])
        for part in parts:
            part["text"] = cut(part["text"], max(budget, LEAST_CHARACTERS))
            budget -= len(part["text"])
        if budget < 0:
            message["parts"] = parts[:3]
    return messages


def _parse(text: str) -> Any:
    if not text[:1].strip() or text.lstrip()[:1] not in '[{"':
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else _pretty(value)


def _pretty(value: object) -> str:
    parsed = _parse(value) if isinstance(value, str) else value
    if isinstance(parsed, Mapping | list):
        try:
            return json.dumps(parsed, indent=2, ensure_ascii=False, default=str)
        except (ValueError, RecursionError):
            return str(value)
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, default=str)

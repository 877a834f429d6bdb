"""What the inspector shows of one span."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from dashboard.formats import NO_PRICE, format_count, format_duration, format_rate, format_usd
from dashboard.messages import LEAST_CHARACTERS, bound_messages, cut, read_messages

TONES: Final = {
    "agent": "agent", "workflow": "agent", "llm": "model", "tool": "tool", "embedding": "retrieval",
    "retriever": "retrieval",
}  # fmt: skip
PAIRS_SHOWN: Final = 2_000
EVENTS_SHOWN: Final = 500
KEY_CHARACTERS: Final = 500
VALUE_CHARACTERS: Final = 50_000
ALL_CHARACTERS: Final = 1_000_000
NO_MESSAGES: Final = {
    "agent": "This span carries no messages. What its model calls said is on their own spans below it.",
    "llm": "No content was recorded. Most instrumentations leave messages out unless told otherwise; "
    "for OpenTelemetry's own, set OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true in the agent's environment.",
    "tool": "No arguments and no result were recorded.",
}
_NO_MESSAGE: Final = "This span carries no messages."


def build_detail(span: Mapping[str, Any], trace_start: datetime, *, height: str) -> dict[str, object]:
    """Return the inspector's data for a row of `traces/span`."""
    attributes = dict(_pairs(span["attributes"]))
    messages = [
        *_side(span, attributes, "input", span["input_messages"], span["input_key"]),
        *_side(span, attributes, "output", span["output_messages"], span["output_key"]),
    ]
    kind = span["kind"]
    return {
        "title": cut(span["name"] or kind, 500),
        "kind": "model" if kind == "llm" else kind,
        "tone": TONES.get(kind, "agent"),
        "facts": _facts(span, trace_start),
        "failure": _failure(span),
        "messages": bound_messages(messages, ALL_CHARACTERS),
        "no_messages": NO_MESSAGES.get(kind, _NO_MESSAGE),
        "attributes": _shown(attributes.items()),
        "resource": _shown(_pairs(span["resource"])),
        "events": _events(span["events"], span["started_at"]),
        "raw": _raw(span, attributes),
        "height": height,
    }


def _shown(pairs: Iterable[tuple[str, str]], budget: int = ALL_CHARACTERS) -> list[tuple[str, str]]:
    """Return pairs in order, as many as fit into `budget` characters, and how many more there are."""
    shown: list[tuple[str, str]] = []
    ordered = sorted(pairs)
    for at, (key, value) in enumerate(ordered):
        if budget <= 0 or at == PAIRS_SHOWN:
            shown.append(("…", f"{len(ordered) - at:,} more"))
            break
        shown.append(
            (cut(key, KEY_CHARACTERS), cut(value, min(VALUE_CHARACTERS, max(budget, LEAST_CHARACTERS))))
        )
        budget -= sum(map(len, shown[-1]))
    return shown


def _pairs(entries: Any) -> list[tuple[str, str]]:
    return [
        (str(entry["key"]), "" if entry["value"] is None else str(entry["value"])) for entry in entries or ()
    ]


def _side(
    span: Mapping[str, Any],
    attributes: Mapping[str, str],
    direction: str,
    translated: str | None,
    key: str | None,
) -> list[dict[str, object]]:
    text = translated or (attributes.get(key) if key else None)
    return read_messages(text, direction=direction, kind=span["kind"], tool=span["tool"])


def _facts(span: Mapping[str, Any], trace_start: datetime) -> list[str]:
    offset = (span["started_at"] - trace_start).total_seconds() * 1e3
    facts = ["in progress" if span["duration_ms"] is None else format_duration(span["duration_ms"])]
    facts.append("at the start" if offset < 0.0005 else f"+{format_duration(offset)} after the start")
    if span["input_tokens"] is not None:
        cached = span["cache_read_tokens"]
        share = (
            f" ({format_rate(cached / span['input_tokens'])} cached)"
            if cached and span["input_tokens"]
            else ""
        )
        facts.append(f"{format_count(span['input_tokens'])} tokens in{share}")
    if span["output_tokens"] is not None:
        facts.append(f"{format_count(span['output_tokens'])} out")
    if span["ttft_ms"] is not None:
        facts.append(f"first token after {format_duration(span['ttft_ms'])}")
    if span["cost_status"] is not None:
        status = span["cost_status"].replace("_", " ")
        facts.append(NO_PRICE + f" ({status})" if span["cost_usd"] is None else format_usd(span["cost_usd"]))
    asked, answered = span["request_model"], span["response_model"]
    if asked and answered and asked != answered:
        facts.append(f"asked {asked}, answered {answered}")
    if span["finish_reason"]:
        facts.append(f"finished: {span['finish_reason']}")
    return facts


def _failure(span: Mapping[str, Any]) -> str:
    if span["status"] != "error":
        return ""
    type_, message = span["error_type"] or "", span["status_message"] or ""
    parts = [message] if type_ and message.startswith(type_) else [part for part in (type_, message) if part]
    return cut(": ".join(parts), 4_000) or "failed without saying why"


def _events(text: str | None, started_at: datetime) -> list[dict[str, object]]:
    try:
        events = json.loads(text) if text else []
    except (ValueError, RecursionError):
        text_pair = ("text", cut(text or "", 4_000))
        return [{"name": "unreadable events", "offset": "", "is_exception": False, "attributes": [text_pair]}]
    events = events if isinstance(events, list) else []
    shown: list[dict[str, object]] = []
    each = ALL_CHARACTERS // max(1, min(len(events), EVENTS_SHOWN))
    for event in events[:EVENTS_SHOWN]:
        if not isinstance(event, dict):
            continue
        attributes = event.get("attributes")
        pairs = attributes.items() if isinstance(attributes, dict) else ()
        name = str(event.get("name", ""))
        shown.append(
            {
                "name": name or "event",
                "offset": _offset(event.get("time"), started_at),
                "is_exception": name == "exception",
                "attributes": _shown(((str(key), _as_text(value)) for key, value in pairs), each),
            }
        )
    return shown


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _offset(time: object, started_at: datetime) -> str:
    if not isinstance(time, str):
        return ""
    try:
        at = datetime.fromisoformat(time).replace(tzinfo=None)
    except ValueError:
        return time[:40]
    offset = (at - started_at) / timedelta(milliseconds=1)
    return f"+{format_duration(offset)}" if offset >= 0.5 else "at its start"


def _raw(span: Mapping[str, Any], attributes: Mapping[str, str]) -> str:
    apart = ("attributes", "resource", "events", "links")
    record: dict[str, Any] = {
        key: value for key, value in span.items() if value is not None and key not in apart
    }
    record["attributes"] = dict(attributes)
    record["resource"] = dict(_pairs(span["resource"]))
    for key in ("events", "links"):
        try:
            record[key] = json.loads(span[key]) if span[key] else []
        except (ValueError, RecursionError):
            record[key] = span[key]
    return cut(json.dumps(record, indent=2, ensure_ascii=False, default=str), 500_000)

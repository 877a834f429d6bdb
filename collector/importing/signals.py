"""Which signal a request is of, told from its content."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, cast

import msgspec
from google.protobuf.message import DecodeError

from collector.decode.json import REQUESTS
from store.errors import RejectedData
from store.terms import SIGNALS

_HINTS: Final = {"trace": "traces", "span": "traces", "log": "logs", "metric": "metrics"}
_LISTS: Final = {
    "traces": ("resource_spans", "scope_spans", "spans"),
    "logs": ("resource_logs", "scope_logs", "log_records"),
    "metrics": ("resource_metrics", "scope_metrics", "metrics"),
}
_KEYS: Final = {
    "resourceSpans": "traces",
    "resource_spans": "traces",
    "resourceLogs": "logs",
    "resource_logs": "logs",
    "resourceMetrics": "metrics",
    "resource_metrics": "metrics",
}
_ARRAY: Final = msgspec.json.Decoder(list[msgspec.Raw])
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def signals_of_json(document: bytes) -> list[str]:
    """Return the signals that a JSON document holds requests of; none when it is something else.

    Raises:
        RejectedData: It is not JSON.
    """
    try:
        found = _OBJECT.decode(document)
    except msgspec.ValidationError:
        return []
    except msgspec.DecodeError as error:
        raise RejectedData(f"it is not JSON: {error}") from error
    except UnicodeDecodeError as error:
        raise RejectedData(f"it is not UTF-8: {error.reason}") from error
    return list(dict.fromkeys(_KEYS[key] for key in found if key in _KEYS))


def split_array(document: bytes) -> list[bytes]:
    """Return the elements of a JSON array.

    Raises:
        RejectedData: It is not a JSON array.
    """
    try:
        return [bytes(element) for element in _ARRAY.decode(document)]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RejectedData(f"it is not JSON: {error}") from error


def signal_of_protobuf(request: bytes, file_name: str) -> str:
    """Return the signal of a protobuf request; the file's name decides only what the content leaves open.

    Raises:
        RejectedData: It is no OTLP request.
    """
    hints = [signal for word, signal in _HINTS.items() if word in file_name.lower()]
    candidates = list(dict.fromkeys([*hints, *SIGNALS]))
    verdicts = {signal: _is_plausible(signal, request) for signal in candidates}
    for signal, is_plausible in verdicts.items():
        if is_plausible:
            return signal
    if hints and verdicts[hints[0]] is not None:
        return hints[0]
    raise RejectedData("it is no OTLP request in protobuf")


def _is_plausible(signal: str, request: bytes) -> bool | None:
    """Return whether the first records look like the signal's; None when it cannot be parsed as such."""
    try:
        message = REQUESTS[signal].FromString(request)
    except DecodeError:
        return None
    by_resource, by_scope, records = _LISTS[signal]
    for owner in cast("Iterable[Any]", getattr(message, by_resource)):
        for scope in getattr(owner, by_scope):
            for record in getattr(scope, records):
                return _looks_right(signal, record)
    return False


def _looks_right(signal: str, record: Any) -> bool:
    match signal:
        case "traces":
            return bool(record.start_time_unix_nano and (record.trace_id or record.span_id))
        case "logs":
            return bool(record.time_unix_nano or record.observed_time_unix_nano)
        case _:
            return bool(record.name and record.WhichOneof("data"))

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import json_format

from collector.decode.json import REQUESTS, parse_json
from store.errors import RejectedData

_WIRE = Path(__file__).parents[2] / "data" / "wire"
_JSON_FILES = sorted(_WIRE.glob("*.json.gz"))


def parse_span(**fields: Any) -> Any:
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [fields]}]}]}).encode()
    request: Any = parse_json("traces", body)
    return request.resource_spans[0].scope_spans[0].spans[0]


def with_base64_ids(value: Any) -> Any:
    """Return OTLP/JSON as the protobuf JSON mapping wants it, which is what Google's parser reads."""
    if isinstance(value, list):
        return [with_base64_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: base64.b64encode(bytes.fromhex(item)).decode()
        if key in ("traceId", "spanId", "parentSpanId")
        else with_base64_ids(item)
        for key, item in value.items()
    }


@pytest.mark.parametrize("file", _JSON_FILES, ids=[file.name for file in _JSON_FILES])
def test_captured_json_means_what_the_reference_parser_says(file: Path) -> None:
    body = gzip.decompress(file.read_bytes())
    signal = next(signal for signal in REQUESTS if signal in file.name)
    expected = REQUESTS[signal]()
    json_format.ParseDict(with_base64_ids(json.loads(body)), expected)
    assert parse_json(signal, body) == expected


@pytest.mark.parametrize("value", [7, "7"])
def test_64_bit_integers_come_as_numbers_or_strings(value: Any) -> None:
    span = parse_span(
        startTimeUnixNano=value, attributes=[{"key": "k", "value": {"intValue": value}}], kind=value
    )
    assert span.start_time_unix_nano == 7
    assert span.attributes[0].value.int_value == 7
    assert span.kind == 7


@pytest.mark.parametrize(
    ("value", "number"), [("SPAN_KIND_CLIENT", 3), (3, 3), ("SPAN_KIND_NEW", 0), (2**40, 0), ("", 0)]
)
def test_enums_come_as_names_or_numbers_and_unknown_ones_are_unspecified(value: Any, number: int) -> None:
    assert parse_span(kind=value).kind == number


def test_doubles_come_as_names_too() -> None:
    attributes = [{"key": "k", "value": {"doubleValue": v}} for v in ("NaN", "-Infinity", 1, "1.5")]
    values = [a.value.double_value for a in parse_span(attributes=attributes).attributes]
    assert str(values) == "[nan, -inf, 1.0, 1.5]"


def test_ids_are_hex_in_either_case_or_base64() -> None:
    assert parse_span(traceId="0A" * 16).trace_id == b"\x0a" * 16
    assert parse_span(traceId=base64.b64encode(b"\x0a" * 16).decode()).trace_id == b"\x0a" * 16
    assert parse_span(spanId="").span_id == b""


@pytest.mark.parametrize("text", ["z" * 16, "z", "abc", "0" * 31, "é" * 8, "=" * 24])
def test_an_id_that_is_none_has_a_length_that_no_id_has(text: str) -> None:
    assert len(parse_span(traceId=text).trace_id) not in (0, 16)
    assert len(parse_span(spanId=text).span_id) not in (0, 8)


def test_null_is_absent_and_empty_values_are_kept_apart() -> None:
    span = parse_span(
        name=None,
        attributes=[
            {"key": "none"},
            {"key": "empty", "value": {}},
            {"key": "s", "value": {"stringValue": ""}},
        ],
    )
    assert span.name == ""
    assert [a.HasField("value") for a in span.attributes] == [False, True, True]
    assert span.attributes[2].value.WhichOneof("value") == "string_value"


def test_a_time_beyond_64_bits_does_not_cost_the_other_spans() -> None:
    assert parse_span(startTimeUnixNano=str(2**64)).start_time_unix_nano == 2**64 - 1


@pytest.mark.parametrize("fields", [{"startTimeUnixNano": -1}, {"name": 7}, {"flags": 2**32}])
def test_a_wrong_type_names_its_place(fields: dict[str, Any]) -> None:
    with pytest.raises(RejectedData, match=r"\$\.resourceSpans"):
        parse_span(**fields)

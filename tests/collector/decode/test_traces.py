from __future__ import annotations

import base64
import json
import math

import polars as pl
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from collector.decode import SpanBatch, decode_traces
from collector.decode.batch import SPAN_SCHEMA
from store.errors import RejectedData
from tests.collector.building import (
    NOW,
    NOW_NS,
    SECOND_NS,
    Plain,
    a_span,
    a_trace_request,
    a_value,
    pairs,
    values_of,
)


def decode(*spans: Span, resource: dict[str, Plain] | None = None) -> SpanBatch:
    return decode_traces([a_trace_request(*spans, resource=resource).SerializeToString()], [NOW])


def test_columns_are_the_ones_of_the_contract() -> None:
    batch = decode(a_span())
    assert dict(batch.spans.schema) == SPAN_SCHEMA
    assert batch.attributes.columns == ["row", "key", "value"]
    assert batch.resources.columns == ["resource_id", "key", "value"]
    assert batch.event_attributes.columns == ["row", "event", "event_name", "key", "value"]


def test_no_bodies_and_empty_bodies_give_no_rows() -> None:
    assert decode_traces([], []).spans.is_empty()
    assert decode_traces([b""], [NOW]).spans.is_empty()
    assert dict(decode_traces([b""], [NOW]).spans.schema) == SPAN_SCHEMA


@pytest.mark.parametrize(
    ("plain", "text"),
    [
        ("text", "text"),
        ("", ""),
        (12, "12"),
        (-(2**63), str(-(2**63))),
        (0.1, "0.1"),
        (1.0, "1.0"),
        (math.nan, "NaN"),
        (math.inf, "inf"),
        (True, "true"),
        (False, "false"),
        (b"\x00\xff", "AP8="),
        (["a", 1, None], '["a",1,null]'),
        ({"k": {"n": [1.5, math.nan]}}, '{"k":{"n":[1.5,"NaN"]}}'),
        ([], "[]"),
    ],
)
def test_values_are_text(plain: Plain, text: str) -> None:
    batch = decode(a_span(attributes={"key": plain, "other": "x"}))
    assert values_of(batch.attributes, 0) == {"key": text, "other": "x"}


def test_value_that_holds_nothing_is_an_absent_key() -> None:
    batch = decode(a_span(attributes={"nothing": None, "key": "x"}))
    assert values_of(batch.attributes, 0) == {"key": "x"}
    assert batch.spans["attribute_count"].to_list() == [1]


def test_last_of_equal_keys_counts() -> None:
    first, second = a_span(1, attributes={"a": "1", "b": "x"}), a_span(2, attributes={"a": "3"})
    first.attributes.extend(pairs({"a": "2"}))
    batch = decode(first, second)
    assert values_of(batch.attributes, 0) == {"a": "2", "b": "x"}
    assert values_of(batch.attributes, 1) == {"a": "3"}


def test_times_are_microseconds_and_duration_comes_from_nanoseconds() -> None:
    span = decode(a_span(start_ns=NOW_NS + 1_999, end_ns=NOW_NS + 2_500_000)).spans
    assert span["started_at"][0] == NOW.replace(tzinfo=None, microsecond=1)
    assert span["duration_ms"][0] == (2_500_000 - 1_999) / 1e6


def test_duration_does_not_depend_on_the_spans_beside_it() -> None:
    spans = [a_span(number, start_ns=NOW_NS, end_ns=NOW_NS + 158_366) for number in (1, 2, 3)]
    assert {*decode(*spans).spans["duration_ms"], *decode(spans[0]).spans["duration_ms"]} == {0.158366}


def test_span_without_end_is_open() -> None:
    span = decode(a_span(end_ns=0)).spans
    assert span.select("ended_at", "duration_ms").row(0) == (None, None)


def test_negative_duration_is_unknown_and_the_span_kept() -> None:
    span = decode(a_span(start_ns=NOW_NS, end_ns=NOW_NS - SECOND_NS)).spans
    assert span["duration_ms"].to_list() == [None]
    assert span["ended_at"][0] is not None


def test_parent_of_zeros_is_no_parent() -> None:
    spans = [a_span(1), a_span(2), a_span(3)]
    spans[1].parent_span_id = bytes(8)
    spans[2].parent_span_id = b"\x01" * 8
    assert decode(*spans).spans["parent_span_id"].to_list() == [None, None, "01" * 8]


def test_kinds_and_statuses_have_names_even_unknown_ones() -> None:
    raw = a_trace_request(a_span(1), a_span(2))
    raw.resource_spans[0].scope_spans[0].spans[0].kind = Span.SPAN_KIND_CLIENT
    raw.resource_spans[0].scope_spans[0].spans[0].status.code = Status.STATUS_CODE_ERROR
    raw.resource_spans[0].scope_spans[0].spans[1].ParseFromString(
        a_span(2).SerializeToString() + b"\x30\x63" + b"\x7a\x02\x18\x63"
    )
    batch = decode_traces([raw.SerializeToString()], [NOW])
    assert batch.spans["otel_kind"].to_list() == ["client", "unspecified"]
    assert batch.spans["status"].to_list() == ["error", "unset"]


def test_events_are_json_with_types_and_flat_attributes() -> None:
    span = a_span(2)
    event = span.events.add(name='a "name"', time_unix_nano=NOW_NS)
    event.attributes.extend(pairs({"exception.type": "E\n", "n": 3, "list": [1], "x": math.inf, "b": True}))
    span.events.add(name="bare", time_unix_nano=NOW_NS)
    batch = decode(a_span(1), span)
    assert batch.spans["events"][0] is None
    assert json.loads(batch.spans["events"][1]) == [
        {
            "name": 'a "name"',
            "time": "2026-11-20T12:00:00.000000Z",
            "attributes": {"exception.type": "E\n", "n": 3, "list": [1], "x": "inf", "b": True},
        },
        {"name": "bare", "time": "2026-11-20T12:00:00.000000Z", "attributes": {}},
    ]
    assert batch.event_attributes.row(0) == (1, 0, 'a "name"', "exception.type", "E\n")


def test_links_are_json() -> None:
    span = a_span()
    link = span.links.add(trace_id=b"\xab" * 16, span_id=b"\xcd" * 8)
    link.attributes.extend(pairs({"why": "follows"}))
    assert json.loads(decode(span).spans["links"][0]) == [
        {"trace_id": "ab" * 16, "span_id": "cd" * 8, "attributes": {"why": "follows"}}
    ]


def test_equal_resources_have_one_id_whatever_the_order_and_body() -> None:
    one = a_trace_request(a_span(1), resource={"a": "1", "service.name": "s"}).SerializeToString()
    two = a_trace_request(a_span(2), resource={"service.name": "s", "a": "1"}).SerializeToString()
    three = a_trace_request(a_span(3), resource={"service.name": "t", "a": "1"}).SerializeToString()
    batch = decode_traces([one, two, three], [NOW] * 3)
    ids = batch.spans["resource_id"].to_list()
    assert ids[0] == ids[1] != ids[2]
    assert len(batch.resources) == 4
    assert decode_traces([one], [NOW]).spans["resource_id"][0] == ids[0]


def test_resource_id_is_the_same_in_every_release() -> None:
    assert decode(a_span(), resource={"service.name": "shop"}).spans["resource_id"][0] == 2146290835668840988


def test_content_hash_follows_the_content_and_nothing_else() -> None:
    same = [decode(a_span(1, attributes={"a": "1", "b": "2"})).spans["content_hash"][0]]
    same.append(decode(a_span(7), a_span(1, attributes={"b": "2", "a": "1"})).spans["content_hash"][1])
    other = decode(a_span(1, attributes={"a": "2", "b": "1"})).spans["content_hash"][0]
    assert same[0] == same[1] != other


@pytest.mark.parametrize(
    ("span", "reason"),
    [
        (a_span(trace_id=b""), "bad_trace_id"),
        (a_span(trace_id=bytes(16)), "bad_trace_id"),
        (a_span(trace_id=b"\x01" * 15), "bad_trace_id"),
        (a_span(span_id=bytes(8)), "bad_span_id"),
        (a_span(span_id=b"\x01" * 9), "bad_span_id"),
        (a_span(start_ns=0), "time_out_of_range"),
        (a_span(start_ns=2**64 - 1), "time_out_of_range"),
        (a_span(start_ns=NOW_NS + 25 * 3600 * SECOND_NS), "time_out_of_range"),
    ],
)
def test_span_without_identity_or_credible_start_is_refused_alone(span: Span, reason: str) -> None:
    good, last = a_span(8, attributes={"a": "8"}), a_span(9, attributes={"a": "9"})
    last.events.add(name="e").attributes.extend(pairs({"k": "v"}))
    batch = decode(good, span, last)
    assert batch.spans["row"].to_list() == [0, 1]
    assert batch.spans["span_id"].to_list() == ["0000000000000008", "0000000000000009"]
    assert values_of(batch.attributes, 1) == {"a": "9"}
    assert batch.event_attributes["row"].to_list() == [1]
    assert batch.rejected.select("body", "record", "reason").rows() == [(0, 1, reason)]


def test_start_within_a_day_ahead_is_kept() -> None:
    assert len(decode(a_span(start_ns=NOW_NS + 23 * 3600 * SECOND_NS)).spans) == 1


def test_long_strings_and_empty_names_are_kept() -> None:
    batch = decode(a_span(name="", attributes={"big": "x" * 10_000_000}))
    assert batch.spans["name"].to_list() == [""]
    assert batch.attributes["value"].str.len_bytes().to_list() == [10_000_000]


def test_value_nested_too_deep_for_protobuf_keeps_its_bytes() -> None:
    deep = a_value("bottom").SerializeToString()
    for _ in range(60):
        deep = b"\x32" + sized(b"\x0a" + sized(b"\x0a\x01k\x12" + sized(deep)))
    pair = b"\x0a\x04deep\x12" + sized(deep)
    span = a_span(attributes={"a": "1"}).SerializeToString() + b"\x4a" + sized(pair)
    request = b"\x0a" + sized(b"\x12" + sized(b"\x12" + sized(span)))
    values = values_of(decode_traces([request], [NOW]).attributes, 0)
    assert values["a"] == "1"
    assert b"bottom" in base64.b64decode(json.loads(values["deep"]))


def sized(data: bytes) -> bytes:
    """Return the data after its length, as protobuf writes it."""
    return bytes([len(data) & 127 | 128, len(data) >> 7]) + data


def test_body_that_is_no_request_is_refused() -> None:
    with pytest.raises(RejectedData, match="undecodable"):
        decode_traces([a_trace_request(a_span()).SerializeToString(), b"\x0a\xff"], [NOW] * 2)
    with pytest.raises(RejectedData, match="no OTLP traces request"):
        decode_traces([b"\x0a\xff"], [NOW])


def test_unknown_fields_are_passed_over() -> None:
    data = a_trace_request(a_span()).SerializeToString() + b"\xfa\x3f\x03abc"
    assert len(decode_traces([data], [NOW]).spans) == 1


def test_bodies_are_numbered() -> None:
    bodies = [a_trace_request(a_span(n), a_span(n + 50)).SerializeToString() for n in (1, 2, 3)]
    assert decode_traces(bodies, [NOW] * 3).spans["body"].to_list() == [0, 0, 1, 1, 2, 2]
    assert decode_traces(bodies, [NOW] * 3).spans["row"].dtype == pl.UInt32

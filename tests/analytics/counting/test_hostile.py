"""Any OTLP, any type of value under any known key, in any tree: read and counted, never negative, never doubled."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from analytics.counting import count_traces
from analytics.counting.reasons import judge_spans
from collector.decode import decode_traces
from collector.dialects import known_dialects, normalise
from tests.collector.building import NOW, NOW_NS, SECOND_NS

KEYS = sorted(known_dialects().vocabulary.keys)
COUNTS = [key for key in KEYS if "token" in key or "usage" in key or "operation" in key or "kind" in key]
PLAIN = st.one_of(
    st.builds(
        AnyValue,
        string_value=st.sampled_from(["chat", "LLM", "-7", "1e400", "[]", '{"input":5}', "tool", ""]),
    ),
    st.builds(AnyValue, int_value=st.integers(-(2**63), 2**63 - 1)),
    st.builds(AnyValue, int_value=st.integers(0, 500)),
    st.builds(AnyValue, double_value=st.floats()),
    st.builds(AnyValue, bool_value=st.booleans()),
    st.builds(AnyValue, bytes_value=st.binary(max_size=5)),
    st.just(AnyValue()),
)
VALUES = st.one_of(
    PLAIN,
    st.lists(PLAIN, max_size=3).map(lambda items: AnyValue(array_value=ArrayValue(values=items))),
    st.lists(PLAIN, max_size=2).map(
        lambda items: AnyValue(
            kvlist_value=KeyValueList(values=[KeyValue(key="input_tokens", value=item) for item in items])
        )
    ),
)
ATTRIBUTES = st.lists(
    st.builds(KeyValue, key=st.sampled_from(COUNTS) | st.sampled_from(KEYS), value=VALUES), max_size=10
)
SCOPES = st.sampled_from(
    ["", "openinference.instrumentation.openai", "ai", "langsmith", "pydantic-ai", "mcp"]
)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    request = ExportTraceServiceRequest()
    for number in range(1, draw(st.integers(2, 7))):
        scope = request.resource_spans.add().scope_spans.add()
        scope.scope.name = draw(SCOPES)
        parent = draw(st.integers(0, 7))
        start = NOW_NS + draw(st.integers(0, 3)) * SECOND_NS
        scope.spans.append(
            Span(
                trace_id=draw(st.integers(1, 2)).to_bytes(16, "big"),
                span_id=number.to_bytes(8, "big"),
                parent_span_id=parent.to_bytes(8, "big") if parent else b"",
                name=draw(st.sampled_from(["chat gpt", "invoke_agent a", "execute_tool b", "x"])),
                start_time_unix_nano=start,
                end_time_unix_nano=start + draw(st.sampled_from([-SECOND_NS, 0, SECOND_NS])),
                attributes=draw(ATTRIBUTES),
            )
        )
    return request.SerializeToString()


@settings(max_examples=30, deadline=None)
@given(requests())
def test_any_request_is_read_and_counted_and_no_usage_is_negative_or_doubled(data: bytes) -> None:
    spans = normalise(decode_traces([data], [NOW])).with_columns(load_seq=pl.lit(1, pl.Int64))
    counted = count_traces(spans)
    judge_spans(spans)
    told = spans.filter(~pl.col("is_pending"), pl.col("usage_scope") != "cumulative")
    for name in (
        "input_tokens",
        "output_tokens",
        "cache_read_tokens",
        "cache_write_tokens",
        "reasoning_tokens",
    ):
        assert (counted.llm_calls[name].drop_nulls() >= 0).all()
        assert counted.llm_calls[name].sum() <= told[name].sum()
    assert counted.llm_calls.select("trace_id", "span_id").is_unique().all()
    assert counted.llm_calls.height <= spans.height

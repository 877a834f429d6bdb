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
from tests.analytics.facts.building import Sent, a_body
from tests.collector.building import NOW, NOW_NS, SECOND_NS

KEYS = sorted(known_dialects().vocabulary.keys)
COUNTS = [key for key in KEYS if "token" in key or "usage" in key or "operation" in key or "kind" in key]


def _nested(depth: int) -> bytes:
    """Return an array in an array, so often."""
    value = AnyValue(int_value=5)
    for _ in range(depth):
        value = AnyValue(array_value=ArrayValue(values=[value]))
    return value.SerializeToString()


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
DEEP = st.sampled_from([5, 40]).map(
    lambda depth: AnyValue.FromString(_nested(depth)),
)
VALUES = st.one_of(
    PLAIN,
    DEEP,
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
    twice = draw(st.booleans())
    for number in range(1, draw(st.integers(2, 7))):
        scope = request.resource_spans.add().scope_spans.add()
        scope.scope.name = draw(SCOPES)
        parent = draw(st.integers(0, 7))
        start = NOW_NS + draw(st.integers(0, 3)) * SECOND_NS
        scope.spans.append(
            Span(
                trace_id=draw(st.integers(1, 2)).to_bytes(16, "big"),
                span_id=((number + 1) // 2 if twice else number).to_bytes(8, "big"),
                parent_span_id=parent.to_bytes(8, "big") if parent else b"",
                name=draw(st.sampled_from(["chat gpt", "invoke_agent a", "execute_tool b", "x"])),
                start_time_unix_nano=start,
                end_time_unix_nano=start + draw(st.sampled_from([-SECOND_NS, 0, SECOND_NS])),
                attributes=draw(ATTRIBUTES),
                events=[
                    Span.Event(
                        name=draw(st.sampled_from(["exception", "gen_ai.choice", "x"])),
                        attributes=draw(ATTRIBUTES),
                    )
                    for _ in range(draw(st.integers(0, 1)))
                ],
            )
        )
    return request.SerializeToString()


@settings(max_examples=30, deadline=None)
@given(requests())
def test_any_request_is_read_and_counted_and_no_usage_is_negative_or_doubled(data: bytes) -> None:
    spans = normalise(decode_traces([data], [NOW])).with_columns(load_seq=pl.lit(1, pl.Int64))
    counted = count_traces(spans)
    judge_spans(spans)
    calls = counted.llm_calls
    told = spans.filter(~pl.col("is_pending"), pl.col("usage_scope") != "cumulative")
    # Of two spans with one id, one counts.
    most = told.group_by("trace_id", "span_id").agg(pl.col("^.*_tokens$").max())
    for name in (
        "input_tokens",
        "output_tokens",
        "cache_read_tokens",
        "cache_write_tokens",
        "reasoning_tokens",
    ):
        assert (calls[name].drop_nulls() >= 0).all()
        assert calls[name].sum() <= most[name].sum()
    assert (calls["other_units"].explode().struct.field("value").drop_nulls() > 0).all()
    assert calls.select("trace_id", "span_id").is_unique().all()
    assert calls.height <= spans.height
    assert not counted.runs.select("run_id").is_duplicated().any()


@settings(max_examples=30, deadline=None)
@given(requests())
def test_impossible_counts_are_said_to_be_inconsistent_whatever_they_were_merged_from(data: bytes) -> None:
    calls = count_traces(normalise(decode_traces([data], [NOW]))).llm_calls
    cached = pl.col("cache_read_tokens").fill_null(0) + pl.col("cache_write_tokens").fill_null(0)
    impossible = (cached > pl.col("input_tokens")) | (pl.col("reasoning_tokens") > pl.col("output_tokens"))
    assert set(calls.filter(impossible)["usage_note"]) <= {"inconsistent"}


def test_parts_of_two_views_that_do_not_fit_together_are_not_put_together() -> None:
    shared = {
        "gen_ai.operation.name": "chat",
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 5,
    }
    spans = [
        Sent(1, {**shared, "gen_ai.usage.cache_read.input_tokens": 80}, scope="a"),
        Sent(2, {**shared, "gen_ai.usage.cache_creation.input_tokens": 60}, parent=1, scope="b"),
    ]
    (call,) = count_traces(normalise(decode_traces([a_body(spans, NOW).data], [NOW]))).llm_calls.to_dicts()
    parts = call["cache_read_tokens"] or 0, call["cache_write_tokens"] or 0
    assert sum(parts) <= call["input_tokens"] or call["usage_note"] == "inconsistent"

"""What holds for any span: one row each, no matter what its attributes say or where a batch ends."""

from __future__ import annotations

import string

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from collector.dialects import known_dialects, normalise
from store.terms import KINDS, STATUSES, USAGE_SCOPES
from tests.collector.dialects.building import SpanOf, a_batch

VOCABULARY = known_dialects().vocabulary
KEYS = sorted(VOCABULARY.keys)
FLAT = [f"{prefix}{rest}" for prefix in VOCABULARY.prefixes for rest in (
    "0.content", "0.role", "1.tool_calls.0.name", "0.message.contents.2.message_content.text", "x",
    "99999999.content", "0.message.tool_calls.0.tool_call.id", "")]  # fmt: skip
NUMBERS = st.one_of(st.integers(-(2**70), 2**70), st.floats()).map(str)
PIECES = st.sampled_from([
    "", "null", "true", "[]", "{}", '["stop"]', '{"input":1,"input_cached_tokens":2}', '"', '{"a":', "\x00",
    "é" * 3000, "[" * 3000, "chat", "LLM", "error", "ERROR", "resp_1", "-1", "1e3",
    '{"prompt_tokens":-5,"completion_tokens":1e400}', '{"usage":[{}]}', "{'input_tokens': 3}",
    '{"generations":[[{"message":{"kwargs":7}}]]}', "2026-11-20T20:25:22.841356Z",
])  # fmt: skip
TEXTS = st.one_of(NUMBERS, PIECES, st.text(max_size=20))
NAMES = st.sampled_from([
    "chat gpt", "invoke_agent a", "execute_tool b", "agent run", "running tool", "invocation", "call_llm", "", "tool.x",
    "haystack.agent.run", "MCP send tools/call x", "feedback: a", "é",
])  # fmt: skip
SCOPES = st.sampled_from([
    None, "", "openinference.instrumentation.openai", "@traceloop/instrumentation-anthropic", "ai", "langsmith",
    "strands.telemetry.tracer", "gcp.vertex.agent", "logfire.openai", "pydantic-ai", "litellm",
    "openlit.instrumentation.anthropic",
    "opentelemetry.instrumentation.genai.bedrock", "openinference.instrumentation.haystack",
])  # fmt: skip
ATTRIBUTES = st.dictionaries(
    st.one_of(
        st.sampled_from(KEYS), st.sampled_from(FLAT), st.text(string.ascii_letters + "._0", max_size=12)
    ),
    TEXTS,
    max_size=12,
)
SPANS = st.builds(
    SpanOf,
    attributes=ATTRIBUTES,
    name=NAMES,
    scope=SCOPES,
    status=st.sampled_from(STATUSES),
    message=st.none() | st.text(max_size=5),
    parent=st.none() | st.just("00000000000000ff"),
    duration_ms=st.sampled_from([0.0, 1.0, 250.0]),
    events=st.lists(
        st.tuples(
            st.sampled_from(
                ["exception", "gen_ai.choice", "gen_ai.user.message", "First Token Stream Event", "x"]
            ),
            st.dictionaries(
                st.sampled_from(
                    ["exception.type", "exception.message", "content", "message", "finish_reason"]
                ),
                TEXTS,
            ),
        ),
        max_size=3,
    ),
    events_json=st.none()
    | st.sampled_from(['[{"name":"First Token Stream Event","time":"x"}]', "First Token Stream Event"]),
)


@given(st.lists(SPANS, max_size=6))
@settings(max_examples=100)
def test_any_spans_give_one_row_each_within_the_vocabulary(spans: list[SpanOf]) -> None:
    batch = a_batch(spans)
    facts = normalise(batch)
    assert facts.height == len(spans)
    assert facts["span_id"].equals(batch.spans["span_id"])
    assert set(facts["kind"]) <= set(KINDS)
    assert set(facts["status"]) <= set(STATUSES)
    assert set(facts["usage_scope"].drop_nulls()) <= set(USAGE_SCOPES)
    tokens = facts.select(pl.col("^.*_tokens$"))
    assert tokens.select((pl.all() < 0).any()).row(0) == (False,) * tokens.width or not spans
    consistent = facts.filter(pl.col("usage_note").fill_null("") != "inconsistent")
    cached = pl.col("cache_read_tokens").fill_null(0) + pl.col("cache_write_tokens").fill_null(0)
    assert consistent.filter(cached > pl.col("input_tokens")).is_empty()
    assert consistent.filter(pl.col("reasoning_tokens") > pl.col("output_tokens")).is_empty()


@given(st.lists(SPANS, min_size=2, max_size=6), st.data())
@settings(max_examples=50)
def test_rows_do_not_depend_on_where_a_batch_ends(spans: list[SpanOf], data: st.DataObject) -> None:
    cut = data.draw(st.integers(1, len(spans) - 1))
    whole = normalise(a_batch(spans))
    parts = pl.concat([normalise(a_batch(spans[:cut])), normalise(a_batch(spans[cut:]))])
    # The builder counts spans from 1 in each batch.
    own = ["row", "trace_id", "span_id", "content_hash"]
    assert_frame_equal(whole.drop(own), parts.drop(own))


def test_no_spans_give_no_rows_and_the_same_columns() -> None:
    empty, one = normalise(a_batch([])), normalise(a_batch([SpanOf()]))
    assert empty.height == 0
    assert empty.schema == one.schema

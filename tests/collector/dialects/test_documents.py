"""JSON inside attributes: usage objects of every known shape, and anything else without a fall."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.dialects import known_dialects
from collector.dialects.engine import provider_usage
from collector.dialects.engine.documents import decode_literal
from collector.dialects.engine.provider_usage import dig, read_usage
from tests.collector.dialects.building import facts_of

STEPS = sorted(
    {step for paths in provider_usage.PATHS.values() for path in paths for step in path.split(".")}
    | {"usage", "usage_metadata", "raw", "custom", "choices", "generations", "message", "kwargs", "replies", "meta",
       "anthropic", "openai", "total", "stream", "id", "model", "response_metadata", "llm_output", "_meta"}
)  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**400), 10**400), st.floats(), st.text(max_size=5)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(STEPS), inner, max_size=5)
    ),
    max_leaves=25,
)
DOCUMENTS = [document for dialect in known_dialects().dialects for document in dialect.documents]


@given(VALUES)
@settings(max_examples=150)
def test_no_document_makes_a_reader_fall(value: object) -> None:
    for document in DOCUMENTS:
        facts = document.read(value)
        assert set(facts) - {"exclusive_input", "exclusive_output"} <= set(
            document.fields
        ) | provider_usage.PATHS.keys() | {"response_id", "response_model"}


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (
            {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120,
             "prompt_tokens_details": {"cached_tokens": 30}, "completion_tokens_details": {"reasoning_tokens": 5}},
            (100, 30, None, 20, 5),
        ),
        (
            {"input_tokens": 100, "output_tokens": 20, "total_tokens": 120,
             "input_tokens_details": {"cached_tokens": 30}, "output_tokens_details": {"reasoning_tokens": 5}},
            (100, 30, None, 20, 5),
        ),
        (
            {"input_tokens": 50, "cache_read_input_tokens": 30, "cache_creation_input_tokens": 20, "output_tokens": 9},
            (100, 30, 20, 9, None),
        ),
        (
            {"promptTokenCount": 100, "candidatesTokenCount": 15, "thoughtsTokenCount": 5,
             "cachedContentTokenCount": 30, "totalTokenCount": 120},
            (100, 30, None, 20, 5),
        ),
        (
            {"input_tokens": 100, "output_tokens": 20, "total_tokens": 120,
             "input_token_details": {"cache_read": 30, "cache_creation": 4}, "output_token_details": {"reasoning": 5}},
            (100, 30, 4, 20, 5),
        ),
        (
            {"input": 70, "input_cached_tokens": 30, "output": 15, "output_reasoning_tokens": 5, "total": 120},
            (100, 30, None, 20, 5),
        ),
        (
            {"inputTokens": 100, "outputTokens": 20, "totalTokens": 120, "cachedInputTokens": 30, "reasoningTokens": 5},
            (100, 30, None, 20, 5),
        ),
    ],
)  # fmt: skip
def test_every_shape_of_usage_gives_the_same_facts(
    shape: dict[str, object], expected: tuple[int | None, ...]
) -> None:
    facts = facts_of(
        {"langfuse.observation.type": "generation", "langfuse.observation.usage_details": json.dumps(shape)}
    )
    names = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "reasoning_tokens")
    assert tuple(facts[name] for name in names) == expected


def test_text_where_an_object_should_be_gives_nothing() -> None:
    assert read_usage("usage") == {}
    assert dig({"a": [1]}, "a.7") is None
    assert dig([{"b": 2}], "0.b") == 2


@pytest.mark.parametrize("text", ["{'a': 1", "__import__('os')", "x" * 30_000, "{'a': '\\x41'}", "1" * 5_000])
def test_what_is_no_literal_is_not_evaluated(text: str) -> None:
    assert decode_literal(text) is None
    assert decode_literal("{'a': 1}") == {"a": 1}


def test_claude_codes_input_leaves_its_cache_out() -> None:
    facts = facts_of(
        {"input_tokens": "10", "cache_read_tokens": "5", "cache_creation_tokens": "2", "output_tokens": "3",
         "model": "claude-sonnet-4-5", "success": "true", "ttft_ms": "120"},
        name="claude_code.llm_request",
    )  # fmt: skip
    assert (facts["kind"], facts["input_tokens"], facts["usage_note"]) == ("llm", 17, "exclusive_input")
    assert (facts["dialect"], facts["ttft_ms"], facts["streamed"]) == ("claude_code", 120.0, True)

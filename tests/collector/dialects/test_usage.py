"""Token counts: inclusive whoever sent them, proved by arithmetic, never guessed."""

from __future__ import annotations

import pytest

from tests.collector.dialects.building import facts_of

INPUT = "gen_ai.usage.input_tokens"
OUTPUT = "gen_ai.usage.output_tokens"
READ = "gen_ai.usage.cache_read.input_tokens"
WRITE = "gen_ai.usage.cache_creation.input_tokens"
REASONING = "gen_ai.usage.reasoning.output_tokens"
TOTAL = "gen_ai.usage.total_tokens"


def test_plain_counts_are_taken_as_sent() -> None:
    facts = facts_of(
        {INPUT: "100", OUTPUT: "20", READ: "30", REASONING: "5", "gen_ai.operation.name": "chat"}
    )
    assert (facts["input_tokens"], facts["output_tokens"]) == (100, 20)
    assert (facts["cache_read_tokens"], facts["reasoning_tokens"]) == (30, 5)
    assert facts["usage_note"] is None
    assert (facts["usage_scope"], facts["usage_source"]) == ("call", "reported")


def test_counts_that_were_never_sent_are_null_not_zero() -> None:
    facts = facts_of({"gen_ai.operation.name": "chat"})
    assert [facts[name] for name in ("input_tokens", "output_tokens", "usage_scope", "usage_source")] == [
        None
    ] * 4


def test_zero_counts_stay_zero() -> None:
    assert facts_of({INPUT: "0", OUTPUT: "0"})["input_tokens"] == 0


def test_input_below_its_cached_parts_proves_that_they_are_beside_it() -> None:
    facts = facts_of({INPUT: "50", READ: "300", WRITE: "40", OUTPUT: "7"})
    assert (facts["input_tokens"], facts["usage_note"]) == (390, "exclusive_input")


def test_a_total_of_all_parts_proves_that_cached_parts_are_beside_the_input() -> None:
    facts = facts_of({INPUT: "500", READ: "300", OUTPUT: "7", TOTAL: "807"})
    assert (facts["input_tokens"], facts["usage_note"]) == (800, "exclusive_input")


def test_an_input_that_equals_its_uncached_part_has_its_cached_parts_beside_it() -> None:
    sent = {
        "ai.operationId": "ai.generateText.doGenerate",
        "ai.usage.inputTokens": "500",
        "ai.usage.cachedInputTokens": "300",
    }
    metadata = {"ai.response.providerMetadata": '{"anthropic":{"usage":{"input_tokens":500}}}'}
    assert facts_of(sent)["input_tokens"] == 500
    assert facts_of({**sent, **metadata})["input_tokens"] == 800


def test_a_total_of_strands_on_bedrock_holds_a_cache_that_no_part_names() -> None:
    sent = {INPUT: "100", OUTPUT: "20", TOTAL: "420", "gen_ai.operation.name": "chat"}
    claude = {**sent, "gen_ai.request.model": "us.anthropic.claude-sonnet-4-5"}
    facts = facts_of(claude, name="chat", scope="strands.telemetry.tracer")
    assert (facts["input_tokens"], facts["cache_read_tokens"]) == (400, None)
    assert facts_of(claude)["input_tokens"] == 100


def test_a_total_of_input_and_output_leaves_the_input_alone() -> None:
    assert facts_of({INPUT: "500", READ: "300", OUTPUT: "7", TOTAL: "507"})["input_tokens"] == 500


def test_a_total_that_counts_reasoning_apart_proves_that_it_is_beside_the_output() -> None:
    facts = facts_of({INPUT: "500", OUTPUT: "70", REASONING: "30", TOTAL: "600"})
    assert facts["output_tokens"] == 100


def test_reasoning_above_output_is_beside_it_only_with_google() -> None:
    google = facts_of({OUTPUT: "20", REASONING: "50", "gen_ai.provider.name": "gcp.gemini"})
    other = facts_of({OUTPUT: "20", REASONING: "50", "gen_ai.provider.name": "openai"})
    assert (google["output_tokens"], google["usage_note"]) == (70, None)
    assert (other["output_tokens"], other["usage_note"]) == (20, "inconsistent")


def test_a_negative_count_is_dropped_and_said_to_be_inconsistent() -> None:
    facts = facts_of({INPUT: "-5", OUTPUT: "7"})
    assert (facts["input_tokens"], facts["output_tokens"], facts["usage_note"]) == (None, 7, "inconsistent")


@pytest.mark.parametrize("text", ["abc", "1.5", "NaN", "inf", "99999999999999", "", "[]", "0x10"])
def test_what_is_no_count_is_not_read(text: str) -> None:
    assert facts_of({INPUT: text, OUTPUT: "7"})["input_tokens"] is None


def test_a_count_that_does_not_parse_leaves_the_next_key_its_turn() -> None:
    assert facts_of({INPUT: "unknown", "gen_ai.usage.prompt_tokens": "12"})["input_tokens"] == 12


@pytest.mark.parametrize("text", ["12", "12.0", "1.2e1"])
def test_whole_numbers_are_read_however_they_are_written(text: str) -> None:
    assert facts_of({INPUT: text})["input_tokens"] == 12


def test_cache_writes_are_the_sum_of_their_lifetimes_where_the_sum_was_not_sent() -> None:
    lifetime = "anthropic.usage.cache_creation.ephemeral_{}_input_tokens"
    facts = facts_of({INPUT: "500", lifetime.format("5m"): "100", lifetime.format("1h"): "40"})
    assert (facts["cache_write_tokens"], facts["cache_write_1h_tokens"]) == (140, 40)


def test_an_agents_usage_is_the_agents_and_a_tools_span_has_none() -> None:
    agent = facts_of({INPUT: "5", "gen_ai.operation.name": "invoke_agent"})
    assert agent["usage_scope"] == "agent"
    assert facts_of({"gen_ai.operation.name": "execute_tool"})["usage_scope"] is None


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("openlit.instrumentation.anthropic", 160),
        ("@openlit/instrumentation-anthropic", 160),
        ("@traceloop/instrumentation-anthropic", 160),
        ("opentelemetry.instrumentation.genai.bedrock", 160),
        ("opentelemetry.instrumentation.anthropic", 100),
        ("opentelemetry.instrumentation.genai.anthropic", 100),
        ("com.anthropic.sdk.python", 100),
    ],
)
def test_emitters_known_to_leave_cached_tokens_out_are_read_so(scope: str, expected: int) -> None:
    sent = {INPUT: "100", READ: "60", "gen_ai.operation.name": "chat"}
    assert facts_of(sent, scope=scope)["input_tokens"] == expected


def test_other_units_come_from_the_application_and_from_known_keys() -> None:
    facts = facts_of(
        {
            "spanledger.usage.audio_seconds": "2.5",
            "spanledger.usage.web_searches": "3",
            "spanledger.usage.pages": "0",
            "llm.token_count.prompt_details.audio": "17",
        }
    )
    assert facts["other_units"] == [
        {"key": "audio_seconds", "value": 2.5},
        {"key": "input_audio_tokens", "value": 17.0},
        {"key": "web_searches", "value": 3.0},
    ]
    assert facts_of({})["other_units"] is None


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ({"gen_ai.operation.name": "ocr", "gen_ai.request.model": "mistral-ocr-2505"}, "llm"),
        ({"gen_ai.request.model": "whisper-1"}, "llm"),
        ({"gen_ai.operation.name": "embeddings", "gen_ai.request.model": "voyage-multimodal-3"}, "embedding"),
        ({"gen_ai.operation.name": "execute_tool", "gen_ai.request.model": "gpt-4o"}, "tool"),
        ({"gen_ai.operation.name": "ocr"}, "other"),
    ],
)
def test_what_an_application_counted_of_a_model_makes_a_call_of_an_operation_nobody_knows(
    said: dict[str, str], kind: str
) -> None:
    assert facts_of(said | {"spanledger.usage.pages": "20"})["kind"] == kind
    assert facts_of(said)["kind"] == ("other" if kind == "llm" else kind)


def test_an_input_of_nothing_that_was_answered_was_not_told() -> None:
    assert facts_of({INPUT: "0", OUTPUT: "20"})["input_tokens"] is None


def test_the_parts_of_a_cache_write_stand_for_a_sum_of_zero() -> None:
    """LangChain names 5-minute and 1-hour writes of Anthropic, and 0 for both together."""
    parts = '{"cache_creation":0,"ephemeral_5m_input_tokens":100,"ephemeral_1h_input_tokens":28}'
    usage = f'{{"input_tokens":900,"output_tokens":7,"input_token_details":{parts}}}'
    facts = facts_of(
        {"langsmith.span.kind": "llm", "langsmith.metadata.usage_metadata": usage, INPUT: "900", OUTPUT: "7"}
    )
    assert (facts["cache_write_tokens"], facts["cache_write_1h_tokens"], facts["usage_note"]) == (
        128,
        28,
        None,
    )


def test_what_geminis_total_holds_beyond_its_parts_are_thoughts() -> None:
    sent = {INPUT: "100", OUTPUT: "20", TOTAL: "150", "gen_ai.provider.name": "gcp.gemini"}
    facts = facts_of(sent)
    assert (facts["output_tokens"], facts["reasoning_tokens"]) == (50, 30)
    assert facts_of({**sent, "gen_ai.provider.name": "openai"})["output_tokens"] == 20

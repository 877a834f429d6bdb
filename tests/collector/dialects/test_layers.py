"""Which statement wins: the application's own, then the library's, then the convention's, then everybody's."""

from __future__ import annotations

from decimal import Decimal

import pytest

from collector.dialects import known_dialects, normalise
from collector.dialects.documentation import render_dialects
from collector.dialects.engine.conditions import has
from collector.dialects.engine.declaration import Dialect, Layer, kind_by
from collector.dialects.engine.registry import compile_registry
from tests.collector.dialects.building import SpanOf, a_batch, facts_of


def test_own_attributes_win_over_every_dialect() -> None:
    facts = facts_of(
        {
            "spanledger.tenant": "acme",
            "spanledger.agent.version": "3",
            "spanledger.service_tier": "flex",
            "spanledger.cost_usd": "0",
            "spanledger.outcome": "Escalated",
            "spanledger.outcome.reason": "wanted a person",
            "spanledger.confidence": "0.4",
            "spanledger.feedback": "down",
            "spanledger.purpose": "evaluation",
            "tenant.id": "other",
            "gen_ai.agent.version": "1",
            "openai.response.service_tier": "default",
            "operation.cost": "7",
        },
        scope="pydantic-ai",
    )
    assert (facts["tenant"], facts["agent_version"], facts["service_tier"]) == ("acme", "3", "flex")
    assert facts["reported_cost_usd"] == Decimal("0")
    assert (facts["outcome"], facts["outcome_reason"], facts["confidence"]) == (
        "escalated",
        "wanted a person",
        0.4,
    )
    assert (facts["feedback"], facts["purpose"]) == (-1.0, "evaluation")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("up", 1.0),
        ("thumbs_up", 1.0),
        ("0.25", 0.25),
        ("-1", -1.0),
        ("neutral", 0.0),
        ("5", None),
        ("great", None),
    ],
)
def test_feedback_is_a_number_from_minus_one_to_one(said: str, expected: float | None) -> None:
    assert facts_of({"spanledger.feedback": said})["feedback"] == expected


def test_a_shadow_says_whose_it_is_and_so_its_purpose() -> None:
    assert facts_of({"spanledger.shadow_of": "run-1"})["purpose"] == "shadow"


def test_own_attributes_alone_are_no_dialect() -> None:
    assert facts_of({"spanledger.tenant": "acme"})["dialect"] is None
    assert facts_of({"http.request.method": "GET"}, name="GET /")["dialect"] is None


def test_plain_gen_ai_names_need_no_dialect_of_their_own() -> None:
    facts = facts_of({"gen_ai.operation.name": "chat"})
    assert (facts["dialect"], facts["kind"]) == ("otel", "llm")


def test_a_span_that_two_libraries_write_on_is_what_its_framework_says() -> None:
    # OpenInference writes an LLM's keys onto the agent span of ADK 2.
    facts = facts_of(
        {
            "gen_ai.operation.name": "generate_content",
            "openinference.span.kind": "LLM",
            "llm.token_count.prompt": "451",
            "gen_ai.usage.input_tokens": "451",
            "gen_ai.agent.name": "support",
        },
        name="invoke_agent support",
        scope="gcp.vertex.agent",
    )
    assert (facts["kind"], facts["dialect"], facts["usage_scope"]) == ("agent", "google_adk", "agent")
    assert facts["input_tokens"] == 451


def test_resources_say_service_environment_and_what_the_span_leaves_open() -> None:
    batch = a_batch(
        [
            SpanOf(resource=1),
            SpanOf({"tenant.id": "own"}, resource=1),
            SpanOf(resource=2),
            SpanOf(resource=3),
        ],
        {
            1: {
                "service.name": "shop",
                "deployment.environment.name": "prod",
                "deployment.environment": "old",
                "service.version": "1.4.2",
                "tenant.id": "acme",
                "spanledger.purpose": "test",
            },
            2: {"deployment.environment": "staging", "service.name": ""},
        },
    )
    facts = normalise(batch)
    assert facts["service"].to_list() == ["shop", "shop", None, None]
    assert facts["environment"].to_list() == ["prod", "prod", "staging", None]
    assert facts["tenant"].to_list() == ["acme", "own", None, None]
    assert facts["agent_version"].to_list() == ["1.4.2", "1.4.2", None, None]
    assert facts["purpose"].to_list() == ["test", "test", None, None]


def test_error_type_comes_from_the_attribute_else_from_the_last_exception() -> None:
    events = [
        ("exception", {"exception.type": "First", "exception.message": "one"}),
        ("exception", {"exception.type": "Second", "exception.message": "two"}),
    ]
    from_event = facts_of(status="error", events=events)
    assert (from_event["error_type"], from_event["status_message"]) == ("Second", "two")
    stated = facts_of({"error.type": "timeout"}, status="error", message="slow", events=events)
    assert (stated["error_type"], stated["status_message"]) == ("timeout", "slow")


def test_an_error_type_makes_an_unset_status_an_error_but_not_an_explicit_ok() -> None:
    assert facts_of({"error.type": "500"})["status"] == "error"
    assert facts_of({"error.type": "500"}, status="ok")["status"] == "ok"


@pytest.mark.parametrize("said", ["None", "null", "undefined", "__REDACTED__", "<elided>", ""])
def test_placeholders_are_no_names(said: str) -> None:
    assert facts_of({"session.id": said, "gen_ai.agent.name": said})["session_id"] is None


def test_a_response_id_is_no_conversation() -> None:
    facts = facts_of({"gen_ai.conversation.id": "resp_9", "gen_ai.response.id": "resp_9"})
    assert (facts["session_id"], facts["response_id"]) == (None, "resp_9")


def test_names_are_cut_to_a_labels_length() -> None:
    facts = facts_of({"gen_ai.agent.name": "a" * 1_000_000})
    assert len(facts["agent"]) == 1024


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("openai", "openai"),
        ("Anthropic", "anthropic"),
        ("openai.responses", "openai"),
        ("anthropic.messages", "anthropic"),
        ("vertex_ai", "gcp.vertex_ai"),
        ("az.ai.openai", "azure.ai.openai"),
        ("xai", "x_ai"),
        ("google.vertex.chat", "gcp.vertex_ai"),
        ("google.generative-ai", "gcp.gemini"),
        ("google-gla", "gcp.gemini"),
        ("google-cloud", "gcp.vertex_ai"),
        ("vertex.anthropic.messages", "gcp.vertex_ai"),
        ("bedrock.anthropic.messages", "aws.bedrock"),
        ("bedrock-mantle.chat", "aws.bedrock"),
        ("anthropic-bedrock", "aws.bedrock"),
        ("azure.deepseek", "azure.ai.openai"),
        ("Azure OpenAI", "azure.ai.openai"),
        ("text-completion-openai", "openai"),
        ("cohere_chat", "cohere"),
        ("ibm", "ibm.watsonx.ai"),
        ("fireworks.chat", "fireworks.chat"),
        ("gcp.vertex.agent", None),
        ("strands-agents", None),
        ("strands_agents", None),
        ("my-own", "my-own"),
    ],
)
def test_providers_have_one_spelling(said: str, expected: str | None) -> None:
    assert facts_of({"gen_ai.system": said})["provider"] == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ('["tool_calls"]', "tool_call"),
        ("tool_use", "tool_call"),
        ("tool-calls", "tool_call"),
        ("FinishReason.MAX_TOKENS", "length"),
        ("end_turn", "stop"),
        ("SAFETY", "content_filter"),
        ("pause_turn", "pause_turn"),
        ("[]", None),
        ("[1]", None),
    ],
)
def test_finish_reasons_have_one_spelling(said: str, expected: str | None) -> None:
    assert facts_of({"gen_ai.response.finish_reasons": said})["finish_reason"] == expected


def test_a_dialect_may_be_added_without_touching_anything_else() -> None:
    mine = Dialect(
        name="mine",
        about="a test",
        layer=Layer.LIBRARY,
        recognise=has("mine.kind"),
        kinds=(kind_by("mine.kind", {"ask": "llm"}),),
        fields={"request_model": ("mine.model",), "input_tokens": ("mine.tokens",)},
    )
    registry = compile_registry([*known_dialects().dialects, mine])
    batch = a_batch([SpanOf({"mine.kind": "ASK", "mine.model": "m-1", "mine.tokens": "7"})])
    facts = normalise(batch, registry).row(0, named=True)
    assert [facts[name] for name in ("dialect", "kind", "request_model", "input_tokens")] == [
        "mine",
        "llm",
        "m-1",
        7,
    ]


def test_a_dialect_that_fills_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown fields"):
        Dialect(name="mine", about="", layer=Layer.LIBRARY, recognise=has("x"), fields={"tokens": ("x",)})
    with pytest.raises(ValueError, match="not one of"):
        kind_by("x", {"y": "model"})


def test_the_page_of_dialects_names_each_once_in_the_order_they_are_asked() -> None:
    page = render_dialects()
    places = [page.index(f"## {dialect.name}\n") for dialect in known_dialects().dialects]
    assert places == sorted(places)
    assert len(set(places)) == len(places) > 25

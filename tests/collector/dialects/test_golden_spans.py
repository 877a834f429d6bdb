"""A few spans of each dialect, fact by fact, as real libraries sent them."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Any

import polars as pl
import pytest

from collector.dialects import normalise
from tests.collector.dialects.building import read_capture


@cache
def facts_of_capture(name: str) -> pl.DataFrame:
    return normalise(read_capture(name))


GOLDEN: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "genai_openai_span_content",
        {"response_id": "resp_genai_openai_span_content_0034"},
        {
            "dialect": "otel", "kind": "llm", "status": "unset", "operation": "chat", "provider": "openai",
            "request_model": "gpt-5-mini", "response_model": "gpt-5-mini-2026-04-14", "finish_reason": "stop",
            "service_tier": "default", "streamed": True, "input_tokens": 931, "cache_read_tokens": 310,
            "output_tokens": 205, "reasoning_tokens": 66, "usage_scope": "call", "usage_source": "reported",
            "input_key": "gen_ai.input.messages", "output_key": "gen_ai.output.messages",
        },
    ),
    (
        "genai_openai_span_content",
        {"name": "execute_tool issue_refund"},
        {"kind": "tool", "status": "error", "error_type": "RuntimeError", "tool": "issue_refund",
         "input_key": "gen_ai.tool.call.arguments", "usage_scope": None},
    ),
    (
        "genai_langgraph",
        {"response_id": "resp_genai_langgraph_0027"},
        {"kind": "llm", "finish_reason": None, "output_tokens": 179},
    ),
    (
        "oi_openai_agents",
        {"response_id": "resp_oi_openai_agents_0005"},
        {
            "dialect": "openinference", "kind": "llm", "provider": "openai", "operation": "chat",
            "response_model": "gpt-5-mini-2026-04-14", "input_tokens": 329, "cache_read_tokens": 109,
            "output_tokens": 121, "reasoning_tokens": 37, "session_id": "grp-1", "user_id": "user-ada",
            "input_key": "input.value",
        },
    ),
    (
        "oi_openai_agents",
        {"name": "handoff to billing_agent"},
        {"kind": "other", "usage_scope": None},
    ),
    (
        "oi_openai_agents",
        {"name": "Orbit workflow", "session_id": "grp-3"},
        {"kind": "workflow", "workflow": "Orbit workflow", "agent": None},
    ),
    (
        "oi_openai_agents",
        {"name": "triage_agent", "status": "error"},
        {"kind": "agent", "agent": "triage_agent", "operation": "invoke_agent"},
    ),
    ("oi_langgraph", {"name": "ask_billing_agent"}, {"kind": "tool", "tool": "ask_billing_agent", "agent": None}),
    (
        "oi_langgraph",
        {"name": "ChatOpenAI", "status": "error", "session_id": "th-6"},
        {"request_model": "gpt-4o", "response_model": None, "user_id": "user-eve"},
    ),
    (
        "oi_langgraph",
        {"name": "poem_graph"},
        {"kind": "workflow", "workflow": "poem_graph", "user_id": "user-zoë"},
    ),
    ("oi_crewai", {"name": "duo.kickoff"}, {"kind": "workflow", "workflow": "duo"}),
    ("oi_crewai", {"name": "Writer._execute_core"}, {"kind": "agent", "agent": "Writer"}),
    ("oi_llamaindex", {"name": "OpenAI._prepare_chat_with_tools"}, {"kind": "other"}),
    ("oi_dspy", {"name": "issue_refund.__call__"}, {"kind": "tool", "tool": "issue_refund"}),
    (
        "oi_haystack",
        {"name": "OpenAIChatGenerator.run"},
        {"input_tokens": 445, "cache_read_tokens": 0, "output_tokens": 126, "reasoning_tokens": 45},
    ),
    ("oi_haystack", {"name": "Pipeline.run"}, {"kind": "workflow", "reasoning_tokens": None, "usage_scope": None}),
    (
        "tl_old_openai",
        {"response_id": "chatcmpl-tl_old_openai-0007"},
        {
            "dialect": "openllmetry", "kind": "llm", "operation": "chat", "provider": "openai", "streamed": False,
            "input_tokens": 460, "cache_read_tokens": 153, "output_tokens": 71, "finish_reason": "stop",
        },
    ),
    ("tl_old_openai", {"name": "openai.embeddings"}, {"kind": "embedding", "operation": "embeddings"}),
    (
        "traceloop_sdk_openai",
        {"name": "issue_refund.tool"},
        {
            "kind": "tool", "tool": "issue_refund", "agent": "orbit-support", "workflow": "support_workflow",
            "session_id": "sess-001", "user_id": "user-ada", "status": "error",
        },
    ),
    (
        "openllmetry_pb",
        {"name": "chat claude-sonnet-4-5", "output_tokens": 165},
        {"input_tokens": 1135, "cache_read_tokens": 527, "cache_write_tokens": 143, "usage_note": "exclusive_input"},
    ),
    (
        "anthropic_native",
        {"status": "error", "dialect": "anthropic_sdk", "error_type": "rate_limit_error"},
        {"kind": "llm", "retries": 1, "provider": "anthropic", "input_tokens": None},
    ),
    (
        "oi_anthropic",
        {"response_id": "msg_oi_anthropic_0008", "dialect": "anthropic_sdk"},
        {"finish_reason": "tool_call", "service_tier": "standard", "input_tokens": 476, "cache_write_tokens": 109,
         "cache_write_1h_tokens": 0, "streamed": True},
    ),
    (
        "pydantic_ai_1_0_anthropic",
        {"response_id": "msg_pydantic_ai_1_0_anthropic_0021"},
        {"dialect": "pydantic_ai", "kind": "llm", "input_tokens": 970, "cache_read_tokens": 328,
         "cache_write_tokens": 37, "output_tokens": 101, "usage_note": "exclusive_input"},
    ),
    (
        "pydantic_ai_1_0_anthropic",
        {"name": "running tool", "tool_call_id": "toolu_0009_0"},
        {"kind": "tool", "tool": "issue_refund", "status": "error", "input_key": "tool_arguments"},
    ),
    (
        "pydantic_ai_v6",
        {"name": "invoke_agent support_agent", "error_type": "pydantic_ai.exceptions.ContentFilterError"},
        {"kind": "agent", "usage_scope": "agent", "input_tokens": 530, "session_id": "conv-2", "user_id": "user-bob"},
    ),
    ("pydantic_ai_v6", {"name": "invoke_agent billing_agent"}, {"session_id": None, "agent": "billing_agent"}),
    (
        "logfire_openai",
        {"response_id": "resp_logfire_openai_0032"},
        {"dialect": "logfire", "kind": "llm", "input_tokens": 820, "cache_read_tokens": 273, "reasoning_tokens": 64},
    ),
    (
        "logfire_openai",
        {"name": "Embedding Creation with {request_data[model]!r}"},
        {"kind": "embedding", "reported_cost_usd": Decimal("0.00000098")},
    ),
    ("pydantic_evals_feedback", {"name": "feedback: thumbs"}, {"kind": "other", "feedback": 1.0}),
    ("pydantic_evals_feedback", {"name": "evaluate {name}"}, {"kind": "chain", "purpose": "evaluation"}),
    (
        "strands_openai",
        {"name": "invoke_agent orchestrator"},
        {"kind": "agent", "usage_scope": "cumulative", "provider": None, "agent": "orchestrator"},
    ),
    (
        "strands_1_0_old",
        {"tool_call_id": "call_0005_0"},
        {"dialect": "strands", "kind": "tool", "status": "error", "tool": "issue_refund"},
    ),
    ("strands_bedrock_latest", {"name": "invoke_swarm"}, {"kind": "workflow", "agent": None}),
    ("strands_bedrock_latest", {"tool_call_id": "tooluse_0022_0"}, {"kind": "other", "tool": "handoff_to_agent"}),
    (
        "adk_legacy_schema1",
        {"name": "execute_tool check_inventory"},
        {"dialect": "google_adk", "kind": "tool", "tool_call_id": None, "status": "error",
         "input_key": "gcp.vertex.agent.tool_call_args"},
    ),
    ("adk_native", {"name": "execute_tool (merged)"}, {"kind": "other"}),
    ("adk_native", {"name": "execute_tool transfer_to_agent"}, {"kind": "other"}),
    (
        "adk_pb",
        {"name": "call_llm", "input_tokens": 1074},
        {"output_tokens": 76, "reasoning_tokens": 26, "cache_read_tokens": 258, "provider": "gcp.gemini"},
    ),
    (
        "litellm_otel",
        {"response_id": "chatcmpl-d591d6e2-2f0e-4318-ae20-1c016eb3198d"},
        {"dialect": "litellm", "kind": "llm", "input_tokens": 748, "cache_write_tokens": 125, "user_id": "user-ada",
         "reported_cost_usd": Decimal("0.00416775"), "finish_reason": "length"},
    ),
    ("litellm_otel", {"name": "raw_gen_ai_request"}, {"kind": "other"}),
    (
        "mlflow_openai_ok",
        {"response_id": "resp_mlflow_openai_ok_0034"},
        {"dialect": "mlflow", "kind": "llm", "provider": "openai", "request_model": "gpt-5-mini", "streamed": True,
         "input_tokens": 931, "reasoning_tokens": 66, "input_key": "mlflow.spanInputs"},
    ),
    (
        "langfuse_prompt_and_types",
        {"name": "custom-llm"},
        {"dialect": "langfuse", "kind": "llm", "input_tokens": 130, "cache_read_tokens": 30, "tenant": "acme",
         "usage_note": "exclusive_input", "prompt_name": "orbit-system", "prompt_version": "7",
         "agent_version": "2.1", "reported_cost_usd": Decimal("0.003")},
    ),
    ("langfuse_v4_pb", {"input_tokens": 1185}, {"cache_read_tokens": 261, "output_tokens": 115, "ttft_ms": 28.0}),
    (
        "langfuse_openai",
        {"name": "OpenAI-generation", "status": "error", "session_id": "sess-004"},
        {"kind": "llm", "provider": "openai", "request_model": "gpt-4o", "response_model": None},
    ),
    (
        "langsmith_otel",
        {"response_id": "chatcmpl-langsmith_otel-0005"},
        {"dialect": "langsmith", "kind": "llm", "finish_reason": "tool_call", "response_model": "gpt-4o-2026-04-14",
         "cache_read_tokens": 0, "session_id": "th-2", "user_id": "user-bob"},
    ),
    ("langsmith_otel", {"name": "billing_agent"}, {"kind": "agent", "status": "error", "operation": "invoke_agent"}),
    ("langsmith_otel", {"name": "VectorStoreRetriever"}, {"kind": "retriever", "operation": "retrieval"}),
    (
        "openlit_new_openai",
        {"response_id": "chatcmpl-openlit_new_openai-0012"},
        {"dialect": "openlit", "usage_source": "estimated", "reported_cost_usd": None, "tool": None},
    ),
    (
        "ms_agent_framework",
        {"response_id": "resp_ms_agent_framework_0010"},
        {"dialect": "ms_agent_framework", "kind": "llm", "session_id": None, "input_tokens": 469},
    ),
    ("ms_agent_framework", {"name": "workflow.build"}, {"kind": "other"}),
    ("ms_agent_framework", {"name": "workflow.run"}, {"kind": "workflow"}),
    ("autogen", {"name": "execute_tool transfer_to_billing_agent"}, {"kind": "other", "dialect": "autogen"}),
    (
        "openai_agents_v2",
        {"response_id": "resp_openai_agents_v2_0017"},
        {"kind": "llm", "request_model": None, "response_model": "gpt-5-mini-2026-04-14", "agent": None},
    ),
    ("openai_agents_v2", {"name": "guardrail_check"}, {"kind": "guardrail"}),
    ("oi_mcp", {"name": "MCP send tools/call no_such_tool"}, {"kind": "tool", "tool": "no_such_tool"}),
    ("oi_mcp", {"name": "MCP send initialize"}, {"kind": "other", "operation": None}),
    (
        "aisdk5_pb",
        {"response_id": "msg_mock0014"},
        {"dialect": "ai_sdk", "kind": "llm", "input_tokens": 1122, "cache_read_tokens": 526,
         "cache_write_tokens": 142, "usage_note": "exclusive_input", "session_id": "sess-js-1"},
    ),
    (
        "aisdk6_pb",
        {"response_id": "msg_mock0014"},
        {"input_tokens": 1122, "cache_read_tokens": 526, "cache_write_tokens": 142, "usage_note": None},
    ),
    ("aisdk6_pb", {"name": "ai.toolCall", "status": "error"}, {"kind": "tool", "tool": "lookup_order"}),
    (
        "genkit_pb",
        {"response_id": "chatcmpl_mock0002"},
        {"dialect": "genkit", "kind": "llm", "provider": "openai", "request_model": "gpt-4o", "input_tokens": 1074,
         "cache_read_tokens": 258, "reasoning_tokens": 26, "finish_reason": "stop"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("capture", "span", "expected"), GOLDEN, ids=lambda value: value if isinstance(value, str) else ""
)
def test_span_of_a_capture_has_its_facts(
    capture: str, span: dict[str, Any], expected: dict[str, Any]
) -> None:
    found = facts_of_capture(capture)
    for name, wanted in span.items():
        found = found.filter(pl.col(name) == wanted)
    assert found.height, "no such span"
    for facts in found.select(*expected).iter_rows(named=True):
        assert facts == expected


def test_pending_copies_are_marked_whatever_their_scope() -> None:
    facts = facts_of_capture("logfire_pb")
    pending = facts.filter(pl.col("is_pending"))
    assert pending.height == 35
    assert set(pending["scope_name"]) == {"logfire", "ai", "@opentelemetry/instrumentation-undici"}
    assert pending["duration_ms"].max() == 0.0


def test_a_streamed_answer_of_logfire_lasts_as_long_as_it_says() -> None:
    logs = facts_of_capture("logfire_openai").filter(pl.col("name").str.starts_with("streaming response"))
    assert set(logs["kind"]) == {"llm"}
    assert float(logs["duration_ms"].min() or 0.0) > 10.0  # type: ignore[arg-type]
    requests = facts_of_capture("logfire_openai").filter(
        pl.col("streamed") & (pl.col("kind") == "chain") & (pl.col("status") != "error")
    )
    assert requests.height == logs.height


def test_a_scrubbed_id_is_none() -> None:
    for name in ("logfire_openai", "logfire_pb"):
        facts = facts_of_capture(name)
        assert facts.filter(pl.col("session_id").str.contains("Scrubbed")).is_empty()

"""Mastra's OTel exporter: gen_ai names, a kind and an identity of its own, failures with status OK."""

from __future__ import annotations

from collector.dialects.engine.conditions import event, has_under, scope
from collector.dialects.engine.declaration import Dialect, Layer, kind_by
from collector.dialects.engine.identity import SESSION_NAMES, TENANT_NAMES, USER_NAMES, keys_with

META = "mastra.metadata."

DIALECT = Dialect(
    name="mastra",
    about="@mastra/otel-exporter 1.4",
    layer=Layer.LIBRARY,
    recognise=scope("@mastra/") | has_under("mastra."),
    kinds=(
        kind_by(
            "mastra.span.type",
            {
                "agent_run": "agent",
                "workflow_run": "workflow",
                "workflow_step": "chain",
                "model_generation": "llm",
                "model_inference": "llm",
                "llm_generation": "llm",
                "model_step": "chain",
                "model_chunk": "other",
                "llm_chunk": "other",
                "tool_call": "tool",
                "mcp_tool_call": "tool",
                "rag_embedding": "embedding",
                "processor_run": "chain",
                "scorer_run": "evaluator",
                "generic": "other",
            },
        ),
    ),
    failed=event("exception"),
    fields={
        "session_id": keys_with(META, SESSION_NAMES),
        "user_id": keys_with(META, USER_NAMES),
        "tenant": keys_with(META, TENANT_NAMES),
    },
)

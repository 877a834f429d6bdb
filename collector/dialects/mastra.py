"""Mastra's OTel exporter: gen_ai names, a kind and an identity of its own, failures with status OK.

0.3 tells all requests of an answer as one span; a failed one ends with the reason `error`.
"""

from __future__ import annotations

from collector.dialects.engine.conditions import event, has_under, name_starts, scope, value
from collector.dialects.engine.declaration import Dialect, Layer, kind, kind_by
from collector.dialects.engine.identity import SESSION_NAMES, TENANT_NAMES, USER_NAMES, keys_with
from collector.dialects.engine.readers import key, span_name

META = "mastra.metadata."
SCOPE = scope("@mastra/")

DIALECT = Dialect(
    name="mastra",
    about="@mastra/otel-exporter 0.3 to 1.4, @mastra/arize 0.1",
    layer=Layer.LIBRARY,
    recognise=SCOPE | has_under("mastra."),
    kinds=(
        # Their OpenInference form says that steps and chunks of an answer are model calls.
        kind("chain", SCOPE & name_starts("step: ")),
        kind("other", SCOPE & name_starts("chunk: ")),
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
    failed=event("exception") | value("gen_ai.response.finish_reasons", "error", '["error"]'),
    fields={
        "agent": ("gen_ai.agent.name", span_name(prefix="agent.", when=SCOPE)),
        "session_id": (*keys_with(META, SESSION_NAMES), key("sessionId", when=SCOPE)),
        "user_id": (*keys_with(META, USER_NAMES), key("userId", when=SCOPE)),
        "tenant": keys_with(META, TENANT_NAMES),
    },
)

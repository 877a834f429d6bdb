"""VoltAgent 2.x: one model span covers all requests of an answer.

It has the usage of the last one, the agent's span has the sum: the agent stands in for its requests.
A failed request is the model span's.
"""

from __future__ import annotations

from collector.dialects.engine.conditions import has, has_under, scope_is, value
from collector.dialects.engine.declaration import Dialect, Layer, kind, kind_by
from collector.dialects.engine.readers import absent, key

TYPE = "span.type"
VOLTAGENT = scope_is("@voltagent/core")
MODEL = VOLTAGENT & value(TYPE, "llm")
TOOL = VOLTAGENT & value(TYPE, "tool")

DIALECT = Dialect(
    name="voltagent",
    about="VoltAgent 2.x",
    layer=Layer.LIBRARY,
    recognise=VOLTAGENT | has_under("voltagent."),
    kinds=(
        kind("agent", VOLTAGENT & has("agent.state")),
        kind_by(
            TYPE,
            {
                "llm": "llm",
                "tool": "tool",
                "agent": "agent",
                "workflow": "workflow",
                "workflow-step": "chain",
                "guardrail": "guardrail",
                "embedding": "embedding",
                "retriever": "retriever",
                "vector": "retriever",
                "memory": "other",
                "summary": "chain",
            },
            when=VOLTAGENT,
        ),
        kind("other", VOLTAGENT),
    ),
    fields={
        "request_model": ("ai.model.name", "llm.model"),
        "input_tokens": (absent(MODEL), key("usage.prompt_tokens", when=VOLTAGENT)),
        "output_tokens": (absent(MODEL), key("usage.completion_tokens", when=VOLTAGENT)),
        "cache_read_tokens": (key("usage.cached_tokens", when=VOLTAGENT & ~MODEL),),
        "reasoning_tokens": (key("usage.reasoning_tokens", when=VOLTAGENT & ~MODEL),),
        "finish_reason": ("ai.response.finish_reason", "llm.finish_reason"),
        "streamed": ("llm.stream",),
        "tool": (key("tool.name", when=TOOL),),
        "tool_call_id": (key("tool.call.id", when=TOOL),),
        "agent": (key("entity.name", when=VOLTAGENT & value("entity.type", "agent")),),
        "session_id": ("voltagent.conversation_id", key("conversation.id", when=VOLTAGENT)),
    },
    input_keys=("input", "tool.arguments", "llm.messages"),
    output_keys=("output", "tool.result"),
)

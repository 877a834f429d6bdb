"""Langfuse SDK, Python 3 to 5 and JavaScript 4 to 5.

`usage_details` comes in three shapes (provider's own, LangChain's disjoint buckets, hand-written); failures often
only as level ERROR; scores do not travel by OTLP.
"""

from __future__ import annotations

from collector.dialects.engine.conditions import (
    has,
    has_under,
    is_root,
    name_starts,
    named,
    names_span,
    scope_is,
    value,
    value_starts,
)
from collector.dialects.engine.declaration import Dialect, Layer, kind, kind_by
from collector.dialects.engine.documents import Document
from collector.dialects.engine.provider_usage import USAGE_FIELDS, dig, read_usage
from collector.dialects.engine.readers import constant, elapsed_until, key, quoted, span_name

TYPE = "langfuse.observation.type"
FAILED = value("langfuse.observation.level", "ERROR")
META = "langfuse.observation.metadata."
CHAIN = value(TYPE, "chain", "span")
AGENT = CHAIN & names_span(f"{META}lc_agent_name")
# Before Python 3.2 and in JavaScript 4, LangChain's tools have no type of their own: what they are shows in what
# LangChain tells of their start, in the message they answer with, or in the node of the graph that runs tools.
UNTYPED_TOOL = value(TYPE, "span") & (
    (has(f"{META}inputs") & has(f"{META}color"))
    | value_starts(
        "langfuse.observation.output",
        '{"lc":1,"type":"constructor","id":["langchain_core","messages","ToolMessage"]',
    )
    | (
        value(f"{META}langgraph_node", "tools")
        & FAILED
        & ~named("tools")
        & ~name_starts("ChannelWrite", "Runnable")
    )
)


def read_cost(details: object) -> dict[str, object]:
    """Return the total cost; zeros stand for models without a price."""
    total = dig(details, "total")
    return {"reported_cost_usd": total} if isinstance(total, int | float) and total > 0 else {}


DIALECT = Dialect(
    name="langfuse",
    about="Langfuse SDK, Python 3 to 5, JavaScript 4 to 5",
    layer=Layer.LIBRARY,
    recognise=scope_is("langfuse-sdk") | has_under("langfuse."),
    kinds=(
        kind("agent", AGENT),
        kind("tool", UNTYPED_TOOL),
        # LangChain's outermost chain is the invocation.
        kind("workflow", value(TYPE, "chain") & is_root()),
        kind_by(
            TYPE,
            {
                "generation": "llm",
                "embedding": "embedding",
                "agent": "agent",
                "tool": "tool",
                "chain": "chain",
                "span": "chain",
                "retriever": "retriever",
                "guardrail": "guardrail",
                "evaluator": "evaluator",
                "event": "other",
            },
        ),
    ),
    failed=FAILED,
    fields={
        "provider": (constant("openai", name_starts("OpenAI-")), quoted(f"{META}ls_provider")),
        "request_model": (key("langfuse.observation.model.name", when=FAILED),),
        "response_model": (key("langfuse.observation.model.name", when=~FAILED),),
        "response_id": (quoted(f"{META}id"),),
        "finish_reason": (f"{META}finish_reason",),
        "service_tier": (quoted(f"{META}service_tier"),),
        "prompt_name": ("langfuse.observation.prompt.name",),
        "prompt_version": ("langfuse.observation.prompt.version",),
        "ttft_ms": (elapsed_until("langfuse.observation.completion_start_time"),),
        "streamed": (constant("true", has("langfuse.observation.completion_start_time")),),
        "agent": (span_name(when=value(TYPE, "agent")), quoted(f"{META}lc_agent_name")),
        "tool": (span_name(when=value(TYPE, "tool") | UNTYPED_TOOL),),
        "tool_call_id": (quoted(f"{META}tool_call_id"),),
        "agent_version": ("langfuse.version", "langfuse.release"),
        "workflow": ("langfuse.trace.name",),
        "environment": ("langfuse.environment",),
        "session_id": (
            "session.id",
            "langfuse.session.id",
            "langfuse.trace.session_id",
            quoted(f"{META}langfuse_session_id"),
        ),
        "user_id": (
            "user.id",
            "langfuse.user.id",
            "langfuse.trace.user_id",
            quoted(f"{META}langfuse_user_id"),
        ),
        "tenant": (
            quoted("langfuse.trace.metadata.tenant"),
            quoted("langfuse.trace.metadata.tenant_id"),
        ),
        "status_message": ("langfuse.observation.status_message",),
    },
    documents=(
        Document("langfuse.observation.usage_details", USAGE_FIELDS, read_usage),
        Document("langfuse.observation.cost_details", ("reported_cost_usd",), read_cost),
    ),
    input_keys=("langfuse.observation.input",),
    output_keys=("langfuse.observation.output",),
)

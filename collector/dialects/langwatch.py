"""LangWatch's SDKs (Python 0.x to 1.x, TypeScript): kinds of their own, everything else in JSON.

What a request used stands in `langwatch.metrics`; session and user in the metadata of the trace's span. Models have the
provider's name before them.
"""

from __future__ import annotations

from collector.dialects.engine.conditions import has_under, scope, value
from collector.dialects.engine.declaration import Dialect, Layer, kind_by
from collector.dialects.engine.documents import Document
from collector.dialects.engine.identity import members_of
from collector.dialects.engine.provider_usage import dig
from collector.dialects.engine.readers import extract, key, span_name

TYPE = "langwatch.span.type"
IN_METADATA = members_of("metadata")
METRICS = {
    "input_tokens": "prompt_tokens",
    "output_tokens": "completion_tokens",
    "cache_read_tokens": "cache_read_input_tokens",
    "cache_write_tokens": "cache_creation_input_tokens",
    "reasoning_tokens": "reasoning_tokens",
    "reported_cost_usd": "cost",
}


def read_metrics(metrics: object) -> dict[str, object]:
    """Return what a request used."""
    said = dig(metrics, "value") if isinstance(dig(metrics, "value"), dict) else metrics
    found = {name: dig(said, member) for name, member in METRICS.items()}
    return {name: number for name, number in found.items() if isinstance(number, int | float)}


DIALECT = Dialect(
    name="langwatch",
    about="LangWatch SDKs, Python 0.x to 1.x, TypeScript",
    layer=Layer.LIBRARY,
    recognise=scope("langwatch") | has_under("langwatch."),
    kinds=(
        kind_by(
            TYPE,
            {
                "llm": "llm",
                "tool": "tool",
                "agent": "agent",
                "workflow": "workflow",
                "rag": "retriever",
                "guardrail": "guardrail",
                "evaluation": "evaluator",
                "chain": "chain",
                "component": "chain",
                "module": "chain",
                "task": "chain",
            },
        ),
    ),
    fields={
        "provider": (extract("gen_ai.request.model", r"^([a-z_]+)/", when=value(TYPE, "llm"), repeats=True),),
        "agent": (key("gen_ai.agent.name"), span_name(when=value(TYPE, "agent"))),
        "tool": (key("gen_ai.tool.name"), span_name(when=value(TYPE, "tool"))),
        "session_id": ("langwatch.thread.id", "gen_ai.conversation.id", *IN_METADATA["session_id"]),
        "user_id": ("langwatch.user.id", *IN_METADATA["user_id"]),
        "tenant": ("langwatch.customer.id", *IN_METADATA["tenant"]),
    },
    documents=(Document("langwatch.metrics", tuple(METRICS), read_metrics),),
    input_keys=("langwatch.input",),
    output_keys=("langwatch.output",),
)

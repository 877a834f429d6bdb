"""MLflow Tracing: everything is JSON, scalars too; reasoning tokens and ids stand in the output only.

With LangChain they stand in the state that the chain around the model's span gives out.
"""

from __future__ import annotations

from collector.dialects.engine.conditions import has_under, is_root, scope_is, value
from collector.dialects.engine.declaration import Dialect, Layer, kind, kind_by
from collector.dialects.engine.documents import Document
from collector.dialects.engine.identity import members_of
from collector.dialects.engine.provider_usage import (
    USAGE_FIELDS,
    dig,
    dig_first,
    find_last_usage,
    read_usage,
)
from collector.dialects.engine.readers import member, quoted, span_name

TYPE = "mlflow.spanType"
MODEL = value(TYPE, '"CHAT_MODEL"', '"LLM"', '"EMBEDDING"', "CHAT_MODEL", "LLM", "EMBEDDING")
IN_METADATA = members_of("metadata")
OUTPUT_FIELDS = ("response_id", "response_model", "finish_reason", "service_tier")


def read_output(output: object) -> dict[str, object]:
    """Return what the provider's own answer says."""
    facts = read_usage(dig_first(output, "usage", "usage_metadata", "usageMetadata"))
    facts["response_id"] = dig_first(output, "id", "response_id")
    facts["response_model"] = dig(output, "model")
    facts["finish_reason"] = dig_first(output, "choices.0.finish_reason", "stop_reason")
    facts["service_tier"] = dig(output, "service_tier")
    return facts


CHAIN = value(TYPE, '"CHAIN"', "CHAIN")


DIALECT = Dialect(
    name="mlflow",
    about="MLflow Tracing 3.x",
    layer=Layer.LIBRARY,
    recognise=scope_is("mlflow.tracing.provider") | has_under("mlflow."),
    kinds=(
        # The outermost chain is the invocation: a graph, a chain of LangChain's.
        kind("workflow", CHAIN & is_root()),
        kind_by(
            TYPE,
            {
                "agent": "agent",
                "workflow": "workflow",
                "chat_model": "llm",
                "llm": "llm",
                "tool": "tool",
                "chain": "chain",
                "retriever": "retriever",
                "reranker": "retriever",
                "embedding": "embedding",
                "guardrail": "guardrail",
                "evaluator": "evaluator",
                "parser": "other",
                "memory": "other",
                "task": "chain",
                "unknown": "chain",
            },
        ),
    ),
    fields={
        "response_model": (quoted("mlflow.llm.model"),),
        "request_model": (quoted("model", when=MODEL),),
        "provider": (quoted("mlflow.llm.provider"), quoted("mlflow.message.format", when=MODEL)),
        "streamed": (quoted("stream", when=MODEL),),
        "agent": (span_name(when=value(TYPE, '"AGENT"', "AGENT")), member("metadata", "lc_agent_name")),
        "tool": (span_name(when=value(TYPE, '"TOOL"', "TOOL")),),
        "session_id": (
            quoted("mlflow.trace.session"),
            quoted("metadata.mlflow.trace.session"),
            *IN_METADATA["session_id"],
        ),
        "user_id": (
            quoted("mlflow.trace.user"),
            quoted("metadata.mlflow.trace.user"),
            *IN_METADATA["user_id"],
        ),
        "tenant": IN_METADATA["tenant"],
    },
    documents=(
        Document("mlflow.chat.tokenUsage", USAGE_FIELDS, read_usage),
        Document("mlflow.spanOutputs", (*USAGE_FIELDS, *OUTPUT_FIELDS), read_output, when=MODEL),
        Document(
            "mlflow.spanOutputs", USAGE_FIELDS, read_usage, when=CHAIN & ~is_root(), decode=find_last_usage
        ),
    ),
    input_keys=("mlflow.spanInputs",),
    output_keys=("mlflow.spanOutputs",),
)

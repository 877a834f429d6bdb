"""Genkit (Firebase): everything in JSON; usage stands in the output of spans whose subtype is `model`."""

from __future__ import annotations

import polars as pl

from collector.dialects.engine.conditions import has_under, scope_is, value
from collector.dialects.engine.declaration import Dialect, Layer, kind, kind_by
from collector.dialects.engine.documents import Document
from collector.dialects.engine.provider_usage import USAGE_FIELDS, dig, dig_first, read_usage
from collector.dialects.engine.readers import KeyReader, key

SUBTYPE = "genkit:metadata:subtype"
MODEL = value(SUBTYPE, "model", "background-model", "embedder")
TOOL = value(SUBTYPE, "tool", "tool.v2")
FLOW = value(SUBTYPE, "flow")


def read_model(names: pl.Series) -> pl.Series:
    """Return the model of a name `provider/model`."""
    return names.str.replace(r"^[^/]+/", "")


def read_provider(names: pl.Series) -> pl.Series:
    """Return the provider of a name `provider/model`."""
    return names.str.extract(r"^([^/]+)/", 1)


def read_output(output: object) -> dict[str, object]:
    """Return usage, id, model and finish reason of a model's output; the provider's own usage completes it."""
    facts: dict[str, object] = {}
    for place in ("raw.usage", "custom.usage", "raw.usageMetadata", "custom.usageMetadata", "usage"):
        facts.update(read_usage(dig(output, place)))
    facts["finish_reason"] = dig(output, "finishReason")
    facts["response_id"] = dig_first(output, "raw.id", "custom.id", "raw.responseId")
    facts["response_model"] = dig_first(output, "raw.model", "custom.model", "raw.modelVersion")
    return facts


DIALECT = Dialect(
    name="genkit",
    about="Genkit 1.x (JavaScript)",
    layer=Layer.LIBRARY,
    recognise=scope_is("genkit-tracer") | has_under("genkit:"),
    kinds=(
        kind_by(
            SUBTYPE,
            {
                "model": "llm",
                "background-model": "llm",
                "embedder": "embedding",
                "tool": "tool",
                "tool.v2": "tool",
                "flow": "workflow",
                "agent": "agent",
                "retriever": "retriever",
                "reranker": "retriever",
                "evaluator": "evaluator",
                "indexer": "other",
                "prompt": "other",
                "executable-prompt": "chain",
            },
        ),
        kind("chain", value("genkit:type", "util", "flowStep", "flow-step")),
    ),
    failed=value("genkit:state", "error"),
    fields={
        "request_model": (KeyReader("genkit:name", MODEL, read_model),),
        "provider": (KeyReader("genkit:name", MODEL, read_provider),),
        "tool": (key("genkit:name", when=TOOL),),
        "workflow": (key("genkit:name", when=FLOW),),
        "session_id": ("genkit:sessionId", "genkit:metadata:sessionId"),
    },
    documents=(
        Document(
            "genkit:output",
            (*USAGE_FIELDS, "finish_reason", "response_id", "response_model"),
            read_output,
            when=MODEL,
        ),
    ),
    input_keys=("genkit:input",),
    output_keys=("genkit:output",),
)

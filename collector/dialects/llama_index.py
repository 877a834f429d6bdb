"""LlamaIndex by OpenTelemetry's own instrumentation: a hand-off to another agent is offered as a tool."""

from __future__ import annotations

from collector.dialects.engine.conditions import scope, value
from collector.dialects.engine.declaration import Dialect, Layer, kind

DIALECT = Dialect(
    name="llama_index",
    about="opentelemetry-instrumentation-genai-llama-index 1.3b0",
    layer=Layer.LIBRARY,
    recognise=scope("opentelemetry.instrumentation.genai.llama_index"),
    is_named=False,
    kinds=(kind("other", value("gen_ai.tool.name", "handoff")),),
)

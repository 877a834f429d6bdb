"""OpenTelemetry genai instrumentation of LangChain 1.3b0: an answer without a finish reason `ends in an error`."""

from __future__ import annotations

from collector.dialects.engine.conditions import has, scope_is, status_is, value_contains
from collector.dialects.engine.declaration import Dialect, Layer
from collector.dialects.engine.readers import absent

ANSWERED = has("gen_ai.usage.output_tokens") & ~status_is("error")

DIALECT = Dialect(
    name="genai_langchain",
    about="opentelemetry-instrumentation-genai-langchain 1.3b0",
    layer=Layer.LIBRARY,
    recognise=scope_is("opentelemetry.instrumentation.genai.langchain"),
    is_named=False,
    fields={
        "finish_reason": (absent(ANSWERED & value_contains("gen_ai.response.finish_reasons", '"error"')),)
    },
)

"""OpenTelemetry genai instrumentation of Bedrock 1.3b0: against the convention, its input leaves cached tokens out."""

from __future__ import annotations

from collector.dialects.engine.conditions import scope_is
from collector.dialects.engine.declaration import Dialect, Layer
from collector.dialects.engine.readers import key

DIALECT = Dialect(
    name="genai_bedrock",
    about="opentelemetry-instrumentation-genai-bedrock 1.3b0",
    layer=Layer.LIBRARY,
    recognise=scope_is("opentelemetry.instrumentation.genai.bedrock"),
    is_named=False,
    fields={"input_tokens": (key("gen_ai.usage.input_tokens", exclusive=True),)},
)

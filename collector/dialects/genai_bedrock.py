"""OpenTelemetry's instrumentations of Bedrock: against the convention, their input leaves cached tokens out."""

from __future__ import annotations

from collector.dialects.engine.conditions import scope_is
from collector.dialects.engine.declaration import Dialect, Layer
from collector.dialects.engine.readers import key

DIALECT = Dialect(
    name="genai_bedrock",
    about="opentelemetry-instrumentation-genai-bedrock 1.3b0, -botocore 0.66",
    layer=Layer.LIBRARY,
    recognise=scope_is(
        "opentelemetry.instrumentation.genai.bedrock",
        "opentelemetry.instrumentation.botocore.bedrock-runtime",
    ),
    is_named=False,
    fields={"input_tokens": (key("gen_ai.usage.input_tokens", exclusive=True),)},
)

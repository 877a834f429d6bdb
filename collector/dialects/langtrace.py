"""Langtrace 3.8, Python: with Anthropic its input leaves cached tokens out and names none."""

from __future__ import annotations

from collector.dialects.engine.conditions import has_under, scope
from collector.dialects.engine.declaration import Dialect, Layer
from collector.dialects.engine.readers import key

ANTHROPIC = scope(
    "langtrace_python_sdk.instrumentation.anthropic", "langtrace_python_sdk.instrumentation.aws_bedrock"
)

DIALECT = Dialect(
    name="langtrace",
    about="Langtrace 3.8",
    layer=Layer.LIBRARY,
    recognise=scope("langtrace_python_sdk.") | has_under("langtrace."),
    fields={
        "input_tokens": (key("gen_ai.usage.input_tokens", exclusive=ANTHROPIC),),
        "session_id": ("session.id", "session_id"),
        "user_id": ("user.id", "user_id"),
    },
)

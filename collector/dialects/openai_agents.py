"""OpenTelemetry's and Traceloop's instrumentation of OpenAI Agents under one scope name.

The trace's span is a server's agent without a name; agents' names on other spans are placeholders; the requested model
is in fact the one that answered; steps without a kind of their own are `unknown`.
"""

from __future__ import annotations

from collector.dialects.engine.conditions import has, otel_kind, scope_is, status_is, value
from collector.dialects.engine.declaration import Dialect, Layer, kind
from collector.dialects.engine.readers import absent, key, span_name

SCOPE = scope_is("opentelemetry.instrumentation.openai_agents")
PLACEHOLDER = value("gen_ai.agent.name", "OpenAI Agent")
ANSWERED = PLACEHOLDER & ~status_is("error")
TRACE = otel_kind("server") & value("gen_ai.operation.name", "invoke_agent") & ~has("gen_ai.agent.name")

DIALECT = Dialect(
    name="openai_agents",
    about="opentelemetry-instrumentation-openai-agents-v2 0.1",
    layer=Layer.LIBRARY,
    recognise=SCOPE,
    is_named=False,
    kinds=(
        kind("workflow", TRACE),
        kind("chain", value("gen_ai.operation.name", "unknown")),
    ),
    fields={
        "agent": (absent(PLACEHOLDER),),
        "response_model": ("gen_ai.response.model", key("gen_ai.request.model", when=ANSWERED)),
        "request_model": (absent(ANSWERED),),
        "workflow": (span_name(when=TRACE),),
    },
)

"""Model Context Protocol, client and server: only `tools/call` is a tool's execution.

Sources: semantic-conventions-genai at 2026-08-03, MCP Python SDK 2.x, Traceloop's instrumentation 0.62.
"""

from __future__ import annotations

from collector.dialects.engine.conditions import has, named, scope, value
from collector.dialects.engine.declaration import Dialect, Layer, kind
from collector.dialects.engine.readers import span_name

METHOD = has("mcp.method.name")
CALL = value("mcp.method.name", "tools/call")
TRACELOOP = scope("opentelemetry.instrumentation.mcp")

DIALECT = Dialect(
    name="mcp",
    about="MCP client and server spans",
    layer=Layer.LIBRARY,
    recognise=METHOD | TRACELOOP,
    kinds=(
        kind("tool", CALL),
        kind("other", METHOD),
        kind(
            "other",
            TRACELOOP & (named("ResponseStreamWriter", "RequestStreamWriter") | has("mcp.request.id")),
        ),
    ),
    fields={
        "tool": (
            "gen_ai.tool.name",
            span_name(prefix="MCP send tools/call ", when=CALL),
            span_name(prefix="tools/call ", when=CALL),
        ),
    },
)

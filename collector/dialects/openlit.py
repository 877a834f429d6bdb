"""OpenLIT, Python 1.34 to 1.45 and JavaScript 1.15.

With Anthropic its input leaves cached tokens out. The requested tool stands on the model's span. A cost of 0 means an
unknown price. 1.34 estimates the usage of every stream with a tokenizer of its own, 1.45 of those whose usage was never
sent, which lack the cached parts. A failed call may have nothing but its name. Its decorators name session and user
without a prefix.
"""

from __future__ import annotations

from collector.dialects.engine.conditions import has, has_under, name_starts, scope, value
from collector.dialects.engine.declaration import Dialect, Layer, kind
from collector.dialects.engine.readers import absent, key, positive, seconds

OPENLIT = scope("openlit", "@openlit/")
OLD = scope("openlit.otel.tracing")
ANTHROPIC = scope("openlit.instrumentation.anthropic", "@openlit/instrumentation-anthropic") | (
    OPENLIT & (value("gen_ai.system", "anthropic") | value("gen_ai.provider.name", "anthropic"))
)
STREAMED = value("gen_ai.request.is_stream", "true", "True") | value("gen_ai.request.stream", "true")
TOLD = has("gen_ai.usage.cache_read.input_tokens")
MODEL_SPAN = OPENLIT & (has("gen_ai.client.token.usage") | value("gen_ai.operation.name", "chat"))

DIALECT = Dialect(
    name="openlit",
    about="OpenLIT, Python 1.34 to 1.45, JavaScript 1.15",
    layer=Layer.LIBRARY,
    recognise=OPENLIT | has_under("openlit."),
    kinds=(
        kind("llm", OPENLIT & name_starts("chat ") & ~has("gen_ai.operation.name")),
        kind("embedding", OPENLIT & name_starts("embeddings ") & ~has("gen_ai.operation.name")),
    ),
    estimated_usage=OPENLIT & STREAMED & (OLD | ~TOLD),
    fields={
        "input_tokens": (key("gen_ai.usage.input_tokens", exclusive=ANTHROPIC),),
        "streamed": ("gen_ai.request.is_stream", "gen_ai.request.stream"),
        "ttft_ms": (
            seconds("gen_ai.server.time_to_first_token", when=STREAMED),
            absent(OPENLIT),
        ),
        "reported_cost_usd": (positive("gen_ai.usage.cost"), absent(OPENLIT)),
        "tool": (absent(MODEL_SPAN),),
        "tool_call_id": (absent(MODEL_SPAN),),
        "session_id": ("gen_ai.conversation.id", "session.id", key("session", when=OPENLIT)),
        "user_id": ("user.id", key("user", when=OPENLIT)),
    },
)

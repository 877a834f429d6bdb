"""OpenLIT, Python 1.34 to 1.45 and JavaScript 1.15.

With Anthropic's and AWS's clients its input leaves cached tokens out, with Google's its output thoughts. With LangChain
a stream's input holds cached tokens, another's does not and names none; a stream's model is the provider's name; a
failed graph has nothing but its name. The requested tool stands on the model's span. A cost of 0 means an unknown
price. 1.34 estimates the usage of every stream with a tokenizer of its own, 1.45 of those whose usage was never sent,
which lack the cached parts. A failed call may have nothing but its name. Its decorators name session and user without
a prefix.
"""

from __future__ import annotations

from collector.dialects.engine.conditions import has, has_under, name_starts, same_start, scope, value
from collector.dialects.engine.declaration import Dialect, Layer, kind
from collector.dialects.engine.readers import absent, key, positive, seconds, span_name
from collector.dialects.engine.vocabulary import PROVIDERS

OPENLIT = scope("openlit", "@openlit/")
OLD = scope("openlit.otel.tracing")
PROVIDERS_OWN = scope(
    "openlit.instrumentation.anthropic",
    "openlit.instrumentation.bedrock",
    "@openlit/instrumentation-anthropic",
) | (OLD & value("gen_ai.system", "anthropic"))
GOOGLE = scope("openlit.instrumentation.google_ai_studio", "openlit.instrumentation.vertexai")
WORKFLOW = OPENLIT & name_starts("invoke_workflow ")
GRAPH = scope("openlit.instrumentation.langgraph") & name_starts("invoke_workflow ")
PROVIDER_AS_MODEL = OPENLIT & (
    same_start("gen_ai.request.model", "gen_ai.provider.name", 64) | value("gen_ai.request.model", *PROVIDERS)
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
        kind("workflow", WORKFLOW),
        kind("llm", OPENLIT & name_starts("chat ") & ~has("gen_ai.operation.name")),
        kind("embedding", OPENLIT & name_starts("embeddings ") & ~has("gen_ai.operation.name")),
    ),
    estimated_usage=OPENLIT & STREAMED & (OLD | ~TOLD),
    exclusive_output=GOOGLE,
    fields={
        "input_tokens": (key("gen_ai.usage.input_tokens", exclusive=PROVIDERS_OWN),),
        "agent": (span_name(prefix="invoke_workflow ", when=GRAPH),),
        "request_model": (absent(PROVIDER_AS_MODEL),),
        "response_model": (
            absent(PROVIDER_AS_MODEL & ~has("gen_ai.response.id")),
            absent(OPENLIT & value("gen_ai.response.model", *PROVIDERS)),
        ),
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

"""The Anthropic SDKs' own spans (Python from 2, TypeScript from 1): inclusive input, writes by lifetime."""

from __future__ import annotations

from collector.dialects.engine.conditions import has_under, scope
from collector.dialects.engine.declaration import Dialect, Layer

DIALECT = Dialect(
    name="anthropic_sdk",
    about="Anthropic SDK's own spans, Python 2.x, TypeScript 1.x",
    layer=Layer.LIBRARY,
    recognise=scope("com.anthropic.sdk.") | has_under("anthropic."),
    fields={
        "finish_reason": ("anthropic.message.stop_reason",),
        "cache_write_5m_tokens": ("anthropic.usage.cache_creation.ephemeral_5m_input_tokens",),
        "cache_write_1h_tokens": ("anthropic.usage.cache_creation.ephemeral_1h_input_tokens",),
        "service_tier": ("anthropic.response.service_tier", "anthropic.usage.service_tier"),
        "retries": ("http.request.resend_count",),
    },
    units={"web_searches": ("anthropic.usage.server_tool_use.web_search_requests",)},
)

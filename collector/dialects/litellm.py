"""LiteLLM's OTel callback.

The call and the raw request below it bear the same name when the caller chose one: only the call has an id of
LiteLLM's, or in 1.60 the type of a request. Parts of usage stand in a printed Python object, in 1.60 of the raw request
only. 1.60 says a stream twice: with an estimate, and with the usage.
"""

from __future__ import annotations

from collector.dialects.engine.conditions import has, has_under, name_starts, scope_is, status_is
from collector.dialects.engine.declaration import Dialect, Layer, kind, kind_by
from collector.dialects.engine.documents import Document, decode_literal
from collector.dialects.engine.identity import SESSION_NAMES, TENANT_NAMES, USER_NAMES, keys_with
from collector.dialects.engine.provider_usage import PART_FIELDS, USAGE_FIELDS, read_usage
from collector.dialects.engine.readers import absent, positive

LITELLM = scope_is("litellm")
RAW = LITELLM & ~has(
    "litellm.call_id", "llm.request.type", "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"
)
"""The provider's raw request below a call has neither the call's id nor a request's type nor its usage."""
PROVIDERS_ASKED = (
    "openai",
    "azure",
    "anthropic",
    "mistral",
    "groq",
    "deepseek",
    "xai",
    "openrouter",
    "together_ai",
)


DIALECT = Dialect(
    name="litellm",
    about="LiteLLM's OTel callback, SDK and proxy",
    layer=Layer.LIBRARY,
    recognise=LITELLM | has_under("litellm."),
    kinds=(
        kind("other", RAW),
        kind_by(
            "llm.request.type",
            {
                "completion": "llm",
                "acompletion": "llm",
                "text_completion": "llm",
                "atext_completion": "llm",
                "responses": "llm",
                "aresponses": "llm",
                "anthropic_messages": "llm",
                "embedding": "embedding",
                "aembedding": "embedding",
            },
        ),
        kind("llm", LITELLM & name_starts("litellm_request")),
    ),
    fields={
        "user_id": ("llm.user", *keys_with("metadata.", USER_NAMES), "metadata.user_api_key_end_user_id"),
        "session_id": keys_with("metadata.", SESSION_NAMES),
        "tenant": (*keys_with("metadata.", TENANT_NAMES), "metadata.user_api_key_team_id"),
        "reported_cost_usd": (positive("gen_ai.cost.total_cost"),),
        "streamed": ("llm.is_streaming",),
        "status_message": ("error.message",),
        # A call that failed bears LiteLLM's own id where the response's belongs.
        "response_id": (absent(has("litellm.call_id") & status_is("error")),),
    },
    documents=(
        Document("metadata.usage_object", PART_FIELDS, read_usage, decode=decode_literal),
        *(
            Document(f"llm.{name}.usage", USAGE_FIELDS, read_usage, when=RAW, decode=decode_literal)
            for name in PROVIDERS_ASKED
        ),
    ),
)

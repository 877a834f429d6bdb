"""Pydantic AI 1.0 to 2.x, instrumentation versions 1 to 6.

1.0 repeats usage on `agent run`, has no operation on agents and tools, and with Anthropic behind another address only
raw `gen_ai.usage.details.*`, whose input leaves cached tokens out. 2.x sums on the agent: `gen_ai.aggregated_usage.*`.
A conversation id that nobody gave is made together with the id of the agent's call: both begin alike.
"""

from __future__ import annotations

from collector.dialects.engine.conditions import has_under, named, same_start, scope_is
from collector.dialects.engine.declaration import Dialect, Layer, kind
from collector.dialects.engine.identity import members_of
from collector.dialects.engine.readers import absent, key, positive

DETAILS = "gen_ai.usage.details."
SUMMED = "gen_ai.aggregated_usage."
IN_METADATA = members_of("metadata")
UUID7_TIME_AND_COUNTER = 18

DIALECT = Dialect(
    name="pydantic_ai",
    about="Pydantic AI 1.0 to 2.x, instrumentation versions 1 to 6",
    layer=Layer.LIBRARY,
    recognise=scope_is("pydantic-ai") | has_under("pydantic_ai."),
    kinds=(
        kind("agent", named("agent run")),
        kind("tool", named("running tool")),
        kind("chain", named("running tools")),
    ),
    fields={
        "agent": ("gen_ai.agent.name", "agent_name"),
        "request_model": ("gen_ai.request.model", "model_name"),
        "session_id": (
            absent(same_start("gen_ai.conversation.id", "gen_ai.agent.call.id", UUID7_TIME_AND_COUNTER)),
            "gen_ai.conversation.id",
            *IN_METADATA["session_id"],
        ),
        "user_id": IN_METADATA["user_id"],
        "tenant": IN_METADATA["tenant"],
        "input_tokens": (
            "gen_ai.usage.input_tokens",
            f"{SUMMED}input_tokens",
            key(f"{DETAILS}input_tokens", exclusive=True),
        ),
        "output_tokens": (
            "gen_ai.usage.output_tokens",
            f"{SUMMED}output_tokens",
            f"{DETAILS}output_tokens",
        ),
        "cache_read_tokens": (
            "gen_ai.usage.cache_read.input_tokens",
            f"{SUMMED}cache_read.input_tokens",
            f"{DETAILS}cache_read_tokens",
            f"{DETAILS}cache_read_input_tokens",
            f"{DETAILS}cached_tokens",
        ),
        "cache_write_tokens": (
            "gen_ai.usage.cache_creation.input_tokens",
            f"{SUMMED}cache_creation.input_tokens",
            f"{DETAILS}cache_write_tokens",
            f"{DETAILS}cache_creation_input_tokens",
        ),
        "reasoning_tokens": (
            f"{DETAILS}reasoning_tokens",
            f"{DETAILS}thoughts_tokens",
            f"{SUMMED}details.reasoning_tokens",
            f"{SUMMED}details.thoughts_tokens",
        ),
        "reported_cost_usd": (positive("operation.cost"),),
    },
    input_keys=("tool_arguments", "events", "pydantic_ai.all_messages", "all_messages_events"),
    output_keys=("tool_response", "final_result"),
)

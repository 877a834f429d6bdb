"""Strands Agents, Python 1.0 to 1.62 and TypeScript.

The agent span's usage is cumulative over the life of the agent object. 1.0 with Bedrock leaves cached tokens out of its
input and names none, but its total holds them. Time to first token is in milliseconds; a failed tool keeps status OK.
"""

from __future__ import annotations

from collector.dialects.engine.conditions import (
    has,
    has_under,
    name_starts,
    named,
    scope,
    value,
    value_contains,
)
from collector.dialects.engine.declaration import Dialect, Layer, kind
from collector.dialects.engine.readers import absent, event_value

STRANDS = scope("strands.", "strands-agents") | value("gen_ai.system", "strands-agents") | value(
    "gen_ai.provider.name", "strands-agents"
)  # fmt: skip
NAMES_ITSELF = STRANDS | has("gen_ai.event.start_time")
"""TypeScript gives the service's name as scope and provider."""
MULTI_AGENT = name_starts("invoke_swarm", "invoke_graph")

DIALECT = Dialect(
    name="strands",
    about="Strands Agents, Python 1.0 to 1.62, TypeScript 1.19",
    layer=Layer.LIBRARY,
    recognise=NAMES_ITSELF | has_under("event_loop.", "agent_loop."),
    kinds=(
        kind("workflow", MULTI_AGENT),
        kind("chain", name_starts("execute_event_loop_cycle", "execute_agent_loop_cycle")),
        kind("llm", named("chat", "Model invoke")),
        kind("other", value("gen_ai.tool.name", "handoff_to_agent")),
    ),
    failed=value("tool.status", "error") | value("gen_ai.tool.status", "error"),
    cumulative_usage=value("gen_ai.operation.name", "invoke_agent") | name_starts("invoke_agent"),
    total_holds_hidden_cache=value_contains("gen_ai.request.model", "anthropic", "claude", "amazon", "nova"),
    fields={
        "provider": (absent(NAMES_ITSELF),),
        "agent": (absent(MULTI_AGENT),),
        "ttft_ms": ("gen_ai.server.time_to_first_token",),
        "finish_reason": (event_value("gen_ai.choice", "finish_reason"),),
    },
)

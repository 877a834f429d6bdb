"""W&B Weave 0.5x: its conversation spans, and its view of the OpenAI Agents SDK.

Plain gen_ai names, but for tasks, turns, hand-offs and guardrails of agents, which have no operation. With OpenAI
Agents the requested model of a Responses call is the one that answered, and chat completions name no parts of usage.
"""

from __future__ import annotations

from collector.dialects.engine.conditions import has, has_under, scope
from collector.dialects.engine.declaration import Dialect, Layer, kind
from collector.dialects.engine.readers import absent

PREFIX = "weave.openai_agents."
AGENTS = scope("weave.openai_agents")

DIALECT = Dialect(
    name="weave",
    about="W&B Weave 0.5x: conversations, and the OpenAI Agents SDK",
    layer=Layer.LIBRARY,
    recognise=scope("weave."),
    kinds=(
        kind("workflow", has_under(f"{PREFIX}task.")),
        kind("chain", has_under(f"{PREFIX}turn.")),
        kind("guardrail", has_under(f"{PREFIX}guardrail.")),
    ),
    fields={
        "workflow": (f"{PREFIX}task.workflow_name",),
        "request_model": (absent(AGENTS & has("gen_ai.response.id")),),
    },
)

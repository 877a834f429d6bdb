"""Logfire's instrumentation of the OpenAI Agents SDK.

Span names are templates; an agent's, a tool's and a workflow's name stand in `name`. A failed request has nothing but
its model, a chat completion names its parts only in `usage`. Tasks and turns carry sums in `usage` as well.
"""

from __future__ import annotations

from collector.dialects.engine.conditions import name_starts, scope_is, status_is
from collector.dialects.engine.declaration import Dialect, Layer, kind
from collector.dialects.engine.documents import Document
from collector.dialects.engine.identity import members_of
from collector.dialects.engine.provider_usage import PART_FIELDS, read_usage
from collector.dialects.engine.readers import constant, key, member

TRACE = name_starts("OpenAI Agents trace:")
AGENT = name_starts("Agent run:")
TOOL = name_starts("Function:")
MODEL = name_starts("Responses API", "Chat completion")
IN_METADATA = members_of("metadata")

DIALECT = Dialect(
    name="logfire_openai_agents",
    about="Logfire 3 to 5 with the OpenAI Agents SDK",
    layer=Layer.WRAPPER,
    recognise=scope_is("logfire.openai_agents"),
    is_named=False,
    kinds=(
        kind("workflow", TRACE),
        kind("agent", AGENT),
        kind("tool", TOOL),
        kind("llm", MODEL),
        kind("guardrail", name_starts("Guardrail")),
        kind("chain", name_starts("Task:", "Turn {turn}")),
        kind("other", name_starts("Handoff:")),
    ),
    fields={
        "operation": (constant("chat", MODEL),),
        "agent": (key("name", when=AGENT), "agent_name"),
        "tool": (key("name", when=TOOL),),
        "workflow": (key("name", when=TRACE),),
        "session_id": (key("group_id", when=TRACE), *IN_METADATA["session_id"]),
        "user_id": IN_METADATA["user_id"],
        "tenant": IN_METADATA["tenant"],
        "status_message": (member("error", "message", when=status_is("error")),),
    },
    documents=(Document("usage", PART_FIELDS, read_usage, when=MODEL),),
    input_keys=("input", "raw_input"),
    output_keys=("output", "response"),
)

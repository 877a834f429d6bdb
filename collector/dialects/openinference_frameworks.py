"""What OpenInference's instrumentors of single frameworks call by another name than it is.

OpenAI Agents: the trace's span is an agent without a name, hand-offs are tools, an agent that serves as a tool is a
tool beside the tool's own span. CrewAI: the crew or flow is a chain. LlamaIndex: preparing a prompt is an LLM span,
and a hand-off is a tool. BeeAI, DSPy and smolagents: to finish is a tool.
"""

from __future__ import annotations

import re

from collector.dialects.engine.conditions import (
    has,
    name_ends,
    name_starts,
    scope,
    value,
)
from collector.dialects.engine.declaration import Dialect, Layer, kind
from collector.dialects.engine.documents import Document, decode_literal
from collector.dialects.engine.provider_usage import USAGE_FIELDS, read_usage
from collector.dialects.engine.readers import absent, span_name

AGENTS = scope(
    "openinference.instrumentation.openai_agents", "@arizeai/openinference-instrumentation-openai-agents"
)
CREWAI = scope("openinference.instrumentation.crewai")
LLAMA_INDEX = scope("openinference.instrumentation.llama_index")
SMOLAGENTS = scope("openinference.instrumentation.smolagents")
BEEAI = scope("openinference.instrumentation.beeai")
DSPY = scope("openinference.instrumentation.dspy")
AGENT = value("openinference.span.kind", "AGENT")
TOOL = value("openinference.span.kind", "TOOL")
TRACE = AGENTS & AGENT & ~has("agent.name", "graph.node.id")
CREW = CREWAI & has("crew_key", "flow_id") & name_ends(".kickoff")

PRINTED_USAGE = re.compile(r"'usage': (\{(?:[^{}]|\{[^{}]*\})*\})")


def find_printed_usage(text: str) -> object:
    """Return the usage in a printed answer of LlamaIndex's.

    >>> find_printed_usage("{'ev': \"AgentOutput(raw={'id': 'x', 'usage': {'prompt_tokens': 3, 'd': {'c': 1}}})\"}")
    {'prompt_tokens': 3, 'd': {'c': 1}}
    """
    found = PRINTED_USAGE.search(text)
    return decode_literal(found[1]) if found else None


DIALECT = Dialect(
    name="openinference_frameworks",
    about="OpenInference for OpenAI Agents, CrewAI, LlamaIndex, DSPy, smolagents and BeeAI",
    layer=Layer.LIBRARY,
    recognise=AGENTS | CREWAI | LLAMA_INDEX | DSPY | SMOLAGENTS | BEEAI,
    is_named=False,
    kinds=(
        kind("workflow", TRACE),
        kind("other", AGENTS & TOOL & name_starts("handoff", "Handoff")),
        kind("agent", AGENTS & TOOL & has("agent.name", "graph.node.id")),
        kind("workflow", CREW),
        kind("other", LLAMA_INDEX & name_ends("._prepare_chat_with_tools")),
        kind("other", LLAMA_INDEX & value("tool.name", "handoff")),
        kind("other", DSPY & TOOL & name_starts("finish.")),
        kind("other", (SMOLAGENTS | BEEAI) & TOOL & value("tool.name", "final_answer")),
    ),
    fields={
        "agent": (absent(TRACE),),
        "workflow": (span_name(when=TRACE), span_name(suffix=".kickoff", when=CREW)),
    },
    documents=(
        # Before 4 the model's span names no parts of usage, the step that is given its answer does.
        Document(
            "input.value",
            USAGE_FIELDS,
            read_usage,
            when=LLAMA_INDEX & name_ends(".parse_agent_output"),
            decode=find_printed_usage,
        ),
    ),
)

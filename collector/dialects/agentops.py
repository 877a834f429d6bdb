"""AgentOps 0.4: its decorators and its instrumentations of clients.

A session without an input is what the SDK opens by itself around the whole process. A span below a model's tells of a
tool that the model asked for, not of one that ran.
"""

from __future__ import annotations

from collector.dialects.engine.conditions import has, has_under, name_starts, scope, value
from collector.dialects.engine.declaration import Dialect, Layer, kind, kind_by
from collector.dialects.engine.readers import absent, key

KIND = "agentops.span.kind"
REQUESTED = scope("agentops.instrumentation.providers.") & name_starts("tool_call.")

DIALECT = Dialect(
    name="agentops",
    about="AgentOps 0.4",
    layer=Layer.LIBRARY,
    recognise=has_under("agentops.") | scope("agentops") | has("gen_ai.request.type"),
    kinds=(
        kind("other", REQUESTED),
        kind("workflow", value(KIND, "session") & has("agentops.entity.input", "agentops.session.input")),
        kind_by("gen_ai.request.type", {"chat": "llm", "completion": "llm", "embedding": "embedding"}),
        kind_by(
            KIND,
            {
                "session": "other",
                "agent": "agent",
                "workflow": "workflow",
                "tool": "tool",
                "guardrail": "guardrail",
                "task": "chain",
                "operation": "chain",
                "chain": "chain",
                "llm": "llm",
            },
        ),
    ),
    failed=value("agentops.session.end_state", "Error", "Fail"),
    fields={
        "agent": (key("operation.name", when=value(KIND, "agent")),),
        "workflow": (key("operation.name", when=value(KIND, "session", "workflow")),),
        "tool": (absent(REQUESTED), key("operation.name", when=value(KIND, "tool"))),
        "tool_call_id": (absent(REQUESTED),),
    },
    input_keys=(
        "agentops.entity.input",
        "agentops.tool.input",
        "agentops.task.input",
        "agentops.operation.input",
    ),
    output_keys=(
        "agentops.entity.output",
        "agentops.tool.output",
        "agentops.task.output",
        "agentops.operation.output",
    ),
)

"""Microsoft Agent Framework and Semantic Kernel.

An agent's usage is the sum of its calls. The conversation id of a Responses call is the id of a response.
"""

from __future__ import annotations

from collector.dialects.engine.conditions import name_starts, scope, scope_is, value_starts
from collector.dialects.engine.declaration import Dialect, Layer, kind
from collector.dialects.engine.readers import absent

FRAMEWORK = scope_is("agent_framework", "Microsoft.Agents.AI", "Experimental.Microsoft.Agents.AI")
KERNEL = scope("semantic_kernel", "Microsoft.SemanticKernel")

DIALECT = Dialect(
    name="ms_agent_framework",
    about="Microsoft Agent Framework 1.x, Semantic Kernel 1.x",
    layer=Layer.LIBRARY,
    recognise=FRAMEWORK | KERNEL,
    kinds=(
        kind("other", name_starts("workflow.build", "edge_group.process", "message.send")),
        kind("workflow", name_starts("workflow.run", "workflow_invoke")),
        kind("chain", name_starts("executor.process", "AutoFunctionInvocationLoop")),
    ),
    fields={
        "session_id": (absent(value_starts("gen_ai.conversation.id", "resp_", "chatcmpl-")),),
        "workflow": ("workflow.name",),
    },
)

"""AutoGen 0.4+: agents and tools, and the messages of its runtime; no model calls, no tokens."""

from __future__ import annotations

from collector.dialects.engine.conditions import name_starts, scope, scope_is
from collector.dialects.engine.declaration import Dialect, Layer, kind

DIALECT = Dialect(
    name="autogen",
    about="AutoGen 0.4 to 0.7 (agentchat and core)",
    layer=Layer.LIBRARY,
    recognise=scope_is("autogen-core") | scope("autogen "),
    kinds=(
        kind("other", scope("autogen ") & name_starts("autogen ")),
        # A hand-off is offered to the model as a tool of this name.
        kind("other", name_starts("execute_tool transfer_to_")),
    ),
    input_keys=("message",),
)

"""GitHub Copilot in VS Code and Copilot CLI: gen_ai spans with a few names of their own.

Its log events repeat the spans. Time to first token is in milliseconds.
Sources: VS Code docs/monitoring/agent_monitoring.md at 31acd00a (2026-03) and its `github.copilot.*` names of 2026-05.
"""

from __future__ import annotations

from collector.dialects.engine.conditions import has_under, value
from collector.dialects.engine.declaration import Dialect, Layer

AGENT = value("gen_ai.operation.name", "invoke_agent")

DIALECT = Dialect(
    name="copilot",
    about="GitHub Copilot Chat and Copilot CLI: their spans",
    layer=Layer.LIBRARY,
    recognise=has_under("copilot_chat.", "github.copilot."),
    agent_usage=AGENT,
    fields={
        "ttft_ms": ("copilot_chat.time_to_first_token", "github.copilot.time_to_first_token"),
        "session_id": ("gen_ai.conversation.id", "copilot_chat.session_id", "session.id"),
    },
)

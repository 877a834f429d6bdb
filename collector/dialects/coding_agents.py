"""Spans of coding agents: Claude Code, Codex CLI and Copilot Chat.

Claude Code counts cached tokens beside the input, as Anthropic does. Each of them says the same in log events and
metrics.
Sources: code.claude.com/docs monitoring-usage, openai/codex codex-rs/otel, VS Code agent_monitoring.md, all mid-2026.
"""

from __future__ import annotations

from collector.dialects.engine.conditions import has, has_under, name_starts, named, value
from collector.dialects.engine.declaration import Dialect, Layer, kind
from collector.dialects.engine.readers import key, span_name

CLAUDE = name_starts("claude_code.")
MODEL_REQUEST = named("claude_code.llm_request")
TOOL = named("claude_code.tool")

DIALECT = Dialect(
    name="coding_agents",
    about="Claude Code, Codex CLI and Copilot Chat, their spans",
    layer=Layer.LIBRARY,
    recognise=CLAUDE | has_under("codex.usage.", "copilot_chat."),
    kinds=(
        kind("agent", named("claude_code.interaction")),
        kind("llm", MODEL_REQUEST),
        kind("tool", TOOL),
        kind("other", CLAUDE),
    ),
    failed=CLAUDE & value("success", "false"),
    fields={
        "request_model": (key("gen_ai.request.model", when=MODEL_REQUEST), key("model", when=MODEL_REQUEST)),
        "response_id": (key("gen_ai.response.id", when=MODEL_REQUEST), key("request_id", when=MODEL_REQUEST)),
        "finish_reason": (key("stop_reason", when=MODEL_REQUEST),),
        "input_tokens": (key("input_tokens", when=MODEL_REQUEST, exclusive=True),),
        "cache_read_tokens": (key("cache_read_tokens", when=MODEL_REQUEST),),
        "cache_write_tokens": (key("cache_creation_tokens", when=MODEL_REQUEST),),
        "output_tokens": (key("output_tokens", when=MODEL_REQUEST),),
        "reasoning_tokens": ("codex.usage.reasoning_output_tokens",),
        "ttft_ms": (key("ttft_ms", when=MODEL_REQUEST), "copilot_chat.time_to_first_token"),
        "tool": (key("tool_name", when=TOOL),),
        "tool_call_id": (key("gen_ai.tool.call.id", when=TOOL), key("tool_use_id", when=TOOL)),
        "agent": (span_name(suffix=".interaction", when=named("claude_code.interaction")),),
        "status_message": (key("error", when=CLAUDE & has("success")),),
    },
    input_keys=("user_prompt",),
)

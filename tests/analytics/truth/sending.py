"""The spans that a run of the made-up history sends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.analytics.facts.building import START, Sent, run_id
from tests.analytics.truth.history import AGENTS, ERRORS, HELPER, HELPER_VERSION, PROVIDERS, Call, Run, Tool

ANSWER = '[{"role": "assistant", "parts": [{"type": "text", "content": "done"}]}]'


def spans_of(run: Run) -> list[Sent]:
    """Return the spans that a run sends, its own one first where it arrives."""
    base = run.number * 1000
    parent = 0 if run.form == "bare" else base
    spans = [_own_span(run, base)] if run.form in ("whole", "open") else []
    for position, call in enumerate(run.calls, start=1):
        above = parent
        if call.is_by_helper:
            above = base + 300 + position
            spans.append(_helper_span(run, call, above, base))
        spans.append(_span_of_call(run, call, base + position, above))
    spans += [
        _span_of_tool(run, tool, base + 500 + position, parent)
        for position, tool in enumerate(run.tools, start=1)
    ]
    return spans


def judgements_of(run: Run) -> list[dict[str, Any]]:
    """Return what is told of a run by API, when it is over."""
    at = (START + timedelta(seconds=run.end)).isoformat()
    told = {"run_id": run_id(run.number, run.number * 1000), "scored_at": at}
    late: list[dict[str, Any]] = []
    if run.said_late:
        late.append({**told, "name": "outcome", "label": run.said, "explanation": run.reason})
    if run.is_told_late and run.feedback is not None:
        late.append({**told, "value": run.feedback})
    return late


def _own_span(run: Run, base: int) -> Sent:
    failed = run.outcome == "failure" and not run.is_abandoned
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": run.agent,
        "gen_ai.agent.version": AGENTS[run.agent],
        **_told_by(run),
        "gen_ai.conversation.id": run.session,
        "spanledger.feedback": None if run.is_told_late else run.feedback,
        "spanledger.confidence": run.confidence,
        "spanledger.outcome": None if run.said_late else run.said,
        "spanledger.outcome.reason": None if run.said_late else run.reason,
        "error.type": ERRORS[run.failure_class] if run.failure_class and not run.is_abandoned else None,
        "gen_ai.output.messages": None if failed else ANSWER,
    }
    if run.accuracy is not None:
        attributes["gen_ai.evaluation.name"] = "accuracy"
        is_label = run.accuracy < 0
        attributes["gen_ai.evaluation.score.label"] = "unclear" if is_label else None
        attributes["gen_ai.evaluation.score.value"] = None if is_label else run.accuracy
    return Sent(
        base,
        _without_none(attributes),
        trace=run.number,
        at=run.at,
        lasts=None if run.form == "open" else run.lasts,
        status=2 if failed or run.is_error_dealt_with else 0,
        name="invoke_agent",
        service=run.service,
    )


def _told_by(run: Run) -> dict[str, Any]:
    return {
        "gen_ai.prompt.name": "desk",
        "gen_ai.prompt.version": run.prompt_version,
        "spanledger.tenant": run.tenant,
        "spanledger.purpose": run.purpose,
        "user.id": run.user,
    }


def _helper_span(run: Run, call: Call, span: int, parent: int) -> Sent:
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": HELPER,
        "gen_ai.agent.version": HELPER_VERSION,
    }
    return Sent(
        span, attributes, parent=parent, trace=run.number, at=call.at, lasts=call.lasts, name="invoke_agent",
        service=run.service,
    )  # fmt: skip


def _span_of_call(run: Run, call: Call, span: int, parent: int) -> Sent:
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": PROVIDERS.get(call.model, "openai"),
        "gen_ai.request.model": call.model,
        "gen_ai.response.model": call.snapshot,
        "gen_ai.prompt.name": "desk",
        "gen_ai.prompt.version": run.prompt_version,
        "gen_ai.usage.cache_creation.input_tokens": call.stored,
        "gen_ai.usage.reasoning_tokens": call.reasoned,
        "gen_ai.response.finish_reasons": None if call.finish is None else [call.finish],
        "gen_ai.response.time_to_first_chunk": call.ttft,
        "http.request.resend_count": call.hidden_retries or None,
        "spanledger.usage.pages": call.pages or None,
        "error.type": call.error,
    }
    if run.form == "bare":
        attributes |= _told_by(run)
    if call.used is not None:
        attributes["gen_ai.usage.input_tokens"] = call.used[0]
        attributes["gen_ai.usage.cache_read.input_tokens"] = call.used[1]
        attributes["gen_ai.usage.output_tokens"] = call.used[2]
    scope = (
        "com.anthropic.sdk.messages" if call.hidden_retries else "opentelemetry.instrumentation.genai.openai"
    )
    return Sent(
        span, _without_none(attributes), parent=parent, trace=run.number, at=call.at, lasts=call.lasts, scope=scope,
        status=2 if call.error else 0, name="chat", service=run.service,
    )  # fmt: skip


def _span_of_tool(run: Run, tool: Tool, span: int, parent: int) -> Sent:
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": tool.name,
        "gen_ai.tool.call.arguments": tool.arguments,
        "error.type": tool.error,
    }
    return Sent(
        span, _without_none(attributes), parent=parent, trace=run.number, at=tool.at, lasts=tool.lasts,
        status=2 if tool.error else 0, name="execute_tool", service=run.service,
    )  # fmt: skip


def _without_none(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if value is not None}

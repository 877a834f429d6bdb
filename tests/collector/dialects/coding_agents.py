"""Sessions of coding agents as their log records and counters, in the shape of their public documentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, Metric, NumberDataPoint, Sum

from tests.collector.building import NOW_NS, SECOND_NS, Plain, a_value, pairs

DELTA = AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
CUMULATIVE = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE


@dataclass(frozen=True)
class Said:
    """One log record: when, its body, its attributes, and the span it was written in."""

    at_s: float
    body: str
    attributes: Mapping[str, Plain] = field(default_factory=dict[str, Plain])
    trace: int = 0
    span: int = 0


def a_log_export(
    said: Sequence[Said], *, service: str, scope: str = "events", resource: Mapping[str, Plain] | None = None
) -> ExportLogsServiceRequest:
    request = ExportLogsServiceRequest()
    owner = request.resource_logs.add()
    owner.resource.attributes.extend(pairs({"service.name": service, **(resource or {})}))
    scoped = owner.scope_logs.add()
    scoped.scope.name = scope
    for one in said:
        record = LogRecord(
            time_unix_nano=NOW_NS - 3600 * SECOND_NS + int(one.at_s * SECOND_NS),
            body=a_value(one.body),
            attributes=pairs(one.attributes),
        )
        if one.trace:
            record.trace_id, record.span_id = one.trace.to_bytes(16, "big"), one.span.to_bytes(8, "big")
        scoped.log_records.append(record)
    return request


def a_counter_export(
    points: Mapping[str, Sequence[tuple[float, Mapping[str, Plain]]]],
    *,
    service: str,
    from_s: float,
    to_s: float,
    temporality: AggregationTemporality.ValueType = DELTA,
) -> ExportMetricsServiceRequest:
    """Return one export of counters, by metric name."""
    request = ExportMetricsServiceRequest()
    owner = request.resource_metrics.add()
    owner.resource.attributes.extend(pairs({"service.name": service}))
    begin = NOW_NS - 3600 * SECOND_NS
    for name, values in points.items():
        summed = Sum(aggregation_temporality=temporality, is_monotonic=True)
        for value, attributes in values:
            summed.data_points.append(
                NumberDataPoint(
                    start_time_unix_nano=begin + int(from_s * SECOND_NS),
                    time_unix_nano=begin + int(to_s * SECOND_NS),
                    as_double=value,
                    attributes=pairs(attributes),
                )
            )
        owner.scope_metrics.add().metrics.append(Metric(name=name, unit="tokens", sum=summed))
    return request


def claude(at_s: float, name: str, attributes: Mapping[str, Plain] | None = None, **place: int) -> Said:
    """Return an event of a Claude Code session with two prompts."""
    common: dict[str, Plain] = {
        "event.name": name,
        "session.id": "s-claude",
        "user.email": "ada@example.com",
        "app.version": "2.1.193",
    }
    return Said(at_s, f"claude_code.{name}", {**common, **(attributes or {})}, **place)


def claude_session() -> list[Said]:
    one: dict[str, Plain] = {"prompt.id": "p-1"}
    two: dict[str, Plain] = {"prompt.id": "p-2"}
    model: dict[str, Plain] = {"model": "claude-sonnet-4-5-20250929", "query_source": "main"}
    return [
        claude(0.0, "user_prompt", {**one, "prompt_length": 9, "prompt": "fix tests"}),
        claude(
            4.0,
            "api_request",
            {**one, **model, "input_tokens": 12, "output_tokens": 340, "cache_read_tokens": 15000,
             "cache_creation_tokens": 800, "cost_usd": 0.0126, "duration_ms": 3500, "request_id": "req_1"},
        ),
        claude(4.1, "tool_decision", {**one, "tool_name": "Bash", "tool_use_id": "tu_1", "decision": "accept"}),
        claude(
            6.0,
            "tool_result",
            {**one, "tool_name": "Bash", "tool_use_id": "tu_1", "success": "false", "duration_ms": 1800,
             "error": "exit code 1"},
        ),
        claude(
            9.0,
            "api_request",
            {**one, **model, "input_tokens": 5, "output_tokens": 60, "cache_read_tokens": 15800,
             "cache_creation_tokens": 0, "cost_usd": 0.0057, "duration_ms": 2500, "request_id": "req_2"},
        ),
        claude(9.1, "assistant_response", {**one, "response": "Done.", "response_length": 5, "request_id": "req_2"}),
        claude(60.0, "user_prompt", {**two, "prompt_length": 4, "prompt": "push"}),
        claude(
            95.0,
            "api_error",
            {**two, **model, "error": "Overloaded", "status_code": "529", "duration_ms": 34000, "attempt": 11},
        ),
    ]  # fmt: skip


def codex_session() -> list[Said]:
    def said(at_s: float, name: str, attributes: Mapping[str, Plain]) -> Said:
        common: dict[str, Plain] = {
            "event.name": f"codex.{name}",
            "conversation.id": "c-codex",
            "user.account_id": "acc-1",
            "model": "gpt-5-codex",
            "app.version": "0.105.0",
        }
        return Said(at_s, "", common | dict(attributes))

    return [
        said(0.0, "conversation_starts", {"provider_name": "OpenAI"}),
        said(1.0, "user_prompt", {"prompt_length": "4", "prompt": "hello"}),
        said(2.0, "api_request", {"duration_ms": "300", "http.response.status_code": 200, "attempt": 0}),
        said(3.0, "sse_event", {"event.kind": "response.output_text.delta", "duration_ms": "10"}),
        said(4.0, "sse_event", {"event.kind": "response.completed", "input_token_count": "1000",
                                "output_token_count": "90", "cached_token_count": 400,
                                "reasoning_token_count": 30, "tool_token_count": "1090"}),
        said(5.0, "tool_decision", {"tool_name": "shell", "call_id": "call_1", "decision": "approved"}),
        said(7.0, "tool_result", {"tool_name": "shell", "call_id": "call_1", "arguments": '{"command":["ls"]}',
                                  "duration_ms": "1500", "success": "true", "output": "README.md"}),
        said(8.0, "api_request", {"duration_ms": "100", "http.response.status_code": 429, "attempt": 0,
                                  "error.message": "Too Many Requests"}),
        said(12.0, "sse_event", {"event.kind": "response.completed", "input_token_count": "1200",
                                 "output_token_count": "20", "cached_token_count": 1000,
                                 "reasoning_token_count": 0, "tool_token_count": "1220"}),
        said(100.0, "user_prompt", {"prompt_length": "3", "prompt": "[REDACTED]"}),
        said(104.0, "sse_event", {"event.kind": "response.completed", "input_token_count": "1300",
                                  "output_token_count": "10", "cache_write_token_count": 200, "ttft_ms": 250,
                                  "tool_token_count": "1310"}),
    ]  # fmt: skip


def gemini_session(prefix: str = "gemini_cli", model: str = "gemini-2.5-pro") -> list[Said]:
    def said(at_s: float, name: str, attributes: Mapping[str, Plain]) -> Said:
        common: dict[str, Plain] = {
            "event.name": f"{prefix}.{name}",
            "session.id": f"s-{prefix}",
            "user.email": "eve@example.com",
            "prompt_id": f"s-{prefix}########0",
        }
        return Said(at_s, f"{name}.", common | dict(attributes))

    used: dict[str, Plain] = {
        "input_token_count": 900, "output_token_count": 40, "cached_content_token_count": 500,
        "thoughts_token_count": 110, "tool_token_count": 0, "total_token_count": 1050,
    }  # fmt: skip
    return [
        said(0.0, "user_prompt", {"prompt_length": 5, "prompt": "hello"}),
        said(0.1, "api_request", {"model": model}),
        said(3.0, "api_response", {"model": model, "duration_ms": 2900, "finish_reasons": ["stop"], **used}),
        Said(3.0, "GenAI operation details", {
            "event.name": "gen_ai.client.inference.operation.details", "session.id": f"s-{prefix}",
            "gen_ai.request.model": model, "gen_ai.usage.input_tokens": 900, "gen_ai.usage.output_tokens": 40,
        }),
        said(4.0, "tool_call", {"function_name": "read_file", "function_args": '{"path":"a"}', "duration_ms": 700,
                                "success": True, "decision": "auto_accept", "tool_type": "native"}),
        said(5.0, "api_error", {"model_name": model, "error.message": "quota exceeded", "status_code": 429,
                                "duration_ms": 100}),
    ]  # fmt: skip


def cline_session() -> list[Said]:
    def said(at_s: float, name: str, attributes: Mapping[str, Plain]) -> Said:
        return Said(at_s, name, {"ulid": "01CLINE", "distinct_id": "u-cline", **attributes})

    return [
        said(0.0, "task.created", {"apiProvider": "anthropic"}),
        said(3.0, "task.tokens", {"tokensIn": 10, "tokensOut": 50, "cacheReadTokens": 2000, "cacheWriteTokens": 100,
                                  "totalCost": 0.002, "model": "claude-sonnet-4-5", "provider": "anthropic"}),
        said(4.0, "task.tool_used", {"tool": "read_file", "success": True, "autoApproved": True}),
        said(6.0, "task.provider_api_error", {"model": "claude-sonnet-4-5", "errorMessage": "rate limited",
                                              "errorStatus": 429}),
        said(9.0, "task.tokens", {"tokensIn": 20, "tokensOut": 5, "model": "claude-sonnet-4-5"}),
    ]  # fmt: skip

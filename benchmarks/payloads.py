"""OTLP bodies of 16-span agent traces with messages, about 1.8 kB a span: the payload of every benchmark."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span, Status

SPANS_PER_TRACE = 16
_WORDS = ["".join(random.Random(number).choices("etaoinshrdlu", k=2 + number % 9)) for number in range(6000)]
_Message = dict[str, str | list[dict[str, str]]]
_MODELS = ("gpt-5-mini", "claude-sonnet-4-5", "gemini-2.5-flash")
_TOOLS = ("search_orders", "refund_payment", "lookup_policy", "send_mail")


@dataclass(frozen=True)
class Payload:
    """One request body, and how many spans it holds."""

    data: bytes
    spans: int

    def gzipped(self) -> bytes:
        """Return the body as an exporter with gzip sends it."""
        return gzip.compress(self.data, 6)


def make_payloads(
    spans: int, *, spans_per_request: int = 512, seed: int = 1, start_ns: int = 1_790_000_000_000_000_000
) -> Iterator[Payload]:
    """Yield bodies that hold `spans` spans in all, the same ones for the same seed."""
    random_source = random.Random(seed)
    queue: list[Span] = []
    made = 0
    while made < spans:
        while len(queue) < spans_per_request and made + len(queue) < spans:
            start_ns += 50_000_000
            queue.extend(_make_trace(random_source, start_ns))
        batch, queue = queue[:spans_per_request], queue[spans_per_request:]
        made += len(batch)
        yield Payload(_request(batch).SerializeToString(), len(batch))


def _request(spans: list[Span]) -> ExportTraceServiceRequest:
    resource_spans = ResourceSpans()
    resource_spans.resource.attributes.extend(
        [
            _pair("service.name", "support-bot"),
            _pair("service.version", "2.4.1"),
            _pair("deployment.environment.name", "production"),
            _pair("telemetry.sdk.language", "python"),
            _pair("telemetry.sdk.name", "opentelemetry"),
            _pair("telemetry.sdk.version", "1.45.2"),
            _pair("host.name", "worker-3"),
        ]
    )
    scope_spans = resource_spans.scope_spans.add()
    scope_spans.scope.name = "opentelemetry.instrumentation.genai.openai"
    scope_spans.scope.version = "1.3b0"
    scope_spans.spans.extend(spans)
    return ExportTraceServiceRequest(resource_spans=[resource_spans])


def _make_trace(rnd: random.Random, start_ns: int) -> list[Span]:
    trace_id = rnd.randbytes(16)
    root_id = rnd.randbytes(8)
    user, conversation = f"user-{rnd.randrange(5000)}", f"conv-{rnd.randrange(10**9)}"
    spans = [_agent_span(rnd, trace_id, root_id, start_ns, user, conversation)]
    history: list[_Message] = [{"role": "user", "parts": [{"type": "text", "content": _text(rnd, 40)}]}]
    at_ns = start_ns + 1_000_000
    for step in range(SPANS_PER_TRACE - 1):
        make = _llm_span if step % 3 != 2 else _tool_span
        span = make(rnd, trace_id, root_id, at_ns, history)
        span.attributes.extend([_pair("user.id", user), _pair("gen_ai.conversation.id", conversation)])
        spans.append(span)
        at_ns = span.end_time_unix_nano + 200_000
    spans[0].end_time_unix_nano = at_ns
    return spans


def _agent_span(
    rnd: random.Random, trace_id: bytes, span_id: bytes, at_ns: int, user: str, conversation: str
) -> Span:
    return Span(
        trace_id=trace_id,
        span_id=span_id,
        name="invoke_agent support",
        kind=Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=at_ns,
        attributes=[
            _pair("gen_ai.operation.name", "invoke_agent"),
            _pair("gen_ai.agent.name", "support"),
            _pair("gen_ai.agent.version", "7"),
            _pair("gen_ai.conversation.id", conversation),
            _pair("user.id", user),
            _pair("gen_ai.input.messages", json.dumps([{"role": "user", "content": _text(rnd, 60)}])),
            _pair("gen_ai.output.messages", json.dumps([{"role": "assistant", "content": _text(rnd, 120)}])),
        ],
    )


def _llm_span(
    rnd: random.Random, trace_id: bytes, parent_id: bytes, at_ns: int, history: list[_Message]
) -> Span:
    model = rnd.choice(_MODELS)
    answer: _Message = {"role": "assistant", "parts": [{"type": "text", "content": _text(rnd, 50)}]}
    span = Span(
        trace_id=trace_id,
        span_id=rnd.randbytes(8),
        parent_span_id=parent_id,
        name=f"chat {model}",
        kind=Span.SPAN_KIND_CLIENT,
        start_time_unix_nano=at_ns,
        end_time_unix_nano=at_ns + rnd.randrange(200, 9000) * 1_000_000,
        attributes=[
            _pair("gen_ai.operation.name", "chat"),
            _pair("gen_ai.provider.name", "openai"),
            _pair("gen_ai.request.model", model),
            _pair("gen_ai.response.model", model + "-2026-05-01"),
            _pair("gen_ai.response.id", f"chatcmpl-{rnd.randrange(16**20):020x}"),
            _pair("gen_ai.response.finish_reasons", ["stop"]),
            _pair("gen_ai.request.temperature", 0.2),
            _pair("gen_ai.request.max_tokens", 1024),
            _pair("gen_ai.usage.input_tokens", rnd.randrange(200, 9000)),
            _pair("gen_ai.usage.output_tokens", rnd.randrange(10, 900)),
            _pair("gen_ai.usage.cache_read.input_tokens", rnd.randrange(0, 200)),
            _pair("server.address", "api.openai.com"),
            _pair("server.port", 443),
            _pair("gen_ai.input.messages", json.dumps(history[-4:])),
            _pair("gen_ai.output.messages", json.dumps([answer])),
        ],
    )
    history.append(answer)
    return span


def _tool_span(
    rnd: random.Random, trace_id: bytes, parent_id: bytes, at_ns: int, history: list[_Message]
) -> Span:
    tool = rnd.choice(_TOOLS)
    result = _text(rnd, 60)
    span = Span(
        trace_id=trace_id,
        span_id=rnd.randbytes(8),
        parent_span_id=parent_id,
        name=f"execute_tool {tool}",
        kind=Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=at_ns,
        end_time_unix_nano=at_ns + rnd.randrange(5, 900) * 1_000_000,
        attributes=[
            _pair("gen_ai.operation.name", "execute_tool"),
            _pair("gen_ai.tool.name", tool),
            _pair("gen_ai.tool.call.id", f"call_{rnd.randrange(16**12):012x}"),
            _pair(
                "gen_ai.tool.call.arguments",
                json.dumps({"order": rnd.randrange(10**8), "why": _text(rnd, 8)}),
            ),
            _pair("gen_ai.tool.call.result", result),
        ],
    )
    if rnd.random() < 0.05:
        span.status.code = Status.STATUS_CODE_ERROR
        span.status.message = "upstream timed out"
        event = span.events.add(name="exception", time_unix_nano=at_ns + 1_000_000)
        event.attributes.extend(
            [_pair("exception.type", "TimeoutError"), _pair("exception.message", "upstream timed out")]
        )
    history.append({"role": "tool", "parts": [{"type": "text", "content": result}]})
    return span


def _pair(key: str, value: str | bool | int | float | list[str]) -> KeyValue:
    match value:
        case bool():
            return KeyValue(key=key, value=AnyValue(bool_value=value))
        case int():
            return KeyValue(key=key, value=AnyValue(int_value=value))
        case float():
            return KeyValue(key=key, value=AnyValue(double_value=value))
        case list():
            pair = KeyValue(key=key)
            pair.value.array_value.values.extend([AnyValue(string_value=item) for item in value])
            return pair
        case _:
            return KeyValue(key=key, value=AnyValue(string_value=value))


def _text(rnd: random.Random, words: int) -> str:
    return " ".join(rnd.choices(_WORDS, k=words))

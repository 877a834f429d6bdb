"""CPU a span of translation: other dialects beside plain gen_ai, on the same traces told in their words."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from benchmarks.figures import Figure
from benchmarks.payloads import Payload, make_payloads
from collector.decode import decode_traces
from collector.dialects import normalise

_SPANS = 16_384
_ROUNDS = 9
_KINDS = {"invoke_agent": "AGENT", "chat": "LLM", "execute_tool": "TOOL"}
_TRACELOOP = {"invoke_agent": "agent", "execute_tool": "tool"}
Said = dict[str, Any]
Pairs = Iterable[tuple[str, Any]]


def as_openinference(said: Said) -> Pairs:
    """Yield the attributes as OpenInference names them, messages flattened."""
    operation = said["gen_ai.operation.name"]
    yield "openinference.span.kind", _KINDS[operation]
    yield "session.id", said["gen_ai.conversation.id"]
    yield "user.id", said["user.id"]
    if operation == "execute_tool":
        yield "tool.name", said["gen_ai.tool.name"]
        yield "input.value", said["gen_ai.tool.call.arguments"]
        yield "output.value", said["gen_ai.tool.call.result"]
        return
    asked, answered = (json.loads(said[f"gen_ai.{side}.messages"]) for side in ("input", "output"))
    if operation == "invoke_agent":
        yield "agent.name", said["gen_ai.agent.name"]
        yield "input.value", asked[0]["content"]
        yield "output.value", answered[0]["content"]
        return
    yield "llm.model_name", said["gen_ai.response.model"]
    yield "llm.provider", "openai"
    yield "llm.invocation_parameters", json.dumps({"model": said["gen_ai.request.model"], "temperature": 0.2})
    yield "llm.token_count.prompt", said["gen_ai.usage.input_tokens"]
    yield "llm.token_count.completion", said["gen_ai.usage.output_tokens"]
    yield "llm.token_count.prompt_details.cache_read", said["gen_ai.usage.cache_read.input_tokens"]
    yield "output.value", json.dumps({"id": said["gen_ai.response.id"], "object": "chat.completion"})
    for side, messages in (("input", asked), ("output", answered)):
        for number, message in enumerate(messages):
            yield f"llm.{side}_messages.{number}.message.role", message["role"]
            yield f"llm.{side}_messages.{number}.message.content", message["parts"][0]["content"]


def as_openllmetry(said: Said) -> Pairs:
    """Yield the attributes as OpenLLMetry 0.4x names them, messages flattened."""
    operation = said["gen_ai.operation.name"]
    yield "traceloop.association.properties.session_id", said["gen_ai.conversation.id"]
    yield "traceloop.association.properties.user_id", said["user.id"]
    if operation != "chat":
        name = said.get("gen_ai.tool.name") or said["gen_ai.agent.name"]
        yield "traceloop.span.kind", _TRACELOOP[operation]
        yield "traceloop.entity.name", name
        yield (
            "traceloop.entity.input",
            said.get("gen_ai.tool.call.arguments") or said["gen_ai.input.messages"],
        )
        yield "traceloop.entity.output", said.get("gen_ai.tool.call.result") or said["gen_ai.output.messages"]
        return
    yield "llm.request.type", "chat"
    yield "gen_ai.system", "openai"
    yield "gen_ai.request.model", said["gen_ai.request.model"]
    yield "gen_ai.response.model", said["gen_ai.response.model"]
    yield "gen_ai.response.id", said["gen_ai.response.id"]
    yield "gen_ai.usage.prompt_tokens", said["gen_ai.usage.input_tokens"]
    yield "gen_ai.usage.completion_tokens", said["gen_ai.usage.output_tokens"]
    yield "gen_ai.usage.cache_read_input_tokens", said["gen_ai.usage.cache_read.input_tokens"]
    for side, key in (("prompt", "input"), ("completion", "output")):
        for number, message in enumerate(json.loads(said[f"gen_ai.{key}.messages"])):
            yield f"gen_ai.{side}.{number}.role", message["role"]
            yield f"gen_ai.{side}.{number}.content", message["parts"][0]["content"]
    yield "gen_ai.completion.0.finish_reason", "stop"


def retell(payload: Payload, scope: str, words: Callable[[Said], Pairs]) -> Payload:
    """Return the same spans in other words."""
    request = ExportTraceServiceRequest.FromString(payload.data)
    for owner in request.resource_spans:
        for one in owner.scope_spans:
            one.scope.name = scope
            for span in one.spans:
                _retell_span(span, words)
    return Payload(request.SerializeToString(), payload.spans)


def _retell_span(span: Span, words: Callable[[Said], Pairs]) -> None:
    said = {pair.key: _plain(pair.value) for pair in span.attributes}
    del span.attributes[:]
    span.attributes.extend(KeyValue(key=key, value=_wire(value)) for key, value in words(said))


def _plain(value: AnyValue) -> str | int | float | None:
    kind = value.WhichOneof("value")
    return None if kind in (None, "array_value", "kvlist_value") else getattr(value, kind)


def _wire(value: str | float) -> AnyValue:
    return AnyValue(int_value=value) if isinstance(value, int) else AnyValue(string_value=str(value))


def make_bodies() -> dict[str, list[bytes]]:
    """Return the requests of the same traces in each dialect's words."""
    plain = list(make_payloads(_SPANS))
    told = {
        "gen_ai": plain,
        "OpenInference": [
            retell(one, "openinference.instrumentation.openai", as_openinference) for one in plain
        ],
        "OpenLLMetry 0.4x": [
            retell(one, "opentelemetry.instrumentation.openai.v1", as_openllmetry) for one in plain
        ],
    }
    return {name: [one.data for one in payloads] for name, payloads in told.items()}


def measure_reading(bodies: dict[str, list[bytes]]) -> dict[str, tuple[float, float]]:
    """Return the least CPU time of decoding and of translating each dialect's requests, in seconds, in turns."""
    decoding, translating = (dict.fromkeys(bodies, float("inf")) for _ in range(2))
    now = datetime.now(UTC)
    for _ in range(_ROUNDS):
        for name, requests in bodies.items():
            began = time.process_time()
            batch = decode_traces(requests, [now] * len(requests))
            decoded = time.process_time()
            normalise(batch)
            decoding[name] = min(decoding[name], decoded - began)
            translating[name] = min(translating[name], time.process_time() - decoded)
    return {name: (decoding[name], translating[name]) for name in bodies}


def measure_dialects() -> list[Figure]:
    """Compare dialects that flatten their messages with the plain one: translation, and decoding with it."""
    per_span = {
        name: tuple(cost / _SPANS * 1e6 for cost in costs)
        for name, costs in measure_reading(make_bodies()).items()
    }
    (plain_decoding, plain) = per_span.pop("gen_ai")
    figures: list[Figure] = []
    for name, (decoding, own) in per_span.items():
        figures.append(Figure(f"translation of {name}", own, "µs", "gen_ai", plain, at_most=1.5))
        both, plain_both = decoding + own, plain_decoding + plain
        figures.append(
            Figure(f"decoding and translation of {name}", both, "µs", "gen_ai", plain_both, at_most=1.5)
        )
    return figures


if __name__ == "__main__":
    for figure in measure_dialects():
        print(f"{figure.name}: {figure.value:.2f} µs a span, {figure.ratio:.2f} times gen_ai's")

"""OTLP over gRPC: generic handlers on the raw bytes of a message, so that nothing is decoded twice."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

import grpc
import grpc.aio
import structlog

from collector.front.answers import build_retry_info, build_status, codes_of, retry_after_s
from collector.front.counters import FrontCounters
from collector.front.intake import Intake
from store.errors import SpanledgerError

_METHODS: Final = {
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export": "traces",
    "/opentelemetry.proto.collector.logs.v1.LogsService/Export": "logs",
    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export": "metrics",
}
_STATUS_CODES: Final = {cast("tuple[int, str]", code.value)[0]: code for code in grpc.StatusCode}
_ACCEPTED: Final = b""

_logger = structlog.stdlib.get_logger(__name__)

Context = Any
Handler = Callable[[bytes, Context], Awaitable[bytes]]


class _OtlpHandlers(grpc.GenericRpcHandler):
    def __init__(self, intake: Intake, counters: FrontCounters) -> None:
        self._handlers = {
            method: grpc.unary_unary_rpc_method_handler(_export_handler(signal, intake, counters))
            for method, signal in _METHODS.items()
        }

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        return self._handlers.get(handler_call_details.method)


def build_grpc_server(
    intake: Intake, counters: FrontCounters, *, max_body_bytes: int, max_requests: int
) -> grpc.aio.Server:
    """Return the OTLP/gRPC server, not yet bound to an address."""
    server = grpc.aio.server(
        options=[
            ("grpc.max_receive_message_length", max_body_bytes),
            ("grpc.max_metadata_size", 64 << 10),
            ("grpc.max_concurrent_streams", 256),
            # Without it a second process would share the port silently.
            ("grpc.so_reuseport", 0),
        ],
        maximum_concurrent_rpcs=2 * max_requests,
    )
    server.add_generic_rpc_handlers((_OtlpHandlers(intake, counters),))
    return server


def _export_handler(signal: str, intake: Intake, counters: FrontCounters) -> Handler:
    async def export(data: bytes, context: Context) -> bytes:
        try:
            with intake.admission.enter() as slot:
                slot.take_bytes(len(data))
                started_at = time.perf_counter()
                await intake.take(signal, "protobuf", "identity", data)
                counters.count_ack(signal, len(data), time.perf_counter() - started_at)
        except Exception as error:
            # The end of a request: its sender gets an answer, whatever failed.
            if not isinstance(error, SpanledgerError):
                _logger.exception("request_failed", path=signal)
            await _refuse(error, signal, context, counters)
        counters.count_request("grpc", signal, "OK")
        return _ACCEPTED

    return export


async def _refuse(error: Exception, signal: str, context: Context, counters: FrontCounters) -> None:
    status = build_status(error)
    code = _STATUS_CODES[codes_of(error).rpc]
    counters.count_request("grpc", signal, code.name)
    metadata = [("grpc-status-details-bin", status.SerializeToString())]
    seconds = retry_after_s(error)
    if seconds is not None:
        # Where the Python exporter looks for it.
        metadata.append(("google.rpc.retryinfo-bin", build_retry_info(seconds).SerializeToString()))
    await context.abort(code, status.message, tuple(metadata))

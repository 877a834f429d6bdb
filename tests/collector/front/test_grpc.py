from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from .conftest import FrontProcess, a_request

_EXPORT = "/opentelemetry.proto.collector.{}Service/Export"
_METHODS = {
    "traces": _EXPORT.format("trace.v1.Trace"),
    "logs": _EXPORT.format("logs.v1.Logs"),
    "metrics": _EXPORT.format("metrics.v1.Metrics"),
}


def call(front: FrontProcess, body: bytes, method: str = _METHODS["traces"], **options: Any) -> bytes:
    with grpc.insecure_channel(front.grpc) as channel:
        return channel.unary_unary(method)(body, timeout=20, **options)


def refuse(front: FrontProcess, body: bytes, **options: Any) -> tuple[grpc.StatusCode, str, dict[str, bytes]]:
    with pytest.raises(grpc.RpcError) as caught:
        call(front, body, **options)
    error: Any = caught.value
    return error.code(), error.details(), dict(error.trailing_metadata())


@pytest.mark.parametrize("signal", _METHODS)
@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_a_message_is_logged_as_the_client_made_it(
    front: FrontProcess, signal: str, compression: Any
) -> None:
    body = a_request(signal, count=20) if signal == "traces" else b""
    assert call(front, body, _METHODS[signal], compression=compression) == b""
    if body:
        logged = front.last_body()
        assert (logged.data, logged.compression, logged.signal) == (body, "identity", signal)


def test_a_message_that_is_none_is_an_invalid_argument(front: FrontProcess) -> None:
    code, text, metadata = refuse(front, b"\xff garbage")
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    assert "the bytes are damaged" in text
    status = Status.FromString(metadata["grpc-status-details-bin"])
    assert (status.code, status.message) == (3, text)


def test_an_unknown_method_is_unimplemented(front: FrontProcess) -> None:
    assert refuse(front, b"", method="/x.y/Export")[0] == grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("compression", [grpc.Compression.NoCompression, grpc.Compression.Gzip])
def test_too_large_a_message_is_refused_for_good(
    own_front: Callable[..., FrontProcess], compression: Any
) -> None:
    small = own_front(max_body_bytes=100_000)
    before = small.read_rss_bytes()
    code, _, metadata = refuse(small, bytes(50 << 20), compression=compression)
    assert code == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "google.rpc.retryinfo-bin" not in metadata
    assert small.read_rss_bytes() - before < 40 << 20
    assert call(small, a_request()) == b""


def test_a_full_log_says_when_to_come_back(own_front: Callable[..., FrontProcess]) -> None:
    code, _, metadata = refuse(own_front(log_max_bytes=10), a_request())
    assert code == grpc.StatusCode.RESOURCE_EXHAUSTED
    status = Status.FromString(metadata["grpc-status-details-bin"])
    info = RetryInfo()
    assert status.details[0].Unpack(info)
    assert info.retry_delay.seconds == 2
    assert RetryInfo.FromString(metadata["google.rpc.retryinfo-bin"]) == info


def test_a_full_disk_is_unavailable(own_front: Callable[..., FrontProcess]) -> None:
    code, _, metadata = refuse(own_front(log_disk_reserve_bytes=1 << 60), a_request())
    assert code == grpc.StatusCode.UNAVAILABLE
    assert "google.rpc.retryinfo-bin" in metadata

"""Answers of the front: one table from errors to the codes of both transports, encoded as the client asked."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Final

from google.protobuf.duration_pb2 import Duration
from google.rpc.code_pb2 import (
    DEADLINE_EXCEEDED,
    INTERNAL,
    INVALID_ARGUMENT,
    NOT_FOUND,
    PERMISSION_DENIED,
    RESOURCE_EXHAUSTED,
    UNAVAILABLE,
    UNIMPLEMENTED,
)
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from collector.compression import TooLarge
from collector.log import LogClosed, StorageFull
from store.errors import Overloaded, RejectedData

PROTOBUF_TYPE: Final = b"application/x-protobuf"
JSON_TYPE: Final = b"application/json"


class UnsupportedMedia(RejectedData):
    """The content type is none that OTLP knows."""


class UnknownPath(RejectedData):
    """Nothing is served at this path."""


class WrongMethod(RejectedData):
    """The path is served, but only with the method `allowed`."""

    def __init__(self, method: str, path: str, *, allowed: str) -> None:
        super().__init__(f"{method[:20]} is not possible at {path[:100]}; use {allowed}")
        self.allowed = allowed


class Forbidden(RejectedData):
    """The request names a host or comes from a web page that is not allowed."""


class TooSlow(RejectedData):
    """The body did not arrive in time."""


@dataclass(frozen=True, slots=True)
class Codes:
    """How an error is said in HTTP and in gRPC."""

    http: int
    rpc: int


# Looked up along the class hierarchy, so a subclass may stand for itself or leave it to its base.
_CODES: Final[dict[type[Exception], Codes]] = {
    RejectedData: Codes(400, INVALID_ARGUMENT),
    TooLarge: Codes(413, RESOURCE_EXHAUSTED),
    UnsupportedMedia: Codes(415, INVALID_ARGUMENT),
    UnknownPath: Codes(404, NOT_FOUND),
    WrongMethod: Codes(405, UNIMPLEMENTED),
    Forbidden: Codes(403, PERMISSION_DENIED),
    TooSlow: Codes(408, DEADLINE_EXCEEDED),
    Overloaded: Codes(429, RESOURCE_EXHAUSTED),
    StorageFull: Codes(503, UNAVAILABLE),
    LogClosed: Codes(503, UNAVAILABLE),
    Exception: Codes(500, INTERNAL),
}


def codes_of(error: Exception) -> Codes:
    """Return the codes of an error; of one that nobody expected, those of an internal failure."""
    return next(_CODES[kind] for kind in type(error).__mro__ if kind in _CODES)


def retry_after_s(error: Exception) -> float | None:
    """Return after how many seconds the client may try again, None when it must not."""
    return error.retry_after_s if isinstance(error, Overloaded) else None


def build_status(error: Exception) -> Status:
    """Return the google.rpc.Status of an error, with RetryInfo when trying again helps."""
    codes = codes_of(error)
    message = "the collector failed; its log says why" if codes.rpc == INTERNAL else str(error)
    status = Status(code=codes.rpc, message=message)
    seconds = retry_after_s(error)
    if seconds is not None:
        status.details.add().Pack(build_retry_info(seconds))
    return status


def build_retry_info(seconds: float) -> RetryInfo:
    """Return the detail that tells a gRPC client when to try again."""
    whole, part = divmod(seconds, 1)
    return RetryInfo(retry_delay=Duration(seconds=int(whole), nanos=int(part * 1e9)))


def encode_failure(error: Exception, content_type: bytes) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Return HTTP status, headers and body that tell a client of an error in its own encoding."""
    status = build_status(error)
    if content_type == PROTOBUF_TYPE:
        body = status.SerializeToString()
    else:
        content_type = JSON_TYPE
        body = json.dumps({"code": status.code, "message": status.message}).encode()
    headers = [(b"content-type", content_type), (b"content-length", b"%d" % len(body))]
    seconds = retry_after_s(error)
    if seconds is not None:
        headers.append((b"retry-after", b"%d" % max(1, math.ceil(seconds))))
    if isinstance(error, WrongMethod):
        headers.append((b"allow", error.allowed.encode()))
    if isinstance(error, TooSlow):
        headers.append((b"connection", b"close"))
    return codes_of(error).http, headers, body


def encode_success(content_type: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Return headers and body of an Export…ServiceResponse without partial success: all was accepted."""
    body = b"" if content_type == PROTOBUF_TYPE else b"{}"
    return [(b"content-type", content_type), (b"content-length", b"%d" % len(body))], body

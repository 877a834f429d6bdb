from __future__ import annotations

import importlib
import json
import pkgutil

import pytest
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

import collector
from collector.compression import TooLarge
from collector.front.answers import (
    JSON_TYPE,
    PROTOBUF_TYPE,
    WrongMethod,
    codes_of,
    encode_failure,
    encode_success,
)
from collector.log import StorageFull
from store.errors import Overloaded, RejectedData, SpanledgerError

_NEEDS_CODES = (RejectedData, Overloaded)


def _every_error(base: type[Exception]) -> list[type[Exception]]:
    return [base, *(error for child in base.__subclasses__() for error in _every_error(child))]


def test_every_error_a_client_can_cause_has_codes() -> None:
    for module in pkgutil.walk_packages(collector.__path__, "collector."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for error in (kind for base in _NEEDS_CODES for kind in _every_error(base)):
        made = error.__new__(error)
        assert 400 <= codes_of(made).http < 600
        assert codes_of(made).http != 500, error


def test_an_unexpected_error_says_nothing_of_itself() -> None:
    status, _, body = encode_failure(KeyError("secret"), JSON_TYPE)
    assert status == 500
    assert b"secret" not in body
    assert codes_of(SpanledgerError("x")).http == 500


@pytest.mark.parametrize(
    ("error", "http", "rpc", "seconds"),
    [
        (RejectedData("no"), 400, 3, None),
        (TooLarge("no"), 413, 8, None),
        (Overloaded("later", retry_after_s=1.5), 429, 8, "2"),
        (StorageFull("later"), 503, 14, "1"),
    ],
)
def test_errors_are_told_in_the_encoding_of_the_request(
    error: Exception, http: int, rpc: int, seconds: str | None
) -> None:
    for content_type in (PROTOBUF_TYPE, JSON_TYPE):
        code, headers, body = encode_failure(error, content_type)
        assert code == http
        names = dict(headers)
        assert names[b"content-type"] == content_type
        assert names.get(b"retry-after", b"").decode() == (seconds or "")
        if content_type == JSON_TYPE:
            assert json.loads(body) == {"code": rpc, "message": str(error)}
        else:
            status = Status.FromString(body)
            assert (status.code, status.message, len(status.details)) == (rpc, str(error), bool(seconds))


def test_retry_info_carries_the_fraction() -> None:
    _, _, body = encode_failure(Overloaded("later", retry_after_s=1.5), PROTOBUF_TYPE)
    info = RetryInfo()
    assert Status.FromString(body).details[0].Unpack(info)
    assert (info.retry_delay.seconds, info.retry_delay.nanos) == (1, 500_000_000)


def test_a_wrong_method_names_the_right_one() -> None:
    _, headers, body = encode_failure(WrongMethod("PUT", "/v1/traces", allowed="POST"), JSON_TYPE)
    assert dict(headers)[b"allow"] == b"POST"
    assert b"use POST" in body


def test_success_is_an_empty_response_message() -> None:
    assert encode_success(JSON_TYPE)[1] == b"{}"
    assert encode_success(PROTOBUF_TYPE)[1] == b""

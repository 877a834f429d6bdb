"""Bodies and connections that nobody well-meaning sends: each gets a clear answer, and the front lives on."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import time
import zlib
from collections.abc import Callable
from typing import Any

import pytest
import zstandard
from google.protobuf.internal.encoder import _VarintBytes  # pyright: ignore
from google.rpc.status_pb2 import Status

from collector.decode.json import parse_json

from .conftest import JSON, PROTOBUF, FrontProcess, a_request, start_front

_SPANS = a_request(count=50)
_varint: Callable[[int], bytes] = _VarintBytes


def field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def request_of(span: bytes) -> bytes:
    return field(1, field(2, field(2, span)))


def nested_value(depth: int) -> bytes:
    value = field(1, b"x")
    for _ in range(depth):
        value = field(6, field(1, field(1, b"k") + field(2, value)))
    return value


def json_request(value: Any) -> bytes:
    span = {"name": "x", "attributes": [{"key": "k", "value": value}]}
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()


def nested_json(depth: int) -> Any:
    value: Any = {"stringValue": "x"}
    for _ in range(depth):
        value = {"kvlistValue": {"values": [{"key": "k", "value": value}]}}
    return value


_COMPRESSED = {
    "gzip": gzip.compress(_SPANS),
    "deflate": zlib.compress(_SPANS),
    "zstd": zstandard.compress(_SPANS),
}


@pytest.mark.parametrize("compression", _COMPRESSED)
def test_every_compression_is_read(front: FrontProcess, compression: str) -> None:
    headers = PROTOBUF | {"content-encoding": compression}
    assert front.post("/v1/traces", _COMPRESSED[compression], headers).status == 200
    assert front.last_body().data == _COMPRESSED[compression]


@pytest.mark.parametrize("compression", _COMPRESSED)
def test_a_truncated_compressed_body_is_refused(front: FrontProcess, compression: str) -> None:
    headers = PROTOBUF | {"content-encoding": compression}
    answer = front.post("/v1/traces", _COMPRESSED[compression][:-9], headers)
    assert answer.status == 400
    assert "ends in the middle" in Status.FromString(answer.body).message


@pytest.mark.parametrize("compression", _COMPRESSED)
def test_bytes_that_are_not_compressed_are_refused(front: FrontProcess, compression: str) -> None:
    answer = front.post("/v1/traces", b"\xff" * 100, PROTOBUF | {"content-encoding": compression})
    assert answer.status == 400


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_a_bomb_is_refused_without_being_unpacked(front: FrontProcess, compression: str) -> None:
    zeros = bytes(200 << 20)
    bomb = gzip.compress(zeros, 1) if compression == "gzip" else zstandard.compress(zeros)
    before = front.read_rss_bytes()
    answer = front.post("/v1/traces", bomb, PROTOBUF | {"content-encoding": compression})
    assert answer.status == 413
    assert "67108864 bytes decompressed" in Status.FromString(answer.body).message
    assert front.read_rss_bytes() - before < 150 << 20


@pytest.mark.parametrize("encoding", ["protobuf", "json"])
def test_millions_of_empty_records_are_refused_before_memory_ends(
    own_front: Callable[..., FrontProcess], encoding: str
) -> None:
    front = own_front(front_memory_bytes=512 << 20)
    if encoding == "protobuf":
        body, headers = field(1, field(2, field(2, b"") * 8_000_000)), PROTOBUF
    else:
        body, headers = b'{"resourceSpans":[' + b"{}," * 8_000_000 + b"{}]}", JSON
    answer = front.post("/v1/traces", gzip.compress(body, 1), headers | {"content-encoding": "gzip"})
    assert answer.status == 413
    assert b"more records than there is memory for" in answer.body
    assert front.post("/v1/traces", _SPANS, PROTOBUF).status == 200


_BAD_PROTOBUF = {
    "garbage": (b"\xff\xff garbage", "the bytes are damaged"),
    "cut": (_SPANS[:-3], "the bytes are damaged"),
    "not UTF-8": (request_of(field(5, b"\xff\xfe")), "not UTF-8"),
    "100 deep": (request_of(field(9, field(1, b"k") + field(2, nested_value(100)))), "nested too deep"),
}


@pytest.mark.parametrize("name", _BAD_PROTOBUF)
def test_a_protobuf_body_that_is_none_is_refused_in_protobuf(front: FrontProcess, name: str) -> None:
    body, reason = _BAD_PROTOBUF[name]
    answer = front.post("/v1/traces", body, PROTOBUF)
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/x-protobuf"
    status = Status.FromString(answer.body)
    assert status.code == 3
    assert reason in status.message


_BAD_JSON = {
    "empty": (b"", "not JSON"),
    "cut": (b'{"resourceSpans":[', "not JSON"),
    "of another type": (b'{"resourceSpans":[{"scopeSpans":[{"spans":7}]}]}', "spans"),
    "not UTF-8": (b'{"resourceSpans":[{"schemaUrl":"\xff"}]}', "not UTF-8"),
    "100 deep": (json_request(nested_json(100)), "nested more than 30 deep"),
    "100,000 deep": (b'{"x":' * 100_000, "nested too deep"),
    "with a number that is none": (json_request({"intValue": "12x"}), "intValue"),
    "with a number beyond 64 bits": (json_request({"intValue": str(2**63)}), "intValue"),
}


@pytest.mark.parametrize("name", _BAD_JSON)
def test_a_json_body_that_is_none_is_refused_in_json(front: FrontProcess, name: str) -> None:
    body, reason = _BAD_JSON[name]
    answer = front.post("/v1/traces", body, JSON)
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["code"] == 3
    assert reason in answer.json["message"]


def test_nesting_as_deep_as_protobuf_allows_is_taken_in_both_encodings(front: FrontProcess) -> None:
    assert front.post("/v1/traces", json_request(nested_json(30)), JSON).status == 200
    attribute = field(9, field(1, b"k") + field(2, nested_value(30)))
    assert front.post("/v1/traces", request_of(attribute), PROTOBUF).status == 200
    parse_json("traces", json_request(nested_json(30))).SerializeToString()


def test_half_a_surrogate_pair_does_not_cost_the_body(front: FrontProcess) -> None:
    body = json_request({"stringValue": "X"}).replace(b'"X"', rb'"cut \ud83d here, \ud83d\ude00 not here"')
    assert front.post("/v1/traces", body, JSON).status == 200
    span: Any = parse_json("traces", body)
    value = span.resource_spans[0].scope_spans[0].spans[0].attributes[0].value.string_value
    assert value == "cut \ufffd here, \N{GRINNING FACE} not here"


def test_unknown_fields_are_kept(front: FrontProcess) -> None:
    body = request_of(field(5, b"span") + field(1234, b"from the future")) + field(77, b"more")
    assert front.post("/v1/traces", body, PROTOBUF).status == 200
    assert front.last_body().data == body
    body = b'{"resourceSpans":[{"future":[1,{"a":null}]}],"more":"x"}'
    assert front.post("/v1/traces", body, JSON).status == 200
    assert front.last_body().data == body


def test_a_text_of_10_mb_is_taken(front: FrontProcess) -> None:
    body = request_of(field(5, b"x" * 10_000_000))
    assert front.post("/v1/traces", body, PROTOBUF).status == 200
    assert front.last_body().data == body


def test_an_empty_protobuf_body_is_an_empty_request(front: FrontProcess) -> None:
    count = len(front.bodies())
    assert front.post("/v1/traces", b"", PROTOBUF).status == 200
    assert len(front.bodies()) == count


@pytest.mark.parametrize("content_type", ["text/plain", "", "application/x-www-form-urlencoded", "é" * 50])
def test_another_content_type_is_refused(front: FrontProcess, content_type: str) -> None:
    answer = front.post("/v1/traces", _SPANS, {"content-type": content_type})
    assert answer.status == 415
    assert "use application/x-protobuf or application/json" in answer.json["message"]


def test_a_content_type_with_parameters_is_understood(front: FrontProcess) -> None:
    answer = front.post("/v1/traces", b"{}", {"content-type": "Application/JSON; charset=utf-8"})
    assert answer.status == 200


def test_another_content_encoding_is_refused(front: FrontProcess) -> None:
    answer = front.post("/v1/traces", _SPANS, PROTOBUF | {"content-encoding": "br"})
    assert answer.status == 415
    assert "use gzip, deflate, zstd or identity" in Status.FromString(answer.body).message


def test_a_declared_length_beyond_the_bound_is_refused_at_once(front: FrontProcess) -> None:
    connection = http.client.HTTPConnection(front.http, timeout=5)
    connection.putrequest("POST", "/v1/traces")
    for name, value in (PROTOBUF | {"content-length": str(10**15)}).items():
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    assert response.status == 413
    response.read()
    connection.close()


def test_a_sender_of_too_much_reads_the_answer(own_front: Callable[..., FrontProcess]) -> None:
    small = own_front(max_body_bytes=1 << 20)
    for body in (bytes(8 << 20), (bytes(1 << 16) for _ in range(128))):
        answer = small.post("/v1/traces", body, PROTOBUF)
        assert answer.status == 413
        assert "collector.max_body_bytes" in Status.FromString(answer.body).message
    assert small.post("/v1/traces", _SPANS, PROTOBUF).status == 200


def test_a_body_that_does_not_arrive_is_given_up(front: FrontProcess) -> None:
    with socket.create_connection(_address(front), timeout=5) as connection:
        connection.sendall(
            b"POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            b"content-length: 100\r\n\r\n{"
        )
        with connection.makefile("rb") as answer:
            assert answer.read().startswith(b"HTTP/1.1 408 ")


def test_a_body_that_comes_drop_by_drop_is_given_up(front: FrontProcess) -> None:
    with socket.create_connection(_address(front), timeout=5) as connection:
        connection.sendall(
            b"POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )
        started_at = time.monotonic()
        connection.settimeout(0.05)
        answer = b""
        while not answer and time.monotonic() - started_at < 4:
            connection.sendall(b"1\r\n \r\n")
            try:
                answer = connection.recv(9999)
            except TimeoutError:
                continue
        assert answer.startswith(b"HTTP/1.1 408 ")


def test_endless_headers_are_cut_off(front: FrontProcess) -> None:
    with socket.create_connection(_address(front), timeout=5) as connection:
        connection.sendall(b"POST /v1/traces HTTP/1.1\r\n")
        try:
            for _ in range(1000):
                connection.sendall(b"x-header: " + b"y" * 1000 + b"\r\n")
            answer = connection.recv(9999)
        except (ConnectionResetError, BrokenPipeError):
            return
        assert answer.startswith(b"HTTP/1.1 400 ")


def test_a_client_that_leaves_in_the_middle_is_forgotten(front: FrontProcess) -> None:
    for _ in range(5):
        with socket.create_connection(_address(front), timeout=5) as connection:
            connection.sendall(
                b"POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
                b"content-length: 100\r\n\r\n{"
            )
    deadline = time.monotonic() + 5
    while _read_metric(front, "spanledger_front_requests_in_flight") != 0:
        assert time.monotonic() < deadline
    assert _read_metric(front, "spanledger_front_in_flight_bytes") == 0


def test_requests_that_hold_too_much_memory_are_told_to_come_back(
    own_front: Callable[..., FrontProcess],
) -> None:
    small = own_front(max_bytes_in_flight=100_000)
    answer = small.post("/v1/traces", request_of(field(5, b"x" * 200_000)), PROTOBUF)
    assert (answer.status, answer.headers["retry-after"]) == (429, "1")
    assert "collector.max_bytes_in_flight" in Status.FromString(answer.body).message
    assert small.post("/v1/traces", _SPANS, PROTOBUF).status == 200


def test_a_full_disk_is_answered_with_503_and_a_time(tmp_path: Any) -> None:
    with start_front(tmp_path / "log", log_disk_reserve_bytes=1 << 60) as full:
        answer = full.post("/v1/traces", _SPANS, PROTOBUF)
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        status = Status.FromString(answer.body)
        assert status.code == 14
        assert status.details[0].type_url.endswith("google.rpc.RetryInfo")
        assert full.bodies() == []


def _address(front: FrontProcess) -> tuple[str, int]:
    host, _, port = front.http.rpartition(":")
    return host, int(port)


def _read_metric(front: FrontProcess, name: str) -> float:
    lines = front.request("GET", "/metrics").body.decode().splitlines()
    return float(next(line for line in lines if line.startswith(name + " ")).split()[1])

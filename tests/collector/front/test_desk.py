"""The desk answers guards whatever the front is busy with, and everything else reaches the front untouched."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.front.desk import read_question
from tests.collector.front.conftest import PROTOBUF, FrontProcess, a_request

QUESTION = b"GET /guards/tools/crm HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
StartFront = Callable[..., FrontProcess]


@pytest.fixture
def guarded(tmp_path: Path, own_front: StartFront) -> FrontProcess:
    snapshot = {"written_at": time.time(), "tools": {"crm": {"state": "open", "reason": "x"}}}
    (tmp_path / "guards.json").write_text(json.dumps(snapshot))
    return own_front()


@contextmanager
def dial(front: FrontProcess) -> Iterator[socket.socket]:
    host, port = front.http.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        yield connection


def ask(front: FrontProcess, headers: dict[str, str] | None = None) -> dict[str, Any]:
    answer = front.request("GET", "/guards/tools/crm", headers=headers)
    assert answer.status == 200, answer.body
    return answer.json


def find_desk(front: FrontProcess) -> int:
    children = Path(f"/proc/{front.process.pid}/task/{front.process.pid}/children").read_text().split()
    assert len(children) == 1
    return int(children[0])


def test_guards_are_answered_while_the_front_does_nothing_at_all(guarded: FrontProcess) -> None:
    """A stopped front is the worst of busy ones; what came for it meanwhile is taken when it goes on."""
    guarded.process.send_signal(signal.SIGSTOP)
    try:
        with dial(guarded) as kept, dial(guarded) as waiting:
            waiting.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            for _ in range(3):
                kept.sendall(QUESTION)
                assert b'"allow":false' in kept.recv(4096)
            assert ask(guarded, {"connection": "close"})["allow"] is False
            guarded.process.send_signal(signal.SIGCONT)
            assert b"ok" in b"".join(iter(lambda: waiting.recv(4096), b""))
    finally:
        guarded.process.send_signal(signal.SIGCONT)


def test_front_opens_the_door_itself_when_the_desk_has_died(guarded: FrontProcess) -> None:
    os.kill(find_desk(guarded), signal.SIGKILL)
    assert ask(guarded)["allow"] is False
    assert guarded.post("/v1/traces", a_request(), PROTOBUF).status == 200
    assert guarded.stop() == 0


def test_desk_ends_with_the_front_and_leaves_the_port(own_front: StartFront, guarded: FrontProcess) -> None:
    guarded.kill()
    deadline = time.monotonic() + 10
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", int(guarded.http.rsplit(":", 1)[1]))) != 0:
                break
        assert time.monotonic() < deadline, "the port is still open"
    assert ask(own_front(http=guarded.http))["allow"] is False


def test_one_connection_may_ask_and_send(guarded: FrontProcess) -> None:
    connection = http.client.HTTPConnection(guarded.http, timeout=10)
    body = a_request()
    for method, path, data in [
        ("GET", "/guards/tools/crm", None),
        ("GET", "/guards/budgets/none?user=ann", None),
        ("POST", "/v1/traces", body),
        ("GET", "/guards/tools/crm", None),
        ("HEAD", "/guards/tools/crm", None),
        ("GET", "/healthz", None),
    ]:
        connection.request(method, path, data, PROTOBUF if data else {})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, (method, path)
    connection.close()
    assert guarded.last_body().data == body


def test_questions_may_come_in_one_piece_and_in_many(guarded: FrontProcess) -> None:
    with dial(guarded) as connection:
        connection.sendall(QUESTION * 2 + QUESTION.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
        assert b"".join(iter(lambda: connection.recv(4096), b"")).count(b'"allow":false') == 3
    with dial(guarded) as connection:
        for byte in QUESTION:
            connection.sendall(bytes([byte]))
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert b'"allow":false' in answer.read()


def test_who_may_not_ask_is_refused_in_the_fronts_words(guarded: FrontProcess) -> None:
    for headers in ({"host": "evil.example"}, {"origin": "https://evil.example"}):
        refused = guarded.request("GET", "/guards/tools/crm", headers=headers)
        assert refused.status == 403
        assert "not allowed" in refused.json["message"]
    assert guarded.request("GET", "/guards/nothing").status == 404
    assert guarded.request("POST", "/guards/tools/crm").status == 405


@pytest.mark.parametrize(
    "data",
    [
        b"GET /guards/tools/crm HTTP/1.1\r\nhost: a",
        b"GET /guards/tools/crm HTTP/1.0\r\n\r\n",
        b"GET /guards/tools/crm HTTP/1.1\nhost: a\n\n",
        b"GET /guards/tools/crm HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        b"GET /guards/tools/crm HTTP/1.1\r\nhost : a\r\n\r\n",
        b"GET /guards/tools/crm HTTP/1.1\r\na: b\r\n c\r\n\r\n",
        b"GET /guards/tools/crm HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
        b"GET /guards/tools/crm HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET /guards/tools/crm HTTP/1.1\r\nConnection: Upgrade\r\n\r\n",
        b"GET /guards/tools/crm HTTP/1.1\r\nAccept: text/event-stream\r\n\r\n",
        b"GET /guards/tools/cr\xc3\xbc HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\n\r\n",
        b"HEAD /guards/tools/crm HTTP/1.1\r\n\r\n",
    ],
)
def test_whatever_is_no_plain_question_is_the_fronts(data: bytes) -> None:
    assert read_question(data) is None


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_no_bytes_break_the_desk(before: bytes, after: bytes) -> None:
    for data in (before + after, QUESTION[:-2] + before + b"\r\n\r\n" + after, QUESTION + after):
        found = read_question(data)
        assert found is None or data[: found.size].endswith(b"\r\n\r\n")

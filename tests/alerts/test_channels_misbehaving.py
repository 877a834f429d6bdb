"""What every channel makes of servers that no protocol describes: dripping, breaking off, endless, wordless."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from alerts.channels.channel import Channel
from alerts.channels.email import EmailChannel
from store.errors import DeliveryFailed
from tests.alerts.building import a_message
from tests.alerts.test_channels_http import (
    EVERY,
    PATH,
    alertmanager,
    discord,
    slack,
    teams,
    telegram,
    webhook,
)

Script = Callable[[socket.socket], None]
OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def serve() -> Iterator[Callable[[Script], str]]:
    """Servers that read a request and then do what a script says; returns their address."""
    ends: list[Callable[[], None]] = []

    def start(script: Script, *, reads: bool = True) -> str:
        listener = socket.create_server(("127.0.0.1", 0))

        def run() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    try:
                        if reads:
                            connection.recv(1 << 20)
                        script(connection)
                    except OSError:
                        pass

        thread = threading.Thread(target=run, daemon=True)
        thread.start()

        def end() -> None:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            thread.join(10)

        ends.append(end)
        return f"127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for end in ends:
        end()


def drip(before: bytes, piece: bytes) -> Script:
    def script(connection: socket.socket) -> None:
        connection.sendall(before)
        while True:  # until the other side hangs up
            connection.sendall(piece)
            time.sleep(0.05)

    return script


def say(answer: bytes) -> Script:
    return lambda connection: connection.sendall(answer)


def reset(before: bytes) -> Script:
    def script(connection: socket.socket) -> None:
        connection.sendall(before)
        # A reset takes back what was not read yet.
        time.sleep(0.1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        connection.close()

    return script


def fail(channel: Channel) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        channel.send(a_message(), "key-1")
    assert "secret" not in str(caught.value)
    return caught.value


def at(address: str) -> Any:
    return SimpleNamespace(url=f"http://{address}")


SCRIPTS: dict[str, Script] = {
    "drips headers": drip(OK, b"x-a: b\r\n"),
    "drips one header": drip(OK, b"x"),
    "drips its status": drip(b"", b"H"),
    "drips an error": drip(b"HTTP/1.1 500 No\r\ncontent-length: 1000\r\n\r\n", b"x"),
    "says nothing": say(b""),
    "says nonsense": say(b"\x16\x03\x01\x02\x00nonsense\r\n\r\n"),
    "breaks off in the headers": reset(OK),
    "breaks off in an error": reset(b"HTTP/1.1 500 No\r\ncontent-length: 1000\r\n\r\nx"),
    "sends too many headers": say(OK + b"a: b\r\n" * 200 + b"\r\n"),
    "sends an endless header": say(OK + b"a: " + b"b" * 200_000 + b"\r\n\r\n"),
}

STATUS_IS_SAID = ("drips headers", "drips one header", "breaks off in the headers")


@pytest.mark.parametrize("make", EVERY)
def test_who_gives_no_whole_answer_is_tried_again_and_soon(serve: Callable[[Script], str], make: Any) -> None:
    for name, script in SCRIPTS.items():
        if make in (webhook, alertmanager) and name in STATUS_IS_SAID:
            continue
        is_endless = name.startswith("drips")
        failure = fail(make(at(serve(script)), timeout_s=0.2 if is_endless else 10))
        assert failure.retry, name
        # Who drips does so until the other side hangs up: only the channel's own limit can have ended it.
        assert ("no end within 0.2 s" in str(failure)) == is_endless, name


def test_a_connection_is_over_with_its_delivery(serve: Callable[[Script], str]) -> None:
    is_over = threading.Event()

    def script(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 500 No\r\nconnection: close\r\ncontent-length: 1000\r\n\r\nx")
        connection.shutdown(socket.SHUT_WR)
        try:
            while connection.recv(1 << 20):  # the rest of the request, until the other side hangs up
                pass
        finally:
            is_over.set()

    # The failure is kept, and with it all that its traceback refers to: nothing is closed for being garbage.
    failure = fail(webhook(at(serve(script)), timeout_s=10))
    assert failure.retry
    assert is_over.wait(10)


@pytest.mark.parametrize("make", [webhook, alertmanager])
def test_status_is_enough_where_the_answer_says_no_more(serve: Callable[[Script], str], make: Any) -> None:
    """The same message would be told again and again otherwise."""
    for script in (
        drip(OK + b"content-length: 1000\r\n\r\n", b"x"),
        reset(OK + b"content-length: 1000\r\n\r\nx"),
        say(OK + b"\r\n" + b"x" * 1_000_000),
    ):
        make(at(serve(script)), timeout_s=0.3).send(a_message(), "key-1")


@pytest.mark.parametrize(
    ("make", "body", "wait_s"),
    [
        (telegram, b'{"ok":false,"error_code":429,"parameters":{"retry_after":37}}', 37),
        (discord, b'{"message":"You are being rate limited.","retry_after":1.5,"global":false}', 1.5),
        (discord, b'{"retry_after":true}', None),
        (discord, b'{"retry_after":-5}', None),
    ],
)
def test_wait_that_only_the_body_asks_for_is_honoured(
    serve: Callable[[Script], str], make: Any, body: bytes, wait_s: float | None
) -> None:
    answer = b"HTTP/1.1 429 Slow\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
    failure = fail(make(at(serve(say(answer)))))
    assert (failure.retry, failure.retry_after_s) == (True, wait_s)


@pytest.mark.parametrize("make", EVERY)
def test_server_that_says_the_token_back_does_not_bring_it_into_the_error(
    serve: Callable[[Script], str], make: Any
) -> None:
    is_in_address = make in (slack, webhook, teams, discord, alertmanager)
    for said in (PATH, PATH.replace("/", "%2F"), *([PATH.rsplit("/", 1)[1]] if is_in_address else [])):
        body = f"no such hook: {said}".encode()
        answer = b"HTTP/1.1 404 No\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)
        assert not fail(make(at(serve(say(answer))))).retry


def test_name_and_password_of_an_address_are_sent_and_not_told(serve: Callable[[Script], str]) -> None:
    seen: list[bytes] = []

    def script(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n")

    listener = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        connection, _ = listener.accept()
        with connection:
            seen.append(connection.recv(1 << 20))
            script(connection)

    thread = threading.Thread(target=run)
    thread.start()
    address = f"ann:p%40sssecret@127.0.0.1:{listener.getsockname()[1]}"
    failure = fail(webhook(at(address)))
    thread.join()
    listener.close()
    assert b"Authorization: Basic YW5uOnBAc3NzZWNyZXQ=" in seen[0]
    assert not failure.retry


@pytest.mark.parametrize(
    ("answers", "piece"),
    [([], b"250-a\r\n"), ([], b"2"), ([b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"3"], b"5")],
)
def test_mail_server_that_drips_is_tried_again_and_soon(
    serve: Callable[..., str], answers: Sequence[bytes], piece: bytes
) -> None:
    def script(connection: socket.socket) -> None:
        connection.sendall(b"220 hello\r\n")
        for answer in answers:
            connection.sendall(answer)
            time.sleep(0.02)
        drip(b"", piece)(connection)

    host, _, port = serve(script, reads=False).partition(":")
    mail = EmailChannel("mail", host, int(port), "a@example.com", ("b@example.com",), timeout_s=0.2)
    failure = fail(mail)
    assert failure.retry
    # It drips for ever: only the limit of a talk, or of one line of it, can have ended this.
    assert "no end within" in str(failure) or "timed out" in str(failure)

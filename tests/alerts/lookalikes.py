"""Servers that behave as Slack, a webhook and a mail server do, on loopback."""

from __future__ import annotations

import json
import ssl
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

OK = (200, {}, "ok")


@dataclass
class Request:
    """What a client sent."""

    path: str
    headers: dict[str, str]
    body: Any
    method: str = "POST"


Answer = tuple[int, dict[str, str], str]


class HttpLookalike:
    """Answers requests from a script, then by `respond`; an answer of None hangs until the end of the test."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.scheme = "https" if tls else "http"
        self.respond: Callable[[Request], Answer] = lambda _: OK
        self.requests: list[Request] = []
        self.answers: deque[tuple[int, dict[str, str], str] | None] = deque()
        self.end = threading.Event()
        lookalike = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                request = Request(self.path, dict(self.headers.items()), json.loads(body), self.command)
                lookalike.requests.append(request)
                answer = lookalike.answers.popleft() if lookalike.answers else lookalike.respond(request)
                if answer is None:
                    lookalike.end.wait(20)
                    return
                status, headers, text = answer
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(text.encode()))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

            do_PATCH = do_POST

            def do_GET(self) -> None:
                lookalike.requests.append(Request(self.path, dict(self.headers.items()), {}))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        self.end.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class SlackLookalike:
    """Keeps channels, threads and metadata as Slack's Web API does; at most one message a second and channel."""

    def __init__(self, http: HttpLookalike) -> None:
        self.messages: dict[str, dict[str, Any]] = {}
        self.http = http
        self.limited = 0
        self.error: str | None = None
        http.respond = self.respond

    @property
    def roots(self) -> list[dict[str, Any]]:
        return [m for m in self.messages.values() if not m.get("thread_ts")]

    def replies(self, ts: str) -> list[dict[str, Any]]:
        return [m for m in self.messages.values() if m.get("thread_ts") == ts]

    def respond(self, request: Request) -> Answer:
        if request.headers.get("Authorization") != "Bearer xoxb-secret":
            return 200, {}, '{"ok":false,"error":"invalid_auth"}'
        if self.limited:
            self.limited -= 1
            return 429, {"Retry-After": "7"}, '{"ok":false,"error":"ratelimited"}'
        if self.error:
            return 200, {}, json.dumps({"ok": False, "error": self.error})
        body, method = request.body, request.path.rpartition("/")[2]
        if method == "chat.postMessage":
            ts = f"1772000000.{len(self.messages):06d}"
            self.messages[ts] = {**body, "ts": ts}
            return 200, {}, json.dumps({"ok": True, "channel": "C024BE91L", "ts": ts})
        if method == "chat.update":
            if body["ts"] not in self.messages:
                return 200, {}, '{"ok":false,"error":"message_not_found"}'
            self.messages[body["ts"]] |= {"text": body["text"], "blocks": body["blocks"]}
            return 200, {}, json.dumps({"ok": True, "channel": body["channel"], "ts": body["ts"]})
        found = self.replies(body["ts"]) if method == "conversations.replies" else self.roots
        return 200, {}, json.dumps({"ok": True, "messages": found})


@dataclass
class MailHandler:
    """Keeps mails; refuses from a script of answers first, to DATA or to RCPT."""

    mails: list[EmailMessage] = field(default_factory=list[EmailMessage])
    recipients: list[list[str]] = field(default_factory=list[list[str]])
    data_answers: deque[str] = field(default_factory=deque[str])
    recipient_answers: dict[str, str] = field(default_factory=dict[str, str])
    over_tls: list[bool] = field(default_factory=list[bool])

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.recipient_answers:
            return self.recipient_answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.data_answers:
            return self.data_answers.popleft()
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.recipients.append([str(address) for address in envelope.rcpt_tos])
        self.over_tls.append(session.ssl is not None)
        return "250 OK"

"""Email, against a real SMTP server."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP as Server
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from alerts.channels.email import EmailChannel
from store.configuration.secrets import Secret
from store.errors import DeliveryFailed
from tests.alerts.building import START, a_message, an_item
from tests.alerts.lookalikes import MailHandler

PASSWORD = "pa55word-that-nobody-sees"
Serve = Callable[..., EmailChannel]


@pytest.fixture
def mails() -> MailHandler:
    return MailHandler()


@pytest.fixture
def serve(mails: MailHandler, certificate: Path) -> Iterator[Serve]:
    """Start a mail server and return a channel to it."""
    controllers: list[Controller] = []

    def start(
        *, implicit_tls: bool = False, starttls: bool = False, auth: bool = False, **changes: Any
    ) -> EmailChannel:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
        controller = Controller(
            mails,
            hostname="127.0.0.1",
            port=0,
            ssl_context=context if implicit_tls else None,
            tls_context=context if starttls else None,
            authenticator=check_password if auth else None,
            auth_required=auth,
            auth_require_tls=auth,
        )
        controllers.append(controller)
        start_on_free_port(controller)
        given = {
            "name": "mail",
            "host": "127.0.0.1",
            "port": controller.port,
            "sender": "Spanledger <spanledger@example.com>",
            "recipients": ("oncall@example.com", "second@example.com"),
            "is_implicit_tls": implicit_tls,
            "timeout_s": 5.0,
            "ca_file": str(certificate / "cert.pem"),
        }
        return EmailChannel(**{**given, **changes})

    yield start
    for controller in controllers:
        controller.stop(no_assert=True)


def start_on_free_port(controller: Controller) -> None:
    """Start it; port 0 lets the system choose, which the controller does not write back."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        controller.port = probe.getsockname()[1]
    controller.start()


def check_password(
    server: Server, session: Session, envelope: Envelope, mechanism: str, data: Any
) -> AuthResult:
    assert isinstance(data, LoginPassword)
    return AuthResult(success=data.password == PASSWORD.encode(), handled=False)


def fail(channel: EmailChannel, key: str = "key-1") -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        channel.send(a_message(), key)
    return caught.value


def test_mail_has_text_and_html_and_a_stable_message_id(serve: Serve, mails: MailHandler) -> None:
    channel = serve()
    channel.send(a_message(), "key-1")
    channel.send(a_message(), "key-1")
    first, second = mails.mails
    assert first["Message-ID"] == second["Message-ID"] == "<key-1@example.com>"
    assert first["Subject"] == "[FIRING] success rate · support"
    assert first["References"] == second["References"]
    assert [part.get_content_type() for part in first.iter_parts()] == ["text/plain", "text/html"]
    assert mails.recipients[0] == ["oncall@example.com", "second@example.com"]
    text, html = first.get_body(("plain",)), first.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "since: 2026-03-02 10:00 UTC (7 min)" in text.get_content()
    assert "https://wiki.example.com/success" in html.get_content()


def test_starttls_is_taken_when_offered(serve: Serve, mails: MailHandler) -> None:
    serve(starttls=True).send(a_message(), "key-1")
    assert mails.over_tls == [True]


def test_smtps_is_encrypted_from_the_start(serve: Serve, mails: MailHandler) -> None:
    serve(implicit_tls=True).send(a_message(), "key-1")
    assert len(mails.mails) == 1  # the server speaks nothing but TLS


def test_required_tls_that_is_not_offered_is_dead(serve: Serve, mails: MailHandler) -> None:
    failure = fail(serve(tls="required"))
    assert not failure.retry
    assert mails.mails == []


def test_certificate_that_is_not_trusted_is_refused(serve: Serve, mails: MailHandler) -> None:
    failure = fail(serve(starttls=True, ca_file=None))
    assert "certificate is not trusted" in str(failure)
    assert mails.mails == []


def test_signs_in_over_tls(serve: Serve, mails: MailHandler) -> None:
    serve(starttls=True, auth=True, username="me", password=Secret(PASSWORD)).send(a_message(), "key-1")
    assert len(mails.mails) == 1


def test_wrong_password_is_dead_and_not_shown(serve: Serve) -> None:
    channel = serve(starttls=True, auth=True, username="me", password=Secret("wr0ng-secret"))
    failure = fail(channel)
    assert not failure.retry
    assert "535" in str(failure)
    for text in (str(failure), repr(channel), channel.describe()):
        assert "wr0ng-secret" not in text


def test_password_is_not_sent_in_the_clear(serve: Serve, mails: MailHandler) -> None:
    failure = fail(serve(username="me", password=Secret(PASSWORD)))
    assert "no STARTTLS" in str(failure)
    assert not failure.retry


def test_temporary_refusal_is_tried_again(serve: Serve, mails: MailHandler) -> None:
    mails.data_answers.append("451 try later")
    channel = serve()
    failure = fail(channel)
    assert failure.retry
    assert "451 try later" in str(failure)
    channel.send(a_message(), "key-1")
    assert len(mails.mails) == 1


def test_permanent_refusal_is_dead(serve: Serve, mails: MailHandler) -> None:
    mails.data_answers.append("554 no spam please")
    failure = fail(serve())
    assert not failure.retry
    assert "554 no spam please" in str(failure)


def test_recipient_refused_for_good_does_not_keep_the_mail_from_the_others(
    serve: Serve, mails: MailHandler
) -> None:
    mails.recipient_answers["second@example.com"] = "550 no such user"
    receipt = serve().send(a_message(), "key-1")
    assert mails.recipients == [["oncall@example.com"]]
    assert receipt.note is not None
    assert "second@example.com (550 no such user)" in receipt.note


def test_recipient_refused_for_now_is_tried_again(serve: Serve, mails: MailHandler) -> None:
    mails.recipient_answers["second@example.com"] = "450 greylisted"
    assert fail(serve()).retry


def test_all_recipients_refused_for_good_is_dead(serve: Serve, mails: MailHandler) -> None:
    mails.recipient_answers |= dict.fromkeys(("oncall@example.com", "second@example.com"), "550 no such user")
    assert not fail(serve()).retry


def test_server_that_is_down_is_tried_again(serve: Serve, free_port: Callable[[], int]) -> None:
    assert fail(serve(port=free_port())).retry


def test_telemetry_cannot_write_headers_or_html(serve: Serve, mails: MailHandler) -> None:
    evil = "x\r\nBcc: victim@example.com\r\n\r\n<script>alert(1)</script><a href='javascript:1'>y</a>"
    labels = {"alert": "success rate", "severity": "critical", "agent": evil}
    item = an_item(labels=labels, summary=evil, alert=evil, reason=evil, link="", since=START)
    serve().send(a_message(item), "key-1")
    [mail] = mails.mails
    assert mail["Bcc"] is None
    assert mails.recipients == [["oncall@example.com", "second@example.com"]]
    html = mail.get_body(("html",))
    assert html is not None
    content = html.get_content()
    assert "<script" not in content
    assert "<a href='javascript" not in content
    assert "&lt;script&gt;" in content

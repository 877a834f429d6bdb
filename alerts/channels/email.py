"""Email by SMTP: text and HTML of the same message, encrypted whenever the server offers it."""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import ClassVar, Final, Self
from urllib.parse import unquote, urlsplit

from alerts.channels.channel import ALONE, Receipt, Thread
from alerts.channels.fields import read_timeout_s
from alerts.channels.posting import limit_time
from alerts.messages.mail_html import render_html
from alerts.messages.model import Message
from alerts.messages.plain import render_plain
from alerts.messages.texts import clean_line
from store.configuration.secrets import Secret
from store.configuration.section import Section
from store.errors import ConfigError, DeliveryFailed

_PORTS: Final = {"smtp": 587, "smtps": 465}
_LONGEST_SUBJECT: Final = 200
_LONGEST_TALK: Final = 3
"""Time-outs that a whole conversation may take, which has a dozen answers."""
_TLS_MODES: Final = ("auto", "required", "off")


@dataclass(frozen=True)
class EmailChannel:
    """A list of addresses behind one SMTP server."""

    type: ClassVar[str] = "email"

    name: str
    host: str
    port: int
    sender: str
    recipients: tuple[str, ...]
    is_implicit_tls: bool = False
    """smtps: TLS from the first byte."""
    tls: str = "auto"
    """STARTTLS of smtp: auto takes it when offered, required fails without it, off never takes it."""
    username: str | None = None
    password: Secret | None = None
    sends_resolved: bool = True
    timeout_s: float = 10.0
    pause_s: float = 0.0
    ca_file: str | None = None

    @classmethod
    def read(cls, section: Section) -> Self:
        """Return the channel that a [[channel]] table writes."""
        scheme, host, port, user, inline = _read_server(section)
        username = section.text("username", user or "") or None if "username" in section or user else None
        password = section.secret("password") or inline
        if password is not None and username is None:
            section.fail("username", 'is missing, although there is a password; add username = "…"')
        if username is not None and password is None:
            raise ConfigError(f"{section.title}: password is missing; {section.secret_remedy('password')}")
        recipients = section.texts("to")
        if not recipients:
            section.fail("to", 'has no recipients; write to = ["oncall@example.com"]')
        tls = section.choice("tls", _TLS_MODES, "auto")
        if scheme == "smtps" and "tls" in section:
            section.fail("tls", "does not go with smtps://, which is always encrypted; remove it")
        return cls(
            name=section.name(),
            host=host,
            port=port,
            sender=_read_address(section, "from", section.text("from")),
            recipients=tuple(_read_address(section, "to", address) for address in recipients),
            is_implicit_tls=scheme == "smtps",
            tls=tls,
            username=username,
            password=password,
            sends_resolved=section.flag("send_resolved", default=True),
            timeout_s=read_timeout_s(section),
            ca_file=section.text("ca_file", "") or None if "ca_file" in section else None,
        )

    def send(self, message: Message, idempotency_key: str, thread: Thread = ALONE) -> Receipt:
        """Hand the mail to the server; the Message-ID follows from the key, so that a repeat shows as one mail."""
        try:
            mail = self.render(message, idempotency_key)
            if thread.handle:
                # The group's id stays in front, so that a mail whose first one got lost still finds its thread.
                mail.replace_header("References", f"{mail['References']} {thread.handle}")
                mail["In-Reply-To"] = thread.handle
        except (ValueError, MessageError) as error:
            raise DeliveryFailed(self._say(f"the mail cannot be written: {error}"), retry=False) from error
        try:
            refused = self._deliver(mail)
        except smtplib.SMTPRecipientsRefused as error:
            raise self._refusal(error.recipients) from None
        except smtplib.SMTPResponseException as error:
            said = (
                error.smtp_error.decode(errors="replace")
                if isinstance(error.smtp_error, bytes)
                else error.smtp_error
            )
            message_text = f"it answered {error.smtp_code} {clean_line(said, 200)}"
            # 4yz is temporary by RFC 5321; codes below that come from a connection that broke off.
            raise DeliveryFailed(self._say(message_text), retry=error.smtp_code < 500) from None
        except ssl.SSLCertVerificationError as error:
            raise DeliveryFailed(
                self._say(f"its certificate is not trusted: {error.verify_message}"), retry=True
            ) from None
        except smtplib.SMTPNotSupportedError as error:
            raise DeliveryFailed(self._say(str(error)), retry=False) from None
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise DeliveryFailed(self._say(str(error) or type(error).__name__), retry=True) from None
        return self._acknowledge(refused, None if thread.handle else str(mail["Message-ID"]))

    def render(self, message: Message, idempotency_key: str) -> EmailMessage:
        """Return the mail."""
        mail = EmailMessage()
        domain = _domain(self.sender)
        mail["Subject"] = clean_line(message.subject, _LONGEST_SUBJECT)
        mail["From"] = self.sender
        mail["To"] = ", ".join(self.recipients)
        mail["Date"] = format_datetime(message.decided_at)
        mail["Message-ID"] = f"<{idempotency_key}@{domain}>"
        # All mails about one group refer to an id that no mail has: readers show them as one thread.
        thread = hashlib.blake2b(message.group_key.encode(), digest_size=12).hexdigest()
        mail["References"] = f"<group-{thread}@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Spanledger-Status"] = message.status
        mail.set_content(render_plain(message), cte="quoted-printable")
        mail.add_alternative(render_html(message), subtype="html", cte="quoted-printable")
        return mail

    def describe(self) -> str:
        """Return server and recipients."""
        scheme = "smtps" if self.is_implicit_tls else "smtp"
        return f"{scheme}://{self.host}:{self.port} to {', '.join(self.recipients)}"

    def _deliver(self, mail: EmailMessage) -> dict[str, tuple[int, bytes]]:
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.is_implicit_tls:
            server = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout_s, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.timeout_s)
        try:
            with limit_time(lambda: server.sock, _LONGEST_TALK * self.timeout_s):
                self._encrypt(server, context)
                if self.username is not None and self.password is not None:
                    server.login(self.username, self.password.reveal())
                refused = server.send_message(
                    mail, self._envelope(self.sender), [self._envelope(r) for r in self.recipients]
                )
        except BaseException:
            server.close()
            raise
        try:
            server.quit()
        except (OSError, smtplib.SMTPException):
            server.close()  # the mail is taken already
        return refused

    def _encrypt(self, server: smtplib.SMTP, context: ssl.SSLContext) -> None:
        server.ehlo_or_helo_if_needed()
        if self.is_implicit_tls or self.tls == "off":
            return
        if server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
        elif self.tls == "required":
            raise smtplib.SMTPNotSupportedError('it offers no STARTTLS, which tls = "required" asks for')
        elif self.password is not None:
            raise smtplib.SMTPNotSupportedError(
                'it offers no STARTTLS; the password would be readable, use smtps:// or tls = "off"'
            )

    def _refusal(self, refused: dict[str, tuple[int, bytes]]) -> DeliveryFailed:
        is_temporary = any(code < 500 for code, _ in refused.values())
        return DeliveryFailed(self._say(f"it refused {_list_refused(refused)}"), retry=is_temporary)

    def _acknowledge(self, refused: dict[str, tuple[int, bytes]], handle: str | None) -> Receipt:
        if any(code < 500 for code, _ in refused.values()):
            raise self._refusal(refused)
        note = self._say(f"delivered, but it refused {_list_refused(refused)}") if refused else None
        return Receipt(note, handle)

    def _say(self, what: str) -> str:
        message = f"mail server {self.host}:{self.port}: {what}"
        return message if self.password is None else self.password.redact(message)

    @staticmethod
    def _envelope(address: str) -> str:
        return parseaddr(address)[1]


def _read_server(section: Section) -> tuple[str, str, int, str | None, Secret | None]:
    text = section.text("smtp")
    try:
        parts = urlsplit(text)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme not in _PORTS or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise ConfigError(
            f'{section.title}: smtp is not the address of a mail server; write "smtp://mail.example.com:587" or "smtps://…"'
        )
    user = unquote(parts.username) if parts.username else None
    password = Secret(unquote(parts.password)) if parts.password else None
    return parts.scheme, parts.hostname, port, user, password


def _read_address(section: Section, key: str, text: str) -> str:
    _, address = parseaddr(text)
    try:
        Address(addr_spec=address)
        is_address = "@" in address and address.isascii() and address in text and text.isprintable()
    except (ValueError, IndexError, MessageError):
        is_address = False
    if not is_address:
        section.fail(key, f'has {text[:80]!r}, which is not an address; write "name@example.com"')
    return text


def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2] or "spanledger.invalid"


def _list_refused(refused: dict[str, tuple[int, bytes]]) -> str:
    answers = [
        f"{address} ({code} {clean_line(said.decode(errors='replace'), 100)})"
        for address, (code, said) in refused.items()
    ]
    return ", ".join(answers[:5]) + (f" and {len(answers) - 5} more" if len(answers) > 5 else "")

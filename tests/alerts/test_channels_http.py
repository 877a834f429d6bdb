"""Slack and generic webhooks, against servers that behave as they do."""

from __future__ import annotations

import logging
import ssl
from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.channels.alertmanager import AlertmanagerChannel
from alerts.channels.answers import read_retry_after
from alerts.channels.channel import Channel
from alerts.channels.discord import DiscordChannel
from alerts.channels.pagerduty import PagerDutyChannel
from alerts.channels.slack import SlackChannel
from alerts.channels.slack_bot import SlackBot
from alerts.channels.teams import TeamsChannel
from alerts.channels.telegram import TelegramChannel
from alerts.channels.webhook import WebhookChannel
from store.configuration.secrets import Secret, SecretUrl
from store.errors import DeliveryFailed
from tests.alerts.building import START, a_message, an_item
from tests.alerts.lookalikes import HttpLookalike

PATH = "/services/T000/B000/XXXXsecretXXXX"


def slack(http: HttpLookalike, **changes: Any) -> SlackChannel:
    given: dict[str, Any] = {"name": "team", "url": SecretUrl(http.url + PATH), **changes}
    return SlackChannel(**given)


def webhook(http: HttpLookalike, **changes: Any) -> WebhookChannel:
    given: dict[str, Any] = {"name": "hook", "url": SecretUrl(f"{http.url}{PATH}?key=1234secret"), **changes}
    return WebhookChannel(**given)


def teams(http: HttpLookalike, **changes: Any) -> TeamsChannel:
    given: dict[str, Any] = {"name": "teams", "url": SecretUrl(http.url + PATH), **changes}
    return TeamsChannel(**given)


def discord(http: HttpLookalike, **changes: Any) -> DiscordChannel:
    given: dict[str, Any] = {"name": "discord", "url": SecretUrl(http.url + PATH), **changes}
    return DiscordChannel(**given)


def telegram(http: HttpLookalike, **changes: Any) -> TelegramChannel:
    given: dict[str, Any] = {
        "name": "tg",
        "token": Secret(PATH),
        "chat": "-1001",
        "api": SecretUrl(http.url),
        **changes,
    }
    return TelegramChannel(**given)


def pagerduty(http: HttpLookalike, **changes: Any) -> PagerDutyChannel:
    given: dict[str, Any] = {"name": "pd", "routing_key": Secret(PATH), "url": SecretUrl(http.url), **changes}
    return PagerDutyChannel(**given)


def alertmanager(http: HttpLookalike, **changes: Any) -> AlertmanagerChannel:
    given: dict[str, Any] = {"name": "am", "url": SecretUrl(http.url + PATH), **changes}
    return AlertmanagerChannel(**given)


def bot(http: HttpLookalike, **changes: Any) -> SlackChannel:
    slack_bot = SlackBot(Secret(PATH), "#ops", SecretUrl(http.url), changes.get("timeout_s", 10.0))
    given: dict[str, Any] = {"name": "bot", "url": SecretUrl(http.url), "bot": slack_bot, **changes}
    return SlackChannel(**given)


EVERY = [slack, bot, webhook, teams, discord, telegram, pagerduty, alertmanager]


def fail(channel: Channel) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        channel.send(a_message(), "key-1")
    return caught.value


def test_slack_gets_a_fallback_text_and_blocks(http: HttpLookalike) -> None:
    slack(http).send(a_message(), "key-1")
    [request] = http.requests
    assert request.path == PATH
    assert (
        request.body["text"] == "[FIRING] success rate · support: Fewer than 95 % of the runs succeed: 50 %"
    )
    assert request.body["blocks"][0]["text"]["text"] == "🔴 Critical · success rate · support"
    assert request.headers["Idempotency-Key"] == "key-1"


def test_resolved_message_says_so(http: HttpLookalike) -> None:
    item = an_item(state="resolved", ended_at=START)
    slack(http).send(a_message(item, reason="all_resolved"), "key-1")
    assert http.requests[0].body["text"].startswith("[RESOLVED]")
    assert http.requests[0].body["blocks"][0]["text"]["text"].startswith("✅ Resolved")


@pytest.mark.parametrize("make", EVERY)
@pytest.mark.parametrize(
    ("status", "retry"),
    [(500, True), (503, True), (429, True), (408, True), (404, False), (403, False), (410, False)],
)
def test_status_decides_whether_trying_again_can_help(
    http: HttpLookalike, make: Any, status: int, retry: bool
) -> None:
    http.answers.append((status, {}, "no_service"))
    failure = fail(make(http))
    assert failure.retry is retry
    assert f"it answered {status}: no_service" in str(failure)
    assert len(http.requests) == 1


@pytest.mark.parametrize("make", EVERY)
def test_retry_after_is_read(http: HttpLookalike, make: Any) -> None:
    http.answers.append((429, {"Retry-After": "30"}, "rate_limited"))
    assert fail(make(http)).retry_after_s == 30


@pytest.mark.parametrize("make", EVERY)
def test_hanging_server_is_given_up_and_tried_again(http: HttpLookalike, make: Any) -> None:
    http.answers.append(None)
    failure = fail(make(http, timeout_s=0.2))
    assert failure.retry
    assert "no end within 0.2 s" in str(failure)


@pytest.mark.parametrize("make", EVERY)
def test_refused_connection_is_tried_again(make: Any) -> None:
    lookalike = HttpLookalike()
    lookalike.close()
    assert fail(make(lookalike)).retry


@pytest.mark.parametrize("make", EVERY)
def test_errors_and_repr_do_not_contain_the_secret(
    http: HttpLookalike, make: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    channel = make(http)
    http.answers += [(404, {}, f"no such hook {PATH}"), (500, {}, f"<b>{PATH}</b>"), None]
    texts = [str(fail(channel)), str(fail(channel)), str(fail(make(http, timeout_s=0.2)))]
    for text in [*texts, repr(channel), channel.describe(), caplog.text]:
        assert "secret" not in text
    assert http.url in texts[0]


@pytest.mark.parametrize("make", EVERY)
def test_certificate_that_nobody_vouches_for_is_said_and_tried_again(
    make: Any, own_certificate: ssl.SSLContext
) -> None:
    lookalike = HttpLookalike(own_certificate)
    try:
        failure = fail(make(lookalike))
        assert failure.retry
        assert "certificate" in str(failure).lower()
        assert lookalike.requests == []
    finally:
        lookalike.close()


@pytest.mark.parametrize("make", EVERY)
def test_redirect_is_no_delivery(http: HttpLookalike, make: Any) -> None:
    http.answers += [(302, {"Location": f"{http.url}/login"}, ""), (200, {}, "<html>sign in</html>")]
    assert not fail(make(http)).retry


@pytest.mark.parametrize(
    ("make", "body", "retry"),
    [
        (pagerduty, '{"status":"invalid event"}', False),
        (teams, "Webhook message delivery failed with error: HTTP error 429", True),
        (teams, "Webhook message delivery failed with error: HTTP error 404", False),
        (telegram, '{"ok":false,"error_code":400,"description":"chat not found"}', False),
        (telegram, '{"ok":false,"error_code":429,"parameters":{"retry_after":5}}', True),
        (bot, '{"ok":false,"error":"channel_not_found"}', False),
        (bot, '{"ok":false,"error":"internal_error"}', True),
    ],
)
def test_success_with_an_error_in_the_body_is_told_from_a_delivery(
    http: HttpLookalike, make: Any, body: str, retry: bool
) -> None:
    http.answers.append((200, {}, body))
    assert fail(make(http)).retry is retry


def test_success_with_an_error_in_the_body_is_not_delivered(http: HttpLookalike) -> None:
    http.answers.append((200, {}, "invalid_blocks"))
    failure = fail(slack(http))
    assert not failure.retry
    assert "invalid_blocks" in str(failure)


def test_redirect_of_a_webhook_is_not_followed(http: HttpLookalike) -> None:
    http.answers.append((307, {"Location": f"{http.url}/elsewhere"}, ""))
    failure = fail(webhook(http))
    assert not failure.retry
    assert "redirects are not followed" in str(failure)
    assert len(http.requests) == 1


def test_webhook_speaks_as_alertmanager_does(http: HttpLookalike) -> None:
    ended = an_item(
        state="resolved", ended_at=START, fingerprint="f2", labels={"alert": "success rate", "agent": "b"}
    )
    webhook(http, token=Secret("t0ken")).send(a_message(an_item(), ended), "key-1")
    [request] = http.requests
    assert request.path == f"{PATH}?key=1234secret"
    assert request.headers["Idempotency-Key"] == "key-1"
    assert request.headers["Authorization"] == "Bearer t0ken"
    body = request.body
    assert body["version"] == "4"
    assert (body["status"], body["receiver"]) == ("firing", "hook")
    assert body["groupLabels"] == {"alert": "success rate"}
    assert body["commonLabels"] == {"alert": "success rate"}
    first, second = body["alerts"]
    assert first["status"] == "firing"
    assert first["labels"]["alertname"] == "success rate"
    assert first["startsAt"] == "2026-03-02T10:00:00Z"
    assert first["endsAt"].startswith("0001-01-01")
    assert first["annotations"]["runbook_url"] == "https://wiki.example.com/success"
    assert (second["status"], second["endsAt"]) == ("resolved", "2026-03-02T10:00:00Z")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30.0),
        ("Mon, 02 Mar 2026 10:01:00 GMT", 60.0),
        ("Mon, 02 Mar 2026 09:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_may_be_seconds_or_a_date(text: str, seconds: float | None) -> None:
    assert read_retry_after({"retry-after": text}, datetime(2026, 3, 2, 10, 0, tzinfo=UTC)) == seconds

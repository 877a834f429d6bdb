"""What each service gets, and how messages about one group belong together there."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.channels.alertmanager import AlertmanagerChannel
from alerts.channels.channel import Channel, Thread
from alerts.channels.discord import DiscordChannel
from alerts.channels.pagerduty import PagerDutyChannel
from alerts.channels.registry import read_channel
from alerts.channels.slack import SlackChannel
from alerts.channels.slack_bot import SlackBot
from alerts.channels.teams import TeamsChannel
from alerts.channels.telegram import TelegramChannel
from alerts.channels.webhook import WebhookChannel
from alerts.messages.model import Example, Message
from alerts.messages.slack_blocks import render_slack
from alerts.outbox import Outbox, Patience
from store import Control
from store.configuration.secrets import Secret, SecretUrl
from store.configuration.section import Section
from store.control import alerting
from store.errors import ConfigError, DeliveryFailed
from tests.alerts.building import START, SteppedClock, a_message, an_item
from tests.alerts.lookalikes import HttpLookalike, SlackLookalike
from tests.alerts.test_outbox import put

NASTY = "@everyone <@U1> <!here> [x](https://evil.example) https://evil.example <b>b</b> `c` *d* _e_ & |"
RESOLVED = an_item(state="resolved", ended_at=START)


@pytest.fixture
def slack(http: HttpLookalike) -> SlackLookalike:
    return SlackLookalike(http)


def a_bot(http: HttpLookalike) -> SlackChannel:
    bot = SlackBot(Secret("xoxb-secret"), "#ops", SecretUrl(f"{http.url}/api"), 5.0)
    return SlackChannel("team", SecretUrl(f"{http.url}/api"), bot=bot, pause_s=0.0)


def test_slack_thread_tells_changes_and_the_first_message_shows_how_it_is(slack: SlackLookalike) -> None:
    channel = a_bot(slack.http)
    first = channel.send(a_message(), "k1")
    more = a_message(an_item(), an_item(fingerprint="f2"), reason="new_alerts")
    assert channel.send(more, "k2", Thread(first.handle)).handle is None
    channel.send(a_message(RESOLVED, reason="all_resolved"), "k3", Thread(first.handle))
    [root] = slack.roots
    assert root["text"].startswith("[RESOLVED]")
    told = [reply["text"] for reply in slack.replies(root["ts"])]
    assert [text.split("]")[0] for text in told] == ["[FIRING", "[RESOLVED"]


def test_slack_is_asked_before_a_second_attempt_so_that_nothing_is_told_twice(slack: SlackLookalike) -> None:
    channel = a_bot(slack.http)
    first = channel.send(a_message(), "k1")
    again = channel.send(a_message(), "k1", Thread(None, attempt=2))
    assert len(slack.roots) == 1
    assert again.handle is not None
    assert json.loads(again.handle)["ts"] == json.loads(first.handle or "")["ts"]
    for attempt in (1, 2, 3):
        channel.send(a_message(reason="new_alerts"), "k2", Thread(first.handle, attempt))
    assert len(slack.replies(slack.roots[0]["ts"])) == 1


def test_slack_message_that_somebody_deleted_begins_another_thread(slack: SlackLookalike) -> None:
    channel = a_bot(slack.http)
    first = channel.send(a_message(), "k1")
    slack.messages.clear()
    second = channel.send(a_message(reason="new_alerts"), "k2", Thread(first.handle))
    assert second.handle is not None
    assert len(slack.roots) == 1


def test_outbox_keeps_the_thread_of_a_group_until_it_ends(
    slack: SlackLookalike, control: Control, clock: SteppedClock
) -> None:
    slack.limited = 1
    patience = Patience(pause_after_failure=timedelta(0))
    outbox = Outbox(control, {"team": a_bot(slack.http)}, clock=clock, patience=patience, draw=lambda: 0.0)
    resolved = {"items": [], "reason": "all_resolved"}
    for key, changes in (("a", {}), ("b", {"reason": "new_alerts"}), ("c", resolved), ("d", {})):
        body = a_message(RESOLVED if changes is resolved else an_item(), reason=changes.get("reason", "x"))
        put_message(control, key, body)
    while outbox.deliver_due() or clock.now < START + timedelta(minutes=1):
        clock.advance(seconds=7)
    with control.read() as connection:
        states = [row.state for row in alerting.list_notifications(connection)]
    assert states == ["delivered"] * 4
    assert [len(slack.replies(root["ts"])) for root in slack.roots] == [2, 0], "d is another incident"


def put_message(control: Control, key: str, message: Message) -> None:
    import msgspec

    put(control, key, channel="team", payload=msgspec.to_builtins(message), reason=message.reason)


def test_pagerduty_opens_and_closes_one_incident_per_group(http: HttpLookalike) -> None:
    http.respond = lambda _: (202, {}, '{"status":"success","message":"Event processed"}')
    channel = PagerDutyChannel("pd", Secret("R0"), SecretUrl(f"{http.url}/v2/enqueue"))
    channel.send(a_message(), "k1")
    channel.send(a_message(reason="repeat_interval"), "k2")
    channel.send(a_message(RESOLVED, reason="all_resolved"), "k3")
    bodies = [request.body for request in http.requests]
    assert [body["event_action"] for body in bodies] == ["trigger", "trigger", "resolve"]
    assert len({body["dedup_key"] for body in bodies}) == 1
    assert all(body["routing_key"] == "R0" for body in bodies)
    payload = bodies[0]["payload"]
    assert (payload["severity"], payload["timestamp"]) == ("critical", START.isoformat())
    assert payload["summary"] == "success rate · support: Fewer than 95 % of the runs succeed: 50 %"


def test_telegram_answers_its_first_message_and_tells_no_link_of_telemetry(http: HttpLookalike) -> None:
    http.respond = lambda _: (200, {}, '{"ok":true,"result":{"message_id":17}}')
    channel = TelegramChannel("tg", Secret("123:secret"), "-100", SecretUrl(http.url))
    first = channel.send(a_message(an_item(summary=NASTY)), "k1")
    channel.send(a_message(RESOLVED, reason="all_resolved"), "k2", Thread(first.handle))
    assert first.handle == "17"
    assert http.requests[1].body["reply_parameters"]["message_id"] == 17
    text = http.requests[0].body["text"]
    assert "<code>@everyone &lt;@U1&gt;" in text
    assert "<b>b</b>" not in text


def test_discord_changes_its_first_message_and_mentions_nobody(http: HttpLookalike) -> None:
    http.respond = lambda _: (200, {}, '{"id":"4711"}')
    channel = DiscordChannel("dc", SecretUrl(f"{http.url}/api/webhooks/1/t"))
    first = channel.send(a_message(an_item(summary=NASTY)), "k1")
    channel.send(a_message(RESOLVED, reason="all_resolved"), "k2", Thread(first.handle))
    methods = [(r.method, r.path) for r in http.requests]
    assert methods == [
        ("POST", "/api/webhooks/1/t?wait=true"),
        ("PATCH", "/api/webhooks/1/t/messages/4711"),
        ("POST", "/api/webhooks/1/t?wait=true"),
    ]
    body = http.requests[0].body
    assert body["allowed_mentions"] == {"parse": []}
    assert "https://evil" not in json.dumps(body["embeds"][0]["description"])


def test_teams_shows_telemetry_in_runs_without_markup(http: HttpLookalike) -> None:
    TeamsChannel("teams", SecretUrl(http.url)).send(a_message(an_item(summary=NASTY)), "k1")
    card = http.requests[0].body["attachments"][0]["content"]
    kinds = {block["type"] for block in card["body"]}
    assert kinds == {"RichTextBlock"}
    assert NASTY in [run["text"] for block in card["body"] for run in block["inlines"]]


def test_alertmanager_gets_labels_it_understands(http: HttpLookalike) -> None:
    labels = {"alert": "a", "severity": "critical", "gen.ai": "x", "empty": ""}
    channel = AlertmanagerChannel("am", SecretUrl(http.url))
    channel.send(a_message(an_item(labels=labels), RESOLVED), "k1")
    [request] = http.requests
    assert request.path == "/api/v2/alerts"
    firing, ended = request.body
    assert firing["labels"] == {"alertname": "success rate", "severity": "critical", "gen_ai": "x"}
    assert firing["endsAt"] > firing["startsAt"]
    assert ended["endsAt"] == START.isoformat()


def test_apprise_reaches_what_it_knows_and_says_what_it_does_not(http: HttpLookalike) -> None:
    url = f"json://127.0.0.1:{http.server.server_port}/hook"
    channel = read_channel(Section("x", {"name": "any", "type": "apprise", "url": url}))
    channel.send(a_message(), "k1")
    assert http.requests[0].body["title"] == "[FIRING] success rate · support"
    http.answers.append((500, {}, "no"))
    with pytest.raises(DeliveryFailed) as caught:
        channel.send(a_message(), "k1")
    assert caught.value.retry
    with pytest.raises(ConfigError, match="does not understand"):
        read_channel(Section("x", {"name": "any", "type": "apprise", "url": "nothing-such://x"}))


def test_receiver_of_a_signed_webhook_can_check_it(http: HttpLookalike, clock: SteppedClock) -> None:
    channel = WebhookChannel("hook", SecretUrl(http.url), signing_key=Secret("s3cret"), clock=clock)
    channel.send(a_message(), "k1")
    [request] = http.requests
    at, digest = (part.partition("=")[2] for part in request.headers["X-Spanledger-Signature"].split(","))
    body = json.dumps(request.body, separators=(",", ":"), ensure_ascii=False)
    expected = hmac.new(b"s3cret", f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    assert (int(at), digest) == (int(clock.now.timestamp()), expected)


def a_large_message(text: str, count: int = 60) -> Message:
    """A message in which everything is as long as the parts before let it be."""
    href = "https://d.example/?" + "a" * 1_400
    return a_message(
        *(
            an_item(
                fingerprint=str(number),
                alert=text[:200],
                summary=text[:2_000],
                description=text[:2_000],
                reason=f"z{text}"[:2_000],
                link=href,
                runbook=href,
                labels={f"label{n}": text[:200] for n in range(12)},
                facts={f"{n}{text}"[:100]: text[:280] for n in range(6)},
                examples=(Example(text[:120], href),) * 3,
                silence_command=text[:280],
            )
            for number in range(count)
        )
    )


@settings(max_examples=25, deadline=None)
@given(
    st.one_of(st.sampled_from("x&ü😀\\*`@<").map(lambda c: c * 3_000), st.text(max_size=3_000)),
    st.integers(1, 60),
)
def test_no_telemetry_makes_a_message_longer_than_the_service_takes(text: str, count: int) -> None:
    message = a_large_message(text, count)
    _, blocks = render_slack(message)
    assert len(blocks) <= 50
    texts = list(slack_texts(blocks))
    assert sum(map(len, texts)) <= 12_500
    assert max(map(len, texts)) <= 3_000
    discord = DiscordChannel("d", SecretUrl("https://x.example/y")).render(message, "k")
    assert len(discord["content"]) <= 2_000
    assert 1 <= len(discord["embeds"]) <= 10
    for embed in discord["embeds"]:
        assert len(embed["title"]) <= 256
        assert len(embed["description"]) <= 4_096
        assert len(embed["fields"]) <= 25
        assert all(len(f["name"]) <= 256 and len(f["value"]) <= 1_024 for f in embed["fields"])
    embedded = [e["title"] + e["description"] + "".join(f["name"] + f["value"] for f in e["fields"])
                for e in discord["embeds"]]  # fmt: skip
    assert sum(map(len, embedded)) <= 6_000
    telegram = TelegramChannel("t", Secret("1"), "1", SecretUrl("https://x.example")).render(message, "k")
    assert visible_length(telegram["text"]) <= 4_096
    teams: Channel = TeamsChannel("m", SecretUrl("https://x.example/y"))
    assert len(msgspec.json.encode(teams.render(message, "k"))) <= 28_000
    pagerduty = PagerDutyChannel("p", Secret("1"), SecretUrl("https://x.example")).render(message, "k")
    assert len(pagerduty["payload"]["summary"]) <= 1_024
    assert len(msgspec.json.encode(pagerduty)) <= 512 * 1024


def slack_texts(blocks: Any) -> Iterator[str]:
    if isinstance(blocks, dict):
        if isinstance(blocks.get("text"), str):
            yield blocks["text"]
        yield from slack_texts(list(blocks.values()))
    elif isinstance(blocks, list):
        for part in blocks:
            yield from slack_texts(part)


def visible_length(markup: str) -> int:
    from html.parser import HTMLParser

    seen: list[str] = []

    class Reader(HTMLParser):
        def handle_data(self, data: str) -> None:
            seen.append(data)

    reader: Any = Reader()
    reader.feed(markup)
    reader.close()
    return sum(map(len, seen))

"""What people read, and that telemetry in it stays text."""

from __future__ import annotations

import json
import shlex
from datetime import timedelta
from email.message import EmailMessage
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from alerts.channels.email import EmailChannel
from alerts.channels.registry import read_channel
from alerts.examples import make_up
from alerts.figures import format_age, format_figure
from alerts.matchers import all_match, parse_matcher
from alerts.messages.compose import MOST_ITEMS, Composer
from alerts.messages.links import link_to_dashboard
from alerts.messages.mail_html import render_html
from alerts.messages.model import Context, Example, Message
from alerts.messages.plain import render_plain
from alerts.messages.slack_blocks import MOST_BLOCKS, render_slack
from alerts.messages.templates import fill_template
from alerts.messages.texts import clean_line, clean_text
from alerts.rules import parse_alerting
from alerts.rules.rule import read_rule
from alerts.states import Instance, State
from dashboard.filters import read_interval
from store.configuration.secrets import Secret, SecretUrl
from store.configuration.section import Section
from tests.alerts.building import START, a_message, an_instance, an_item
from tests.alerts.test_documentation import CHANNELS, RULES

CONFIG = parse_alerting({}, environ={})
COMPOSER = Composer({rule.name: rule for rule in CONFIG.rules}, "http://127.0.0.1:8501")
NASTY = "<!channel> <@U123> <https://evil.example|click> *b* _i_ `c` & :fire: \x00\u202e\u200b\r\nSubject: x"


def compose(*instances: Instance, reason: str = "first_notification") -> Message:
    return COMPOSER.compose(
        instances, reason=reason, group_key="k", group_labels={}, now=START + timedelta(minutes=5)
    )


def texts_of(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return all text objects."""
    found: list[dict[str, Any]] = []
    for block in blocks:
        found += [block["text"]] if "text" in block else []
        found += block.get("fields", []) + block.get("elements", [])
    return found


def test_message_says_what_where_since_and_how_far_from_the_limit() -> None:
    text = render_plain(compose(an_instance()))
    for part in (
        "[FIRING] success rate · support",
        "Fewer than 95 % of the runs succeed: 50 %",
        "agent: support",
        "Success rate: 50 %, below 95 %",
        "since: 2026-03-02 10:00 UTC (5 min)",
        "http://127.0.0.1:8501/?range=",
        "Why this message: first message about this group",
    ):
        assert part in text


def test_resolved_message_says_what_was_seen_and_how_long_it_took() -> None:
    over = an_instance(
        state=State.RESOLVED,
        active_at=None,
        resolved_at=START + timedelta(minutes=4),
        reason="Success rate is 97 %",
    )
    text = render_plain(compose(over, reason="all_resolved"))
    assert text.startswith("[RESOLVED] success rate · support")
    assert "Fewer than" not in text
    assert "2026-03-02 10:00 UTC to 2026-03-02 10:04 UTC (4 min)" in text


def test_worst_and_oldest_firing_alert_stands_first() -> None:
    over = an_instance("over", State.RESOLVED, resolved_at=START)
    mild = an_instance("mild", severity="warning", fired_at=START - timedelta(days=1))
    late = an_instance("late", fired_at=START + timedelta(minutes=1))
    early = an_instance("early")
    assert [item.alert for item in compose(over, mild, late, early).items] == [
        "early",
        "late",
        "mild",
        "over",
    ]


def test_link_shows_the_same_time_tomorrow_and_the_dashboard_understands_it() -> None:
    link = link_to_dashboard(
        "http://d/",
        {"agent": "a&b=c", "tool": "x", "alert": "y"},
        {"environment": ("prod", "eu"), "purpose": "*"},
        since=START,
        window=timedelta(hours=1),
        until=START + timedelta(minutes=7, seconds=30),
    )
    query = parse_qs(urlsplit(link).query)
    assert query == {"range": ["2026-03-02 09:00/10:08"], "environment": ["prod", "eu"], "agent": ["a&b=c"]}
    assert read_interval(query["range"][0]) == (START - timedelta(hours=1), START + timedelta(minutes=8))


def test_message_about_a_thousand_alerts_stays_small_and_counts_the_rest() -> None:
    message = compose(*(an_instance(labels={"agent": f"agent {i}"}) for i in range(1000)))
    assert (len(message.items), message.omitted) == (MOST_ITEMS, 1000 - MOST_ITEMS)
    assert "… and 950 more" in render_plain(message)
    assert "… and 975 more" in render_html(message)
    _, blocks = render_slack(message)
    assert any(text["text"] == "… and 980 more" for text in texts_of(blocks))


def test_rule_that_is_gone_leaves_the_facts() -> None:
    [item] = compose(an_instance("deleted rule")).items
    assert item.summary == "Success rate: 50 %, below 95 %, in the last hour (40 runs)"


def test_nothing_from_telemetry_is_slack_markup() -> None:
    hostile = an_instance(labels={"agent": NASTY, NASTY: "x"}, reason=NASTY)
    _, blocks = render_slack(compose(hostile))
    for text in texts_of(blocks):
        content = text["text"].replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
        if text["type"] == "mrkdwn":
            assert text["verbatim"] is True
            assert content.count("`") in (0, 2)
            links = [part for part in content.split("<") if ">" in part]
            assert all(link.startswith("http://127.0.0.1:8501/") for link in links)
        else:
            assert text["emoji"] is False
            assert "<" not in content
            assert "&" not in content


LABELS = st.dictionaries(st.text(min_size=1, max_size=20), st.text(max_size=300), max_size=8)


@settings(max_examples=40)
@given(st.lists(LABELS, min_size=1, max_size=25), st.text(max_size=600))
def test_slack_message_keeps_slacks_bounds_whatever_telemetry_says(
    groups: list[dict[str, str]], reason: str
) -> None:
    message = compose(
        *(an_instance(labels=labels, reason=reason, fingerprint=str(i)) for i, labels in enumerate(groups))
    )
    text, blocks = render_slack(message)
    assert 1 <= len(blocks) <= MOST_BLOCKS
    assert len(text) <= 3000
    for parsed in Block.parse_all(blocks):
        parsed.validate_json()
    for block in blocks:
        assert len(block.get("fields", [])) <= 10
        assert len(block.get("elements", [])) <= 10
        bounds = {"header": 150, "section": 3000, "context": 3000, "divider": 0}
        if "text" in block:
            assert 1 <= len(block["text"]["text"]) <= bounds[block["type"]]
        assert all(len(field["text"]) <= 2000 for field in block.get("fields", []))
    assert sum(len(found["text"]) for found in texts_of(blocks)) <= 13_000


class Tags(HTMLParser):
    """Collects the tags and attributes of a document."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]
        assert {name for name, _ in attrs} <= {
            "style", "class", "href", "role", "cellpadding", "cellspacing", "width", "align", "lang", "charset", "name",
            "content",
        }  # fmt: skip


@settings(max_examples=40)
@given(LABELS, st.text(max_size=500))
def test_mail_has_only_our_own_tags_whatever_telemetry_says(labels: dict[str, str], reason: str) -> None:
    message = compose(
        an_instance(labels={**labels, "agent": f"<img src=x onerror=1>{reason}"}, reason=reason)
    )
    tags = Tags()
    tags.feed(render_html(message))
    assert tags.found <= {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "table",
        "tr",
        "td",
        "div",
        "span",
        "a",
        "code",
    }
    assert all(link.startswith("http://127.0.0.1:8501") for link in tags.links)


@settings(max_examples=40)
@given(LABELS, st.text(max_size=500))
def test_every_mail_can_be_written_whatever_telemetry_says(labels: dict[str, str], reason: str) -> None:
    channel = EmailChannel("mail", "localhost", 25, "s@example.com", ("a@example.com",))
    alert = an_instance(reason or "x", labels=labels, reason=reason)
    mail = channel.render(compose(alert), "key")
    assert b"\r\n\r\n" in mail.as_bytes(policy=mail.policy.clone(linesep="\r\n"))
    assert mail.keys().count("Subject") == 1
    assert set(mail.keys()) == {
        "Subject", "From", "To", "Date", "Message-ID", "References", "Auto-Submitted", "X-Spanledger-Status",
        "MIME-Version", "Content-Type",
    }  # fmt: skip


def test_placeholder_is_filled_once_and_its_value_is_not_read_again() -> None:
    filled = fill_template(
        "{{ labels.agent }} {{value}} {{ $labels.x }}.", {"value": "5 %"}, {"agent": "{{ value }}"}
    )
    assert filled == "{{ value }} 5 % ."


@pytest.mark.parametrize(
    ("template", "agent", "address"),
    [
        (
            "https://wiki.example.com/{{ labels.agent }}",
            "a/b?c#d e",
            "https://wiki.example.com/a%2Fb%3Fc%23d%20e",
        ),
        ("https://wiki.example.com/{{ labels.team }}", "a", "https://wiki.example.com/shop/eu"),
        ("https://{{ labels.agent }}", "evil.example/x y", "https://evil.example%2Fx%20y"),
    ],
)
def test_telemetry_does_not_choose_where_the_runbook_is(template: str, agent: str, address: str) -> None:
    section = Section("[[alert]]", {
        "name": "success rate", "metric": "success_rate", "below": 0.9,
        "labels": {"team": "shop/eu"}, "annotations": {"runbook": template},
    })  # fmt: skip
    rule = read_rule(section)
    labels = rule.label_alert({"agent": agent})
    composer = Composer({rule.name: rule})
    assert composer.describe(an_instance(alert=rule.name, labels=labels), START).runbook == address


def test_control_and_reordering_characters_are_dropped() -> None:
    assert clean_line("a\x00b\u202ec\r\nd\u200be") == "abc de"
    assert clean_text("a\nb\x1b[31m") == "a\nb[31m"


@pytest.mark.parametrize(
    ("value", "metric", "text"),
    [
        (0.9512, "success_rate", "95.1 %"),
        (1.0, "success_rate", "100 %"),
        (0.0, "tool_failure_rate", "0 %"),
        (0.0004, "cost_per_run_usd", "$0.0004"),
        (1234.567, "cost_usd", "$1,234.57"),
        (950.0, "run_p95_ms", "950 ms"),
        (20400.0, "run_p95_ms", "20.4 s"),
        (600_000.0, "run_p95_ms", "10 min"),
        (155_000.0, "run_p95_ms", "2 min 35 s"),
        (3.0, "failures_in_a_row", "3 in a row"),
        (12.0, "run_count", "12"),
        (1_234_567.0, "tokens", "1,234,567"),
        (None, "tokens", "no data"),
        (float("nan"), "tokens", "no data"),
    ],
)
def test_figure_carries_its_unit(value: float | None, metric: str, text: str) -> None:
    assert format_figure(value, metric) == text


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (timedelta(seconds=5), "5 s"),
        (timedelta(minutes=90), "1 h 30 min"),
        (timedelta(days=2), "2 d"),
        (timedelta(0), "0 s"),
    ],
)
def test_age_is_told_in_its_largest_units(age: timedelta, text: str) -> None:
    assert format_age(age) == text


def test_secret_shows_nowhere() -> None:
    url = SecretUrl("https://user:pw123@hooks.example.com:8443/services/T0/B0?token=abc123")
    for text in (
        repr(url),
        str(url),
        f"{url}",
        url.redact("failed at /services/T0/B0?token=abc123 with pw123"),
    ):
        assert not any(part in text for part in ("T0", "abc123", "pw123"))
    assert str(url) == "https://hooks.example.com:8443/***"
    assert repr(Secret("x")) == "Secret(***)"
    assert Secret("x") == Secret("x") != Secret("y")


def test_test_message_is_marked_in_every_rendering() -> None:
    message = a_message(an_item(), is_test=True)
    assert message.subject.startswith("[TEST FIRING]")
    assert "nothing is wrong" in render_plain(message)
    assert "nothing is wrong" in render_html(message)
    assert "🧪 Test" in render_slack(message)[1][0]["text"]["text"]


def test_cut_text_has_no_half_entity() -> None:
    _, blocks = render_slack(a_message(an_item(summary="&<>" * 600, alert="&" * 100)))
    header, section = blocks[0]["text"]["text"], blocks[1]["text"]["text"]
    for text in (header, section):
        assert text.endswith("…")
        assert text.count("&") == text.count(";")
    assert len(header) <= 150
    assert len(section) <= 3000


def test_silence_command_is_safe_in_a_shell_and_silences_this_alert() -> None:
    item = compose(an_instance(labels={"agent": "it's $(me)"})).items[0]
    words = shlex.split(item.silence_command)
    assert words[:3] == ["spanledger", "alerts", "silence"]
    matchers = [parse_matcher(word) for word in words[3 : words.index("--for")]]
    assert all_match(matchers, item.labels)
    assert compose(an_instance(labels={"agent": 'a"b'})).items[0].silence_command.count("agent") == 0


@pytest.mark.parametrize("kind", sorted(set(CHANNELS) - {"apprise"}))
def test_every_channel_says_what_how_bad_who_and_what_to_do(kind: str) -> None:
    item = an_item(
        summary="Few succeed",
        description="Look at the model first.",
        facts={"In the 7 days before": "97.4 %", "Failing": "30 of 40 runs, 7 users", "Cost": "$4.20"},
        examples=(Example("10:01 timeout", "http://d/trace?id=1"),),
        silence_command="spanledger alerts silence agent --for 2h",
    )
    channel = read_channel(Section("[[channel]]", {"name": "c", "type": kind, **CHANNELS[kind]}))
    rendered = channel.render(a_message(item), "k")
    if isinstance(rendered, EmailMessage):
        parts = [part.get_content() for part in rendered.iter_parts()]
    else:
        parts = [msgspec.json.encode(rendered).decode()]
    for said in parts:
        text = unescape(said).replace("\\\\", "")
        for expected in (
            "success rate", "Few succeed", "Look at the model first.", "Success rate: 50 %, below 95 %",
            "97.4 %", "30 of 40 runs, 7 users", "$4.20", "http://d/trace?id=1",
            "https://wiki.example.com/success", "http://127.0.0.1:8501/?range=1h&agent=support",
        ):  # fmt: skip
            assert expected in text
        # An Alertmanager of one's own has silences of its own.
        assert ("spanledger alerts silence agent" in text) == (kind != "alertmanager")


@pytest.mark.parametrize(
    "kind", ["slack", "email", "teams", "discord", "telegram", "webhook", "alertmanager"]
)
def test_each_of_several_alerts_is_named(kind: str) -> None:
    other = an_item(
        fingerprint="f2", alert="slow runs", summary="It is slow", state="resolved", ended_at=START
    )
    channel = read_channel(Section("[[channel]]", {"name": "c", "type": kind, **CHANNELS[kind]}))
    rendered = channel.render(a_message(an_item(), other, reason="new_alerts"), "k")
    is_mail = isinstance(rendered, EmailMessage)
    parts = (
        [part.get_content() for part in rendered.iter_parts()]
        if is_mail
        else [json.dumps(rendered, default=str)]
    )
    for said in parts:
        assert "success rate" in said
        assert "slow runs" in said


def test_words_of_a_rule_are_not_said_where_they_do_not_hold() -> None:
    recovering = an_instance(state=State.RECOVERING, value=0.97, reason="Success rate: 97 %, not below 95 %")
    [item] = compose(recovering).items
    assert (item.state, item.summary) == ("firing", "Success rate: 97 %, not below 95 %")
    [item] = compose(an_instance(value=None, threshold=None, reason="no data: nothing happened")).items
    assert item.summary == "No data: nothing happened"


def test_drift_is_named_by_what_changed_and_of_whom() -> None:
    labels = {
        "service": "shop",
        "environment": "prod",
        "agent": "support",
        "metric": "run_ms",
        "direction": "up",
    }
    composer = Composer({rule.name: rule for rule in parse_alerting({}).rules})
    message = composer.compose(
        [an_instance("drift", labels=labels, value=88_000.0, threshold=21_000.0, reason="It went up")],
        reason="first_notification", group_key="k", group_labels={}, now=START,
    )  # fmt: skip
    assert message.title == "drift · Run latency up, support"
    text = render_plain(message)
    assert "seen: 88 s" in text
    assert "before: 21 s" in text
    assert "direction" not in text.replace("'direction=", "")


def test_budget_is_told_in_its_unit_once() -> None:
    labels = {"budget": "team", "user_id": "ann", "unit": "tokens"}
    composer = Composer({rule.name: rule for rule in parse_alerting({}).rules})
    message = composer.compose(
        [an_instance("budget used", labels=labels, value=104_000.0, threshold=100_000.0, reason="It is used")],
        reason="first_notification", group_key="k", group_labels={}, now=START,
    )  # fmt: skip
    assert message.title == "budget used · team, ann"
    assert "seen: 104,000 tokens\n  limit: 100,000 tokens\n" in render_plain(message)
    assert "unit:" not in render_plain(message)


@pytest.mark.parametrize("kind", RULES)
def test_made_up_alert_has_the_units_and_labels_of_its_rule(kind: str) -> None:
    rule = read_rule(Section("[[alert]]", {"name": "a", **RULES[kind]}))
    labels, value, threshold = make_up(rule)
    message = Composer({"a": rule}).compose(
        [an_instance("a", labels=labels, value=value, threshold=threshold, reason="These figures are made up")],
        reason="test", group_key="k", group_labels={}, now=START, is_test=True,
    )  # fmt: skip
    [item] = message.items
    assert item.value_text not in ("", "no data")
    assert set(rule.condition.group_by) <= set(labels) or kind == "drift"


def test_facts_and_examples_stand_in_every_form_of_a_message() -> None:
    context = Context(
        {"Failing": "30 of 40 runs, 7 users"}, (Example("10:01 timeout", "http://d/trace?id=1"),)
    )
    instance = an_instance()
    message = COMPOSER.compose(
        [instance],
        reason="first_notification",
        group_key="k",
        group_labels={},
        now=START,
        contexts={instance.fingerprint: context},
    )
    _, blocks = render_slack(message)
    for text in (render_plain(message), render_html(message), json.dumps(blocks)):
        assert "30 of 40 runs, 7 users" in text
        assert "http://d/trace?id=1" in text

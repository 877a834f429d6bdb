"""What may be written under [[alert]], [[channel]] and [route], and what an error says."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.channels.email import EmailChannel
from alerts.channels.slack import SlackChannel
from alerts.check import describe_config
from alerts.management import add_rule
from alerts.rules import AlertingConfig, parse_alerting
from alerts.rules.rule import read_rule
from alerts.rules.starter import STARTERS
from alerts.rules.threshold import Threshold
from alerts.states import NoDataPolicy
from spanledger.config import load_config
from spanledger.layout import make_data_dir
from spanledger.services import check_alerting
from store import open_control
from store.configuration.durations import format_duration, parse_duration
from store.configuration.section import Section
from store.errors import ConfigError

CONTRACT = """
[[channel]]
name = "team"
type = "slack"
url = "https://hooks.slack.com/services/T0/B0/secret"
[[channel]]
name = "mail"
type = "email"
smtp = "smtp://mail.example.com:587"
from = "spanledger@example.com"
to = ["oncall@example.com"]
[route]
channels = ["team", "mail"]
group_by = ["alert"]
group_wait = "30s"
[[alert]]
name = "success rate"
metric = "success_rate"
below = 0.95
window = "1h"
group_by = ["agent"]
for = "5m"
"""
ALERT = '[[alert]]\nname = "a"\nmetric = "run_p95_ms"\n'
SLACK = '[[channel]]\nname = "c"\ntype = "slack"\n'
MAIL = '[[channel]]\nname = "m"\ntype = "email"\nfrom = "a@example.com"\nto = ["b@example.com"]\n'


def parse(text: str, environ: dict[str, str] | None = None, directory: Path | None = None) -> AlertingConfig:
    return parse_alerting(tomllib.loads(text), environ=environ or {}, directory=directory)


def test_example_of_the_contract_is_understood() -> None:
    config = parse(CONTRACT)
    rule = config.find_rule("success rate")
    assert rule is not None
    assert isinstance(rule.condition, Threshold)
    assert (rule.condition.bound.side, rule.condition.bound.limit) == ("below", 0.95)
    assert rule.condition.measure.group_by == ("agent",)
    assert rule.timing.hold == timedelta(minutes=5)
    assert config.route.channels == ("team", "mail")
    assert isinstance(config.channels["team"], SlackChannel)
    assert isinstance(config.channels["mail"], EmailChannel)


def test_starter_alerts_are_on_without_any_configuration() -> None:
    config = parse("")
    assert [rule.name for rule in config.rules] == [starter["name"] for starter in STARTERS]
    assert {"success rate", "cost", "slow runs", "user fails repeatedly", "tool fails", "completion rate",
            "budget used", "unpriced calls", "drift", "ingest lag"} <= {rule.name for rule in config.rules}  # fmt: skip
    assert all(rule.is_enabled for rule in config.rules)


@pytest.mark.parametrize("name", [str(starter["name"]) for starter in STARTERS])
def test_starter_alert_can_be_switched_off_by_name(name: str) -> None:
    config = parse(f'[[alert]]\nname = "{name}"\nenabled = false')
    assert [rule.name for rule in config.rules if not rule.is_enabled] == [name]
    assert len(config.rules) == len(STARTERS)


def test_single_key_of_a_starter_alert_can_be_changed() -> None:
    rule = parse('[[alert]]\nname = "success rate"\nbelow = 0.8\nmin_count = 5').find_rule("success rate")
    assert rule is not None
    assert isinstance(rule.condition, Threshold)
    assert (rule.condition.bound.limit, rule.condition.measure.min_count) == (0.8, 5)
    assert rule.timing.hold == timedelta(minutes=5)


def test_starter_alert_can_change_its_side_or_kind() -> None:
    rule = parse('[[alert]]\nname = "cost"\nabove = 100').find_rule("cost")
    assert rule is not None
    assert isinstance(rule.condition, Threshold)
    assert rule.condition.window == timedelta(days=1)
    assert rule.annotations == {}


def test_rule_of_the_file_wins_over_one_made_by_command_and_says_so() -> None:
    made = [
        {"name": "mine", "metric": "success_rate", "below": 0.5},
        {"name": "a", "metric": "success_rate", "below": 0.5},
        {"name": "cost", "enabled": False},
        {"name": "broken", "metric": "nothing", "below": 0.5},
    ]
    text = '[[alert]]\nname = "a"\nmetric = "run_p95_ms"\nabove = 1'
    config = parse_alerting(tomllib.loads(text), made_rules=made, environ={})
    assert {rule.name: rule.origin for rule in config.rules if rule.origin != "starter"} == {
        "a": "file",
        "mine": "command",
        "cost": "command",
    }
    assert (config.find_rule("cost") or config.rules[0]).is_enabled is False
    assert [note.split("'")[1] for note in config.notes] == ["a", "broken"]


def test_alert_that_counts_takes_nothing_for_a_figure() -> None:
    config = parse('[[alert]]\nname = "idle"\nmetric = "run_count"\nbelow = 1')
    rule = config.find_rule("idle")
    assert rule is not None
    assert isinstance(rule.condition, Threshold)
    assert rule.condition.measure.min_count == 0


def test_all_timings_are_read() -> None:
    text = (
        ALERT
        + 'above = 20000\nrecover_below = 15000\nkeep_firing_for = "10m"\nno_data = "keep"\nseverity = "info"'
    )
    rule = parse(text).find_rule("a")
    assert rule is not None
    assert isinstance(rule.condition, Threshold)
    assert rule.condition.bound.recovery == 15000
    assert rule.timing.keep_firing_for == timedelta(minutes=10)
    assert (rule.timing.no_data, rule.severity) == (NoDataPolicy.KEEP, "info")


def test_filter_takes_one_or_several_values() -> None:
    rule = parse(ALERT + 'above = 1\nwhere = { agent = "x", environment = ["a", "b"] }').find_rule("a")
    assert rule is not None
    assert rule.condition.where == {"agent": "x", "environment": ("a", "b")}


WRONG = {
    "unknown key": (ALERT + "abov = 1", '[[alert]] "a": there is no condition; add one of above, below'),
    "unknown key beside": (
        ALERT + "above = 1\nwindw = '1h'",
        '[[alert]] "a": unknown key windw (did you mean window?)',
    ),
    "wrong type": (ALERT + 'above = "1"', '[[alert]] "a": above = "1" is not a number'),
    "flag as number": (ALERT + "above = true", "above = True is not a number"),
    "infinite": (ALERT + "above = inf", "above = inf is not a number"),
    "unquoted duration": (ALERT + "above = 1\nfor = 5", "for = 5 is not a duration; put it in quotes"),
    "nonsense duration": (ALERT + 'above = 1\nfor = "5 minutes"', 'for = "5 minutes" is not a duration'),
    "short window": (
        ALERT + 'above = 1\nwindow = "5s"',
        'window = "5s" is too short; it must be at least "1m"',
    ),
    "unknown metric": (
        '[[alert]]\nname = "a"\nmetric = "sucess_rate"\nbelow = 1',
        "did you mean success_rate?",
    ),
    "unknown dimension": (
        ALERT + 'above = 1\ngroup_by = ["tool"]',
        "has tool, which run_p95_ms does not have",
    ),
    "unknown filter": (
        ALERT + 'above = 1\nwhere = { colour = "red" }',
        "has colour, which run_p95_ms does not have",
    ),
    "filter type": (ALERT + "above = 1\nwhere = { agent = 5 }", "where.agent = 5 is not a text"),
    "both sides": (ALERT + "above = 1\nbelow = 2", "above = 1 and below exclude each other; make two alerts"),
    "two kinds": (
        ALERT + "above = 1\nabove_baseline = 2.0",
        "above = 1 and above_baseline exclude each other",
    ),
    "kind and key": (ALERT + 'kind = "baseline"\nabove = 1', 'above = 1 does not go with kind = "baseline"'),
    "unknown kind": (ALERT + 'kind = "spikes"', 'kind = "spikes" is not one of threshold, baseline, change'),
    "no condition": (ALERT, "there is no condition"),
    "recovery beyond": (ALERT + "above = 1\nrecover_below = 2", "recover_below = 2 is beyond above = 1"),
    "recovery side": (ALERT + "above = 1\nrecover_above = 0.5", "recover_above = 0.5 does not go with above"),
    "ratio": (ALERT + "above_baseline = 0", "above_baseline = 0 is not a ratio"),
    "baseline too short": (
        ALERT + 'above_baseline = 2\nwindow = "2d"\nbaseline = "1d"',
        'baseline = "1d" is too short',
    ),
    "too many windows": (ALERT + 'above_baseline = 2\nwindow = "1m"', "is more than 100 windows"),
    "no name": ("[[alert]]\nabove = 1", "[[alert]] number 1: name is missing"),
    "empty name": ('[[alert]]\nname = " "', "name"),
    "two of a name": (
        ALERT + "above = 1\n" + ALERT + "above = 2",
        "is used by two alerts; rename one of them",
    ),
    "severity": (
        ALERT + 'above = 1\nseverity = "fatal"',
        'severity = "fatal" is not one of info, warning, critical',
    ),
    "reserved label": (
        ALERT + 'above = 1\nlabels = { severity = "x" }',
        "sets severity, which every alert has",
    ),
    "label name": (ALERT + 'above = 1\nlabels = { "a b" = "x" }', "labels.a b is not a name"),
    "placeholder": (
        ALERT + 'above = 1\nannotations = { summary = "{{ valu }}" }',
        "'{{ valu }}' is not a placeholder",
    ),
    "runbook": (
        ALERT + 'above = 1\nannotations = { runbook = "javascript:x" }',
        "has a runbook that is not an address",
    ),
    "min_count": (ALERT + "above = 1\nmin_count = 1.5", "min_count = 1.5 is not a whole number"),
    "drift filter": (
        '[[alert]]\nname = "d"\nkind = "drift"\nwhere = { colour = "x" }',
        "has colour, which drift alarms",
    ),
    "alert is no array": (
        "[alert]\nname = 'a'",
        "[[alert]]: alert = {'name': 'a'} is not an array of tables",
    ),
    "channel type": (
        '[[channel]]\nname = "c"\ntype = "slak"',
        'type = "slak" is not one of slack, email, webhook',
    ),
    "no url": (SLACK, "url is missing; add url = "),
    "no address": (SLACK + 'url = "hooks.slack.com/x"', "url is not an address; start it with https://"),
    "two secrets": (SLACK + 'url = "https://a.b/c"\nurl_file = "x"', "url and url_file exclude each other"),
    "missing file": (
        SLACK + 'url_file = "/nonexistent/secret"',
        'url_file = "/nonexistent/secret" cannot be read',
    ),
    "unknown channel key": (
        SLACK + 'url = "https://a.b/c"\ncolour = "red"',
        '[[channel]] "c": unknown key colour',
    ),
    "timeout": (SLACK + 'url = "https://a.b/c"\ntimeout = "2h"', 'timeout = "2h" is longer than "1m"'),
    "two channels": (
        SLACK + 'url = "https://a.b/c"\n' + SLACK + 'url = "https://a.b/c"',
        "is used by two channels",
    ),
    "smtp": (MAIL + 'smtp = "mail.example.com"', "smtp is not the address of a mail server"),
    "smtp port": (
        MAIL + 'smtp = "smtp://mail.example.com:99999"',
        "smtp is not the address of a mail server",
    ),
    "no password": (MAIL + 'smtp = "smtp://h"\nusername = "u"', "password is missing; add password"),
    "no user": (
        MAIL + 'smtp = "smtp://h"\npassword = "p"',
        "username is missing, although there is a password",
    ),
    "tls of smtps": (MAIL + 'smtp = "smtps://h"\ntls = "off"', 'tls = "off" does not go with smtps://'),
    "recipient": (
        MAIL.replace("b@example.com", "b@exam ple.com") + 'smtp = "smtp://h"',
        "which is not an address",
    ),
    "header in recipient": (
        MAIL.replace("b@", "b\\r\\nBcc: c@") + 'smtp = "smtp://h"',
        "which is not an address",
    ),
    "undefined channel": (
        '[route]\nchannels = ["team"]',
        "channels = ['team'] names 'team', which is not defined",
    ),
    "undefined below": (
        SLACK + 'url = "https://a.b/c"\n[[route.routes]]\nmatchers = ["a=b"]\nchannels = ["d"]',
        "[[route.routes]] number 1: channels = ['d'] names 'd', which is not defined; use one of c",
    ),
    "matcher": ('[[route.routes]]\nmatchers = ["severity"]', "'severity' is not a matcher"),
    "regex": ('[[route.routes]]\nmatchers = ["agent=~\\"(\\""]', "'(' is not a regular expression"),
    "anchor trick": ('[[route.routes]]\nmatchers = ["agent=~\\"a)|(b\\""]', "is not a regular expression"),
    "root matcher": ('[route]\nmatchers = ["a=b"]', "does not go with the root"),
    "route key": (
        "[route]\ngroup_waits = '1s'",
        "[route]: unknown key group_waits (did you mean group_wait?)",
    ),
    "repeat": ('[route]\nrepeat_interval = "1m"', 'repeat_interval = "1m" is shorter than group_interval'),
    "route is no table": ("route = 5", "[route]: route is not a table"),
}


@pytest.mark.parametrize("case", WRONG)
def test_error_names_section_key_value_and_remedy(case: str) -> None:
    text, expected = WRONG[case]
    with pytest.raises(ConfigError) as caught:
        parse(text)
    assert expected in str(caught.value)
    assert not str(caught.value).endswith(".")


def test_secret_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "hook").write_text("https://hooks.example.com/s3cret\n")
    channel = parse(SLACK + 'url_file = "hook"', directory=tmp_path).channels["c"]
    assert isinstance(channel, SlackChannel)
    assert channel.url.reveal() == "https://hooks.example.com/s3cret"


def test_environment_wins_over_the_file() -> None:
    environ = {"SPANLEDGER_CHANNEL_C_URL": "https://hooks.example.com/from-env"}
    channel = parse(SLACK + 'url = "https://hooks.example.com/from-file"', environ).channels["c"]
    assert isinstance(channel, SlackChannel)
    assert channel.url.reveal().endswith("from-env")


def test_secret_alone_in_the_environment_is_enough() -> None:
    environ = {"SPANLEDGER_CHANNEL_M_PASSWORD": "pw"}
    channel = parse(MAIL + 'smtp = "smtp://h"\nusername = "u"', environ).channels["m"]
    assert isinstance(channel, EmailChannel)
    assert channel.password is not None
    assert channel.password.reveal() == "pw"


def test_no_text_about_a_configuration_contains_its_secrets() -> None:
    config = parse(CONTRACT + MAIL + 'smtp = "smtp://user:pa55@h"')
    for text in (repr(config), describe_config(config)):
        assert "secret" not in text
        assert "pa55" not in text


def test_wrong_secret_is_not_shown_in_the_error() -> None:
    with pytest.raises(ConfigError) as caught:
        parse(SLACK + 'url = "htps://hooks.slack.com/services/s3cret"')
    assert "s3cret" not in str(caught.value)


def test_config_is_described_in_words() -> None:
    text = describe_config(parse(CONTRACT))
    assert "success rate: Success rate below 95 % over 1h (warning, for 5m, starter)" in text
    assert "team: slack, https://hooks.slack.com/***" in text
    assert "everything → team, mail, grouped by alert, after 30s" in text


@given(st.timedeltas(min_value=timedelta(milliseconds=1), max_value=timedelta(days=3000)))
def test_duration_survives_being_written(duration: timedelta) -> None:
    rounded = timedelta(milliseconds=max(1, round(duration / timedelta(milliseconds=1))))
    assert parse_duration(format_duration(rounded)) == rounded


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("4h30m", timedelta(hours=4, minutes=30)),
        ("500ms", timedelta(milliseconds=500)),
        ("1w", timedelta(days=7)),
        ("90d", timedelta(days=90)),
        ("0", timedelta(0)),
        ("5m", timedelta(minutes=5)),
        ("1m30s", timedelta(seconds=90)),
    ],
)
def test_duration_is_read_as_prometheus_does(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


@pytest.mark.parametrize("text", ["", "5", "5 m", "m", "-5m", "1.5h", "5m1h", "5m5m", "1e3s", "99y", "٣m"])
def test_what_prometheus_refuses_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=8),
        lambda c: st.lists(c, max_size=3) | st.dictionaries(st.text(max_size=8), c, max_size=3),
        max_leaves=8,
    )
)
def test_no_value_gets_past_as_anything_but_a_config_error(value: object) -> None:
    keys = ["name", "metric", "above", "for", "where", "labels", "group_by", "severity", "enabled", "kind"]
    for key in keys:
        table = {"name": "a", "metric": "success_rate", "below": 0.9, key: value}
        try:
            read_rule(Section("[[alert]]", table))
        except ConfigError:
            continue
    for tables in (
        {"alert": value},
        {"channel": value},
        {"route": value},
        {"channel": [{"name": value, "type": value}]},
    ):
        try:
            parse_alerting(tables, environ={})
        except ConfigError:
            continue


def test_check_says_which_rules_made_by_command_the_file_displaces(tmp_path: Path) -> None:
    directory = make_data_dir(tmp_path / "data")
    table = '[[alert]]\nname = "slow"\nmetric = "run_p95_ms"\nabove = 5\n'
    (directory / "spanledger.toml").write_text(table)
    config = load_config(directory)
    assert check_alerting(config).notes == config.alerting.notes
    control = open_control(directory)
    made = {"name": "slow", "metric": "run_p95_ms", "above": 7}
    add_rule(control, parse_alerting({}), made, author="ann", now=datetime(2026, 3, 2, tzinfo=UTC))
    control.close()
    said = describe_config(check_alerting(config))
    assert "slow: Run latency p95 above 5 ms" in said
    assert "note: the alert 'slow' made by command is not used: the configuration file has one" in said

"""Matchers of labels."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.matchers import Matcher, all_match, parse_matcher
from store.errors import ConfigError

LABELS = {"severity": "critical", "agent": "support-triage"}


@pytest.mark.parametrize(
    ("text", "is_match"),
    [
        ('severity="critical"', True),
        ("severity=critical", True),
        (' severity = "critical" ', True),
        ('severity!="critical"', False),
        ('agent=~"support.*|sales"', True),
        ('agent=~"support"', False),
        ('agent!~"support"', True),
        ('tool=""', True),
        ('tool!=""', False),
        ('tool=~".+"', False),
    ],
)
def test_matcher_means_what_alertmanager_means(text: str, is_match: bool) -> None:
    assert parse_matcher(text).matches(LABELS) is is_match


def test_all_matchers_must_hold() -> None:
    assert all_match([parse_matcher("severity=critical"), parse_matcher('agent=~"s.*"')], LABELS)
    assert not all_match([parse_matcher("severity=critical"), parse_matcher("agent=x")], LABELS)


@given(st.text(max_size=50))
def test_matcher_survives_being_written(value: str) -> None:
    matcher = Matcher("agent", "=", value)
    assert parse_matcher(str(matcher)) == matcher
    assert matcher.matches({"agent": value})


@pytest.mark.parametrize(
    "text", ["", "severity", '="x"', 'a b="x"', 'severity=="x"', 'a="x', "a=~(", "x" * 2000]
)
def test_what_is_no_matcher_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_matcher(text)


def test_no_pattern_takes_more_than_linear_time() -> None:
    matcher = parse_matcher('agent=~"(a+)+$"')
    started = time.process_time()
    assert not matcher.matches({"agent": "a" * 5_000 + "!"})
    assert time.process_time() - started < 5, (
        "a backtracking engine would need longer than the universe exists"
    )


def test_anchors_cannot_be_escaped_from() -> None:
    with pytest.raises(ConfigError):
        parse_matcher('agent=~"a)|(b"')
    assert not parse_matcher('agent=~"a|b"').matches({"agent": "xb"})

"""What docs/alerts.md shows is what is understood, and nothing that is understood is missing from it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from alerts.channels.registry import CHANNEL_TYPES, read_channel
from alerts.messages.templates import FIELDS
from alerts.routing.groups import Reason
from alerts.rules import CONDITIONS, SEVERITIES, parse_alerting
from alerts.rules.health import HEALTH_FIGURES
from alerts.rules.rule import read_rule
from alerts.rules.starter import STARTERS
from alerts.states import NoDataPolicy, State
from store.configuration.section import Section

PAGE = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text()
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
RULES = {
    "threshold": {"metric": "success_rate", "below": 0.9},
    "baseline": {"metric": "cost_usd", "above_baseline": 2.0},
    "change": {"metric": "success_rate", "below_change": -0.05},
    "burn_rate": {"metric": "success_rate", "objective": 0.99},
    "in_a_row": {"in_a_row": 3},
    "spike": {"metric": "cost_usd", "spike": 6},
    "silence": {"silent_for": "1h"},
    "budget": {"budget": "*"},
    "new": {"new": "model"},
    "health": {"health": "failing_jobs", "above": 0},
    "drift": {"kind": "drift"},
}
CHANNELS = {
    "slack": {"url": "https://a.b/c"},
    "email": {"smtp": "smtp://h", "from": "a@example.com", "to": ["b@example.com"]},
    "webhook": {"url": "https://a.b/c"},
    "pagerduty": {"routing_key": "R0"},
    "teams": {"url": "https://a.b/c"},
    "discord": {"url": "https://a.b/c"},
    "telegram": {"token": "1:x", "chat": "-100"},
    "alertmanager": {"url": "http://a.b"},
    "apprise": {"url": "ntfy://topic"},
}


def test_all_examples_together_are_a_valid_configuration(tmp_path: Path) -> None:
    for name in re.findall(r'_file = "([\w-]+)"', PAGE):
        is_apprise = name == "apprise-url"
        (tmp_path / name).write_text("ntfy://topic" if is_apprise else "https://hooks.example.com/x")
    config = parse_alerting(tomllib.loads("\n".join(EXAMPLES)), environ={}, directory=tmp_path)
    assert {channel.type for channel in config.channels.values()} == set(CHANNEL_TYPES)
    assert {type(rule.condition).kind for rule in config.rules} == set(CONDITIONS)


@pytest.mark.parametrize("kind", CONDITIONS)
def test_every_key_of_a_rule_is_documented(kind: str) -> None:
    section = Section("[[alert]]", {"name": "a", **RULES[kind]})
    read_rule(section)
    assert missing(section.asked) == set()


@pytest.mark.parametrize("kind", CHANNEL_TYPES)
def test_every_key_of_a_channel_is_documented(kind: str) -> None:
    section = Section("[[channel]]", {"name": "c", "type": kind, **CHANNELS[kind]})
    read_channel(section)
    assert missing(section.asked) == set()


def test_every_choice_is_documented() -> None:
    words = {
        *CONDITIONS,
        *HEALTH_FIGURES,
        *(starter["name"] for starter in STARTERS),
        *CHANNEL_TYPES,
        *SEVERITIES,
        *FIELDS,
        *(reason.value for reason in Reason),
    }
    words |= {policy.value for policy in NoDataPolicy} | {state.value for state in State}
    assert missing(words) == set()


def missing(words: object) -> set[str]:
    assert isinstance(words, set | frozenset)
    return {word for word in words if not re.search(rf"\b{re.escape(word)}\b", PAGE)}


def test_every_claim_that_the_page_names_stands_here() -> None:
    names = set(re.findall(r"`(test_\w+)`", PAGE))
    files = Path(__file__).parent.glob("test_*.py")
    written = {name for file in files for name in re.findall(r"def (test_\w+)", file.read_text())}
    assert len(names) > 60
    assert names <= written

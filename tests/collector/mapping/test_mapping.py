"""Own mappings: what they say, what they win over, what they refuse."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.dialects import known_dialects, normalise
from collector.mapping.compilation import registry_with
from collector.mapping.parsing import parse_mappings
from store.errors import ConfigError
from tests.collector.dialects.building import CAPTURES, SpanOf, a_batch, read_capture

PAGE = Path(__file__).parents[3] / "docs" / "mapping.md"


def read(text: str) -> Any:
    return parse_mappings(tomllib.loads(text).get("mapping"))


def facts_with(text: str, *spans: SpanOf) -> list[dict[str, Any]]:
    return normalise(a_batch(spans), registry_with(read(text))).to_dicts()


def example() -> str:
    found = re.search(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def test_the_example_of_the_page_does_what_the_page_says() -> None:
    asked = SpanOf(
        scope="acme.bot",
        name="ask-model twice",
        attributes={
            "acme.model": "gpt-4o-mini",
            "acme.tokens.in": "100",
            "acme.tokens.cached": "40",
            "acme.tokens.out": "7",
            "acme.first_word_s": "0.25",
            "acme.price_cents": "1.5",
            "acme.customer": '{"account": {"id": 77}}',
            "acme.rating": "5",
            "acme.seconds_heard": "12.5",
            "acme.question": "why?",
            "acme.answer": "because",
        },
    )
    looked = SpanOf(attributes={"acme.step": "lookup", "acme.step_name": "crm", "acme.broken": "true"})
    call, tool, stranger = facts_with(example(), asked, looked, SpanOf(attributes={"acme.model": "x"}))
    assert (call["kind"], call["provider"], call["request_model"]) == ("llm", "openai", "gpt-4o-mini")
    assert (call["input_tokens"], call["cache_read_tokens"], call["output_tokens"]) == (140, 40, 7)
    assert call["usage_note"] == "exclusive_input"
    assert (call["ttft_ms"], float(call["reported_cost_usd"])) == (250.0, 0.015)
    assert (call["user_id"], call["feedback"]) == ("77", 1.0)
    assert call["other_units"] == [{"key": "audio_seconds", "value": 12.5}]
    assert (call["input_key"], call["output_key"]) == ("acme.question", "acme.answer")
    assert call["dialect"] == "mapping:house bot"
    assert (tool["kind"], tool["tool"], tool["status"]) == ("tool", "crm", "error")
    assert (stranger["kind"], stranger["request_model"], stranger["dialect"]) == ("other", None, None)


def test_a_mapping_wins_field_by_field_and_the_dialect_keeps_the_rest_and_its_name() -> None:
    mapped = """
    [[mapping]]
    name = "tier names"
    match = { attribute = "gen_ai.*" }
    from = { "acme.model" = "request_model", "acme.in" = "input_tokens" }
    """
    attributes = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "alias", "acme.model": "gpt-4o"}
    usage = {"gen_ai.usage.input_tokens": "10", "gen_ai.usage.output_tokens": "3"}
    [facts] = facts_with(mapped, SpanOf(attributes=attributes | usage))
    assert (facts["request_model"], facts["input_tokens"], facts["output_tokens"]) == ("gpt-4o", 10, 3)
    assert (facts["dialect"], facts["kind"]) == ("otel", "llm")


def test_the_first_mapping_wins_over_the_second() -> None:
    text = "".join(
        f'[[mapping]]\nname = "{name}"\nmatch = {{ name = "*" }}\nset = {{ agent = "{name}" }}\n'
        for name in ("zebra", "ant")
    )
    assert facts_with(text, SpanOf())[0]["agent"] == "zebra"


def test_units_are_those_of_matching_spans_only() -> None:
    text = '[[mapping]]\nname = "m"\nmatch = { name = "voice" }\nfrom = { "secs" = "usage.audio_seconds" }'
    voice, other = facts_with(
        text, SpanOf(name="voice", attributes={"secs": "3"}), SpanOf(attributes={"secs": "3"})
    )
    assert voice["other_units"] == [{"key": "audio_seconds", "value": 3.0}]
    assert other["other_units"] is None


@pytest.mark.parametrize("capture", CAPTURES[:6])
def test_a_mapping_that_matches_nothing_changes_nothing(capture: str) -> None:
    text = '[[mapping]]\nname = "m"\nmatch = { scope = "no such *" }\nset = { agent = "x" }'
    batch = read_capture(capture)
    assert normalise(batch, registry_with(read(text))).equals(normalise(batch))


@settings(max_examples=60, deadline=None)
@given(
    glob=st.text(st.sampled_from("abc*?[]!.-\\"), min_size=1, max_size=12).filter(
        lambda g: g.count("*") <= 5
    ),
    name=st.text(max_size=30),
    value=st.text(max_size=20),
)
def test_no_glob_and_no_value_makes_translation_fail(glob: str, name: str, value: str) -> None:
    text = f"""
    [[mapping]]
    name = "m"
    match = {{ name = {_quote(glob)}, attribute = {{ "key" = {_quote(glob)} }} }}
    [mapping.from]
    key = [{{ to = "input_tokens", unit = "million_tokens" }}, {{ to = "feedback", unit = "stars" }},
           {{ to = "user_id", member = "a.b" }}, "failed", {{ to = "kind", values = {{ a = "llm" }} }}]
    """
    [facts] = facts_with(text, SpanOf(name=name, attributes={"key": value}))
    assert facts["input_tokens"] is None or facts["input_tokens"] >= 0
    assert facts["feedback"] is None or -1 <= facts["feedback"] <= 1


def _quote(text: str) -> str:
    return "'" + text + "'"


BASE = '[[mapping]]\nname = "m"\nmatch = { scope = "a" }\n'
WRONG = {
    '[[mapping]]\nname = "m"\nset = { agent = "x" }': "match is missing",
    '[[mapping]]\nmatch = { scope = "a" }\nset = { agent = "x" }': "name is missing",
    BASE: "from is missing",
    BASE + 'from = { k = "input_token" }': "did you mean input_tokens?",
    BASE + 'from = { k = { to = "ttft_ms", unit = "hours" } }': "use one of ns, us, ms, s, min",
    BASE + 'from = { k = { to = "agent", unit = "s" } }': "has no unit; leave it out",
    BASE + 'from = { k = { to = "kind" } }': "say what each value is",
    BASE + 'from = { k = { to = "agent", exclusive = true } }': "input_tokens and output_tokens only",
    BASE + 'from = { k = { to = "agent", units = "s" } }': "unknown; known are to, unit",
    BASE + 'set = { kind = "robot" }': "is no kind; use one of",
    BASE + 'set = { agent = "x" }\nform = { k = "agent" }': "unknown key form (did you mean from?)",
    BASE + 'set = { agent = "x" }\n' + BASE + 'set = { agent = "x" }': "used by two mappings",
    '[[mapping]]\nname = "m"\nmatch = { attribute = "*" }\nset = { agent = "x" }': "fewer than 3 plain",
    '[[mapping]]\nname = "m"\nmatch = { scope = "a*b*c*d*e*f*" }\nset = { agent = "x" }': "more than 5 *",
    '[[mapping]]\nname = "m"\nmatch = { span = "a" }\nset = { agent = "x" }': "match on scope, name or attribute",
}


@pytest.mark.parametrize("text", WRONG, ids=list(WRONG.values()))
def test_a_mistake_is_named_with_its_mapping_and_the_remedy(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert str(caught.value).startswith("[[mapping]] ")
    assert WRONG[text] in str(caught.value)


def test_without_mappings_the_dialects_are_the_known_ones() -> None:
    assert registry_with(()) is known_dialects()

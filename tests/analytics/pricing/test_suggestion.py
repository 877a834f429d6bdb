"""What to paste for models without a price: accepted once it is filled in, refused before."""

from __future__ import annotations

import tomllib

import pytest

from analytics.pricing import parse_pricing
from analytics.pricing.suggestion import suggest_prices
from store.errors import ConfigError


@pytest.mark.parametrize(
    ("provider", "model", "table"),
    [
        ("openai", "gpt-5-internal", "model"),
        (None, 'odd "name"\n', "model"),
        ("vllm", "acme/llama", "hosted"),
        ("azure.ai.openai", "prod-chat", "alias"),
        ("aws.bedrock", "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc", "alias"),
    ],
)
def test_lines_hold_when_filled_in_and_are_refused_before(
    provider: str | None, model: str, table: str
) -> None:
    lines = suggest_prices([(provider, model), (provider, model)])
    assert lines.count("[[") == 1
    with pytest.raises(ConfigError):
        parse_pricing(tomllib.loads(lines)["pricing"])
    filled = tomllib.loads(lines.replace("# ", "", 1).replace("\n# output", "\noutput"))
    own = parse_pricing(filled["pricing"])
    assert len({"model": own.models, "hosted": own.models, "alias": own.aliases}[table]) == 1


def test_calls_without_a_model_suggest_nothing() -> None:
    assert suggest_prices([("openai", None), (None, "")]) == ""

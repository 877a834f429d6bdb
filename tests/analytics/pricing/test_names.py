"""Which model of the price book a call's names mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.pricing.litellm import bundled_gaps
from analytics.pricing.names import NameResolver, provider_id


@pytest.fixture(scope="module")
def names() -> NameResolver:
    return NameResolver()


@pytest.mark.parametrize(
    ("provider", "model", "price_model"),
    [
        ("openai", "gpt-4o-2024-08-06", "openai/gpt-4o"),
        ("openai", "gpt-5.2-20251211", "openai/gpt-5.2"),
        ("openai", "openai/gpt-4o", "openai/gpt-4o"),
        ("openai", "ft:gpt-4o-mini-2024-07-18:acme::abc", "openai/ft:gpt-4o-mini"),
        ("azure.ai.openai", "gpt-4o-mini-2024-07-18", "openai/gpt-4o-mini"),
        ("anthropic", "claude-sonnet-4-5-20250929[1m]", "anthropic/claude-sonnet-4-5"),
        ("gcp.gemini", "models/gemini-2.0-flash", "google/gemini-2.0-flash"),
        ("gcp.vertex_ai", "publishers/google/models/gemini-2.0-flash-001", "google/gemini-2.0-flash"),
        ("gcp.vertex_ai", "claude-sonnet-4@20250514", "google/claude-4-sonnet"),
        (
            "aws.bedrock",
            "us.anthropic.claude-sonnet-4-20250514-v1:0",
            "aws/regional.anthropic.claude-sonnet-4-20250514-v1:0",
        ),
        (
            "aws.bedrock",
            "global.anthropic.claude-sonnet-4-20250514-v1:0",
            "aws/global.anthropic.claude-sonnet-4-20250514-v1:0",
        ),
        (
            "aws.bedrock",
            "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-sonnet-4-20250514-v1:0",
            "aws/regional.anthropic.claude-sonnet-4-20250514-v1:0",
        ),
        ("mistral_ai", "mistral-large-latest", "mistral/mistral-large"),
        ("x_ai", "grok-4", "x-ai/grok-4-0709"),
        ("openrouter", "openai/gpt-4o", "openrouter/openai/gpt-4o"),
        ("litellm", "anthropic/claude-3-5-sonnet-20241022", "anthropic/claude-3-5-sonnet"),
        (None, "openai/gpt-4o-mini", "openai/gpt-4o-mini"),
        (None, "claude-3-5-sonnet-20241022", "anthropic/claude-3-5-sonnet"),
        (None, "GPT-4o", "openai/gpt-4o"),
        (None, "text-embedding-3-small", "openai/text-embedding-3-small"),
        (
            None,
            "anthropic.claude-sonnet-4-20250514-v1:0",
            "aws/regional.anthropic.claude-sonnet-4-20250514-v1:0",
        ),
        ("openai", "gpt-5-mini-2026-04-14", "openai/gpt-5-mini"),
        ("openai", "gpt-4o-2024-05-13", "openai/gpt-4o-2024-05-13"),
    ],
)
def test_known_spelling_finds_its_model(
    names: NameResolver, provider: str | None, model: str, price_model: str
) -> None:
    assert names.resolve(provider, model, None).price_model == price_model


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-5-internal-codename"),
        ("openai", "gpt-4o-acme-tuned"),
        ("openai", "gpt-4o-acme-2026-04-14"),
        ("anthropic", "claude-3-5-sonnet-custom"),
        (None, "claude-of-my-own"),
        ("ollama", "llama3.1"),
        ("vllm", "gpt-4o"),
        (None, "ollama/llama3"),
        ("my-gateway", "gpt-4o"),
        ("openai", ""),
        ("openai", "x" * 10_000),
    ],
)
def test_unsure_name_stays_unpriced(names: NameResolver, provider: str | None, model: str) -> None:
    assert names.resolve(provider, model, None).price_model is None


def test_model_that_answered_goes_before_the_one_asked_for(names: NameResolver) -> None:
    found = names.resolve("openai", "gpt-4o", "gpt-4o-mini-2024-07-18")
    assert (found.price_model, found.rule) == ("openai/gpt-4o-mini", "response_model")


def test_model_asked_for_counts_where_the_answer_names_none(names: NameResolver) -> None:
    found = names.resolve("azure.ai.openai", "gpt-4o", "deployment-7")
    assert (found.price_model, found.rule) == ("openai/gpt-4o", "request_model")


def test_snapshot_of_a_day_to_come_is_refused_until_that_day() -> None:
    now = [datetime(2026, 11, 30, 23, 59, tzinfo=UTC)]
    names = NameResolver(clock=lambda: now[0])
    found = names.resolve("openai", "gpt-4o-2026-12-01", None)
    assert (found.price_model, found.rule) == (None, "unknown_snapshot")
    now[0] += timedelta(minutes=1)
    assert names.resolve("openai", "gpt-4o-2026-12-01", None).price_model == "openai/gpt-4o"


TEXT = st.text(max_size=40)


@given(TEXT | st.none(), TEXT | st.none(), TEXT | st.none())
def test_any_text_is_answered(names: NameResolver, provider: str, asked: str, answered: str) -> None:
    found = names.resolve(provider, asked, answered)
    assert found == names.resolve(provider, asked, answered)


def test_every_provider_of_the_gap_fillers_can_be_asked_for() -> None:
    providers = {str(row["provider"]) for row in bundled_gaps()}
    assert len(providers) >= 50
    assert {provider for provider in providers if provider_id(provider) != provider} == set()

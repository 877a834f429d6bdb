"""Bugs that other products' users reported about cost (one named test each): none of them happens here.

Spans go the whole way: protobuf, dialect, counting, pricing. The numbers beside each name are the report's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from tests.analytics.facts.building import Ledger, Sent, agent, call, open_ledger, other
from tests.collector.building import Plain

MINI = {"i": ".15", "r": ".075", "o": ".6"}
SONNET = {"i": "3", "r": ".3", "w": "3.75", "h": "6", "o": "15"}
FLASH = {"i": ".3", "r": ".03", "o": "2.5"}
GEN_AI = "gen_ai.usage."


def usd(prices: dict[str, str], **quantities: int) -> Decimal:
    return sum((Decimal(prices[k]) * n for k, n in quantities.items()), Decimal(0)) / 1_000_000


def otel(model: str, provider: str, used: dict[str, int], span: int = 1, **facts: Any) -> Sent:
    also: dict[str, Plain] = {"gen_ai.request.model": model, "gen_ai.provider.name": provider}
    also |= {GEN_AI + key: value for key, value in used.items()}
    return call(span, used=None, also=also, **facts)


def openinference(
    used: dict[str, int], provider: str = "openai", model: str = "gpt-4o-mini", **facts: Any
) -> Sent:
    also: dict[str, Plain] = {
        "openinference.span.kind": "LLM",
        "llm.model_name": model,
        "llm.provider": provider,
        **{f"llm.token_count.{key}": value for key, value in used.items()},
    }
    return replace(other(1, also=also, **facts), scope="openinference.instrumentation.openai")


CACHED = {"input_tokens": 10_500, "output_tokens": 200, "cache_read.input_tokens": 10_000}
WRITTEN = {**CACHED, "cache_creation.input_tokens": 400}
OI_CACHED = {"prompt": 10_500, "completion": 200, "prompt_details.cache_read": 10_000}
LANGSMITH = {
    "input_tokens": 1_000,
    "output_tokens": 10,
    "total_tokens": 1_010,
    "input_token_details": {"cache_read": 100, "cache_creation": 300, "ephemeral_5m_input_tokens": 300},
}


def langsmith(usage: dict[str, Any], **also: Plain) -> Sent:
    attributes: dict[str, Plain] = {
        "langsmith.span.kind": "llm",
        "gen_ai.request.model": "claude-sonnet-4-5",
        "gen_ai.provider.name": "anthropic",
        "gen_ai.usage.input_tokens": usage["input_tokens"],
        "gen_ai.usage.output_tokens": usage["output_tokens"],
        "langsmith.metadata.usage_metadata": json.dumps(usage),
        **also,
    }
    return replace(other(1, also=attributes), scope="langsmith")


def sdk(name: str, scope: str, model: Sent, outer: dict[str, Plain]) -> list[Sent]:
    """An agent span that repeats the usage of the model span below it."""
    return [
        replace(agent(10, also=outer), scope=scope, name=name),
        replace(model, parent=10, span=11, scope=scope),
    ]


REPEATED = {
    GEN_AI + "input_tokens": 1_000,
    GEN_AI + "output_tokens": 100,
    "gen_ai.request.model": "gpt-4o-mini",
}
SMALL = otel("gpt-4o-mini", "openai", {"input_tokens": 1_000, "output_tokens": 100})
SMALL_USD = usd(MINI, i=1_000, o=100)

CASES: dict[str, tuple[list[Sent], Decimal | None]] = {
    "langfuse#10592: cached input counted twice": (
        [otel("gpt-4o-mini", "openai", CACHED)], usd(MINI, i=500, r=10_000, o=200)),
    "langfuse#12306: 130,213 tokens became 260,421": (
        [otel("claude-sonnet-4-5", "anthropic",
              {"input_tokens": 130_213, "cache_read.input_tokens": 130_208, "output_tokens": 10})],
        usd(SONNET, i=5, r=130_208, o=10)),
    "opik#6976: Gemini's cached tokens at the full price": (
        [otel("gemini-2.5-flash", "gcp.gemini", CACHED)], usd(FLASH, i=500, r=10_000, o=200)),
    "mlflow#24759: OpenInference's cache keys dropped": (
        [openinference(OI_CACHED)], usd(MINI, i=500, r=10_000, o=200)),
    "mlflow#24869: 10,000 of 10,500 cached, 6.7 times the cost": (
        [openinference({**OI_CACHED, "completion": 0}, "anthropic", "claude-sonnet-4-5")],
        usd(SONNET, i=500, r=10_000)),
    "mlflow#22745: zero values dropped": (
        [otel("gpt-4o-mini", "openai", {"input_tokens": 10, "output_tokens": 0, "cache_read.input_tokens": 0})],
        usd(MINI, i=10)),
    "mlflow#19649: chunks of a stream added up": (
        [replace(SMALL, lasts=None), SMALL], SMALL_USD),
    "phoenix#13379: cached tokens billed as output": (
        [openinference({"prompt": 1_000, "completion": 1, "prompt_details.cache_read": 1_000})],
        usd(MINI, r=1_000, o=1)),
    "langsmith-sdk#1375: caching ignored": (
        [langsmith({**LANGSMITH, "input_token_details": {"cache_read": 900}})], usd(SONNET, i=100, r=900, o=10)),
    "langsmith-sdk#2150: cache creation and its five-minute part listed for the same tokens": (
        [langsmith(LANGSMITH)], usd(SONNET, i=600, r=100, w=300, o=10)),
    "genai-prices#272: Azure's cost not reproducible by hand": (
        [otel("gpt-4o-mini", "azure.ai.openai", CACHED)], usd(MINI, i=500, r=10_000, o=200)),
    "latitude-llm#4051: cached and reasoning both doubled": (
        [otel("gpt-4o-mini", "openai", {**CACHED, "reasoning.output_tokens": 150})],
        usd(MINI, i=500, r=10_000, o=200)),
    "livekit#5121: realtime audio almost doubled": (
        [call(1, used=(1_000, 500), also={"gen_ai.request.model": "gpt-realtime",
              "spanledger.usage.audio_input_tokens": 900, "spanledger.usage.audio_output_tokens": 400})],
        usd({"i": "4", "a": "32", "o": "16", "v": "64"}, i=100, a=900, o=100, v=400)),
    "litellm#26919: cache creation counted twice": (
        [otel("claude-sonnet-4-5", "anthropic", WRITTEN)], usd(SONNET, i=100, r=10_000, w=400, o=200)),
    "opik#4508: a framework's cache hit priced as a call": (
        [call(1, used=None, response="from cache")], None),
    "langfuse#14754: the AI SDK's invoke_agent repeats usage": (
        sdk("invoke_agent", "ai", SMALL, dict(REPEATED)), SMALL_USD),
    "strands#1267: doubled tokens and cost": (
        sdk("invoke_agent Strands Agents", "strands.telemetry.tracer", SMALL, dict(REPEATED)), SMALL_USD),
    "pydantic-ai#3995: the agent span carries the sum": (
        sdk("agent run", "pydantic-ai", SMALL, dict(REPEATED)), SMALL_USD),
    "semantic-conventions-genai#231: client, framework and engine count three times": (
        [agent(1), replace(SMALL, span=2, parent=1, scope="opentelemetry.instrumentation.langchain"),
         replace(SMALL, span=3, parent=2, scope="opentelemetry.instrumentation.openai")], SMALL_USD),
    "Application-Insights-Workbooks#3208: an agent without model spans stands in for them": (
        [agent(1, also=dict(REPEATED))], SMALL_USD),
    "traceroot#1612: every ancestor repeats the usage": (
        [agent(1, also=dict(REPEATED)), agent(2, parent=1, also=dict(REPEATED)), replace(SMALL, span=3, parent=2)],
        SMALL_USD),
    "langsmith-sdk#1772: the total is the newest call only": (
        [agent(1), replace(SMALL, span=2, parent=1, at=0.1), replace(SMALL, span=3, parent=1, at=5.0)],
        2 * SMALL_USD),
    "phoenix#12673: new models at $0": (
        [otel("gpt-99", "openai", {"input_tokens": 10, "output_tokens": 10})], None),
    "opik#4114: new Claude models show no cost": (
        [otel("claude-opus-5-5", "anthropic", {"input_tokens": 1_000, "output_tokens": 100})],
        usd({"i": "4", "o": "20"}, i=1_000, o=100)),
    "langfuse#4072: Claude on Bedrock stuck at $0": (
        [otel("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "aws.bedrock",
              {"input_tokens": 1_000, "output_tokens": 100})],
        usd({"i": "3.3", "o": "16.5"}, i=1_000, o=100)),
}  # fmt: skip


@pytest.fixture(scope="module")
def ledger() -> Iterator[Ledger]:
    with open_ledger() as opened:
        for number, (spans, _) in enumerate(CASES.values(), start=1):
            opened.load(*(replace(span, trace=number) for span in spans))
        opened.count()
        yield opened


@pytest.mark.parametrize("name", CASES)
def test_reported_bug_does_not_happen(ledger: Ledger, name: str) -> None:
    number = list(CASES).index(name) + 1
    expected = CASES[name][1]
    calls = ledger.rows("llm_calls").filter(pl.col("trace_id") == f"{number:032x}")
    runs = ledger.rows("runs").filter(pl.col("trace_id") == f"{number:032x}")
    assert calls["cost_usd"].sum() == (expected or 0), calls.to_dicts()
    if expected is None:
        # Unknown is no zero: it is NULL, and counted beside every total.
        assert calls["cost_usd"].to_list() == [None]
        assert runs["unpriced_calls"].sum() == 1
        assert runs["cost_usd"].to_list() == [None]

"""OpenTelemetry's evaluation results, on spans, in span events and in log records, and Braintrust's scores.

A log record of a result becomes a span of its own below the span that it judges.
Sources: semantic-conventions-genai at 2026-08-03; Braintrust's OpenTelemetry attributes, mid-2026.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from collector.dialects.engine.conditions import has, named
from collector.dialects.engine.declaration import Dialect, Layer, kind
from collector.dialects.engine.documents import decode_json
from collector.dialects.engine.judging import Judgement, Judging, read_value
from collector.dialects.engine.records import LogEvents

RESULT = "gen_ai.evaluation.result"


def read_result(attributes: Mapping[str, str]) -> Iterable[Judgement]:
    """Return the evaluation result of one span, event or record."""
    value, label = read_value(attributes.get("gen_ai.evaluation.score.value"))
    yield Judgement(
        attributes.get("gen_ai.evaluation.name", ""),
        value,
        attributes.get("gen_ai.evaluation.score.label", label),
        explanation=attributes.get("gen_ai.evaluation.explanation"),
    )


def read_guardrail(attributes: Mapping[str, str]) -> Iterable[Judgement]:
    """Return the verdict of a guardrail: 1 where it stopped something, 0 where it let it pass."""
    triggered = attributes.get("gen_ai.guardrail.triggered", "").lower() == "true"
    label = "triggered" if triggered else "passed"
    yield Judgement(attributes.get("gen_ai.guardrail.name", "guardrail"), float(triggered), label)


def read_scores(attributes: Mapping[str, str]) -> Iterable[Judgement]:
    """Return Braintrust's scores: numbers by name."""
    scores = decode_json(attributes.get("braintrust.scores", ""))
    for name, value in scores.items() if isinstance(scores, dict) else ():
        if isinstance(name, str) and isinstance(value, int | float):
            yield Judgement(name, float(value))


DIALECT = Dialect(
    name="evaluations",
    about="results of evaluators and guardrails: gen_ai.evaluation.*, gen_ai.guardrail.*, braintrust.scores",
    layer=Layer.COMMON,
    recognise=has("gen_ai.evaluation.name", "gen_ai.guardrail.triggered", "braintrust.scores"),
    is_named=False,
    kinds=(kind("evaluator", named(RESULT)),),
    judgements=(
        Judging(read_result, has("gen_ai.evaluation.name")),
        Judging(read_result, has("gen_ai.evaluation.name"), event=RESULT),
        Judging(read_guardrail, has("gen_ai.guardrail.triggered")),
        Judging(read_scores, has("braintrust.scores")),
    ),
    log_events=LogEvents(steps={RESULT: ("gen_ai.evaluation.name",)}),
)

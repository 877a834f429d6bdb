"""OpenTelemetry's evaluation results, on spans, in span events and in log records, guardrails, Braintrust's scores.

What a guardrail decided stands in a flag of its span or in its output, under several names.
A log record of a result becomes a span of its own below the span that it judges.
Sources: semantic-conventions-genai at 2026-08-03; Braintrust's OpenTelemetry attributes, mid-2026.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from collector.dialects.engine.conditions import has, has_under, name_starts, named, scope_is, value
from collector.dialects.engine.declaration import Dialect, Layer, kind
from collector.dialects.engine.documents import decode_json
from collector.dialects.engine.judging import SPAN_NAME, Judgement, Judging, read_value
from collector.dialects.engine.records import LogEvents

RESULT = "gen_ai.evaluation.result"
CHECK = (
    has("gen_ai.guardrail.triggered")
    | has_under("guardrail.", "weave.openai_agents.guardrail.")
    | value("openinference.span.kind", "GUARDRAIL")
    | value("langfuse.observation.type", "guardrail")
    | (scope_is("logfire.openai_agents") & name_starts("Guardrail"))
)
FLAGS = ("gen_ai.guardrail.", "guardrail.", "weave.openai_agents.guardrail.", "triggered")
CHECKED = ("output.value", "langfuse.observation.output")
NAMES = ("gen_ai.guardrail.name", "guardrail.name", "weave.openai_agents.guardrail.name", "name", SPAN_NAME)
STOPPED = ("triggered", "tripwiretriggered", "tripped", "blocked", "flagged", "violated")
PASSED = ("passed", "valid", "isvalid", "allowed", "safe", "issafe")
"""Flags of a guardrail's verdict, in lower case without underscores."""
_LEVELS = 8
"""So deep a verdict is looked for; output may nest as deeply as whoever sends it likes."""
_SAID = {"true": True, "false": False}


def read_result(attributes: Mapping[str, str]) -> Iterable[Judgement]:
    """Return the evaluation result of one span, event or record."""
    score, label = read_value(attributes.get("gen_ai.evaluation.score.value"))
    yield Judgement(
        attributes.get("gen_ai.evaluation.name", ""),
        score,
        attributes.get("gen_ai.evaluation.score.label", label),
        explanation=attributes.get("gen_ai.evaluation.explanation"),
    )


def read_guardrail(attributes: Mapping[str, str]) -> Iterable[Judgement]:
    """Return the verdict of a guardrail: 1 where it stopped something, 0 where it let it pass."""
    plain = {key.rpartition(".")[2]: text for key, text in attributes.items() if key.startswith(FLAGS)}
    outputs = (decode_json(attributes[key]) for key in CHECKED if key in attributes)
    verdicts = (find_verdict(said) for said in (plain, *outputs))
    triggered = next((verdict for verdict in verdicts if verdict is not None), None)
    if triggered is not None:
        name = next((attributes[key] for key in NAMES if key in attributes), "guardrail")
        yield Judgement(name, float(triggered), "triggered" if triggered else "passed")


def find_verdict(said: object) -> bool | None:
    """Return whether a guardrail's output says that it stopped something; None when it says neither.

    >>> find_verdict({"passed": True}), find_verdict({"output": {"tripwire_triggered": True}}), find_verdict("fine")
    (False, True, None)
    """
    for _ in range(_LEVELS):
        if not isinstance(said, dict):
            return None
        words = {str(key).lower().replace("_", ""): value for key, value in said.items()}
        for names, stopped in ((STOPPED, True), (PASSED, False)):
            for word in names:
                flag = _read_flag(words.get(word))
                if flag is not None:
                    return flag == stopped
        said = next((words[word] for word in ("output", "result") if isinstance(words.get(word), dict)), None)
    return None


def _read_flag(value: object) -> bool | None:
    if isinstance(value, str):
        return _SAID.get(value.lower())
    return value if isinstance(value, bool) else None


def read_scores(attributes: Mapping[str, str]) -> Iterable[Judgement]:
    """Return Braintrust's scores: numbers by name."""
    scores = decode_json(attributes.get("braintrust.scores", ""))
    for name, score in scores.items() if isinstance(scores, dict) else ():
        if isinstance(name, str) and isinstance(score, int | float):
            yield Judgement(name, float(score))


DIALECT = Dialect(
    name="evaluations",
    about="results of evaluators and guardrails: gen_ai.evaluation.*, flags of guardrails' spans, braintrust.scores",
    layer=Layer.COMMON,
    recognise=has("gen_ai.evaluation.name", "braintrust.scores") | CHECK,
    is_named=False,
    kinds=(kind("evaluator", named(RESULT)), kind("guardrail", has_under("guardrail."))),
    judgements=(
        Judging(read_result, has("gen_ai.evaluation.name")),
        Judging(read_result, has("gen_ai.evaluation.name"), event=RESULT),
        Judging(read_guardrail, CHECK),
        Judging(read_scores, has("braintrust.scores")),
    ),
    log_events=LogEvents(steps={RESULT: ("gen_ai.evaluation.name",)}),
)

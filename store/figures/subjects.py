"""What is counted, from which table, and which sums of it are kept: narrow table and rollup alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from store.errors import NotFound
from store.figures.dimensions import NOT_IN_BUCKETS, ROLLED_UP

_SHARED: Final = {
    name: f"t.{name}"
    for name in (
        "service",
        "environment",
        "tenant",
        "agent",
        "agent_version",
        "prompt_name",
        "prompt_version",
        "user_id",
        "purpose",
    )
}
_MODEL: Final = "coalesce(t.response_model, t.request_model)"
_MOST_TOKENS: Final = 1_000_000_000_000
"""Token counts beyond this are no counts: a sum of them would not fit."""
_LARGEST: Final = "1e15"
"""Numbers beyond this measure nothing."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Events of one kind: their table, the time they are counted by, and the dimensions they have."""

    name: str
    source: str
    at: str
    dimensions: Mapping[str, str]
    unit: str = field(kw_only=True)
    """What its events hang together in: the session, else the run, else the trace."""
    has_attributes: bool = True
    containing: Mapping[str, str] = field(default_factory=dict[str, str])
    """Dimensions of the calls inside a run: the subject is filtered by them, never split."""
    is_rolled_up: bool = True
    failed: str = "FALSE"
    """Whether an event failed; one whose outcome is unknown did neither fail nor go well."""
    tried: Mapping[str, str] = field(default_factory=dict[str, str])
    """Dimensions as they are known before an event goes well or fails: by these failures in a row are counted."""

    @property
    def rolled_up(self) -> tuple[str, ...]:
        """Its dimensions in the hourly rollup."""
        return tuple(name for name in ROLLED_UP if name in self.dimensions) if self.is_rolled_up else ()

    @property
    def bucketed(self) -> tuple[str, ...]:
        """Its dimensions in the rollup of counts per bucket."""
        return tuple(name for name in self.rolled_up if name not in NOT_IN_BUCKETS)


_MODEL_CALLS: Final = {
    "model": "coalesce(c.response_model, c.request_model)",
    "provider": "c.provider",
}

SUBJECTS: Final[Mapping[str, Subject]] = {
    subject.name: subject
    for subject in (
        Subject(
            "run",
            "ledger.runs AS t",
            "t.started_at",
            _SHARED
            | {
                "outcome": "t.outcome",
                "outcome_reason": "t.outcome_reason",
                "failure_class": "t.failure_class",
            },
            containing=_MODEL_CALLS,
            unit="coalesce(t.session_id, t.run_id)",
            failed="t.outcome = 'failure'",
        ),
        Subject(
            "llm_call",
            "ledger.llm_calls AS t",
            "t.started_at",
            _SHARED
            | {
                "model": _MODEL,
                "provider": "t.provider",
                "outcome": "CASE WHEN t.status = 'error' THEN 'error' ELSE 'ok' END",
                "failure_class": "t.failure_class",
                "finish_reason": "t.finish_reason",
                "error_type": "t.error_type",
            },
            unit="coalesce(t.session_id, t.run_id, t.trace_id)",
            failed="t.status = 'error'",
            tried={"model": "coalesce(t.request_model, t.response_model)"},
        ),
        Subject(
            "tool_call",
            "ledger.tool_calls AS t",
            "t.started_at",
            _SHARED
            | {
                "tool": "t.tool",
                "outcome": "t.status",
                "failure_class": "t.failure_class",
                "error_type": "t.error_type",
            },
            containing=_MODEL_CALLS,
            unit="coalesce(t.session_id, t.run_id, t.trace_id)",
            failed="t.status = 'error'",
        ),
        Subject(
            "session",
            "ledger.sessions AS t",
            "t.started_at",
            _SHARED | {"outcome": "t.outcome"},
            has_attributes=False,
            unit="t.conversation_id",
        ),
        Subject(
            "case",
            "ledger.cases AS t",
            "t.closed_at",
            _SHARED | {"outcome": "t.outcome"},
            has_attributes=False,
            unit="t.case_id",
        ),
        Subject(
            "score",
            "ledger.scores AS t LEFT JOIN ledger.runs AS r ON r.run_id = t.run_id "
            "LEFT JOIN ledger.sessions AS s ON s.session_id = t.target_id AND t.target = 'session'",
            "t.scored_at",
            {name: f"coalesce(r.{name}, s.{name})" for name in _SHARED}
            | {
                "purpose": "coalesce(r.purpose, s.purpose, 'production')",
                "score": "t.name",
                "judge": "t.source",
            },
            has_attributes=False,
            is_rolled_up=False,
            unit="coalesce(r.session_id, t.run_id, t.target_id)",
        ),
    )
}
"""Everything that figures count, by name."""


@dataclass(frozen=True, slots=True)
class Sum:
    """A column of the rollup that adds up: what one event of each subject brings to it."""

    name: str
    of: Mapping[str, str]
    is_money: bool = False
    is_distinct: bool = False
    """Counts different values instead of adding up: no rollup can tell."""
    is_rolled_up: bool = True
    """Else it comes from the narrow table."""


def _tokens(column: str) -> str:
    return f"CASE WHEN t.{column} BETWEEN 0 AND {_MOST_TOKENS} THEN t.{column} END"


def _finite(column: str) -> str:
    """A number of a narrow table, unknown where it is none: one NaN would be the sum of all, and has no bucket."""
    return f"CASE WHEN t.{column} BETWEEN -{_LARGEST} AND {_LARGEST} THEN t.{column} END"


def _if(condition: str, value: str = "1", otherwise: str = "0") -> str:
    return f"CASE WHEN {condition} THEN {value} ELSE {otherwise} END"


def _narrow(name: str, subject: str, value: str, *, is_money: bool = False, is_distinct: bool = False) -> Sum:
    return Sum(name, {subject: value}, is_money=is_money, is_distinct=is_distinct, is_rolled_up=False)


_DURATION: Final = _finite("duration_ms")
_FEEDBACK: Final = _finite("feedback")
_VALUE: Final = _finite("value")
_TIMED: Final = ("run", "llm_call", "tool_call")
_GENERATING: Final = (
    f"{_DURATION} > 0 AND t.status <> 'error' AND t.output_tokens BETWEEN 1 AND {_MOST_TOKENS}"
)

SUMS: Final[Mapping[str, Sum]] = {
    item.name: item
    for item in (
        Sum("events", dict.fromkeys(SUBJECTS, "1")),
        Sum("input_tokens", {"run": _tokens("input_tokens"), "llm_call": _tokens("input_tokens")}),
        Sum("cache_read_tokens", {"llm_call": _tokens("cache_read_tokens")}),
        Sum("cache_write_tokens", {"llm_call": _tokens("cache_write_tokens")}),
        Sum("output_tokens", {"run": _tokens("output_tokens"), "llm_call": _tokens("output_tokens")}),
        Sum("with_output", {"llm_call": _if(f"t.output_tokens BETWEEN 0 AND {_MOST_TOKENS}")}),
        Sum("reasoning_tokens", {"llm_call": _tokens("reasoning_tokens")}),
        Sum(
            "cost_usd",
            dict.fromkeys(("run", "llm_call", "tool_call", "session", "case"), "t.cost_usd"),
            is_money=True,
        ),
        Sum(
            "unpriced_calls",
            {
                **dict.fromkeys(("run", "session", "case"), "t.unpriced_calls"),
                "llm_call": _if("t.cost_status IN ('priced', 'free')", "0", "1"),
                "tool_call": "0",
                "score": "0",
            },
        ),
        Sum("steps", {"run": "t.steps"}),
        Sum("llm_calls", {"run": "t.llm_calls"}),
        Sum("tool_calls", {"run": "t.tool_calls"}),
        Sum(
            "retries",
            {
                "run": "t.retries",
                "llm_call": f"coalesce(t.retries, 0) + {_if('t.is_retry')}",
                "tool_call": _if("t.is_retry"),
            },
        ),
        Sum("fallbacks", {"llm_call": _if("t.is_fallback")}),
        Sum("loops", {"run": "t.loops"}),
        Sum("looped", {"run": _if("t.loops > 0")}),
        Sum("rated", {"run": _if(f"{_FEEDBACK} IS NOT NULL")}),
        Sum("liked", {"run": _if(f"{_FEEDBACK} > 0")}),
        Sum("rating", {"run": _FEEDBACK}),
        Sum("confident", {"run": _if("t.confidence BETWEEN 0 AND 1")}),
        Sum("confidence", {"run": _if("t.confidence BETWEEN 0 AND 1", "t.confidence", "NULL")}),
        Sum("answerable", {"run": _if("t.complete AND t.has_answer IS NOT NULL")}),
        Sum("answered", {"run": _if("t.complete AND t.has_answer")}),
        Sum("runs", {"session": "t.runs", "case": "t.runs"}),
        Sum("reopened", {"case": _if("t.sessions > 1")}),
        Sum("timed_events", dict.fromkeys(_TIMED, _if(f"{_DURATION} IS NOT NULL"))),
        Sum("duration_ms", dict.fromkeys(_TIMED, _DURATION)),
        Sum("model_ms", {"run": _finite("model_ms")}),
        Sum("tool_ms", {"run": _finite("tool_ms")}),
        Sum("waiting_ms", {"run": _finite("waiting_ms")}),
        Sum("generated_tokens", {"llm_call": _if(_GENERATING, "t.output_tokens", "NULL")}),
        Sum("generating_ms", {"llm_call": _if(_GENERATING, "t.duration_ms", "NULL")}),
        _narrow("users", "run", "t.user_id", is_distinct=True),
        _narrow(
            "failing_users", "run", "CASE WHEN t.outcome = 'failure' THEN t.user_id END", is_distinct=True
        ),
        _narrow("user_runs", "run", _if("t.user_id IS NOT NULL")),
        _narrow("user_cost_usd", "run", _if("t.user_id IS NOT NULL", "t.cost_usd", "NULL"), is_money=True),
        _narrow("planned", "run", _if("t.plan_steps IS NOT NULL")),
        _narrow("plan_steps", "run", "t.plan_steps"),
        _narrow("scored", "score", _if(f"{_VALUE} IS NOT NULL")),
        _narrow("score_value", "score", _VALUE),
    )
}
"""All sums by name, in the order of the rollup's columns."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity whose values are counted per logarithmic bucket."""

    name: str
    of: Mapping[str, str]
    is_rolled_up: bool = True


MEASURES: Final[Mapping[str, Measure]] = {
    item.name: item
    for item in (
        Measure("duration_ms", dict.fromkeys(_TIMED, _DURATION)),
        Measure("ttft_ms", {"llm_call": _finite("ttft_ms")}),
        Measure("cost_usd", {"run": "t.cost_usd"}),
        Measure("output_tokens", {"llm_call": _tokens("output_tokens")}, is_rolled_up=False),
    )
}
"""All measures by name."""


def rolled_up_sums(subject: str) -> list[Sum]:
    """Return the sums of a subject that the rollup keeps."""
    return [item for item in SUMS.values() if subject in item.of and item.is_rolled_up]


def rolled_up_measures(subject: str) -> list[Measure]:
    """Return the measures of a subject that the rollup keeps."""
    return [item for item in MEASURES.values() if subject in item.of and item.is_rolled_up]


def find_subject(name: str) -> Subject:
    """Return what is counted as `name`.

    Raises:
        NotFound: Nothing is.
    """
    subject = SUBJECTS.get(name)
    if subject is None:
        raise NotFound(f"nothing is counted as {name!r}; there are {', '.join(SUBJECTS)}")
    return subject

"""Example parameters and frames for every stored query: by name for all, and more sets for single ones.

A query whose parameter has no example here fails its test: add one, so that both engines are asked the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, timedelta

import polars as pl

from tests.cluster.generated import START, TRACES

_BEGIN = START.replace(tzinfo=UTC)
_END = _BEGIN + timedelta(days=4)
_TRACE = TRACES[3]
_SPAN = f"{int(_TRACE, 16) * 16:016x}"

STREAK_DIMENSIONS = (
    "service", "environment", "tenant", "agent", "agent_version", "purpose", "user_id", "tool", "model"
)  # fmt: skip

VALUES: dict[str, object] = {
    "dialect": "*",
    "job": "facts",
    "service": "*",
    "agents": ["*"],
    **{f"by_{name}": name in ("tool", "model", "user_id") for name in STREAK_DIMENSIONS},
    **{f"in_{name}": ["*"] for name in (*STREAK_DIMENSIONS, "failure_class")},
    "matter": "failing",
    "end": _END,
    "alarm_id": "1",
    "before": _END,
    "bin_s": 3600,
    "enough": 3,
    "environments": ["*"],
    "errors_before": _BEGIN + timedelta(days=2),
    "floor": 3,
    "has_model": False,
    "is_history": False,
    "names": ["outcome", "feedback"],
    "providers": ["*"],
    "hour_at": _BEGIN,
    "events": [f"event_name {number}" for number in range(5)],
    "fresh_from": _BEGIN + timedelta(days=1),
    "marked": ["*"],
    "max_rows": 50,
    "kind": "worst",
    "dimension": "tier",
    "project": "service",
    "load_seq": 5,
    "min_duration_ms": 0,
    "min_cost_usd": 0,
    "errors": ["*"],
    "model": "model 1",
    "models": ["*"],
    "now": _END,
    "ok_before": _BEGIN + timedelta(days=1),
    "only_tool_failures": False,
    "only_unpriced": False,
    "outcomes": ["*"],
    "page_rows": 10,
    "purposes": ["*"],
    "run_id": f"{_TRACE}-{_SPAN}",
    "reach": _END + timedelta(days=1),
    "run_ids": [f"{_TRACE}-{_SPAN}"],
    "seed": "7",
    "series": "success_rate{}",
    "services": ["*"],
    "since": _BEGIN,
    "skipped_rows": 2,
    "sort": "cost",
    "span_id": _SPAN,
    "span_limit": 100,
    "start": _BEGIN,
    "suite": "suite 1",
    "text": "",
    "tools": ["*"],
    "versions": ["*"],
    "tenants": ["*"],
    "prompts": ["*"],
    "classes": ["*"],
    "said": "",
    "only_long": False,
    "session_id": "session 1",
    "conversation_id": "session 1",
    "today": _BEGIN + timedelta(days=2),
    "trace_id": _TRACE,
    "until": _END,
}
"""Values by the name of the parameter, for queries that need no others."""

OF_LOADS = {"first": 2, "last": 7}
OF_TIMES = {"first": _BEGIN, "last": _END}

_BUDGET_DIMENSIONS = (
    "service",
    "environment",
    "tenant",
    "agent",
    "agent_version",
    "purpose",
    "model",
    "user_id",
    "session_id",
)
_CASE_DIMENSIONS = ("service", "environment", "tenant", "agent", "agent_version", "prompt_version", "user_id")
OWN_VALUES: Mapping[str, Mapping[str, object]] = {
    "economics/case_attributes": {"name": "app.plan"},
    "economics/cases": {
        **{f"by_{name}": name == "agent" for name in _CASE_DIMENSIONS},
        **{f"in_{name}": ["*"] for name in _CASE_DIMENSIONS},
    },
    "budgets/used": {
        **{f"by_{name}": name in ("user_id", "model") for name in _BUDGET_DIMENSIONS},
        **{f"in_{name}": ["*"] for name in _BUDGET_DIMENSIONS},
    },
    "facts/loads_of_traces": OF_LOADS,
    "facts/totals_of_traces": OF_LOADS,
    "facts/declared_attributes": OF_LOADS,
    "facts/old_llm_calls": OF_LOADS,
    "facts/old_runs": OF_LOADS,
    "facts/old_scores": OF_LOADS,
    "facts/old_without_runs": OF_LOADS,
    "facts/past_traces": OF_LOADS,
    "facts/old_tool_calls": OF_LOADS,
    "facts/similar_traces": OF_LOADS,
    "facts/recent_calls": {"max_rows": 10_000},
    "facts/sizes_of_traces": OF_LOADS,
    "facts/spans_of_loads": OF_LOADS,
    "facts/spans_of_traces": OF_LOADS | {"max_rows": 10_000},
    "facts/trace_sizes": OF_LOADS,
    "facts/texts_of_spans": OF_LOADS,
    "facts/told_sessions": OF_TIMES,
    "facts/told_traces": OF_LOADS,
    "facts/twin_traces": OF_LOADS,
    "dialects/attributes": OF_LOADS,
    "rollups/standing": {"first": _BEGIN, "fresh_from": _BEGIN},
    "rereading/present": OF_LOADS,
    "rereading/records": OF_LOADS,
    "rereading/spans": OF_LOADS,
    "rereading/traces": OF_LOADS,
    "control/alert_events": {"floor": 3},
    "loading/older_spans": OF_TIMES,
    "loading/spans_of_loads": OF_LOADS,
    "loading/spans_since": {"floor": 3},
}
"""Values of single queries, where a name means something else; `first` is a time elsewhere."""

_ASKED = pl.DataFrame(
    {
        "trace_id": TRACES[:8],
        "span_id": [f"{int(trace, 16) * 16:016x}" for trace in TRACES[:8]],
        "run_id": [f"{trace}-{int(trace, 16) * 16:016x}" for trace in TRACES[:8]],
        "conversation_id": [f"session{number}" for number in range(8)],
        "session_id": [None, *(f"session{number}" for number in range(1, 8))],
        "response_id": ["r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8"],
        "scope_name": ["a", "b"] * 4,
        "kind": ["llm", "chain"] * 4,
        "service": ["support", "sales"] * 4,
        "input_tokens": [1, None, 3, 4, 5, 6, 7, 8],
        "output_tokens": [1, None, 3, 4, 5, 6, 7, 8],
        "started_at": [START] * 8,
        "runs_from": [START, START + timedelta(days=1)] * 4,
        "reach_from": [START, START + timedelta(days=1)] * 4,
        "ended_at": [START + timedelta(days=3)] * 8,
    }
)
_DECLARED = pl.DataFrame({"name": ["a", "absent"]})
_CANDIDATES = pl.DataFrame(
    {
        "trace_id": [_TRACE] * 3,
        "span_id": [_SPAN, f"{int(_TRACE, 16) * 16 + 1:016x}", "0"],
        "body_sha256": ["body_sha256 0", "body_sha256 1", "x"],
        "resource_id": pl.Series([0, 1, 99], dtype=pl.UInt64),
    }
)
_HOURS = pl.DataFrame(
    {"hour_at": [START.replace(minute=0) + timedelta(hours=number) for number in range(24)]}
)

FRAMES: dict[str, pl.DataFrame] = {
    "asked": _ASKED,
    "candidates": _CANDIDATES,
    "given": pl.DataFrame({"score_id": ["score_id 1", "score_id 2"]}),
    "hours": _HOURS,
    "days": pl.DataFrame({"day_at": [START.replace(hour=0, minute=0) + timedelta(days=n) for n in range(3)]}),
    "declared": _DECLARED,
    "machines": pl.DataFrame({"price_model": ["price_model 1", "price_model 2"]}),
    "inputs": pl.DataFrame({"input": ["input 1", "input 2"]}),
    "named": pl.DataFrame({"shadow_of": [TRACES[1], f"{TRACES[2]}-x"]}),
    "known_cases": pl.DataFrame({"case_id": ["case0", "case3", "case9"]}),
}
"""Frames that queries read as tables, by name."""


@dataclass(frozen=True)
class Example:
    """One more set of values for a query."""

    query: str
    values: dict[str, object] = field(default_factory=dict)


EXAMPLES = [
    Example(
        "traces/runs", {"sort": "duration", "models": ["gpt-5"], "only_unpriced": True, "agents": ["triage"]}
    ),
    Example("golden/choices", {"kind": "random"}),
    Example("traces/runs", {"marked": [f"{_TRACE}-{_SPAN}"]}),
    Example("traces/runs", {"sort": "start", "text": "ann", "outcomes": ["success"], "tools": ["lookup"]}),
]
"""More sets, where the first one leaves a branch of the query out."""


def choose_values(query: str, names: list[str]) -> dict[str, object]:
    """Return an example value for each parameter of a query."""
    known = {**VALUES, "first": _BEGIN, **OWN_VALUES.get(query, {})}
    missing = [name for name in names if name not in known]
    assert not missing, f"{query} has no example for ${missing[0]}: add it to tests/cluster/parameters.py"
    return {name: known[name] for name in names}

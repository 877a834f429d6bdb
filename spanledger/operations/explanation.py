"""The operation that explains one span: how it was read, why it counts or not, what it cost."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Final

from analytics.counting.reasons import RULES
from analytics.facts.reasons import judge_trace
from analytics.facts.told import list_told
from collector.dialects import Registry
from collector.rereading.explanation import explain_reading
from spanledger.operations.explanation_text import tell_span
from spanledger.services import Services
from store.errors import ConfigError, NotFound
from store.port import Store

_SPAN: Final = re.compile(r"(?:([0-9a-f]{32})-)?([0-9a-f]{16})")


def explain(services: Services, arguments: Mapping[str, Any], _: Callable[..., None]) -> Mapping[str, Any]:
    """Explain the span named by a span id, a trace_id-span_id, or the id of a run.

    Raises:
        ConfigError: the text is no id, or several spans have it.
        NotFound: no stored span has it.
    """
    trace_id, span_id = find_span(services.store, str(arguments["span"]))
    return explain_span(services.store, services.intake.registry, trace_id, span_id)


def find_span(store: Store, text: str) -> tuple[str, str]:
    """Return the trace and span of an id."""
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None:
        raise ConfigError(
            f"{text!r} is no span; name a span id of 16 hex digits, or TRACE-SPAN, which run ids are"
        )
    rows = store.select("traces/find_span", {"trace_id": found[1] or "", "span_id": found[2]})
    if rows.is_empty():
        raise NotFound(f"no stored span has the id {text}; the run's own span may not have arrived")
    if len(rows) > 1:
        names = ", ".join(f"{trace}-{span}" for trace, span, _ in rows.iter_rows())
        raise ConfigError(f"{len(rows)} spans have the id {text}; name one: {names}")
    return rows["trace_id"][0], rows["span_id"][0]


def explain_span(store: Store, registry: Registry, trace_id: str, span_id: str) -> dict[str, Any]:
    """Return how a span is read and counted, as JSON can carry it."""
    named = {"trace_id": trace_id, "span_id": span_id}
    row = store.select("traces/whole_span", named)
    resources = store.select("rereading/resources", frames={"candidates": row.select("resource_id")})
    account = explain_reading(row, resources, registry)
    judged = judge_trace(store, trace_id)
    report = {
        **named,
        "name": row["name"][0],
        **asdict(account),
        "told": list_told(store, row),
        "counting": [
            _tell_rule(verdict) for verdict in judged.iter_rows(named=True) if verdict["span_id"] == span_id
        ],
        "run": _tell_run(store, judged.iter_rows(named=True), named),
        "cost": _tell_cost(store, named),
    }
    return {**report, "text": tell_span(report)}


def _tell_rule(verdict: Mapping[str, Any]) -> dict[str, Any]:
    other = verdict["other_span_id"]
    return {
        "subject": verdict["subject"],
        "rule": verdict["rule"],
        "says": RULES[verdict["rule"]],
        "counts": verdict["counts"],
        "other": None if other is None else f"{verdict['other_trace_id']}-{other}",
    }


def _tell_run(store: Store, verdicts: Any, named: Mapping[str, str]) -> dict[str, Any] | None:
    runs = {
        row["run_id"]: row
        for row in store.select("traces/trace_runs", {"trace_id": named["trace_id"]}).iter_rows(named=True)
    }
    span_id = named["span_id"]
    for verdict in verdicts:
        if verdict["span_id"] == span_id and verdict["subject"] == "run":
            run_id = f"{named['trace_id']}-{verdict['other_span_id'] or span_id}"
            run = runs.get(run_id) or (next(iter(runs.values())) if len(runs) == 1 else None)
            names = (
                "run_id",
                "outcome",
                "outcome_reason",
                "failure_class",
                "complete",
                "session_id",
                "user_id",
            )
            return None if run is None else {name: run[name] for name in names}
    return None


def _tell_cost(store: Store, named: Mapping[str, str]) -> dict[str, Any] | None:
    rows = store.select("traces/call_cost", named)
    if rows.is_empty():
        return None
    cost = rows.row(0, named=True)
    return {
        name: f"{value:f}" if name.endswith("_usd") and value is not None else value
        for name, value in cost.items()
    }

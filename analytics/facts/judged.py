"""What a judgement is about: the span that carries it, the one it names, the run these belong to, or the session."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec
import polars as pl

if TYPE_CHECKING:
    from analytics.counting import Counted
    from store import Store

Span = tuple[str, str]

_STEPS: Final = ("llm", "embedding", "tool", "retriever", "guardrail")
"""Kinds of spans that are judged for themselves; a judgement on any other is about the run."""
_RECORDS: Final = ("evaluator", "other")
"""Kinds of spans that only bring a judgement on another one."""
_MAX_DEPTH: Final = 10_000


@dataclass(frozen=True, slots=True)
class Target:
    """Who is judged."""

    target: str
    target_id: str
    run_id: str | None


@dataclass(slots=True)
class Places:
    """Where the spans of some traces belong, for the few that are judged."""

    spans: dict[Span, tuple[str, str | None, str | None]]
    """By span: kind, parent, session."""
    run_of_span: dict[Span, str]
    sole_run: dict[str, str]
    run_roots: dict[str, list[tuple[str, str]]]
    """By trace: root span and id of its runs."""
    call_of_response: dict[str, tuple[Span, str | None]] = field(
        default_factory=dict[str, tuple[Span, str | None]]
    )
    """By response id: the call's span and run."""

    def judged_span(self, carrier: dict[str, Any]) -> Span:
        """Return the span that a judgement on the carrier means: the one it links to, else its parent, else itself."""
        own = (carrier["trace_id"], carrier["span_id"])
        linked = _first_link(carrier["links"])
        if carrier["kind"] in _RECORDS and linked is not None:
            return linked
        if carrier["kind"] in _RECORDS and carrier["parent_span_id"] is not None:
            return (carrier["trace_id"], carrier["parent_span_id"])
        named = self.call_of_response.get(carrier["response_id"] or "")
        return named[0] if carrier["kind"] in _RECORDS and named is not None else own

    def target(self, about: str, carrier: dict[str, Any]) -> Target:
        """Return who a judgement is about: said to be a span's, a run's or a session's."""
        span = self.judged_span(carrier)
        run_id = self.run_of(span)
        named = self.call_of_response.get(carrier["response_id"] or "")
        if run_id is None and named is not None and named[0] == span:
            run_id = named[1]
        kind, _, session = self.spans.get(span, ("llm" if named and named[0] == span else "", None, None))
        if about == "session" and (session or carrier["session_id"]):
            return Target("session", session or carrier["session_id"], run_id)
        if run_id is not None and (about != "span" or kind not in _STEPS):
            return Target("run", run_id, run_id)
        return Target("span", f"{span[0]}-{span[1]}", run_id)

    def run_of(self, span: Span) -> str | None:
        """Return the run of a span, or the only one below it."""
        trace, _ = span
        run_id = self.run_of_span.get(span) or self.sole_run.get(trace)
        if run_id is not None:
            return run_id
        below = [run for root, run in self.run_roots.get(trace, ()) if self._is_below((trace, root), span)]
        return below[0] if len(below) == 1 else None

    def _is_below(self, span: Span, above: Span) -> bool:
        for _ in range(_MAX_DEPTH):
            if span == above:
                return True
            parent = self.spans.get(span, ("", None, None))[1]
            if parent is None:
                return False
            span = (span[0], parent)
        return False


def find_places(store: Store, carriers: pl.DataFrame, spans: pl.DataFrame, counted: Counted) -> Places:
    """Return the places of the spans of the carriers' traces, and of those they link to."""
    linked = {span[0] for links in carriers["links"] if (span := _first_link(links)) is not None}
    traces = pl.DataFrame(
        {"trace_id": sorted(linked.union(carriers["trace_id"]))}, schema={"trace_id": pl.String}
    )
    here = spans.join(traces, on="trace_id", how="semi")
    runs = counted.runs.select("run_id", "trace_id", "root_span_id", "is_sole")
    away = traces.join(spans, on="trace_id", how="anti")
    if not away.is_empty():
        past = store.select("facts/old_runs", {"first": 0}, {"asked": away})
        runs = pl.concat([runs, past.select(runs.columns)])
    runs = runs.join(traces, on="trace_id", how="semi")
    roots: dict[str, list[tuple[str, str]]] = {}
    for run_id, trace_id, root, _ in runs.iter_rows():
        roots.setdefault(trace_id, []).append((root, run_id))
    return Places(
        spans={
            (trace, span): (kind, parent, session)
            for trace, span, kind, parent, session in here.select(
                "trace_id", "span_id", "kind", "parent_span_id", "session_id"
            ).iter_rows()
        },
        run_of_span={
            (trace, span): run
            for trace, span, run in counted.run_spans.join(traces, on="trace_id", how="semi")
            .select("trace_id", "span_id", "run_id")
            .iter_rows()
        },
        sole_run=dict(runs.filter("is_sole").select("trace_id", "run_id").iter_rows()),
        run_roots=roots,
        call_of_response=_find_calls(store, carriers, counted),
    )


def _find_calls(store: Store, carriers: pl.DataFrame, counted: Counted) -> dict[str, tuple[Span, str | None]]:
    """Calls that carriers outside their trace name by the id of the response."""
    asked = carriers.filter(
        pl.col("kind").is_in(_RECORDS)
        & pl.col("parent_span_id").is_null()
        & pl.col("response_id").is_not_null()
    ).select("response_id")
    if asked.is_empty():
        return {}
    columns = ("response_id", "trace_id", "span_id", "run_id")
    past = store.select("facts/calls_of_responses", {}, {"asked": asked.unique()})
    calls = pl.concat([past.select(columns), counted.llm_calls.select(columns)]).join(
        asked, on="response_id", how="semi"
    )
    return {response: ((trace, span), run) for response, trace, span, run in calls.iter_rows()}


def _first_link(links: str | None) -> Span | None:
    try:
        decoded = msgspec.json.decode(links or "[]", type=list[dict[str, Any]])
    except msgspec.DecodeError:
        return None
    for link in decoded:
        if isinstance(link.get("trace_id"), str) and isinstance(link.get("span_id"), str):
            return link["trace_id"], link["span_id"]
    return None

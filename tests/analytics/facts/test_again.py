"""Traces that are derived again although no span of them came."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

from analytics.facts.job import FactsState
from analytics.jobs import NOTHING_TO_DO
from analytics.touching import run_traces, touched_rows
from store import Replacement
from tests.analytics.facts.building import Ledger, agent, call, run_id, tool


def trace(number: int) -> str:
    return f"{number:032x}"


def rename_agent(ledger: Ledger, name: str) -> None:
    """Write the spans of trace 1 anew, as a corrected mapping would."""
    spans = ledger.store.select("facts/spans_of_loads", {"first": 0, "last": 99}).filter(trace_id=trace(1))
    keys = spans.select("load_seq", "trace_id", "span_id")
    rows = spans.drop("input", "output").with_columns(
        agent=pl.lit(name), resource_id=pl.lit(1, pl.UInt64), attributes=pl.lit(None)
    )
    touched = touched_rows(run_traces([run_id(1, 1)]), reason="mapping")
    ledger.store.replace(Replacement("spans", keys, rows.drop("attributes")), appends=touched)


@pytest.mark.parametrize("restarted", [False, True])
def test_a_touched_trace_is_derived_again_from_its_spans_as_they_are_now(
    ledger: Ledger, restarted: bool
) -> None:
    ledger.receive(agent(1), call(2, parent=1))
    ledger.receive(tool(3, parent=1), agent(1, trace=2))
    rename_agent(ledger, "concierge")
    if restarted:
        ledger.state = FactsState()
    assert ledger.count().changed
    assert dict(ledger.rows("runs").select("trace_id", "agent").iter_rows()) == {
        trace(1): "concierge",
        trace(2): "agent-1",
    }
    assert ledger.rows("llm_calls")["agent"].to_list() == ["concierge"]
    assert ledger.count() == NOTHING_TO_DO, "a touch is worked off once"


@pytest.mark.parametrize("response", ["r1", None])
def test_touching_the_twin_of_a_call_after_a_restart_does_not_count_it_twice(
    ledger: Ledger, response: str | None
) -> None:
    ledger.receive(call(9, trace=2, response=response, scope="client", at=0.5))
    ledger.receive(
        agent(1, scope="graph", lasts=3.0), call(2, parent=1, response=response, scope="graph", lasts=2.0)
    )
    before = ledger.facts()
    ledger.now += timedelta(days=2)
    ledger.receive(agent(1, trace=3))
    ledger.state = FactsState()
    ledger.touch(trace(2))
    ledger.count()
    assert [row for row in ledger.rows("llm_calls").to_dicts() if row["trace_id"] != trace(3)] == before[
        "llm_calls"
    ]
    assert [row for row in ledger.rows("runs").to_dicts() if row["trace_id"] != trace(3)] == before["runs"]


def test_touching_everything_changes_nothing_that_did_not_change(ledger: Ledger) -> None:
    ledger.state = FactsState(chunk_spans=4)
    for number in range(1, 6):
        ledger.receive(
            agent(1, trace=number), call(2, parent=1, trace=number), tool(3, parent=1, trace=number)
        )
    before = ledger.facts()
    ledger.touch(*(trace(number) for number in range(1, 6)))
    ledger.state = FactsState(chunk_spans=4)
    ledger.count()
    assert ledger.facts() == before
    assert {run_id(number, 1) for number in range(1, 6)} <= set(
        ledger.select("sessions/touched", max_rows=100)["session_id"]
    )


def test_a_touched_trace_too_large_to_hold_is_derived_again_in_pieces(ledger: Ledger) -> None:
    ledger.state = FactsState(chunk_spans=3)
    ledger.count()
    ledger.receive(agent(1))
    assert ledger.state.reader is not None
    ledger.state.reader.max_past_spans = 4
    for number in range(2, 12):
        ledger.receive(call(number, parent=1, at=float(number)))
    before = ledger.rows("llm_calls").drop("run_id", "agent").to_dicts()
    ledger.touch(trace(1))
    assert ledger.count().changed
    assert ledger.rows("llm_calls").drop("run_id", "agent").to_dicts() == before


def test_a_trace_whose_spans_are_gone_keeps_its_facts(ledger: Ledger) -> None:
    ledger.receive(agent(1), call(2, parent=1))
    before = ledger.facts()["runs"]
    ledger.empty("spans", trace_id=[trace(1)])
    ledger.touch(trace(1), trace(7))
    ledger.count()
    assert ledger.rows("runs").to_dicts() == before
    assert ledger.count() == NOTHING_TO_DO


def test_a_touch_while_the_job_runs_is_not_lost(ledger: Ledger) -> None:
    ledger.receive(agent(1))
    ledger.touch(trace(1))
    first = ledger.store.select("facts/touched_traces", {"max_rows": 9})
    ledger.touch(trace(1))
    ledger.store.replace(Replacement("touched_traces", keys=first, rows=first.clear()))
    assert ledger.store.select("facts/touched_traces", {"max_rows": 9}).height == 1

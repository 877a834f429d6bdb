"""Any order of arrival and any boundary of batches gives the same rows in the end."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from analytics.facts.job import FactsState
from tests.analytics.facts.building import Sent, agent, call, open_ledger, other, tool

SPANS: tuple[Sent, ...] = (
    # A run with a retried call, a tool, a sub-agent, and feedback that comes later.
    agent(1, lasts=20.0, also={"gen_ai.conversation.id": "c1"}),
    call(2, parent=1, used=None, status=2, at=1.0),
    call(3, parent=1, used=(100, 10), at=3.0),
    tool(4, parent=1, at=5.0),
    agent(5, parent=4, at=5.1, lasts=0.5),
    call(6, parent=5, used=(20, 2), at=5.2, lasts=0.3, also={"user.id": "ada"}),
    other(7, parent=1, at=30.0, lasts=0.0, also={"spanledger.feedback": 1.0}),
    # Two libraries tell of one call: nested, beside each other, and in another trace.
    agent(1, trace=2, lasts=9.0, scope="graph"),
    call(2, trace=2, parent=1, response="r2", scope="graph"),
    call(3, trace=2, parent=2, response="r2", scope="client", lasts=0.5),
    call(4, trace=2, parent=1, used=(30, 3), scope="graph", at=3.0),
    call(5, trace=2, parent=1, used=(30, 3), scope="client", at=3.0, lasts=0.5),
    call(6, trace=2, parent=1, used=(40, 4), response="r6", scope="graph", at=5.0),
    call(7, trace=2, parent=1, used=(50, 5), scope="graph", at=7.0),
    call(1, trace=3, used=(40, 4), response="r6", scope="client", at=5.1, lasts=0.5),
    call(1, trace=4, used=(50, 5), scope="client", at=7.1, lasts=0.5),
    # The root never arrives; a span between was lost; an application above two runs.
    call(2, trace=5, parent=9),
    tool(3, trace=5, parent=8),
    agent(1, trace=6, lasts=9.0),
    call(3, trace=6, parent=2, at=2.0),
    other(1, trace=7, lasts=9.0, also={"user.id": "bob"}),
    agent(2, trace=7, parent=1),
    agent(3, trace=7, parent=1, at=3.0),
    call(4, trace=7, parent=3, at=3.1, lasts=0.5),
)


@cache
def rows_at_once() -> dict[str, list[dict[str, Any]]]:
    with open_ledger() as ledger:
        ledger.receive(*SPANS)
        return ledger.facts()


def test_the_spans_come_to_what_they_are() -> None:
    facts = rows_at_once()
    runs = {(int(run["trace_id"], 16), int(run["root_span_id"], 16)) for run in facts["runs"]}
    assert runs == {(1, 1), (2, 1), (5, 9), (6, 1), (7, 2), (7, 3)}
    assert len(facts["llm_calls"]) == 3 + 4 + 1 + 1 + 1
    assert len(facts["tool_calls"]) == 2
    assert len(facts["scores"]) == 1


@settings(
    max_examples=12,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(
    order=st.permutations(range(len(SPANS))),
    cuts=st.sets(st.integers(1, len(SPANS) - 1), max_size=8),
    counted=st.integers(0, 255),
    restarted=st.integers(0, 255),
    chunk_spans=st.sampled_from([1, 4, 20_000]),
)
def test_no_order_and_no_boundary_changes_the_rows(
    order: list[int], cuts: set[int], counted: int, restarted: int, chunk_spans: int
) -> None:
    with open_ledger() as ledger:
        ledger.state = FactsState(chunk_spans=chunk_spans)
        bounds = [0, *sorted(cuts), len(SPANS)]
        for number, (low, high) in enumerate(pairwise(bounds)):
            ledger.load(*(SPANS[position] for position in order[low:high]))
            if counted >> number & 1:
                ledger.count()
            if restarted >> number & 1:
                ledger.state = FactsState(chunk_spans=chunk_spans)
        ledger.count()
        assert ledger.facts() == rows_at_once()

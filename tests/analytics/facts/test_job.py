"""The job from loaded spans to facts: late spans, ids that change, twins, bounds."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from analytics.facts.job import FactsState
from analytics.jobs import NOTHING_TO_DO, JobContext
from tests.analytics.facts.building import Ledger, agent, call, other, run_id, tool
from tests.collector.building import Plain


def runs_of(ledger: Ledger) -> list[str]:
    return ledger.rows("runs")["run_id"].to_list()


def touched_sessions(ledger: Ledger) -> set[str]:
    return set(ledger.select("sessions/touched", max_rows=100)["session_id"])


def test_a_run_has_its_calls_tools_and_cost(ledger: Ledger) -> None:
    ledger.receive(
        agent(1, lasts=9.0, also={"gen_ai.conversation.id": "c1", "user.id": "ada"}),
        call(2, parent=1, used=(1_000_000, 1_000_000)),
        tool(3, parent=1),
    )
    run = ledger.rows("runs").row(0, named=True)
    assert (run["run_id"], run["session_id"], run["user_id"]) == (run_id(1, 1), "c1", "ada")
    assert (run["llm_calls"], run["tool_calls"], run["outcome"]) == (1, 1, "success")
    assert run["cost_usd"] == Decimal("0.75")
    [priced] = ledger.rows("llm_calls").to_dicts()
    assert (priced["cost_status"], priced["run_id"], priced["user_id"]) == ("priced", run_id(1, 1), "ada")
    assert ledger.rows("tool_calls")["cost_status"].to_list() == ["no_usage"]


def test_nothing_new_is_nothing_to_do(ledger: Ledger) -> None:
    ledger.receive(agent(1))
    assert ledger.count() == NOTHING_TO_DO


def test_counting_again_changes_nothing(ledger: Ledger) -> None:
    ledger.receive(agent(1), call(2, parent=1), tool(3, parent=1))
    before = ledger.facts()
    ledger.empty("watermarks", job=["facts"])
    ledger.count()
    assert ledger.facts() == before


def test_a_late_root_completes_the_run_and_the_earlier_id_still_leads_to_it(ledger: Ledger) -> None:
    ledger.receive(call(3, parent=2))
    assert runs_of(ledger) == [run_id(1, 2)]
    ledger.receive(other(2, parent=1))
    assert runs_of(ledger) == [run_id(1, 1)]
    assert ledger.rows("runs").select("complete", "outcome").row(0) == (False, None)
    ledger.receive(agent(1, lasts=5.0))
    assert ledger.rows("runs").select("run_id", "complete", "outcome").rows() == [
        (run_id(1, 1), True, "success")
    ]
    assert ledger.select("facts/old_aliases").select("old_run_id", "run_id").rows() == [
        (run_id(1, 2), run_id(1, 1))
    ]


def test_an_earlier_id_leads_to_the_last_one_however_often_it_changed(ledger: Ledger) -> None:
    ledger.receive(call(3, parent=2))
    ledger.receive(agent(2, parent=1))
    ledger.receive(agent(1))
    assert runs_of(ledger) == [run_id(1, 1)]
    assert ledger.select("facts/old_aliases").select("old_run_id", "run_id").rows() == [
        (run_id(1, 2), run_id(1, 1))
    ]


def test_an_earlier_id_leads_to_the_run_that_has_its_span_now(ledger: Ledger) -> None:
    ledger.receive(agent(2, parent=1), agent(4, parent=3, at=5.0, lasts=1.0))
    assert runs_of(ledger) == [run_id(1, 2), run_id(1, 4)]
    ledger.receive(agent(3, parent=1, at=4.0, lasts=3.0))
    assert runs_of(ledger) == [run_id(1, 2), run_id(1, 3)]
    assert ledger.select("facts/old_aliases").select("old_run_id", "run_id").rows() == [
        (run_id(1, 4), run_id(1, 3))
    ]


def test_the_id_of_a_parent_that_never_came_leads_to_the_run_of_its_child(ledger: Ledger) -> None:
    ledger.receive(call(5, parent=9, at=5.0))
    assert runs_of(ledger) == [run_id(1, 9)]
    ledger.receive(agent(6, parent=1), agent(7, parent=9, at=4.0, lasts=3.0))
    assert runs_of(ledger) == [run_id(1, 6), run_id(1, 7)]
    assert ledger.select("facts/old_aliases").select("old_run_id", "run_id").rows() == [
        (run_id(1, 9), run_id(1, 7))
    ]


def test_a_late_span_reopens_a_run_of_long_ago(ledger: Ledger) -> None:
    ledger.receive(agent(1))
    for hour in range(1, 10):
        ledger.now += timedelta(hours=1)
        ledger.receive(agent(1, trace=hour + 1))
    ledger.receive(call(2, parent=1))
    assert ledger.rows("runs").filter(run_id=run_id(1, 1))["llm_calls"].to_list() == [1]
    assert len(runs_of(ledger)) == 10


@pytest.mark.parametrize("restarted", [False, True])
def test_feedback_that_comes_days_later_finds_its_run(ledger: Ledger, restarted: bool) -> None:
    ledger.receive(agent(1), call(2, parent=1))
    ledger.now += timedelta(days=3)
    if restarted:
        ledger.state = FactsState()
    ledger.receive(other(3, parent=1, at=3 * 86_400.0, lasts=0.0, also={"spanledger.feedback": 1.0}))
    assert ledger.rows("runs").select("run_id", "feedback", "llm_calls").rows() == [(run_id(1, 1), 1.0, 1)]
    [score] = ledger.rows("scores").to_dicts()
    assert (score["target"], score["target_id"], score["value"]) == ("run", run_id(1, 1), 1.0)


def test_a_span_that_is_written_anew_replaces_what_it_said(ledger: Ledger) -> None:
    ledger.receive(agent(1, lasts=None), call(2, parent=1))
    assert ledger.rows("runs").select("complete", "outcome").rows() == [(False, None)]
    ledger.receive(agent(1, lasts=9.0, status=2))
    assert ledger.rows("runs").select("complete", "outcome", "llm_calls").rows() == [(True, "failure", 1)]


def test_after_a_restart_older_spans_of_a_trace_are_found(ledger: Ledger) -> None:
    ledger.receive(agent(1), call(2, parent=1))
    ledger.state = FactsState()
    ledger.now += timedelta(minutes=10)
    ledger.receive(call(3, parent=1, at=0.5, used=(7, 7)))
    assert ledger.rows("runs").select("llm_calls", "input_tokens").rows() == [(2, 107)]
    assert ledger.rows("llm_calls").height == 2


@pytest.mark.parametrize("client_first", [True, False])
@pytest.mark.parametrize("response", ["r1", None])
def test_a_twin_in_another_trace_leaves_the_call_to_the_run(
    ledger: Ledger, client_first: bool, response: str | None
) -> None:
    run = (agent(1, scope="graph", lasts=3.0), call(2, parent=1, response=response, scope="graph", lasts=2.0))
    client = (call(9, trace=2, response=response, scope="client", at=0.5),)
    for spans in (client, run) if client_first else (run, client):
        ledger.receive(*spans)
    assert runs_of(ledger) == [run_id(1, 1)]
    assert ledger.rows("llm_calls").height == 1
    ledger.receive(tool(3, parent=1, at=1.0))
    assert ledger.rows("llm_calls").height == 1, "counting the run again must look at the twin again"


def test_a_run_that_vanishes_touches_its_session_and_hour(ledger: Ledger) -> None:
    ledger.receive(call(9, trace=2, response="r1", scope="client", at=0.5))
    sessions = touched_sessions(ledger)
    assert sessions == {run_id(2, 9)}
    ledger.empty("touched_sessions", session_id=[run_id(2, 9)])
    ledger.receive(
        agent(1, scope="graph", lasts=3.0), call(2, parent=1, response="r1", scope="graph", lasts=2.0)
    )
    assert touched_sessions(ledger) == {run_id(2, 9), run_id(1, 1)}


def test_hours_that_rows_leave_and_enter_are_touched(ledger: Ledger) -> None:
    ledger.receive(call(2, parent=1, at=3_600.0))
    ledger.receive(agent(1, lasts=4_000.0))
    touched = ledger.select("rollups/touched", max_rows=100).filter(subject="run")
    assert sorted(set(touched["hour_at"].dt.hour())) == [12, 13]


def test_feedback_on_a_call_is_about_that_span(ledger: Ledger) -> None:
    ledger.receive(agent(1), call(2, parent=1, also={"spanledger.feedback": -1.0}))
    [score] = ledger.rows("scores").to_dicts()
    assert (score["target"], score["target_id"], score["run_id"]) == ("span", run_id(1, 2), run_id(1, 1))


def test_scores_from_elsewhere_follow_their_run_to_its_new_id(ledger: Ledger) -> None:
    import polars as pl

    ledger.receive(call(3, parent=2))
    old = run_id(1, 2)
    judged = {
        "load_seq": [0, 0],
        "score_id": ["a", "b"],
        "target": ["run", "session"],
        "target_id": [old, "c1"],
        "trace_id": [f"{1:032x}"] * 2,
        "run_id": [old, old],
        "name": ["helpful"] * 2,
        "value": [0.5, 0.5],
        "source": ["human"] * 2,
        "scored_at": [ledger.now.replace(tzinfo=None)] * 2,
    }
    ledger.store.replace(appends={"scores": pl.DataFrame(judged)})
    ledger.receive(other(2, parent=1), agent(1))
    scores = ledger.rows("scores").select("target", "target_id", "run_id").rows()
    assert sorted(scores) == [("run", run_id(1, 1), run_id(1, 1)), ("session", "c1", run_id(1, 1))]


def test_a_load_beyond_the_bound_is_counted_in_parts(ledger: Ledger) -> None:
    ledger.state = FactsState(chunk_spans=4)
    spans = [
        span for trace in range(1, 9) for span in (agent(1, trace=trace), call(2, parent=1, trace=trace))
    ]
    ledger.receive(*spans)
    assert ledger.rows("runs").height == 8
    assert ledger.select("facts/watermark")["load_seq"].to_list() == [1]


def test_a_stop_ends_between_chunks_and_the_rest_follows(ledger: Ledger) -> None:
    ledger.state = FactsState(chunk_spans=1)
    for trace in (1, 2, 3):
        ledger.load(agent(1, trace=trace))
    report = ledger.state.update(JobContext(ledger.store, lambda: ledger.now, is_stopping=lambda: True))
    assert report.has_more
    assert len(runs_of(ledger)) == 1
    ledger.count()
    assert len(runs_of(ledger)) == 3


def test_several_runs_of_a_trace_become_one_when_their_workflow_arrives(ledger: Ledger) -> None:
    ledger.receive(agent(2, parent=1), agent(3, parent=1, at=2.0))
    assert ledger.rows("spans")["run_id"].to_list() == [run_id(1, 2), run_id(1, 3)]
    ledger.receive(agent(1, also={"gen_ai.operation.name": "invoke_workflow"}, lasts=9.0))
    assert runs_of(ledger) == [run_id(1, 1)]
    assert set(ledger.rows("spans")["run_id"]) == {run_id(1, 1)}
    assert set(ledger.select("facts/old_aliases")["old_run_id"]) == {run_id(1, 2), run_id(1, 3)}


def test_a_trace_too_large_to_hold_is_counted_in_pieces(ledger: Ledger) -> None:
    ledger.count()
    ledger.receive(agent(1), agent(1, trace=2))
    assert ledger.state.reader is not None
    ledger.state.reader.max_past_spans = 4
    for number in range(2, 12):
        ledger.receive(
            call(number, parent=1, at=float(number)),
            call(number, parent=1, trace=2) if number == 3 else agent(1),
        )
    assert ledger.rows("llm_calls").height == 11
    runs = ledger.rows("runs").select("run_id", "llm_calls").rows()
    assert (run_id(2, 1), 1) in runs
    assert len({run for run, _ in runs}) == len(runs)


def judgement(number: int, name: str, score: float, **said: str) -> dict[str, Plain]:
    fields = {"name": name, "score": str(score), **said}
    return {f"annotations.{number}.annotation.{field}": value for field, value in fields.items()}


def scores_of(ledger: Ledger) -> list[tuple[object, ...]]:
    return sorted(ledger.rows("scores").select("name", "target", "target_id", "value", "source").rows())


def test_one_span_carries_several_judgements(ledger: Ledger) -> None:
    said = judgement(0, "helpful", 0.8) | judgement(1, "rating", 4, annotator_kind="HUMAN")
    ledger.receive(agent(1, also=said), call(2, parent=1, also=judgement(0, "relevant", 1.0)))
    expected = [
        ("helpful", "run", run_id(1, 1), 0.8, "evaluator"),
        ("rating", "run", run_id(1, 1), 0.5, "human"),
        ("relevant", "span", run_id(1, 2), 1.0, "evaluator"),
    ]
    assert scores_of(ledger) == expected
    ledger.receive(call(3, parent=1, at=0.5))
    assert scores_of(ledger) == expected


def test_feedback_is_a_score_beside_what_an_evaluator_says_on_the_same_span(ledger: Ledger) -> None:
    said = judgement(0, "helpful", 0.8)
    ledger.receive(
        agent(1, also=said | {"spanledger.feedback": -1}),
        agent(2, trace=2, also=said | judgement(1, "thumbs", 1.0, annotator_kind="HUMAN")),
    )
    assert scores_of(ledger) == [
        ("feedback", "run", run_id(1, 1), -1.0, "user"),
        ("helpful", "run", run_id(1, 1), 0.8, "evaluator"),
        ("helpful", "run", run_id(2, 2), 0.8, "evaluator"),
        ("thumbs", "run", run_id(2, 2), 1.0, "human"),
    ]


def test_an_evaluation_event_judges_the_span_above_it(ledger: Ledger) -> None:
    said: dict[str, Plain] = {"gen_ai.evaluation.name": "relevance", "gen_ai.evaluation.score.value": 0.4}
    ledger.receive(
        agent(1), call(2, parent=1), other(3, parent=2, name="gen_ai.evaluation.result", also=said)
    )
    assert scores_of(ledger) == [("relevance", "span", run_id(1, 2), 0.4, "evaluator")]

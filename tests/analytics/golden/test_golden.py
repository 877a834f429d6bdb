"""Datasets out of runs, results of suites, reviews, and search."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl
import pytest

from analytics.golden import (
    Redaction,
    choose_runs,
    export_cases,
    find_regressions,
    import_results,
    label_run,
)
from analytics.metrics import evaluate
from analytics.search import search_messages
from store import Store
from store.errors import ConfigError, NotFound
from tests.analytics.building import NOON, a_run, a_tool_call, to_frame
from tests.analytics.facts.building import START, Ledger, agent, open_ledger

DAY = timedelta(days=1)
WINDOW = (NOON - 7 * DAY, NOON + DAY)


def fill(write: Any) -> None:
    write(
        "runs",
        *(a_run(f"g{n}-1", input=f"question {n} of ada@example.com", output="fine") for n in range(30)),
        a_run("f1-1", input="broken", outcome="failure", failure_class="timeout", agent="sales"),
        a_run("d1-1", input="bad", feedback=-1.0),
        a_run("s1-1", input="shadow", purpose="shadow"),
        a_run("n1-1"),
    )
    write("tool_calls", a_tool_call("o1", run_id="g3-1", tool="search"),
          a_tool_call("o2", run_id="g3-1", tool="refund", started_at=NOON + timedelta(seconds=1)))  # fmt: skip
    write(
        "scores",
        {"load_seq": 1, "score_id": "s1", "target": "run", "target_id": "g5-1", "run_id": "g5-1",
         "name": "tone", "value": 0.1, "source": "evaluator", "scored_at": NOON},
    )  # fmt: skip
    write("drift_alarms", {
        "kind": "rate", "type": "drift", "events": 400, "is_hint": False,
        "alarm_id": "a", "series": "s", "metric": "success_rate", "agent": "sales", "raised_at": NOON - DAY,
        "last_raised_at": NOON, "direction": "down", "evidence": 2.0, "is_historic": False,
    })  # fmt: skip


def ids(store: Store, kind: str, *, count: int = 10, **options: Any) -> list[str]:
    return choose_runs(store, kind, *WINDOW, count=count, **options)["run_id"].to_list()


def test_runs_are_chosen_by_what_is_asked(store: Store, write: Any) -> None:
    fill(write)
    assert ids(store, "failed") == ["f1-1"]
    assert set(ids(store, "worst")) == {"d1-1", "f1-1"}
    assert ids(store, "low") == ["d1-1", "g5-1"]
    assert ids(store, "drifted") == ["f1-1"]
    assert ids(store, "picked", run_ids=["g4-1"]) == ["g4-1"]
    assert len(ids(store, "random")) == 10
    assert ids(store, "random") == ids(store, "random") != ids(store, "random", seed=1)
    with pytest.raises(ConfigError, match="'best'"):
        ids(store, "best")


def test_random_runs_are_of_the_whole_window(store: Store) -> None:
    count, newest = 24_000, 20_000
    age = pl.int_range(pl.len(), dtype=pl.Int64)
    run = to_frame("runs", [a_run("r-1", input="?")]).drop("run_id", "started_at")
    runs = pl.concat([run] * count).with_columns(
        run_id=pl.format("r{}-1", age), started_at=NOON.replace(tzinfo=None) - pl.duration(seconds=age)
    )
    store.replace(appends={"runs": runs})
    chosen = ids(store, "random", count=300)
    old = [run for run in chosen if int(run[1:-2]) >= newest]
    assert len(set(chosen)) == 300 and 20 < len(old) < 90


def test_a_label_follows_the_run_of_an_earlier_id(store: Store, write: Any) -> None:
    fill(write)
    write("run_aliases", {"old_run_id": "old-1", "run_id": "g7-1", "trace_id": "g7"})
    label_run(store, "old-1", NOON, label="good")
    scores = store.query("SELECT target_id FROM scores WHERE source = 'human'").to_pylist()
    assert scores == [{"target_id": "g7-1"}]


def test_cases_expect_what_a_good_run_did_and_leave_secrets_out(store: Store, write: Any) -> None:
    fill(write)
    runs = choose_runs(store, "picked", *WINDOW, count=9, run_ids=["g3-1", "f1-1"])
    cases = {case["case_id"]: case for case in export_cases(store, runs, Redaction.of(["question \\d+"]))}
    assert cases["g3-1"]["expected_tools"] == ["search", "refund"]
    assert cases["g3-1"]["input"] == "[redacted] of [email]"
    assert (cases["f1-1"]["expected_tools"], cases["f1-1"]["failure_class"]) == (None, "timeout")
    assert export_cases(store, runs.clear(), Redaction.of()) == []


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("to:ada+shop@example.com,.x@y.z", "to:[email],[email]"),
        ("card 4111 1111 1111 1111.", "card [card]."),
        ("card 4111-1111-1111-1111 key AKIAIOSFODNN7EXAMPLE", "card [card] key [key]"),
        ("ghp_0123456789abcdefghij and sk-01234567890123456", "[key] and [key]"),
        (
            '{"to": "a\\nm\\u00fcller@example.com", "card": 4111111111111111, "n": 7}',
            '{"to": "a\\n[email]", "card": "[card]", "n": 7}',
        ),
        ("call +49 (30) 1234567 now", "call [phone] now"),
        ("key sk-abcdefghijklmnop", "key [key]"),
        ("run 2026-11-21 took 12 s", "run 2026-11-21 took 12 s"),
    ],
)
def test_usual_secrets_are_redacted(text: str, cleaned: str) -> None:
    assert Redaction.of().clean(text) == cleaned


def test_regressions_are_cases_that_passed_before(store: Store) -> None:
    rows = [{"case_id": f"c{n}", "passed": n != 1} for n in range(4)]
    assert import_results(store, "suite", "1", rows, NOON) == 4
    later = [{"case_id": "c0", "passed": "fail", "explanation": "rude"}, {"case_id": "c1", "passed": "pass"},
             {"case_id": "c2", "passed": True, "score": 0.9}]  # fmt: skip
    import_results(store, "suite", "2", [{"case_id": "c2", "passed": False}], NOON)
    import_results(store, "suite", "2", later, NOON + DAY)
    found = find_regressions(store, "suite", "1", "2")
    assert (found.cases, found.passed, found.mended, found.missing) == (3, (2, 2), 1, 1)
    assert found.broken.rows() == [("c0", "rude", 0, 1)]
    assert (found.scored, found.scores) == (0, (None, None))
    with pytest.raises(NotFound, match="there are 1, 2"):
        find_regressions(store, "suite", "1", "3")


def test_flaky_case_counts_by_its_last_try_and_says_how_often_it_passed(store: Store) -> None:
    import_results(store, "suite", "1", [{"case_id": "c", "passed": True, "score": 1}], NOON)
    tries = [{"case_id": "c", "passed": passed, "score": 0.5} for passed in (True, 0, "fail")]
    import_results(store, "suite", "2", tries, NOON)
    found = find_regressions(store, "suite", "1", "2")
    assert found.broken.rows() == [("c", None, 1, 3)]
    assert (found.scored, found.scores) == (1, (1.0, 0.5))
    import_results(store, "suite", "2", [*tries, {"case_id": "c", "passed": 1}], NOON)
    assert find_regressions(store, "suite", "1", "2").broken.is_empty()


def test_nothing_is_exported_of_a_run_that_is_not_there(store: Store, write: Any) -> None:
    fill(write)
    with pytest.raises(NotFound, match="nobody-1"):
        choose_runs(store, "picked", *WINDOW, count=9, run_ids=["g4-1", "nobody-1"])
    with pytest.raises(ConfigError, match="no run is picked"):
        choose_runs(store, "picked", *WINDOW, count=9)


def test_file_without_results_is_refused(store: Store) -> None:
    with pytest.raises(ConfigError, match="no results"):
        import_results(store, "suite", "1", [], NOON)


@pytest.mark.parametrize(
    "row", [{}, {"case_id": "c"}, {"case_id": 4, "passed": True}, {"case_id": "c", "score": float("nan")}]
)
def test_result_that_says_nothing_is_refused(store: Store, row: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="result 1"):
        import_results(store, "suite", "1", [row], NOON)


def test_labels_reach_the_metrics_and_survive_a_late_root() -> None:
    with open_ledger() as ledger:
        ledger.receive(agent(2, parent=1), agent(3, trace=2))
        (label_run_id,) = [run for run in ledger.rows("runs")["run_id"] if run.endswith("2")]
        label_run(ledger.store, label_run_id, ledger.now, name="tone", value=0.75, explanation="kind")
        ledger.count()
        assert _mean(ledger) == 0.75
        with pytest.raises(NotFound):
            label_run(ledger.store, "nobody", ledger.now, value=1.0)
        with pytest.raises(ConfigError):
            label_run(ledger.store, label_run_id, ledger.now)


def _mean(ledger: Ledger) -> float:
    window = (START - DAY, START + DAY)
    rows = evaluate(ledger.store, "mean_score", *window, group_by=["score", "judge"])
    return dict(rows.select("score", "value").iter_rows())["tone"]


def test_search_finds_what_was_said_newest_first() -> None:
    def said(text: str) -> str:
        return f'[{{"role": "user", "parts": [{{"type": "text", "content": "{text}"}}]}}]'

    with open_ledger() as ledger:
        ledger.receive(
            *(agent(n, trace=n, at=n * -20_000.0, also={"gen_ai.input.messages": said(f"Where is Parcel {n}?")})
              for n in range(1, 5)),
            agent(9, trace=9, also={"gen_ai.output.messages": said("100 % sure")}),
        )  # fmt: skip
        window = (START - DAY, START + 3 * DAY)
        found = search_messages(ledger.store, "pARCEL", *window)
        assert [trace[-1] for trace in found["trace_id"]] == ["1", "2", "3", "4"]
        assert "Where is Parcel 1?" in found["excerpt"][0]
        assert search_messages(ledger.store, "parcel", *window, max_rows=2).height == 2
        assert search_messages(ledger.store, "100 %", *window)["found_in"].to_list() == ["output"]
        assert search_messages(ledger.store, "nobody said this", *window).is_empty()
        with pytest.raises(ConfigError, match="too long"):
            search_messages(ledger.store, "x", START - 90 * DAY, START)

"""Why spans count or not: the reasons agree with the counted rows, whatever the traces are."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from analytics.counting import count_traces
from analytics.counting.reasons import RULES, judge_spans
from collector.dialects import normalise
from tests.analytics.counting.building import a_span, frame_of
from tests.collector.dialects.building import CAPTURES, read_capture


def reasons(*spans: dict[str, Any]) -> dict[tuple[str, str], tuple[str, bool, str | None]]:
    rows = judge_spans(frame_of(*spans))
    return {
        (row["span_id"], row["subject"]): (row["rule"], row["counts"], row["other_span_id"])
        for row in rows.iter_rows(named=True)
    }


@pytest.fixture(scope="module")
def corpus() -> pl.DataFrame:
    spans = [normalise(read_capture(name)) for name in CAPTURES]
    return pl.concat(spans).with_columns(load_seq=pl.lit(1, pl.Int64))


def test_what_is_said_to_count_is_what_is_counted(corpus: pl.DataFrame) -> None:
    judged, counted = judge_spans(corpus), count_traces(corpus)
    by_subject = {
        subject: set(
            judged.filter("counts", pl.col("subject") == subject).select("trace_id", "span_id").iter_rows()
        )
        for subject in ("call", "tool", "run")
    }
    assert by_subject["call"] == set(counted.llm_calls.select("trace_id", "span_id").iter_rows())
    assert by_subject["tool"] == set(counted.tool_calls.select("trace_id", "span_id").iter_rows())
    assert by_subject["run"] <= set(counted.runs.select("trace_id", "root_span_id").iter_rows())
    missing = judged.filter(pl.col("rule") == "run_missing").height
    assert len(by_subject["run"]) + missing == counted.runs.height
    assert set(judged["rule"]) <= set(RULES)
    others = judged.filter(
        ~pl.col("counts"), pl.col("rule").is_in(["wrapper", "twin_id", "tool_inner", "step"])
    )
    assert others["other_span_id"].null_count() == 0


def test_every_model_span_has_exactly_one_reason(corpus: pl.DataFrame) -> None:
    calls = judge_spans(corpus).filter(subject="call")
    models = corpus.filter(pl.col("kind").is_in(["llm", "embedding"])).select("trace_id", "span_id").unique()
    assert calls.select(pl.struct("trace_id", "span_id").is_duplicated().any()).item() is False
    assert models.join(calls, on=["trace_id", "span_id"], how="anti").height == 0


def test_wrapper_leaf_twin_and_agent_name_each_other() -> None:
    told = reasons(
        a_span("a", "agent", used=(100, 10), lasts=9.0),
        a_span("w", "llm", "a", used=(100, 10)),
        a_span("c", "llm", "w", used=(100, 10), scope_name="client", lasts=0.5),
        a_span("x", "llm", "a", used=(7, 7), at=3.0),
        a_span("y", "llm", "a", used=(7, 7), at=3.0, scope_name="client"),
    )
    assert told["c", "call"] == ("leaf", True, None)
    assert told["w", "call"] == ("wrapper", False, "c")
    assert told["a", "usage"] == ("agent_usage", False, None)
    assert {told["x", "call"][0], told["y", "call"][0]} == {"leaf", "twin_place"}
    assert told["a", "run"] == ("run", True, None)
    assert told["c", "run"] == ("step", False, "a")


def test_an_agent_stands_in_for_calls_that_say_nothing() -> None:
    told = reasons(a_span("a", "agent", used=(5, 5), lasts=9.0), a_span("c", "llm", "a"))
    assert told["a", "call"] == ("stand_in", True, None)
    assert told["c", "call"] == ("stood_in", False, "a")


def test_tools_pending_copies_and_lost_roots_are_explained() -> None:
    told = reasons(
        a_span("a", "agent", lasts=9.0),
        a_span("t", "tool", "a", tool="find"),
        a_span("s", "tool", "t", tool="mcp.find"),
        a_span("h", "tool", "a", tool="transfer_to_agent", name="transfer_to_agent"),
        a_span("p", "llm", "a", is_pending=True),
        a_span("o", "llm", "lost", used=(1, 1), trace_id="t2"),
    )
    assert told["t", "tool"][:2] == ("tool", True)
    assert told["s", "tool"] == ("tool_inner", False, "t")
    assert told["h", "tool"][0] == "handoff"
    assert told["p", "call"][0] == "pending"
    assert told["o", "run"][0] == "run_missing"

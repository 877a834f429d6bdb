"""Two runs side by side: their steps aligned, what differs said, and the address that restores it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.comparing.alignment import align_steps, align_texts
from store import Store
from tests.dashboard.apps import components, notices, open_page
from tests.dashboard.conftest import HandClock, opened

TWO = """SELECT trace_id, tool_calls, llm_calls FROM runs WHERE agent = 'code-reviewer' AND tool_calls > 1
ORDER BY started_at DESC LIMIT 2"""


@pytest.fixture(scope="module")
def seeded(copied_dir: Path) -> Iterator[Store]:
    with opened(copied_dir, HandClock()) as store:
        yield store


def test_every_step_of_both_runs_is_there_once_with_its_numbers(seeded: Store) -> None:
    a, b = seeded.query(TWO).to_pylist()
    app = open_page("trace", id=a["trace_id"], **{"with": b["trace_id"]})
    figures, steps = components(app, "table")
    assert figures["rows"][3]["cells"][1]["text"] == str(a["tool_calls"])
    assert figures["rows"][3]["cells"][2]["text"] == str(b["tool_calls"])
    shown = [row["cells"] for row in steps["rows"]]
    spans = {
        key: seeded.query(f"SELECT count(*) AS n FROM spans WHERE trace_id = '{key}'").to_pylist()[0]["n"]
        for key in (a["trace_id"], b["trace_id"])
    }
    assert sum(cells[1]["text"] != "only in B" for cells in shown) == spans[a["trace_id"]]
    assert sum(cells[1]["text"] != "only in A" for cells in shown) == spans[b["trace_id"]]
    assert all(row["target"]["query"]["with"] == [b["trace_id"]] for row in steps["rows"])


def test_a_step_of_the_address_shows_what_was_said_in_both(seeded: Store) -> None:
    a, b = seeded.query(TWO).to_pylist()
    app = open_page("trace", id=a["trace_id"], **{"with": b["trace_id"]})
    rows = components(app, "table")[1]["rows"]
    both = [row for row in rows if not row["cells"][1]["text"].startswith("only")]
    row = next(row for row in both if row["cells"][0]["text"].startswith("chat"))
    step = row["target"]["query"]["step"][0]
    (said,) = components(open_page("trace", id=a["trace_id"], step=step, **{"with": b["trace_id"]}), "sides")
    lines = [line for part in said["parts"] for line in part["rows"]]
    assert ["user:", "user:", True] in lines


def test_another_trace_that_is_unknown_is_said_and_the_first_is_shown(seeded: Store) -> None:
    a = seeded.query(TWO).to_pylist()[0]
    app = open_page("trace", id=a["trace_id"], **{"with": "f" * 32})
    assert f"No span of the trace {'f' * 32} is known" in notices(app)
    assert components(app, "waterfall")


def test_two_runs_are_chosen_in_the_list_one_after_the_other(seeded: Store) -> None:
    (table,) = components(open_page("traces", range="7d", compare="first"), "table")
    first = table["rows"][0]["target"]["query"]
    assert (table["rows"][0]["target"]["path"], first["range"]) == ("traces", ["7d"])
    (table,) = components(open_page("traces", range="7d", compare=first["compare"][0]), "table")
    target = table["rows"][1]["target"]
    assert target["path"] == "trace"
    assert target["query"]["id"] == first["compare"]


def test_hostile_steps_and_odd_traces_are_compared_as_text(seeded: Store) -> None:
    app = open_page("trace", id="d" * 32, **{"with": "b" * 32})
    assert len(components(app, "table")) == 2
    assert not [element.value for element in app.markdown if "script" in element.value]


def test_steps_are_the_same_by_what_they_are_and_not_by_their_numbers() -> None:
    def step(kind: str, tool: str | None, ms: float) -> dict[str, object]:
        return {"kind": kind, "tool": tool, "name": f"{kind} {ms}", "agent": "a", "duration_ms": ms}

    left = [step("llm", None, 1), step("tool", "search", 2), step("llm", None, 3)]
    right = [step("llm", None, 9), step("tool", "mail", 8), step("tool", "search", 7), step("llm", None, 6)]
    pairs = [
        (p.left and p.left["duration_ms"], p.right and p.right["duration_ms"])
        for p in align_steps(left, right)
    ]
    assert pairs == [(1, 9), (None, 8), (2, 7), (3, 6)]


def test_no_text_at_all_has_no_lines() -> None:
    assert align_texts("", "") == []
    assert [row.is_same for row in align_texts("a", "")] == [False]

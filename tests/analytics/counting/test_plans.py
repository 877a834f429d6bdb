"""How long plans are: the first list that a tool for plans was given, whatever its name and form."""

from __future__ import annotations

import polars as pl
import pytest

from analytics.counting.plans import count_plan_steps

CASES: dict[str, tuple[str, str | None, int | None]] = {
    "Claude Code": ("TodoWrite", '{"todos": [{"content": "a", "status": "pending"}, {"content": "b"}]}', 2),
    "Codex": (
        "update_plan",
        '{"explanation": "…", "plan": [{"step": "a"}, {"step": "b"}, {"step": "c"}]}',
        3,
    ),
    "deep agents": ("write_todos", '{"todos": [{"content": "a"}]}', 1),
    "plain texts": ("make_plan", '{"steps": ["look", "mend"]}', 2),
    "another tool with steps": ("deploy", '{"steps": ["build", "ship"]}', None),
    "an emptied list": ("TodoWrite", '{"todos": []}', None),
    "no list": ("TodoWrite", '{"todos": "later"}', None),
    "no object": ("TodoWrite", "[1, 2]", None),
    "no JSON": ("TodoWrite", "{" * 50_000, None),
    "nested deeply": ("TodoWrite", "[" * 50_000, None),
    "cut off": ("TodoWrite", '{"todos": [{"content": "a"', None),
    "no arguments": ("TodoWrite", None, None),
}


@pytest.mark.parametrize("name", CASES)
def test_entries_of_a_plan(name: str) -> None:
    tool, arguments, expected = CASES[name]
    found = count_plan_steps(frame((1, "tool", tool, arguments), (2, "llm", "TodoWrite", '{"todos": [1]}')))
    assert found.to_dicts() == ([{"run": 1, "plan_steps": expected}] if expected is not None else [])


def test_first_plan_of_each_run_counts() -> None:
    lists = ['{"todos": [1, 2, 3]}', '{"todos": [1]}', '{"todos": [1, 2]}']
    rows = [(run, "tool", "TodoWrite", text) for run, text in zip((7, 7, 8), lists, strict=True)]
    assert dict(count_plan_steps(frame(*rows)).iter_rows()) == {7: 3, 8: 2}


def frame(*rows: tuple[int, str, str, str | None]) -> pl.DataFrame:
    schema = {"run": pl.Int64, "step": pl.String, "subject": pl.String, "arguments": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")

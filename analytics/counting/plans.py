"""How long the plans are that agents write down: the entries of the list that a tool for plans or to-dos was given."""

from __future__ import annotations

import json
from typing import Any, Final, cast

import polars as pl

_TOOLS: Final = r"(?i)to_?-?do|plan"
"""TodoWrite of Claude Code, update_plan of Codex, write_todos of deep agents, and their like."""
_LISTS: Final = ("todos", "plan", "steps", "tasks", "items")
_MOST_CHARS: Final = 1_000_000


def count_plan_steps(steps: pl.DataFrame) -> pl.DataFrame:
    """Return run and `plan_steps`, the entries of the first plan that each run wrote; runs without one have no row.

    The first, because later ones tick off what is done and drop what is obsolete.
    """
    named = steps.filter(
        pl.col("step") == "tool", pl.col("subject").str.contains(_TOOLS), pl.col("arguments").is_not_null()
    ).select("run", "arguments")
    counted = [(run, _count_entries(arguments)) for run, arguments in named.iter_rows()]
    rows = pl.DataFrame(counted, schema={"run": steps.schema["run"], "plan_steps": pl.Int64}, orient="row")
    return rows.drop_nulls().unique("run", keep="first", maintain_order=True)


def _count_entries(arguments: str) -> int | None:
    """Return the entries of the list in a tool's arguments; None when there is none.

    >>> _count_entries('{"plan": [{"step": "look"}, {"step": "mend"}]}'), _count_entries("{}")
    (2, None)
    """
    if len(arguments) > _MOST_CHARS:
        return None
    try:
        told: Any = json.loads(arguments)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    found = cast("dict[str, object]", told)
    lists = [cast("list[object]", found[name]) for name in _LISTS if isinstance(found.get(name), list)]
    return len(lists[0]) if lists and lists[0] else None

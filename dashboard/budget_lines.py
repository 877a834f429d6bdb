"""Budgets as rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from dashboard.components import Column, Line, cell
from dashboard.formats import GAP, format_count, format_usd

CALENDAR: Final = ("day", "week", "month")
COLUMNS: Final[Sequence[Column]] = (
    Column("Budget"),
    Column("Used", "bar"),
    Column("Of", "number", "end"),
    Column("By its end", "number", "end", "at the pace so far"),
)


def say_budget(row: dict[str, Any], value: float) -> str:
    """Return a value of a budget in its unit."""
    return format_usd(value) if row["unit"] == "usd" else f"{format_count(value)}{GAP}{row['unit']}"


def budget_line(row: dict[str, Any]) -> Line:
    """Return the row of a budget: what it is of, what is used, and of how much."""
    limit, used = float(row["limit_value"]), None if row["used_value"] is None else float(row["used_value"])
    share = used / limit if used is not None and limit else None
    of = ", ".join(str(entry["value"]) for entry in row["labels"] or ())
    tone = "agent" if share is None else "error" if share >= 1 else "warning" if share >= 0.8 else "volume"
    return Line(
        key=row["budget"] + of,
        cells=[
            cell(
                of or row["budget"], note=row["budget"] if of else "", title=f"{row['budget']} {of}".strip()
            ),
            None
            if share is None or used is None
            else cell(say_budget(row, used), share=share, order=share, tone=tone),
            cell(
                say_budget(row, limit),
                note=f"a {row['period']}" if row["period"] in CALENDAR else row["period"],
            ),
            None if row["forecast_value"] is None else cell(say_budget(row, float(row["forecast_value"]))),
        ],
    )

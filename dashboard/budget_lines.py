"""Budgets as rows of a table."""

from __future__ import annotations

from typing import Any

from dashboard.components import Line, cell
from dashboard.formats import GAP, format_count, format_instant, format_usd


def budget_line(row: dict[str, Any]) -> Line:
    """Return the row of a budget: what it is of, what is used, and of how much."""
    limit, used = float(row["limit_value"]), None if row["used_value"] is None else float(row["used_value"])
    share = used / limit if used is not None and limit else None

    def say(value: float) -> str:
        return format_usd(value) if row["unit"] == "usd" else f"{format_count(value)}{GAP}{row['unit']}"

    of = ", ".join(str(entry["value"]) for entry in row["labels"] or ())
    tone = "agent" if share is None else "error" if share >= 1 else "warning" if share >= 0.8 else "volume"
    return Line(
        key=row["budget"] + of,
        cells=[
            cell(row["budget"], note=of),
            None if share is None or used is None else cell(say(used), share=share, order=share, tone=tone),
            cell(say(limit)),
            None if row["forecast_value"] is None else cell(say(float(row["forecast_value"]))),
            cell(row["period"]),
            None if row["evaluated_at"] is None else cell(format_instant(row["evaluated_at"])),
        ],
    )

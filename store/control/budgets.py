"""How budgets stand, as the job measured it last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select

from store.control.database import Control
from store.control.tables import budgets

_COMPARED = ("fingerprint", "limit_value", "used_value", "state", "unit", "period", "resets_at")


def replace_budgets(control: Control, rows: Sequence[Mapping[str, Any]]) -> int:
    """Make the table say what the rows say; return how many of them are new or other than before."""
    with control.read() as connection:
        present = {row.fingerprint: row for row in connection.execute(select(budgets))}
    changed = [row for row in rows if not _is_equal(present.get(row["fingerprint"]), row)]
    gone = set(present) - {row["fingerprint"] for row in rows}
    if not changed and not gone:
        return 0
    with control.begin() as connection:
        keys = [*gone, *(row["fingerprint"] for row in changed)]
        for start in range(0, len(keys), 500):
            connection.execute(delete(budgets).where(budgets.c.fingerprint.in_(keys[start : start + 500])))
        if changed:
            connection.execute(insert(budgets), [dict(row) for row in changed])
    return len(changed) + len(gone)


def _is_equal(known: Any, row: Mapping[str, Any]) -> bool:
    return known is not None and all(getattr(known, name) == row[name] for name in _COMPARED)

"""How budgets stand: read from the store each time, so that no restart or late data leaves them wrong."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from analytics.budgets.settings import DIMENSIONS, Budget
from store.errors import NotFound

if TYPE_CHECKING:
    from store import Store

_COLUMNS: Final = {"usd": "cost_usd", "calls": "llm_calls"}
_TOLD_SHARE: Final = 0.1
"""Less of a period says nothing about the rest of it."""
MAX_GROUPS: Final = 10_000


@dataclass(frozen=True)
class BudgetState:
    """How one budget, or one group of it, stands."""

    budget: str
    labels: Mapping[str, str]
    """The group, such as one user; empty for a budget of all. Unknown values are empty texts."""
    unit: str
    period: str
    limit: Decimal
    used: Decimal
    state: str
    """ok, warning (from `warn_at` of the limit) or exceeded (all of it is used)."""
    unpriced_calls: int
    """More than 0: what was used in USD is at least so much."""
    resets_at: datetime | None
    """End of the calendar period; NULL for rolling ones."""
    forecast: Decimal | None
    """Use by the end of the period at the pace so far; None where too little of it has passed."""
    exceeds_at: datetime | None
    """When the limit is reached at that pace; None where it is not within the period, or was reached before."""
    evaluated_at: datetime

    @property
    def fingerprint(self) -> str:
        """A hash of the name and the labels."""
        text = json.dumps([self.budget, sorted(self.labels.items())])
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def remaining(self) -> Decimal:
        """What may still be used."""
        return max(Decimal(0), self.limit - self.used)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON: figures as text, times as ISO 8601."""

        def text(value: datetime | None) -> str | None:
            return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")

        return {
            "budget": self.budget,
            "labels": dict(self.labels),
            "unit": self.unit,
            "period": self.period,
            "limit": _plain(self.limit),
            "used": _plain(self.used),
            "remaining": _plain(self.remaining),
            "share": float(self.used / self.limit) if self.limit else None,
            "state": self.state,
            "allowed": self.state != "exceeded",
            "unpriced_calls": self.unpriced_calls,
            "resets_at": text(self.resets_at),
            "forecast": None if self.forecast is None else _plain(self.forecast),
            "exceeds_at": text(self.exceeds_at),
            "evaluated_at": text(self.evaluated_at),
        }


def measure_budgets(store: Store, budgets: Iterable[Budget], now: datetime) -> list[BudgetState]:
    """Return the states of all budgets; a grouped one has a state for each group that used something."""
    return [state for budget in budgets for state in measure_budget(store, budget, now)]


def measure_budget(store: Store, budget: Budget, now: datetime) -> list[BudgetState]:
    """Return the states of one budget, its fullest groups first."""
    first, _ = budget.stretch(now)
    params: dict[str, object] = {
        "first": first,
        "until": now + timedelta(microseconds=1),
        "max_rows": MAX_GROUPS,
    }
    params |= {f"by_{name}": name in budget.group_by for name in DIMENSIONS}
    params |= {f"in_{name}": _wanted(budget, name) for name in DIMENSIONS}
    params["has_model"] = "model" in (*budget.group_by, *budget.where)
    rows = store.select("budgets/used", params).to_dicts()
    if not budget.group_by:
        return [state_of(budget, {}, rows[0] if rows else {}, now)]
    states = [state_of(budget, {name: row[name] or "" for name in budget.group_by}, row, now) for row in rows]
    return sorted(states, key=lambda state: (-state.used, sorted(state.labels.items())))


def state_of(budget: Budget, labels: Mapping[str, str], row: Mapping[str, Any], now: datetime) -> BudgetState:
    """Return the state that sums over the present period amount to."""
    used = Decimal(str(row.get(_COLUMNS.get(budget.unit, budget.unit)) or 0))
    first, resets_at = budget.stretch(now)
    if used >= budget.limit:
        state = "exceeded"
    else:
        state = "warning" if used >= budget.limit * Decimal(str(budget.warn_at)) else "ok"
    forecast, exceeds_at = _look_ahead(budget.limit, used, first, resets_at, now)
    return BudgetState(
        budget.name,
        labels,
        budget.unit,
        budget.period,
        budget.limit,
        used,
        state,
        int(row.get("unpriced_calls") or 0) if budget.unit == "usd" else 0,
        resets_at,
        forecast,
        exceeds_at,
        now,
    )


def answer(
    budgets: Sequence[Budget],
    states: Iterable[BudgetState],
    name: str,
    labels: Mapping[str, str],
    now: datetime,
) -> BudgetState:
    """Return how the budget called `name` stands for a group; a group that used nothing stands at 0.

    Raises:
        NotFound: There is no such budget, or the labels are not those it is split by.
    """
    budget = next((one for one in budgets if one.name == name), None)
    if budget is None:
        there = ", ".join(one.name for one in budgets) or "none"
        raise NotFound(f"no budget is called {name!r}; there are: {there}")
    if missing := [key for key in budget.group_by if key not in labels]:
        raise NotFound(f"the budget {name!r} is split by {', '.join(budget.group_by)}; add {missing[0]}=…")
    group = {key: labels[key] for key in budget.group_by}
    found = next((one for one in states if one.budget == name and one.labels == group), None)
    is_over = found is not None and found.resets_at is not None and found.resets_at <= now
    return state_of(budget, group, {}, now) if found is None or is_over else found


def _wanted(budget: Budget, name: str) -> list[str]:
    wanted = budget.where.get(name, "*")
    return [wanted] if isinstance(wanted, str) else list(wanted)


def _look_ahead(
    limit: Decimal, used: Decimal, first: datetime, resets_at: datetime | None, now: datetime
) -> tuple[Decimal | None, datetime | None]:
    if resets_at is None:
        return None, None
    elapsed = (now - first) / (resets_at - first)
    if elapsed < _TOLD_SHARE:
        return None, None
    forecast = used / Decimal(str(elapsed))
    if used <= 0 or forecast < limit or used >= limit:
        return forecast, None
    return forecast, first + (now - first) * float(limit / used)


def _plain(value: Decimal) -> str:
    return format(value.normalize(), "f") if value else "0"

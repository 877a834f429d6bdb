"""The job that keeps the states of budgets: in memory for whoever asks, in the control state for alerts and SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from analytics.budgets.settings import Budget
from analytics.budgets.states import BudgetState, answer, measure_budgets
from analytics.jobs import NOTHING_TO_DO, Job, JobContext, JobReport
from store.clock import Clock, utc_now
from store.control.budgets import replace_budgets

if TYPE_CHECKING:
    from store.control import Control

_PAUSE: Final = timedelta(seconds=2)
_EVERY: Final = timedelta(seconds=15)
"""Rolling windows move without anything being loaded."""
_SHARE: Final = 0.1


@dataclass
class BudgetBoard:
    """The states as they were measured last; safe to read from any thread."""

    budgets: Sequence[Budget] = ()
    states: Sequence[BudgetState] = field(default_factory=list[BudgetState])
    clock: Clock = utc_now

    def adopt(self, budgets: Sequence[Budget]) -> None:
        """Measure other budgets from the next time on."""
        self.budgets = tuple(budgets)

    def answer(self, name: str, labels: Mapping[str, str]) -> BudgetState:
        """Return how a budget stands for a group.

        Raises:
            NotFound: There is no such budget, or the labels are not those it is split by.
        """
        return answer(self.budgets, self.states, name, labels, self.clock())

    def snapshot(self) -> dict[str, Any]:
        """Return everything the front needs to answer by itself, as JSON."""
        return {
            "budgets": [
                {
                    "name": budget.name,
                    "unit": budget.unit,
                    "period": budget.period,
                    "limit": str(budget.limit),
                    "group_by": list(budget.group_by),
                }
                for budget in self.budgets
            ],
            "states": [state.to_dict() for state in self.states],
        }


def budgets_job(board: BudgetBoard, control: Control) -> Job:
    """Return the job, which runs after loads and by the clock."""

    def update(context: JobContext) -> JobReport:
        return update_board(board, control, context)

    return Job("budgets", update, every=_EVERY, wakes_on_load=True, pause=_PAUSE, max_share=_SHARE)


def update_board(board: BudgetBoard, control: Control, context: JobContext) -> JobReport:
    """Measure all budgets and tell the board and the control state."""
    now = context.clock()
    states = measure_budgets(context.store, board.budgets, now)
    board.states = states
    rows = [
        {
            "fingerprint": state.fingerprint,
            "budget": state.budget,
            "labels": dict(state.labels),
            "filter": _filter_of(board.budgets, state.budget),
            "unit": state.unit,
            "period": state.period,
            "limit_value": state.limit,
            "used_value": state.used,
            "forecast_value": state.forecast,
            "state": state.state,
            "resets_at": state.resets_at,
            "evaluated_at": state.evaluated_at,
        }
        for state in states
    ]
    changed = replace_budgets(control, rows)
    return JobReport(changed=changed) if changed else NOTHING_TO_DO


def _filter_of(budgets: Sequence[Budget], name: str) -> dict[str, Any]:
    return next((dict(budget.where) for budget in budgets if budget.name == name), {})

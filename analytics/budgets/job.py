"""The job that keeps the states of budgets: in memory for whoever asks, in the control state for alerts and SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
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
    clock: Clock = utc_now
    measure: Callable[[Sequence[Budget], datetime], Sequence[BudgetState]] | None = None
    """How to measure before the job has: whoever asks right after a start must not hear that nothing was used."""
    _states: Sequence[BudgetState] | None = None
    _lock: Lock = field(default_factory=Lock)

    @property
    def states(self) -> Sequence[BudgetState]:
        """The states, the fullest groups of each budget first."""
        with self._lock:
            if self._states is None and self.measure is not None:
                self._states = self.measure(self.budgets, self.clock())
            return self._states or ()

    def keep(self, budgets: Sequence[Budget], states: Sequence[BudgetState]) -> None:
        """Answer by these states from now on, unless other budgets were adopted while they were measured."""
        with self._lock:
            if budgets is self.budgets:
                self._states = states

    def adopt(self, budgets: Sequence[Budget]) -> None:
        """Answer for other budgets; they are measured when somebody asks, or by the job."""
        with self._lock:
            self.budgets, self._states = tuple(budgets), None

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
    budgets = board.budgets
    states = measure_budgets(context.store, budgets, now)
    board.keep(budgets, states)
    rows = [
        {
            "fingerprint": state.fingerprint,
            "budget": state.budget,
            "labels": dict(state.labels),
            "filter": _filter_of(budgets, state.budget),
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

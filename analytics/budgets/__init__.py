"""Budgets and rate limits on observed use, and how they stand."""

from __future__ import annotations

from analytics.budgets.job import BudgetBoard, budgets_job, update_board
from analytics.budgets.settings import Budget, parse_budgets
from analytics.budgets.states import BudgetState, measure_budgets

__all__ = [
    "Budget", "BudgetBoard", "BudgetState", "budgets_job", "measure_budgets", "parse_budgets", "update_board",
]  # fmt: skip

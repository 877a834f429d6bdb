"""The data jobs in the order in which each reads what the one before wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics.budgets import BudgetBoard, budgets_job
from analytics.days import days_job
from analytics.drift import drift_job
from analytics.facts import facts_job
from analytics.job_log import job_log_retention
from analytics.jobs import Job
from analytics.pricing import PriceKeeper
from analytics.rollups import rollups_job
from analytics.sessions import sessions_job
from analytics.settings import AnalyticsSettings

if TYPE_CHECKING:
    from store.control import Control


def data_jobs(
    settings: AnalyticsSettings,
    control: Control,
    prices: PriceKeeper | None = None,
    budgets: BudgetBoard | None = None,
) -> list[Job]:
    """Return facts → sessions → rollups → days → drift → budgets, and the job that keeps job_runs bounded."""
    return [
        facts_job(prices),
        sessions_job(settings),
        rollups_job(settings),
        days_job(),
        drift_job(),
        budgets_job(budgets or BudgetBoard(), control),
        job_log_retention(),
    ]

"""Clock-driven jobs that keep the store in bounds."""

from __future__ import annotations

from datetime import timedelta

from analytics.jobs import NOTHING_TO_DO, Job, JobContext, JobReport
from store.retention import apply_retention
from store.settings import StoreSettings

RETENTION_EVERY = timedelta(minutes=30)


def housekeeping_jobs(settings: StoreSettings) -> list[Job]:
    """Return the jobs that delete what is too old or too much."""

    def delete_expired(context: JobContext) -> JobReport:
        report = apply_retention(context.store, settings, clock=context.clock, apart=context.apart)
        return JobReport(changed=report.records) if report.records else NOTHING_TO_DO

    return [Job("retention", delete_expired, every=RETENTION_EVERY)]

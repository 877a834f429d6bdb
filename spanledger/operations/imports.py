"""Imports OTLP bodies from disk through the same pipeline as bodies from agents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from analytics.backlog import Backlog
from collector.importer import import_paths
from spanledger.services import Services


def import_bodies(
    services: Services, arguments: Mapping[str, Any], progress: Callable[[Mapping[str, Any]], None]
) -> Mapping[str, Any]:
    """Load files and return when everything in them is queryable in every view, jobs included.

    Raises:
        RejectedData: a path does not exist or holds nothing readable.
    """
    paths = [Path(path) for path in arguments["paths"]]
    report = import_paths(
        services.intake,
        paths,
        progress=lambda done, total: progress({"done_bytes": done, "total_bytes": total}),
    )
    progress({"step": "jobs"})

    def tell(backlogs: Sequence[Backlog]) -> None:
        ahead = next((backlog for backlog in backlogs if backlog.waiting), None)
        if ahead is not None:
            told = {"job": ahead.job, "unit": ahead.unit, "done": ahead.done, "waiting": ahead.waiting}
            progress({"step": "jobs", **told})

    pending = services.scheduler.run_pending(tell)
    return {**asdict(report), "job_errors": pending.errors}

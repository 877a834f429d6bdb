"""Runs worth keeping: as cases of an evaluation dataset, and for people to look at."""

from __future__ import annotations

from analytics.golden.cases import KINDS, choose_runs, export_cases
from analytics.golden.labels import label_run
from analytics.golden.redaction import Redaction
from analytics.golden.results import find_regressions, import_results

__all__ = [
    "KINDS",
    "Redaction",
    "choose_runs",
    "export_cases",
    "find_regressions",
    "import_results",
    "label_run",
]

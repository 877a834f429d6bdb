"""Runs worth keeping: as cases of an evaluation dataset, and for people to look at."""

from __future__ import annotations

from analytics.golden.cases import CASE, KINDS, choose_runs, export_cases
from analytics.golden.labels import label_run
from analytics.golden.redaction import Redaction
from analytics.golden.results import Regressions, find_new_regressions, find_regressions, import_results

__all__ = [
    "CASE",
    "KINDS",
    "Redaction",
    "Regressions",
    "choose_runs",
    "export_cases",
    "find_new_regressions",
    "find_regressions",
    "import_results",
    "label_run",
]

"""What the page of quality shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from analytics.golden import Regressions, find_new_regressions
from dashboard.answers.measures import Figure, OverTime, measure_parts_and_all, trace_over_time
from dashboard.data import window_params
from dashboard.filters import Filters, Window
from dashboard.reading import ask_together, remembered, select
from dashboard.services import current

METRICS: Final = (
    "run_count",
    "success_rate",
    "satisfaction",
    "resolution_rate",
    "confirmed_resolution_rate",
    "abandonment_rate",
    "escalation_rate",
)


@dataclass(frozen=True)
class Quality:
    """How good the work of a window was, as far as anybody said."""

    window: Window
    totals: dict[str, Figure]
    agents: dict[str | None, dict[str, Figure]]
    success: OverTime
    """The success rate."""
    feedback: pl.DataFrame
    """As in `quality/feedback`."""
    scores: pl.DataFrame
    """As in `quality/scores`."""
    review: pl.DataFrame
    """As in `quality/review`."""
    suites: dict[str, Regressions]
    """What became of the cases of each evaluation suite in the version that ran last."""


@remembered()
def read_quality(window: Window, filters: Filters) -> Quality:
    """Return outcomes, feedback, judgements and what should be looked at."""
    params, store = window_params(window, filters), current().store
    (agents, totals), *others = ask_together(
        lambda: measure_parts_and_all(METRICS, window, filters, by="agent"),
        lambda: trace_over_time("success_rate", window, filters),
        lambda: select("quality/feedback", params),
        lambda: select("quality/scores", params),
        lambda: select("quality/review", params),
        lambda: find_new_regressions(store, window.start, window.until),
    )
    return Quality(window, totals, agents, *others)

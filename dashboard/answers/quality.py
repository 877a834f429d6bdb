"""What the page of quality shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from dashboard.answers.measures import Figure, measure, measure_all, trace_over_time
from dashboard.data import window_params
from dashboard.filters import Filters, Window
from dashboard.reading import ask_together, remembered, select

METRICS: Final = (
    "success_rate",
    "satisfaction",
    "resolution_rate",
    "confirmed_resolution_rate",
    "abandonment_rate",
    "escalation_rate",
)
BY_AGENT: Final = (
    "run_count",
    "success_rate",
    "satisfaction",
    "resolution_rate",
    "escalation_rate",
    "abandonment_rate",
)


@dataclass(frozen=True)
class Quality:
    """How good the work of a window was, as far as anybody said."""

    window: Window
    totals: dict[str, Figure]
    agents: dict[str | None, dict[str, Figure]]
    success: pl.DataFrame
    """bin, value of the success rate."""
    feedback: pl.DataFrame
    """As in `quality/feedback`."""
    scores: pl.DataFrame
    """As in `quality/scores`."""
    review: pl.DataFrame
    """As in `quality/review`."""


@remembered()
def read_quality(window: Window, filters: Filters) -> Quality:
    """Return outcomes, feedback, judgements and what should be looked at."""
    params = window_params(window, filters)
    scored = {name: params[name] for name in ("start", "until", "agents")}
    answers = ask_together(
        lambda: measure_all(METRICS, window, filters),
        lambda: measure(BY_AGENT, window, filters, by="agent"),
        lambda: trace_over_time("success_rate", window, filters),
        lambda: select("quality/feedback", params),
        lambda: select("quality/scores", scored),
        lambda: select("quality/review", params),
    )
    return Quality(window, *answers)

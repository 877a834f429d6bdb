"""What the page of models shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from dashboard.answers.measures import Figure, OverTime, measure_parts_and_all, trace_over_time
from dashboard.data import window_params
from dashboard.filters import Filters, Window
from dashboard.reading import ask_together, remembered, select

METRICS: Final = (
    "llm_call_count", "llm_error_rate", "llm_p50_ms", "llm_p95_ms", "ttft_p50_ms", "tokens_per_second", "input_tokens",
    "cache_hit_share", "output_tokens", "cost_usd",
)  # fmt: skip


@dataclass(frozen=True)
class Models:
    """All models of a window."""

    window: Window
    totals: dict[str, Figure]
    models: dict[str | None, dict[str, Figure]]
    latency: OverTime
    """p95 in ms, by model."""
    errors: OverTime
    """The error rate, by model."""
    endings: pl.DataFrame
    """As in `models/endings`."""


@remembered()
def read_models(window: Window, filters: Filters) -> Models:
    """Return the figures of every model."""
    params = window_params(window, filters)
    (of_models, totals), latency, errors, endings = ask_together(
        lambda: measure_parts_and_all(METRICS, window, filters, by="model"),
        lambda: trace_over_time("llm_p95_ms", window, filters, by="model"),
        lambda: trace_over_time("llm_error_rate", window, filters, by="model"),
        lambda: select("models/endings", params),
    )
    called = {model: figures for model, figures in of_models.items() if figures["llm_call_count"].n}
    return Models(window, totals, called, latency, errors, endings)

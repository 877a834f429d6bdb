"""What is answered when a figure goes over its budget, on every engine."""

from __future__ import annotations

from store.errors import Overloaded
from store.queries import ComposedQuery


def refuse_figures(query: ComposedQuery, timeout_s: float, went_over: str = "time") -> Overloaded:
    """Return the error for a figure over narrow tables that took too long or too much memory."""
    bound = (
        "took more memory than [store] memory_limit"
        if went_over == "memory"
        else f"took more than {timeout_s:g} s"
    )
    return Overloaded(
        f"{query.name}: this figure is computed from every single event and {bound}; ask for a shorter window, or "
        "by dimensions of the rollups (docs/metrics.md), or allow more by [store] figures_timeout_s"
    )

"""What becomes of cases."""

from __future__ import annotations

from typing import Final

from analytics.metrics.catalogue.shapes import count, proportion
from analytics.metrics.definitions import CONFIRMED, RESOLVED, Metric, part


def _share(name: str, title: str, text: str, outcomes: tuple[str, ...], *, is_rise_bad: bool) -> Metric:
    return proportion(
        name, title, text, part("case", outcome=outcomes), part("case"), is_rise_bad=is_rise_bad
    )


CASES: Final = (
    count("case_count", "Closed cases", "Cases that closed.", part("case"), unit="cases"),
    _share("resolution_rate", "Resolution rate", "Resolved cases, confirmed or assumed ÷ closed cases.", RESOLVED,
           is_rise_bad=False),
    _share("confirmed_resolution_rate", "Confirmed resolution rate",
           "Cases whose resolution was confirmed ÷ closed cases.", CONFIRMED, is_rise_bad=False),
    _share("abandonment_rate", "Abandonment rate", "Cases whose last question found no answer ÷ closed cases.",
           ("abandoned",), is_rise_bad=True),
    _share("case_failure_rate", "Failed cases", "Cases that failed ÷ closed cases.", ("failed",), is_rise_bad=True),
    _share("case_escalation_rate", "Escalated cases", "Cases that were handed to a human ÷ closed cases.",
           ("escalated",), is_rise_bad=True),
    proportion("reopen_rate", "Reopen rate",
               "Closed cases in which the user came back after a session had ended ÷ closed cases.",
               part("case", "reopened"), part("case"), is_rise_bad=True),
)  # fmt: skip

"""Budget: so much of a limit is used, or will be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

from alerts.figures import format_figure, format_instant, format_span
from alerts.observations import Observation, Reading, Verdict
from alerts.rules.conditions import BudgetStanding, Evidence
from alerts.rules.measured import Attention, Question
from store.configuration.durations import parse_duration
from store.configuration.section import Filters, Section

_DAY: Final = timedelta(days=1)
ANY: Final = "*"
_PERIODS: Final = {"hour": "an hour", "day": "a day", "week": "a week", "month": "a month"}
"""Of the calendar; any other is a length."""


@dataclass(frozen=True, slots=True)
class Budget:
    """`budget = "NAME"` or `"*"`: `at` of it is used, or with `forecast`, will be by the end of its period."""

    kind: ClassVar[str] = "budget"
    keys: ClassVar[tuple[str, ...]] = ("budget",)

    budget: str
    share: float
    is_forecast: bool

    @classmethod
    def read(cls, section: Section) -> Self:
        """Return the condition that the section writes."""
        share = section.number("at")
        share = 1.0 if share is None else share
        if not 0 < share <= 10:
            section.fail("at", "is not a share of the budget; write 0.8 for 80 %")
        return cls(section.text("budget", ANY), share, section.flag("forecast", default=False))

    @property
    def metric(self) -> str | None:
        """None: budgets differ in what they limit."""
        return None

    @property
    def window(self) -> timedelta:
        """Time that links show."""
        return _DAY

    @property
    def where(self) -> Filters:
        """No dimensions."""
        return {}

    @property
    def group_by(self) -> Sequence[str]:
        """Budgets have labels of their own."""
        return ()

    def questions(self, now: datetime) -> Sequence[Question]:
        """Return nothing: budgets are counted elsewhere."""
        return []

    def observe(self, evidence: Evidence, now: datetime, attention: Attention) -> Sequence[Reading]:
        """Return how every budget stands."""
        return [
            Reading(
                {**standing.labels, "budget": standing.budget, "unit": standing.unit}, self._judge(standing)
            )
            for standing in evidence.read_budgets()
            if self.budget in (ANY, standing.budget)
        ]

    def explain_absence(self) -> str:
        """Return why a budget may have gone."""
        return "The budget was removed, or began anew and the group has used nothing since"

    def describe(self) -> str:
        """Return the condition in words."""
        which = "any budget" if self.budget == ANY else f"the budget {self.budget}"
        verb = "will be used by the end of its period" if self.is_forecast else "is used"
        return f"{format_figure(self.share, 'share_rate')} of {which} {verb}"

    def _judge(self, standing: BudgetStanding) -> Observation:
        amount = standing.forecast if self.is_forecast else standing.used
        if amount is None:
            lack = "it is too early in its period to say" if self.is_forecast else "it was not counted yet"
            return Observation(Verdict.NO_DATA, f"no data: {lack}")
        unit = "cost_usd" if standing.unit == "usd" else None
        threshold = float(standing.limit) * self.share
        value = float(amount)
        verdict = Verdict.BREACH if value >= threshold and value > 0 else Verdict.CLEAR
        share = format_figure(value / float(standing.limit) if standing.limit else None, "share_rate")
        limit = format_figure(float(standing.limit), unit) + ("" if unit else f" {standing.unit}")
        period = _PERIODS.get(standing.period) or f"in any {format_span(parse_duration(standing.period))}"
        verb = "will be used at this pace" if self.is_forecast else "is used"
        anew = f"; it begins anew at {format_instant(standing.resets_at)}" if standing.resets_at else ""
        reason = f"{format_figure(value, unit)} of {limit} {period} {verb} ({share}){anew}"
        return Observation(verdict, reason, value, threshold)

"""Burn rate: an objective's error budget is used up so many times too fast, over a long and a short window."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from alerts.figures import format_figure, format_ratio, format_span
from alerts.observations import Observation, Reading, Verdict
from alerts.rules.conditions import Evidence
from alerts.rules.measure import Measure, OfMeasure
from alerts.rules.measured import Attention, Question
from analytics.metrics import METRICS
from store.configuration.durations import format_duration, parse_duration
from store.configuration.section import Section

_DEFAULT: Final = ("1h 5m 14.4", "6h 30m 6")
"""2 % of a month's budget in an hour, 5 % in six: the pages of Google's SRE workbook."""
_PAIR: Final = re.compile(r"(\S+)\s+(\S+)\s+([0-9.]{1,10})")


@dataclass(frozen=True, slots=True)
class Pair:
    """Fires while both windows burn faster than the factor: the long one for certainty, the short one to end soon."""

    long: timedelta
    short: timedelta
    factor: float


@dataclass(frozen=True, slots=True)
class BurnRate(OfMeasure):
    """`objective = 0.99` of a rate: bad events over the window ÷ the share that may be bad."""

    kind: ClassVar[str] = "burn_rate"
    keys: ClassVar[tuple[str, ...]] = ("objective",)

    measure: Measure
    objective: float
    pairs: tuple[Pair, ...]

    @classmethod
    def read(cls, section: Section) -> Self:
        """Return the condition that the section writes."""
        measure = Measure.read(section, timedelta(hours=1))
        if METRICS[measure.metric].kind not in ("proportion", "share"):
            section.fail("metric", "is not a rate; an objective is about one, for example success_rate")
        objective = section.number("objective")
        if objective is None or not 0 < objective < 1:
            section.fail("objective", "is not a share between 0 and 1; write 0.99 for 99 %")
        pairs = tuple(_read_pair(section, text) for text in section.texts("burn_windows", _DEFAULT))
        if not pairs:
            section.fail("burn_windows", 'is empty; write ["1h 5m 14.4"]')
        return cls(measure, objective, pairs)

    @property
    def window(self) -> timedelta:
        """The longest of its windows."""
        return max(pair.long for pair in self.pairs)

    def questions(self, now: datetime) -> Sequence[Question]:
        """Return the questions about all windows."""
        end = now - self.measure.delay
        return [self._over(window).question(end) for pair in self.pairs for window in (pair.long, pair.short)]

    def observe(self, evidence: Evidence, now: datetime, attention: Attention) -> Sequence[Reading]:
        """Return each group's worst pair of windows."""
        worst: dict[tuple[tuple[str, str], ...], Reading] = {}
        for pair in self.pairs:
            for reading in self._observe_pair(evidence, now, attention, pair):
                group = tuple(sorted(reading.labels.items()))
                known = worst.get(group)
                if known is None or _rank(reading) > _rank(known):
                    worst[group] = reading
        return list(worst.values())

    def describe(self) -> str:
        """Return the condition in words."""
        pairs = " or ".join(
            f"{format_ratio(p.factor)} too fast over {format_duration(p.long)} and {format_duration(p.short)}"
            for p in self.pairs
        )
        return (
            f"{self.measure.title} burns the budget of {format_figure(self.objective, self.metric)} {pairs}"
        )

    def _observe_pair(
        self, evidence: Evidence, now: datetime, attention: Attention, pair: Pair
    ) -> list[Reading]:
        over_long = self._over(pair.long)
        measured = over_long.take(evidence, now)
        short = measured.align(self._over(pair.short).take(evidence, now))
        long_burn, short_burn = self._burn(measured.values), self._burn(short)
        suspicious = (long_burn > pair.factor) & (short_burn > pair.factor)

        def judge(position: int) -> Observation:
            value, burn = float(measured.values[position]), float(long_burn[position])
            recent = float(short_burn[position])
            verdict = Verdict.BREACH if suspicious[position] else Verdict.CLEAR
            now_text = "nothing" if np.isnan(recent) else format_ratio(recent)
            reason = (
                f"{self.measure.say(value)} in the last {format_span(pair.long)}: the error budget of the objective "
                f"{format_figure(self.objective, self.metric)} burns at {format_ratio(burn)} the pace it allows, "
                f"at {now_text} in the last {format_span(pair.short)} (limit {format_ratio(pair.factor)})"
            )
            return Observation(verdict, reason, value, self._threshold(pair))

        return over_long.judge(evidence, now, measured, suspicious, attention, judge)

    def _burn(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        bad = values if self._is_bad_share else 1 - values
        return bad / self._allowed

    def _threshold(self, pair: Pair) -> float:
        bad = min(1.0, pair.factor * self._allowed)
        return bad if self._is_bad_share else 1 - bad

    @property
    def _is_bad_share(self) -> bool:
        return METRICS[self.metric].is_rise_bad is True

    @property
    def _allowed(self) -> float:
        return 1 - self.objective

    def _over(self, window: timedelta) -> Measure:
        return replace(self.measure, window=window)


def _rank(reading: Reading) -> int:
    order = (Verdict.NO_DATA, Verdict.CLEAR, Verdict.BREACH)
    return order.index(reading.observation.verdict)


def _read_pair(section: Section, text: str) -> Pair:
    match = _PAIR.fullmatch(text.strip())
    try:
        assert match is not None
        pair = Pair(parse_duration(match[1]), parse_duration(match[2]), float(match[3]))
    except (AssertionError, ValueError):
        section.fail("burn_windows", 'has something else than "LONG SHORT FACTOR"; write "1h 5m 14.4"')
    if not timedelta(0) < pair.short < pair.long or pair.factor <= 0:
        section.fail("burn_windows", "has a long window that is not longer than the short one; swap them")
    return pair

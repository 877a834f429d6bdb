"""Where conditions look: the store's metrics and drift alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import polars as pl

from alerts.rules.conditions import DriftAlarm, Measured
from analytics.metrics import evaluate
from store import Store
from store.configuration.section import Filters

MOST_GROUPS: Final = 10_000
"""Groups of one rule that are watched; the ones with most events, when there are more."""
LONGEST_LABEL: Final = 500
SETTLED_AFTER: Final = timedelta(minutes=30)


class _Question(NamedTuple):
    metric: str
    start: datetime
    end: datetime
    where: tuple[tuple[str, str | tuple[str, ...]], ...]
    group_by: tuple[str, ...]


class StoreEvidence:
    """Answers from the store; a question is asked once an evaluation, about the past once as long as it is asked.

    What is past by an hour changes only by data that comes late; a baseline that lacks it for the rest of the
    hour is as good.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._answers: dict[_Question, Sequence[Measured]] = {}
        self._past: dict[_Question, Sequence[Measured]] = {}

    def renew(self, now: datetime) -> None:
        """Begin another evaluation: forget answers about the present, and those nobody asked for any more."""
        settled = now - SETTLED_AFTER
        self._past = {
            question: answer for question, answer in self._answers.items() if question.end <= settled
        }
        self._answers = {}

    def measure(
        self,
        metric: str,
        start: datetime,
        end: datetime,
        where: Filters,
        group_by: Sequence[str],
    ) -> Sequence[Measured]:
        """Return the metric over [start, end) for every group that had events."""
        question = _Question(metric, start, end, tuple(sorted(where.items())), tuple(group_by))
        if question not in self._answers:
            self._answers[question] = self._past.get(question) or self._ask(question)
        return self._answers[question]

    def _ask(self, question: _Question) -> Sequence[Measured]:
        frame = evaluate(
            self._store,
            question.metric,
            question.start,
            question.end,
            where=dict(question.where),
            group_by=question.group_by,
        )
        return read_measured(frame, question.group_by)

    def find_drift(self, since: datetime) -> Sequence[DriftAlarm]:
        """Return the alarms raised since then over present data."""
        frame = self._store.select("alerts/drift_alarms", {"since": since})
        return [_read_alarm(row) for row in frame.iter_rows(named=True)]


def read_measured(frame: pl.DataFrame, group_by: Sequence[str]) -> list[Measured]:
    """Return the rows of what `analytics.metrics.evaluate` returns."""
    if frame.height > MOST_GROUPS:
        frame = frame.top_k(MOST_GROUPS, by="n")
    return [
        Measured(
            {name: str(row[name])[:LONGEST_LABEL] for name in group_by if row[name] is not None},
            None if row["value"] is None else float(row["value"]),
            None if row["n"] is None else int(row["n"]),
        )
        for row in frame.iter_rows(named=True)
    ]


def _read_alarm(row: Mapping[str, object]) -> DriftAlarm:
    labels = {
        name: str(row[name]) for name in ("service", "environment", "agent", "tool") if row[name] is not None
    }
    raised_at, changed_at = row["last_raised_at"], row["changed_at"]
    assert isinstance(raised_at, datetime)
    return DriftAlarm(
        labels=labels,
        metric=str(row["metric"]),
        direction=str(row["direction"]),
        raised_at=raised_at.replace(tzinfo=UTC),
        changed_at=changed_at.replace(tzinfo=UTC) if isinstance(changed_at, datetime) else None,
        before_value=_number(row["before_value"]),
        after_value=_number(row["after_value"]),
        evidence=_number(row["evidence"]) or 0.0,
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None

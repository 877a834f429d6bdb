"""Where conditions look: the store's metrics, drift alarms, budgets, and Spanledger's own health."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar, cast

import polars as pl

from alerts.questions import LONGEST_LABEL, answer_together
from alerts.rules.conditions import BudgetStanding, DriftAlarm
from alerts.rules.in_a_row import DIMENSIONS
from alerts.rules.measured import Group, Measured, Question
from analytics.metrics import series
from store import Control, Store
from store.configuration.section import Filters
from store.control import alerting
from store.errors import QueryRejected

MOST_GROUPS: Final = 10_000
"""Groups of one rule that are watched; the ones with most events, when there are more."""
SETTLED_AFTER: Final = timedelta(minutes=30)
_QUERY_TIMEOUT_S: Final = 10.0
_HOUR: Final = timedelta(hours=1)
_PARAMETER: Final = re.compile(r"\$(start|end)\b")

_T = TypeVar("_T")


class StoreEvidence:
    """Answers from the store; a question is asked once an evaluation, about the past once as long as it is asked.

    What is past by half an hour changes only by data that come late; a baseline that lacks it for the rest of the
    hour is as good.
    """

    def __init__(
        self,
        store: Store,
        control: Control | None = None,
        *,
        read_health: Callable[[], Mapping[str, float]] = dict,
    ) -> None:
        self._store = store
        self._control = control
        self._read_health = read_health
        self._answers: dict[Question, Measured] = {}
        self._past: dict[Question, Measured] = {}
        self._memory: dict[object, Any] = {}
        self._old_memory: dict[object, Any] = {}
        self._health: Mapping[str, float] | None = None

    def renew(self, now: datetime) -> None:
        """Begin another evaluation: forget answers about the present, and those nobody asked for any more."""
        settled = now - SETTLED_AFTER
        self._past = {
            question: answer for question, answer in self._answers.items() if question.end <= settled
        }
        self._answers = {}
        self._memory, self._old_memory = {}, self._memory
        self._health = None

    def prepare(self, questions: Sequence[Question]) -> None:
        """Answer questions that will be asked, with as few queries as they allow."""
        unknown: list[Question] = []
        for question in dict.fromkeys(questions):
            if question in self._answers:
                continue
            known = self._past.get(question)
            if known is None:
                unknown.append(question)
            else:
                self._answers[question] = known
        if unknown:
            self._answers.update(answer_together(self._store, unknown))

    def measure(self, question: Question) -> Measured:
        """Return the metric for every group that had events."""
        if question not in self._answers:
            self.prepare([question])
        return self._answers[question]

    def recall(self, key: object, compute: Callable[[], _T]) -> _T:
        """Return what was computed for `key` before, as long as every evaluation asks for it."""
        if key not in self._memory:
            known = self._old_memory.get(key)
            self._memory[key] = compute() if known is None else known
        return cast("_T", self._memory[key])

    def trace(self, question: Question) -> Mapping[Group, Sequence[tuple[int, float, float]]]:
        """Return the metric hour by hour: for every group the hour of the day (UTC), the value and the count."""
        frame = series(
            self._store,
            question.metric,
            question.start,
            question.end,
            _HOUR,
            where=dict(question.where),
            group_by=question.group_by,
        )
        keys = list(question.group_by)
        figures = frame.select(
            *keys,
            pl.col("at").dt.hour().cast(pl.Int64),
            pl.col("value").fill_null(float("nan")),
            pl.col("n").cast(pl.Float64),
        )
        found: dict[Group, list[tuple[int, float, float]]] = {}
        for *group, hour, value, count in figures.iter_rows():
            found.setdefault(tuple(group), []).append((hour, value, count))
        return found

    def ask(self, query: str, start: datetime, end: datetime) -> Measured:
        """Return the answer to an SQL query: `value`, perhaps `n`, and every other column as a label.

        Raises:
            QueryRejected: It is no SELECT over the views, has no column `value`, or went over a limit.
        """
        instants = {"start": start, "end": end}

        def write(match: re.Match[str]) -> str:
            return f"TIMESTAMP '{instants[match[1]].astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}'"

        text = _PARAMETER.sub(write, query)
        table = self._store.query(text, max_rows=MOST_GROUPS, timeout_s=_QUERY_TIMEOUT_S)
        frame = cast("pl.DataFrame", pl.from_arrow(table))
        if "value" not in frame.columns:
            raise QueryRejected("the query has no column called value; write SELECT … AS value")
        if "n" not in frame.columns:
            frame = frame.with_columns(n=pl.lit(None, pl.Float64))
        try:
            return Measured.from_frame(frame, [c for c in frame.columns if c not in ("value", "n")])
        except pl.exceptions.PolarsError as error:
            raise QueryRejected(f"the query's value is no number: {error}") from error

    def count_streaks(
        self, subject: str, start: datetime, end: datetime, where: Filters, group_by: Sequence[str]
    ) -> Measured:
        """Return how many events of a subject failed in a row up to `end`."""
        wanted = {"purpose": "production", **where} if "purpose" not in group_by else dict(where)
        names = DIMENSIONS[subject]
        params: dict[str, object] = {"start": start, "end": end}
        params |= {f"by_{name}": name in group_by for name in names}
        params |= {f"in_{name}": _values(wanted.get(name, "*")) for name in names}
        frame = self._store.select(f"alerts/{subject}_streaks", params)
        return Measured.from_frame(frame, list(group_by))

    def find_drift(self, since: datetime) -> Sequence[DriftAlarm]:
        """Return the alarms raised since then over present data."""
        frame = self._store.select("alerts/drift_alarms", {"since": since})
        return [_read_alarm(row) for row in frame.iter_rows(named=True)]

    def read_budgets(self) -> Sequence[BudgetStanding]:
        """Return how every budget stands."""
        if self._control is None:
            return []
        with self._control.read() as connection:
            return [
                BudgetStanding(
                    budget=row.budget,
                    labels={name: str(value) for name, value in row.labels.items()},
                    unit=row.unit,
                    period=row.period,
                    limit=row.limit_value,
                    used=row.used_value,
                    forecast=row.forecast_value,
                    state=row.state,
                    resets_at=row.resets_at,
                )
                for row in alerting.list_budgets(connection)
            ]

    def read_health(self) -> Mapping[str, float]:
        """Return the figures of Spanledger's own health that are known."""
        if self._health is None:
            self._health = self._read_health()
        return self._health


def _values(wanted: str | tuple[str, ...]) -> list[str]:
    return [wanted] if isinstance(wanted, str) else list(wanted)


def _read_alarm(row: Mapping[str, object]) -> DriftAlarm:
    names = ("service", "environment", "agent", "tool", "model", "score", "category")
    labels = {name: str(row[name])[:LONGEST_LABEL] for name in names if row[name] is not None}
    raised_at, first, changed_at = row["last_raised_at"], row["raised_at"], row["changed_at"]
    assert isinstance(raised_at, datetime)
    assert isinstance(first, datetime)
    return DriftAlarm(
        alarm_id=str(row["alarm_id"]),
        labels=labels,
        metric=str(row["metric"]),
        direction=str(row["direction"]),
        raised_at=raised_at.replace(tzinfo=UTC),
        first_raised_at=first.replace(tzinfo=UTC),
        changed_at=changed_at.replace(tzinfo=UTC) if isinstance(changed_at, datetime) else None,
        before_value=_number(row["before_value"]),
        after_value=_number(row["after_value"]),
        after_low=_number(row["after_low"]),
        after_high=_number(row["after_high"]),
        evidence=_number(row["evidence"]) or 0.0,
        type=str(row["type"]),
        is_hint=bool(row["is_hint"]),
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None

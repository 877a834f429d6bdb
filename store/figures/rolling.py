"""Writes the SELECTs whose rows the rollups hold: of hours from the narrow tables, of days from the hours."""

from __future__ import annotations

from collections.abc import Sequence

from store.figures.subjects import Measure, Subject, find_subject, rolled_up_measures, rolled_up_sums
from store.queries import ComposedQuery


def compose_rollup(subject_name: str, condition: str = "") -> ComposedQuery:
    """Return the rows of ledger.hourly for the hours of the frame `hours`, which lie in [$first, $until).

    `condition` keeps some events, which are `t`; it is SQL of the caller's own.
    """
    subject = find_subject(subject_name)
    sums = [
        (
            f"usd(sum({item.of[subject.name]}))" if item.is_money else f"sum({item.of[subject.name]})",
            item.name,
        )
        for item in rolled_up_sums(subject.name)
    ]
    text = _compose_hours(subject, subject.rolled_up, sums, [condition])
    return ComposedQuery(f"rollup of {subject.name}", text)


def compose_rollup_buckets(subject_name: str, condition: str = "") -> ComposedQuery | None:
    """Return the rows of ledger.hourly_buckets of those hours; None for a subject without measures."""
    subject = find_subject(subject_name)
    texts = [
        _compose_hours(
            subject,
            subject.bucketed,
            [(f"'{measure.name}'", "measure"), ("count(*)", "events")],
            [f"{measure.of[subject.name]} IS NOT NULL", condition],
            bucketed=measure,
        )
        for measure in rolled_up_measures(subject.name)
    ]
    return (
        ComposedQuery(f"rollup of {subject.name} per bucket", "\nUNION ALL\n".join(texts)) if texts else None
    )


def compose_days(subject_name: str) -> ComposedQuery:
    """Return the rows of ledger.daily for the days of the frame `days`, which lie in [$first, $until)."""
    subject = find_subject(subject_name)
    sums = [
        f"{f'usd(sum(t.{item.name}))' if item.is_money else f'sum(t.{item.name})'} AS {item.name}"
        for item in rolled_up_sums(subject.name)
    ]
    text = _compose_days(subject, "hourly", subject.rolled_up, sums)
    return ComposedQuery(f"rollup of {subject.name} per day", text)


def compose_day_buckets(subject_name: str) -> ComposedQuery | None:
    """Return the rows of ledger.daily_buckets of those days; None for a subject without measures."""
    subject = find_subject(subject_name)
    if not rolled_up_measures(subject.name):
        return None
    keys = ("measure", *subject.bucketed, "bucket")
    text = _compose_days(subject, "hourly_buckets", keys, ["sum(t.events) AS events"])
    return ComposedQuery(f"rollup of {subject.name} per day and bucket", text)


def _compose_hours(
    subject: Subject,
    dimensions: Sequence[str],
    columns: Sequence[tuple[str, str]],
    conditions: Sequence[str],
    *,
    bucketed: Measure | None = None,
) -> str:
    hour = f"hour_of({subject.at})"
    split = [(subject.dimensions[name], name) for name in dimensions]
    if bucketed is not None:
        split.append((f"bucket_of({bucketed.of[subject.name]})", "bucket"))
    chosen = [(hour, "hour_at"), (f"'{subject.name}'", "subject"), *split, *columns]
    written = ", ".join(f"{text} AS {name}" for text, name in chosen)
    where = [
        f"{subject.at} >= $first AND {subject.at} < $until",
        f"{hour} IN (SELECT h.hour_at FROM hours AS h)",
        *filter(None, conditions),
    ]
    return (
        f"\nSELECT {written}\nFROM {subject.source}\nWHERE {' AND '.join(where)}\n"
        f"GROUP BY {', '.join([hour, *(text for text, _ in split)])}"
    )


def _compose_days(subject: Subject, source: str, keys: Sequence[str], sums: Sequence[str]) -> str:
    day = "day_of(t.hour_at)"
    columns = [
        f"{day} AS day_at",
        f"'{subject.name}' AS subject",
        *(f"t.{key} AS {key}" for key in keys),
        *sums,
    ]
    where = [
        f"t.subject = '{subject.name}'",
        "t.hour_at >= $first AND t.hour_at < $until",
        f"{day} IN (SELECT d.day_at FROM days AS d)",
    ]
    return (
        f"SELECT {', '.join(columns)}\nFROM ledger.{source} AS t\nWHERE {' AND '.join(where)}\n"
        f"GROUP BY {', '.join([day, *(f't.{key}' for key in keys)])}"
    )

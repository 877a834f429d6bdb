"""Shapes that many metrics share."""

from __future__ import annotations

from typing import Final

from analytics.metrics.definitions import Kind, Metric, Part, SubjectName, part

POPULATIONS: Final = {
    "run": "runs, by their start",
    "llm_call": "model calls, by their start",
    "tool_call": "tool calls, by their start",
    "session": "sessions, by their start",
    "case": "cases that closed in the window",
    "score": "judgements, by when they were made",
}
_NOTHING: Final = {
    "run": "no run began in the window, or none has the value",
    "llm_call": "no model was called in the window, or no call has the value",
    "tool_call": "no tool was called in the window",
    "session": "no session began in the window",
    "case": "no case closed in the window",
    "score": "nothing was judged in the window",
}


def count(
    name: str, title: str, text: str, of: Part, *, unit: str, is_rise_bad: bool | None = None
) -> Metric:
    """Return a metric that counts: 0 when nothing happened."""
    return Metric(
        name=name, title=title, unit=unit, kind="count", help=text, population=POPULATIONS[of.subject],
        null_means="never", numerator=(of,), is_rise_bad=is_rise_bad,
    )  # fmt: skip


def proportion(
    name: str,
    title: str,
    text: str,
    of: Part | tuple[Part, ...],
    among: Part,
    *,
    population: str | None = None,
    null_means: str | None = None,
    is_rise_bad: bool | None = None,
) -> Metric:
    """Return the share of events that have a property, each counted once."""
    return Metric(
        name=name, title=title, unit="ratio", kind="proportion", help=text,
        population=population or POPULATIONS[among.subject], null_means=null_means or _NOTHING[among.subject],
        numerator=of if isinstance(of, tuple) else (of,), denominator=(among,), is_rise_bad=is_rise_bad,
    )  # fmt: skip


def ratio(
    name: str,
    title: str,
    text: str,
    of: Part | tuple[Part, ...],
    per: Part,
    *,
    unit: str,
    population: str | None = None,
    null_means: str | None = None,
    counted: Part | None = None,
    is_rise_bad: bool | None = None,
) -> Metric:
    """Return a quotient of two sums."""
    return Metric(
        name=name, title=title, unit=unit, kind="ratio", help=text,
        population=population or POPULATIONS[per.subject], null_means=null_means or _NOTHING[per.subject],
        numerator=of if isinstance(of, tuple) else (of,), denominator=(per,),
        counted=() if counted is None else (counted,), is_rise_bad=is_rise_bad,
    )  # fmt: skip


def total(
    name: str,
    title: str,
    text: str,
    *of: Part,
    unit: str,
    population: str | None = None,
    null_means: str,
    is_rise_bad: bool | None = None,
) -> Metric:
    """Return a sum: 0 when nothing happened, unknown when it happened and nobody said how much."""
    return Metric(
        name=name, title=title, unit=unit, kind="sum", help=text,
        population=population or POPULATIONS[of[0].subject], null_means=null_means, numerator=of,
        is_rise_bad=is_rise_bad,
    )  # fmt: skip


def percentile(
    name: str,
    title: str,
    text: str,
    subjects: tuple[SubjectName, ...],
    measure: str,
    quantile: float,
    *,
    unit: str = "ms",
    population: str,
) -> Metric:
    """Return a percentile of a measure, within 1 % of the exact one."""
    return Metric(
        name=name, title=title, unit=unit, kind="percentile", help=text, population=population,
        null_means="nothing in the window has the value", numerator=tuple(part(it) for it in subjects),
        measure=measure, quantile=quantile, is_rise_bad=True,
    )  # fmt: skip


def keyed(
    name: str,
    title: str,
    text: str,
    subject: SubjectName,
    kind: Kind,
    key: str,
    *,
    unit: str,
    population: str,
    null_means: str,
) -> Metric:
    """Return what is judged of each key (tool, model, user) by itself, then summarised."""
    return Metric(
        name=name, title=title, unit=unit, kind=kind, help=text, population=population, null_means=null_means,
        numerator=(part(subject),), key=key, is_rise_bad=True,
    )  # fmt: skip


def within(
    name: str, title: str, text: str, subject: SubjectName, measure: str, limit: float, *, population: str
) -> Metric:
    """Return the share of values that are at most a limit; the limit is kept to 1 %."""
    return Metric(
        name=name, title=title, unit="ratio", kind="share", help=text, population=population,
        null_means="nothing in the window has the value", numerator=(part(subject),), measure=measure,
        limit=limit, is_rise_bad=False,
    )  # fmt: skip

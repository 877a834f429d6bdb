"""Drift: which behaviour changed, since about when, how sure that is, and what happened then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import streamlit as st

from analytics.drift.naming import SHOWN_BY, VOLUME, WHOLE_AGENT, is_share, say_change, title_of
from analytics.metrics import METRICS
from dashboard.address import read_values
from dashboard.answers.drift import (
    Course,
    Drift,
    DriftAlarm,
    Watched,
    read_course,
    read_drift,
    read_series,
)
from dashboard.charts.events import mark_events
from dashboard.charts.signal import draw_signal
from dashboard.charts.template import show
from dashboard.components import (
    Badge,
    Column,
    Fact,
    Headline,
    Line,
    Stat,
    cell,
    show_headline,
    show_notice,
    show_table,
)
from dashboard.drift_decisions import name_mark, show_decided, show_decisions
from dashboard.filters import Filters, Link, link_page, write_interval
from dashboard.formats import GAP, format_count, format_instant, format_rate, format_signed, format_step
from dashboard.metric_tiles import PARTIAL, is_rise_bad, say_value
from dashboard.navigation import active_filters
from dashboard.states import show_failure
from dashboard.theme import palette
from dashboard.view import card, hold_steady, page_head
from dashboard.zone import zone_name

STEP: Final = timedelta(seconds=60)
WATCHED_SHOWN: Final = 12
NOTE: Final = (
    "Every series of runs and tools with enough traffic is watched, hour by hour, without any configuration. "
    "The band is where chance alone keeps it."
)


def render() -> None:
    """Draw the page."""
    with page_head("Drift"):
        pass
    hold_steady()
    st.fragment(_show_body, run_every=STEP)()


def _show_body() -> None:
    chosen = active_filters()
    reading = read_drift(chosen)
    with st.container(key="notices"):
        if not show_failure(reading, key="failure"):
            return
    drift = reading.value
    assert drift is not None
    with st.container(key="content"):
        alarm = _find_alarm(drift)
        if alarm is None:
            _show_calm(drift)
        else:
            _show_alarm(alarm)
        left, right = st.columns([1.3, 1], gap="small")
        with left, card("Alarms", "alarms", note="Of the last 90 days; a row shows its course."):
            lines = [alarm_line(row, chosen) for row in drift.alarms]
            columns = [Column("Changed", "time"), Column("What"), Column("Of"), Column("Before", "number", "end"),
                       Column("After", "number", "end")]  # fmt: skip
            show_table(columns, lines, key="alarms", caption="Alarms", nothing="No alarm.", is_bare=True)
        with right, card("Watched series", "watched", note="How near each is to an alarm."):
            _show_watched(drift.watched)
        if drift.decided:
            with card(
                "Decided", "decided_card", note="What people said of alarms, hours and baselines, and why."
            ):
                show_decided(drift.decided)


def _find_alarm(drift: Drift) -> DriftAlarm | None:
    """Return the alarm that the address names, else the latest."""
    asked = next(iter(read_values("alarm")), "")
    found = next((alarm for alarm in drift.alarms if alarm.alarm_id == asked), None)
    if asked and found is None:
        show_notice(
            f"No alarm {asked[:40]} is known: it is older than 90 days, or later data took it back or raises it in "
            f"another hour.{' The latest one is shown.' if drift.alarms else ''}",
            is_plain=True,
            key="unknown_alarm",
        )
    return found or (drift.alarms[0] if drift.alarms else None)


def _show_calm(drift: Drift) -> None:
    learning = sum(one.is_learning for one in drift.watched)
    with st.container(border=True, key="calm"):
        st.subheader("Nothing drifted", anchor=False)
        if not drift.watched:
            st.text(
                "No series is watched yet: it takes some hours of traffic until there is something to compare."
            )
            return
        st.text(
            f"{format_count(len(drift.watched))} series are watched; {learning} of them are still learning."
        )


def say_subject(alarm: DriftAlarm) -> str:
    """Return what a series is of."""
    parts = [alarm.tool, alarm.model, alarm.agent, alarm.service, alarm.environment]
    return " · ".join(str(part) for part in parts if part) or "everything"


def say_before(alarm: DriftAlarm) -> str:
    """Return how it was before the change; an agent as a whole was below the level at which it is told."""
    return "below 1×" if alarm.metric == WHOLE_AGENT else _say(alarm.metric, alarm.before_value)


def _show_alarm(alarm: DriftAlarm) -> None:
    reading = read_course(alarm)
    if not show_failure(reading, key="course_failure") or reading.value is None:
        return
    course = reading.value
    with st.container(border=True, key="alarm_card"):
        left, right = st.columns([1, 1.6], gap="medium")
        with left:
            show_headline(build_headline(alarm), key="alarm_head")
            _show_explanation(alarm, course)
            _show_links(alarm, course)
            show_decisions(alarm)
        with right:
            gone = f"; {PARTIAL}" if course.is_partial else ""
            st.caption(f"{title_of(course.metric)}, per {format_step(course.window.bin_s)}{gone}")
            _show_course(alarm, course)
    st.caption(NOTE)


def _show_course(alarm: DriftAlarm, course: Course) -> None:
    metric = SHOWN_BY.get(course.metric, course.metric)
    if not any(value is not None for value in course.values):
        show_notice(
            "What is watched here is no metric whose course can be drawn.", is_plain=True, key="no_course"
        )
        return
    marks = [(alarm.raised_at, "alarm")]
    if alarm.changed_at is not None:
        marks.insert(0, (alarm.changed_at, "changed"))
    colours = palette(st.context.theme.type)
    figure = draw_signal(
        course.values,
        course.window,
        colours,
        name=title_of(metric),
        say=lambda value: say_value(metric, value) if metric in METRICS else _say(metric, value),
        band=(course.low, course.high),
        marks=marks,
        is_share=is_share(course.metric),
        height_px=300,
    )
    mark_events(figure, course.known, colours)
    show(
        figure,
        key="course",
        alt=f"{title_of(metric)} over time with its normal band, the change and the alarm",
    )


def _say(watched: str, value: float | None) -> str:
    """Return a value of an alarm; of runs it is an average an hour."""
    metric = SHOWN_BY.get(watched, watched)
    if metric == VOLUME and value is not None:
        return f"{format_count(value)} an hour"
    if metric in METRICS:
        return say_value(metric, value)
    if metric == WHOLE_AGENT and value is not None:
        return f"{value:.2g}× the alarm level"
    return format_rate(value) if is_share(watched) else format_count(value)


def build_headline(alarm: DriftAlarm) -> Headline:
    """Return the head of an alarm."""
    metric, before, after = alarm.metric, alarm.before_value, alarm.after_value
    badges = [_judge(alarm)]
    if alarm.is_hint:
        badges.append(Badge("a hint", "agent", "rests on fewer than 300 runs or calls"))
    if alarm.is_historic:
        badges.append(Badge("in old data", "agent", "found in imported data: nobody was told"))
    badges += name_mark(alarm)
    change = ""
    if before is not None and after is not None and is_share(metric):
        change = f"{format_signed((after - before) * 100)}{GAP}pp"
    facts = [Fact(say_subject(alarm)[:200])]
    return Headline(
        f"{title_of(metric)}{f': {alarm.category}' if alarm.category else ''} changed"[:200],
        badges,
        facts,
        [
            Stat("Before", say_before(alarm), is_unknown=before is None and metric != WHOLE_AGENT),
            Stat("Since", _say(metric, after), beside=change, is_unknown=after is None),
            Stat("Changed about", format_instant(alarm.changed_at), beside=zone_name()),
            Stat(
                "Raised",
                format_instant(alarm.raised_at),
                beside=f"evidence {alarm.evidence:.1f}× the threshold",
            ),
        ],
    )


def _judge(alarm: DriftAlarm) -> Badge:
    """Return whether it is worse or better; just which way it went where neither direction is."""
    if alarm.metric == WHOLE_AGENT:
        return Badge("unlike its baseline", "error")
    shown = SHOWN_BY.get(alarm.metric, alarm.metric)
    bad = is_rise_bad(shown) if shown in METRICS else None
    if bad is None:
        return Badge(alarm.direction, "warning")
    is_worse = (alarm.direction == "up") == bad
    return Badge(f"{'worse' if is_worse else 'better'}: {alarm.direction}", "error" if is_worse else "good")


def _show_explanation(alarm: DriftAlarm, course: Course) -> None:
    texts = [f"{segment[:1].upper()}{segment[1:]}" for segment in course.segments]
    texts += [f"{format_instant(event.at, with_zone=True)}: {event.text}" for event in course.known[:5]]
    grown = sorted(
        (
            (course.errors_after[name] - course.errors_before.get(name, 0.0), name)
            for name in course.errors_after
        ),
        reverse=True,
    )
    texts += [
        f"{name}: {course.errors_before.get(name, 0.0):.1f} a day before, {course.errors_after[name]:.1f} since"
        for difference, name in grown[:3]
        if difference > 0
    ]
    if not texts:
        texts = ["No version, model, prompt or price that is known changed within a day before it."]
    show_notice("\n".join(texts), is_plain=True, title="Around the change", key="explanation")


def _show_links(alarm: DriftAlarm, course: Course) -> None:
    changed = (alarm.changed_at or alarm.raised_at).replace(tzinfo=UTC)
    filters = Filters().only(agent=alarm.agent, environment=alarm.environment, service=alarm.service)
    more: dict[str, str] = (
        {"tool": alarm.tool, "failed_tools": "true"} if alarm.tool else {"outcome": "failure"}
    )
    since = link_page("traces", write_interval(changed, course.window.until), filters, **more)
    before = link_page(
        "traces", write_interval(_floor(changed - timedelta(days=2)), changed), filters, **more
    )
    with st.container(horizontal=True, key="alarm_links"):
        show_notice("", is_plain=True, key="runs_since", link=since, link_text="Failures since the change")
        show_notice(
            "", is_plain=True, key="runs_before", link=before, link_text="Failures in two days before"
        )


def _floor(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)


def alarm_line(alarm: DriftAlarm, chosen: Filters) -> Line:
    """Return the row of an alarm, which shows its course."""
    metric = alarm.metric
    changed = alarm.changed_at
    return Line(
        key=alarm.alarm_id,
        cells=[
            cell(format_instant(changed), is_quiet=changed is None),
            cell(say_change(metric, alarm.direction, alarm.category)[:200]),
            cell(say_subject(alarm), title=say_subject(alarm)),
            cell(say_before(alarm), order=alarm.before_value),
            cell(_say(metric, alarm.after_value), order=alarm.after_value),
        ],
        link=Link("drift", {**chosen.query(), "alarm": [alarm.alarm_id]}),
    )


def _show_watched(watched: Sequence[Watched]) -> None:
    lines = [
        Line(
            key=one.name,
            cells=[
                cell(title, note=of, title=one.name),
                _closeness_cell(one),
            ],
        )
        for one in watched[:WATCHED_SHOWN]
        for title, of in [read_series(one.name)]
    ]
    nearness = Column("Near to an alarm", "bar", help="how much of the evidence for an alarm there is")
    columns = [Column("Series"), nearness]
    nothing = "No series has had enough traffic yet."
    show_table(columns, lines, key="watched", caption="Watched series", nothing=nothing, is_bare=True)
    if len(watched) > WATCHED_SHOWN:
        more = len(watched) - WATCHED_SHOWN
        show_notice(f"{format_count(more)} more, farther from an alarm", is_plain=True, key="more_watched")


def _closeness_cell(one: Watched) -> dict[str, object]:
    if one.is_learning or one.closeness is None:
        return cell("learning", share=0.0, is_quiet=True, tone="agent")
    share = min(1.0, max(0.0, one.closeness))
    tone = "error" if share >= 1 else "warning" if share >= 0.5 else "volume"
    return cell(format_rate(share), share=share, order=one.closeness, tone=tone)

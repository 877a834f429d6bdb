"""Compare: two versions, models or periods, metric by metric, and what may be said of their difference."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import streamlit as st

from analytics.compare import Comparison
from analytics.metrics import say_meaning
from dashboard import filters
from dashboard.address import choose_one, choose_option
from dashboard.answers.compare import (
    DIMENSIONS,
    OF_AN_AGENT,
    Compared,
    Value,
    list_agents,
    read_comparison,
    read_values_of,
)
from dashboard.comparing.shadows import show_shadows
from dashboard.components import Column, Line, cell, show_heading, show_notice, show_table
from dashboard.figures import SMALL
from dashboard.filters import Filters, Link, Window, link_traces
from dashboard.formats import GAP, NO_DATA, format_count, format_signed, format_window
from dashboard.metric_tiles import say_value
from dashboard.navigation import active_filters
from dashboard.services import current
from dashboard.states import show_failure, show_nothing_found
from dashboard.view import page_head

PERIOD: Final = "period"
SHADOWS: Final = "shadow runs"
TONES: Final = {"worse": "error", "better": "good", "different": "warning"}
_NOTE: Final = (
    "A verdict is given when chance alone would bring such a difference in fewer than 5 of 100 comparisons, with "
    "allowance for the number of metrics."
)
_UNITS: Final = {
    "session": "Compared by sessions, because what happens in one session hangs together.",
    "user": "Compared by users, because each side has its own, and what one user does hangs together.",
}


def render() -> None:
    """Draw the page."""
    with page_head("Compare"):
        range_name = filters.choose_range()
    chosen = active_filters()
    window = filters.open_window(range_name, current().clock(), beside=chosen.beside)
    what = choose_one("What", (PERIOD, *DIMENSIONS, SHADOWS), "what", default="agent version")
    if what == PERIOD:
        before = window.earlier()
        a, b = format_window(before.start, before.until), format_window(window.start, window.until)
        _show_comparison(window, chosen, "", a, b)
        return
    if what == SHADOWS:
        show_shadows(window, chosen)
        return
    dimension = DIMENSIONS[what]
    reading = read_values_of(window, chosen, dimension)
    with st.container(key="notices"):
        if not show_failure(reading, key="failure"):
            return
    values = reading.value or []
    if not values:
        show_nothing_found(window, chosen, what=f"runs with a known {what}", path="compare")
        return
    agents = list_agents(values)
    if not agents:
        _say_only_one(what, values)
        return
    with st.container(horizontal=True, key="sides"):
        if dimension in OF_AN_AGENT:
            agent = choose_option("Agent", agents, "of", default=agents[0])
            values = [value for value in values if value.agent == agent]
            chosen = chosen.only(agent=agent)
        names = [value.name for value in values]
        older, newer = sorted(names[:2], key=natural_order)
        a = choose_option("From", names, "a", default=older)
        b = choose_option("To", names, "b", default=newer)
    if a == b:
        show_notice("Both sides are the same; choose another one.", is_plain=True, key="same")
        return
    _show_comparison(window, chosen, dimension, a, b)


def _say_only_one(what: str, values: Sequence[Value]) -> None:
    ran = ", ".join(
        f"{value.name}{f' of {value.agent}' if value.agent else ''} ({format_count(value.runs)} times)"
        for value in values[:4]
    )
    show_notice(
        f"No two {what}s can be compared in this window; there ran {ran}. "
        "Choose a longer range, or compare periods.",
        is_plain=True,
        key="only_one",
    )


def natural_order(name: str) -> list[tuple[bool, int, str]]:
    """Return what sorts version 10 behind version 9."""
    parts = re.split(r"(\d+)", name)
    return [(part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts]


def _say_what_is_left_out(chosen: Filters, dimension: str) -> None:
    """Say which filters a comparison, which takes one value of each, does not heed."""
    several = [name for name in filters.DIMENSIONS if len(getattr(chosen, name)) > 1 and name != dimension]
    if several:
        text = f"A filter of several values is not heeded here: {', '.join(several)}. Choose one value of it."
        show_notice(text, title="Everything is compared.", key="left_out")


def _show_comparison(window: Window, chosen: Filters, dimension: str, a: str, b: str) -> None:
    _say_what_is_left_out(chosen, dimension)
    with st.spinner("Comparing sessions …", show_time=True):
        reading = read_comparison(window, chosen, dimension, a, b)
    if not show_failure(reading, key="compare_failure") or reading.value is None:
        return
    compared = reading.value
    with st.container(key="content"):
        if compared.refused:
            show_notice(compared.refused, tone="error", title="These cannot be compared.", key="refused")
            return
        of = chosen.agent[0] if dimension in OF_AN_AGENT else ""
        _show_what_is_gone(compared, a, b)
        _show_verdict(compared, f"{b[:80]} against {a[:80]}" + (f", {of[:80]}" if of else ""))
        _show_what_else_differs(compared)
        links = [(f"Runs of {name[:60]}", link) for name, link in _links(window, chosen, dimension, a, b)]
        show_heading("", links, key="links", note=f"{a[:80]} → {b[:80]}")
        unit = compared.rows[0].unit if compared.rows else "session"
        columns = [
            Column("Metric"),
            Column("Verdict", "badge", help=_NOTE),
            Column("From", "number", "end"),
            Column("To", "number", "end"),
            Column("Difference", "number", "end"),
            Column(
                "95 % interval",
                "number",
                "end",
                "the interval in which the true difference lies with 95 % certainty",
            ),
            Column(
                "Detectable",
                "number",
                "end",
                "the least difference that data like these show in 80 of 100 cases",
            ),
            Column(
                "p",
                "number",
                "end",
                "how often chance alone brings such a difference in one of these metrics",
            ),
            Column(f"{unit.capitalize()}s", "number", "end"),
        ]
        lines = [comparison_line(row) for row in compared.rows]
        show_table(
            columns,
            lines,
            key="comparison",
            caption="Metrics of both sides",
            nothing="No metric can be compared.",
        )
        st.caption(f"{_UNITS[unit]} {_NOTE}")


def _show_what_is_gone(compared: Compared, a: str, b: str) -> None:
    """Say of which side retention has deleted facts."""
    gone = [name for place, name in enumerate((a, b)) if any(row.is_partial[place] for row in compared.rows)]
    if gone:
        text = (
            f"Retention has deleted facts of {' and of '.join(name[:80] for name in gone)}: what is compared is the "
            "rest of them. Choose a later time to compare whole ones."
        )
        show_notice(text, title="Not everything is compared.", key="partial")


def _show_what_else_differs(compared: Compared) -> None:
    """Say what is mixed differently, which may be what makes the difference."""
    if compared.hints:
        text = f"{'; '.join(compared.hints)}. What is seen may come from that; filter by it to compare like with like."
        show_notice(
            f"{text[:1].upper()}{text[1:]}",
            title="The sides differ in other things, too.",
            is_plain=True,
            key="mix",
        )


def _show_verdict(compared: Compared, title: str) -> None:
    """Say in a sentence what the table says."""
    said = {
        verdict: [row.metric.title.lower() for row in compared.rows if row.verdict == verdict]
        for verdict in TONES
    }
    texts = [f"{verdict}: {', '.join(names)}" for verdict, names in said.items() if names]
    tone = "error" if said["worse"] else "good" if said["better"] else "agent"
    seen = sum(row.verdict not in ("too little data", "facts deleted") for row in compared.rows)
    text = "; ".join(texts) or (
        f"no difference can be told from chance in {seen} metrics"
        if seen
        else "there is too little data to say anything"
    )
    show_notice(f"{text[:1].upper()}{text[1:]}.", title=title, tone=tone, key="verdict")


def _links(window: Window, chosen: Filters, dimension: str, a: str, b: str) -> list[tuple[str, Link]]:
    if not dimension:
        before = window.earlier()
        interval = filters.write_interval(before.start, before.until)
        return [
            ("the earlier time", link_traces(interval, chosen)),
            ("this time", link_traces(window.name, chosen)),
        ]
    more = {"agent_version": "version", "prompt_version": "prompt"}
    if dimension in more:
        return [(side, link_traces(window.name, chosen, **{more[dimension]: side})) for side in (a, b)]
    return [(side, link_traces(window.name, chosen.only(**{dimension: side}))) for side in (a, b)]


def comparison_line(row: Comparison) -> Line:
    """Return the row of a metric; what rests on little data is grey."""
    effect, metric = row.effect, row.metric
    is_small = min(row.units) < SMALL
    say = _say_percentage_points if metric.unit == "ratio" else _say_relative
    return Line(
        metric.name,
        [
            cell(metric.title, title=say_meaning(metric)),
            cell(row.verdict, tone=TONES.get(row.verdict, "agent")),
            *(
                cell(
                    NO_DATA if value is None else say_value(metric.name, value),
                    is_quiet=value is None or is_small,
                )
                for value in (effect.a, effect.b)
            ),
            _difference_cell(say(effect.difference, effect.a), row),
            _interval_cell(say(effect.low, effect.a), say(effect.high, effect.a)),
            None
            if effect.detectable is None
            else cell(f"±{say(effect.detectable, effect.a).lstrip('+')}", is_quiet=True),
            _p_cell(row),
            cell(f"{format_count(row.units[0])} / {format_count(row.units[1])}", is_quiet=is_small),
        ],
    )


def _difference_cell(text: str, row: Comparison) -> dict[str, object] | None:
    if not text:
        return None
    tone = TONES.get(row.verdict)
    return cell(
        text, tone=tone if tone != "warning" else None, is_quiet=tone is None, order=row.effect.relative
    )


def _p_cell(row: Comparison) -> dict[str, object] | None:
    """Return the p-value that allows for the number of metrics; the one for this metric alone when pointed at."""
    if row.p_adjusted is None or row.effect.p is None:
        return None
    return cell(
        f"{row.p_adjusted:.2g}",
        is_quiet=row.verdict not in TONES,
        title=f"{row.effect.p:.2g} for this metric alone",
    )


def _interval_cell(low: str, high: str) -> dict[str, object] | None:
    return cell(f"{low} … {high}", is_quiet=True) if low and high else None


def _say_percentage_points(value: float | None, _: float | None) -> str:
    return "" if value is None else f"{format_signed(value * 100)}{GAP}pp"


def _say_relative(value: float | None, base: float | None) -> str:
    return "" if value is None or not base else f"{format_signed(value / abs(base) * 100)}{GAP}%"

"""A rule as it is written, and beside it what it would have told: at once with every change."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import streamlit as st

from alerts.management import add_rule, check_rule, remove_rule
from alerts.management import edit_rule as keep_edit
from alerts.rules import AlertingConfig, AlertRule
from analytics.metrics import METRICS
from dashboard.acting import change, choose_author, may_change
from dashboard.address import choose_one
from dashboard.answers.backtest import Backtest, read_backtest
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
    show_heading,
    show_headline,
    show_notice,
    show_table,
)
from dashboard.filters import DIMENSIONS, Filters, Link, link_page, write_interval
from dashboard.formats import NO_DATA, format_count, format_instant, format_rate, format_step
from dashboard.metric_tiles import PARTIAL, say_value
from dashboard.navigation import open_link
from dashboard.services import current
from dashboard.states import show_failure
from dashboard.theme import palette
from dashboard.zone import on_axis
from store.errors import ConfigError

NEW: Final = "+"
"""The address of a rule that is not there yet."""
FIRST_WORDS: Final = """metric = "success_rate"
below = 0.95
window = "1h"
group_by = ["agent"]
min_count = 20
for = "5m"
severity = "warning"
"""
LENGTHS: Final = {"24h": timedelta(days=1), "7d": timedelta(days=7), "30d": timedelta(days=30)}
LIMITS: Final = (
    "above",
    "below",
    "above_baseline",
    "below_baseline",
    "above_change",
    "below_change",
    "in_a_row",
)
FIRINGS_SHOWN: Final = 12


def edit_rule(name: str, config: AlertingConfig) -> None:
    """Draw the rule called `name`, or a new one, with its backtest."""
    rule = config.find_rule(name)
    if rule is None and name != NEW:
        show_notice(f"No rule is called {name[:80]!r}.", is_plain=True, key="unknown_rule")
        return
    back = [("All rules", Link("alerts", {"show": ["rules"]}))]
    show_heading("New rule" if rule is None else name, back, key="rule_head")
    left, right = st.columns([1, 1.35], gap="medium")
    with left:
        table, problem = _write(name, rule)
    with right:
        _show_backtest(table, problem)


def _write(name: str, rule: AlertRule | None) -> tuple[dict[str, Any], str]:
    """Draw the text of a rule and what keeps it; return what it says, and what is wrong with it."""
    key = f"rule_text_{name}"
    if key not in st.session_state:
        st.session_state[key] = FIRST_WORDS if rule is None else write_table(rule.definition)
    own_name = name if rule else (st.text_input("Name", max_chars=100, key="rule_name") or "").strip()
    _tune(key)
    text = st.text_area(
        "The rule, as TOML",
        key=key,
        height=280,
        help="Leave the field, or press Ctrl+Enter, to see what it does.",
    )
    table, problem = read_table(own_name or "new rule", text or "")
    if problem:
        show_notice(problem, tone="error", key="rule_problem", title="This is no rule yet.")
    else:
        show_notice(
            check_rule(table).condition.describe(), is_plain=True, key="rule_words", title="Fires when"
        )
    _keep(own_name, rule, table, problem)
    return table, problem


def _tune(key: str) -> None:
    """Draw the limit as a number that can be stepped; it is written into the text."""
    found = next(((name, m) for name in LIMITS if (m := _find_number(st.session_state[key], name))), None)
    if found is None:
        return
    name, match = found
    value = float(match["number"])

    def write() -> None:
        number = f"{st.session_state['rule_limit']:.10g}"
        text: str = st.session_state[key]
        at = _find_number(text, name)
        if at is not None:
            st.session_state[key] = text[: at.start("number")] + number + text[at.end("number") :]

    st.session_state["rule_limit"] = value
    step = 1.0 if name == "in_a_row" else 10.0 ** (len(str(int(abs(value)))) - 2) if abs(value) >= 1 else 0.01
    label = f"Limit ({name.replace('_', ' ')})"
    st.number_input(label, key="rule_limit", step=step, format="%.10g", on_change=write)


def _find_number(text: str, name: str) -> re.Match[str] | None:
    return re.search(
        rf"^{name}\s*=\s*(?P<number>-?[\d_]+(?:\.\d+)?(?:e-?\d+)?)\s*(?:#.*)?$", text, re.MULTILINE
    )


def _keep(name: str, rule: AlertRule | None, table: Mapping[str, Any], problem: str) -> None:
    """Draw what keeps the rule, switches it off or takes it away."""
    if rule is not None and rule.origin == "file":
        show_notice(
            "This rule stands in the configuration file: change it there.", is_plain=True, key="of_file"
        )
        st.code(f"[[alert]]\nname = {json.dumps(name)}\n{write_table(table)}", language="toml")
        return
    author = choose_author("rule_author")
    with st.container(horizontal=True, key="rule_actions"):
        is_saved = st.button(
            "Save", type="primary", key="rule_save", disabled=bool(problem) or not may_change()
        )
        is_made = rule is not None and rule.origin == "command"
        words = "Back to as it came" if rule is not None and rule.is_starter else "Remove"
        is_removed = is_made and st.button(words, key="rule_remove", disabled=not may_change())
    config, control, now = current().alerting, current().control, current().clock()
    assert config is not None

    def save(actor: str) -> None:
        if not name:
            raise ConfigError("the rule has no name; give it one that says what is wrong when it fires")
        if rule is None:
            add_rule(control, config, table, author=actor, now=now)
        else:
            gone = {key: None for key in rule.definition if key not in table}
            keep_edit(control, config, name, {**gone, **table}, author=actor, now=now)

    def remove(actor: str) -> None:
        remove_rule(control, config, name, author=actor, now=now)

    if (is_saved and change(save, key="rule_save", author=author)) or (
        is_removed and change(remove, key="rule_remove", author=author)
    ):
        st.session_state.pop(f"rule_text_{name if rule else NEW}", None)
        open_link(Link("alerts", {"show": ["rules"]}))


def read_table(name: str, text: str) -> tuple[dict[str, Any], str]:
    """Return the table that a text writes, and what is wrong with it as a rule; empty when nothing is."""
    try:
        table = {**tomllib.loads(text), "name": name}
        check_rule(table)
    except (tomllib.TOMLDecodeError, ConfigError) as error:
        return {"name": name}, str(error)
    return table, ""


def write_table(table: Mapping[str, object]) -> str:
    """Return a rule's table as TOML, one key a line and without its name.

    >>> write_table({"name": "a", "below": 0.9, "where": {"agent": ["x", "y"]}})
    'below = 0.9\\nwhere = { "agent" = ["x", "y"] }\\n'
    """
    return "".join(f"{key} = {_write_value(value)}\n" for key, value in table.items() if key != "name")


def _write_value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        inner = ", ".join(f"{json.dumps(str(key))} = {_write_value(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_write_value(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False, default=str)


def _show_backtest(table: Mapping[str, Any], problem: str) -> None:
    """Draw what the rule would have told."""
    with st.container(border=True, key="backtest"):
        with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
            st.subheader("What it would have told", anchor=False, width="content")
            length = choose_one("Backtest over", list(LENGTHS), "over", default="24h")
        if problem:
            show_notice("The backtest is shown when the rule is right.", is_plain=True, key="no_backtest")
            return
        with st.spinner("Playing the past …", show_time=True):
            reading = read_backtest(table, LENGTHS[length])
        if not show_failure(reading, key="backtest_failure") or reading.value is None:
            return
        if reading.value.report is None:
            show_notice(reading.value.problem, is_plain=True, key="no_history")
            return
        _show_report(reading.value, check_rule(table))


def _show_report(found: Backtest, rule: AlertRule) -> None:
    report = found.report
    assert report is not None
    count = len(report.firings)
    badges = [Badge("would have fired" if count else "would have been quiet", "warning" if count else "good")]
    facts = [Fact(f"looked every {format_step(report.step.total_seconds())}")]
    if report.problems:
        facts.append(Fact(f"{report.problems} times not judged: {report.last_problem}"[:300]))
    stats = [
        Stat("Fired", f"{format_count(count)} {'time' if count == 1 else 'times'}"),
        Stat("Of the time", format_rate(report.firing_share)),
        Stat("Messages a week", format_count(round(report.messages_per_week, 1))),
    ]
    show_headline(Headline(rule.name, badges, facts, stats), key="backtest_head")
    _show_course(found, rule)
    if not count:
        return
    columns = [Column("From", "time"), Column("To", "time"), Column("About"), Column("Seen")]
    lines = [
        Line(
            str(at),
            [
                cell(format_instant(firing.began_at)),
                cell("still firing" if firing.ended_at is None else format_instant(firing.ended_at)),
                cell(_say_labels(firing.labels), title=_say_labels(firing.labels)),
                cell(firing.reason, title=firing.reason),
            ],
            link_page(
                "traces",
                write_interval(
                    firing.began_at.replace(second=0, microsecond=0),
                    (firing.ended_at or report.end).replace(second=0, microsecond=0) + timedelta(minutes=1),
                ),
                Filters().only(**{name: firing.labels.get(name) for name in DIMENSIONS}),
            ),
        )
        for at, firing in enumerate(reversed(report.firings[-FIRINGS_SHOWN:]))
    ]
    show_table(columns, lines, key="firings", caption="Would have fired", nothing="", is_bare=True)


def _show_course(found: Backtest, rule: AlertRule) -> None:
    signal, report = found.signal, found.report
    if signal is None or report is None or not any(value is not None for value in signal.values):
        return
    colours, metric = palette(st.context.theme.type), METRICS[signal.metric]
    about = _say_labels(report.firings[0].labels) if report.firings else "everything"
    limit = getattr(getattr(rule.condition, "bound", None), "limit", None)
    has_limit = rule.condition.kind == "threshold"
    figure = draw_signal(
        signal.values, signal.window, colours, name=metric.title, limit=limit if has_limit else None,
        say=lambda value: NO_DATA if value is None else say_value(signal.metric, value), height_px=220,
        is_share=metric.unit == "ratio",
    )  # fmt: skip
    for firing in report.firings:
        if firing.labels == report.firings[0].labels:
            figure.add_vrect(
                x0=on_axis(firing.began_at, signal.window.bin_s),
                x1=on_axis(firing.ended_at or report.end, signal.window.bin_s),
                fillcolor=colours.error, opacity=0.16, line_width=0,
            )  # fmt: skip
    of = " of the group that fires first" if report.firings else ""
    shaded = "; where it would have fired is shaded" if report.firings else ""
    gone = f"; {PARTIAL}" if signal.is_partial else ""
    st.caption(f"{metric.title}{of}, per {format_step(signal.window.bin_s)}{shaded}{gone}")
    show(figure, key="backtest_course", alt=f"{metric.title} of {about} with the times of firing shaded")


def _say_labels(labels: Mapping[str, str]) -> str:
    own = [f"{name} {value}" for name, value in sorted(labels.items()) if name not in ("alert", "severity")]
    return ", ".join(own) or "everything"

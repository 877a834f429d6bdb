"""Alerts: what fires and why, what is silenced, which rules watch, and why a message was sent or not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import streamlit as st

from alerts.matchers import make_matcher
from alerts.messages.compose import Composer
from alerts.ownership import Ownership
from alerts.rules import AlertRule
from alerts.silences import find_silence, load_silences
from alerts.states import Instance, State
from analytics.metrics import METRICS
from dashboard.acting import may_change
from dashboard.address import choose_one, read_values
from dashboard.alerting.records import (
    STATE_TONES,
    say_matchers,
    show_changes,
    show_ended_silences,
    show_history,
    show_incidents,
)
from dashboard.alerting.responding import (
    name_owners,
    show_remarks,
    show_replay,
    show_response,
    show_silence_end,
    show_silencing,
)
from dashboard.alerting.rule_editor import NEW, edit_rule
from dashboard.answers.alerts import ACTIVE, Alerts, began_at, find_measure, read_alerts, read_signal
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
from dashboard.formats import NO_DATA, format_age, format_count, format_instant, format_step
from dashboard.metric_tiles import PARTIAL, say_value
from dashboard.services import current
from dashboard.states import show_failure
from dashboard.theme import Palette, palette
from dashboard.view import hold_steady, page_head

VIEWS: Final = ("now", "incidents", "silences", "rules", "decisions", "history")
STEP: Final = timedelta(seconds=15)
CARDS_SHOWN: Final = 12
TONES: Final = {"critical": "error", "error": "error", "warning": "warning"}
DECISIONS: Final = {"delivered": "good", "queued": "volume", "dead": "error", "suppressed": "agent"}


def render() -> None:
    """Draw the page."""
    with page_head("Alerts"):
        view = choose_one("Show", VIEWS, "show", default="now")
    # A rule that is written stays as it is until its author changes it.
    is_writing = view == "rules" and read_values("rule")
    hold_steady()
    st.fragment(_show_body, run_every=None if is_writing else STEP)(view)


def _show_body(view: str) -> None:
    reading = read_alerts()
    with st.container(key="notices"):
        if not show_failure(reading, key="failure"):
            return
    alerts = reading.value
    assert alerts is not None
    with st.container(key="content"):
        {
            "now": _show_now,
            "incidents": _show_incidents,
            "silences": _show_silences,
            "rules": _show_rules,
            "decisions": _show_decisions,
            "history": _show_history,
        }[view](alerts)


def _find_rule(name: str) -> AlertRule | None:
    alerting = current().alerting
    return alerting.find_rule(name) if alerting else None


def _show_now(alerts: Alerts) -> None:
    firing = alerts.of_state(*ACTIVE)
    _show_watch(alerts, firing)
    colours = palette(st.context.theme.type)
    for instance in firing[:CARDS_SHOWN]:
        _show_card(instance, alerts, colours)
    if len(firing) > CARDS_SHOWN:
        _show_instances("Also firing", firing[CARDS_SHOWN:], "more_firing")
    _show_instances(
        "Pending: the condition holds, but not yet for long enough", alerts.of_state(State.PENDING), "pending"
    )
    _show_instances("Ended lately", alerts.of_state(State.RESOLVED)[:20], "resolved")


def _show_watch(alerts: Alerts, firing: list[Instance]) -> None:
    statuses = current().rule_statuses()
    alerting = current().alerting
    rules = [rule for rule in alerting.rules if rule.is_enabled] if alerting else []
    if firing:
        return
    evaluated = max((status.evaluated_at for status in statuses.values()), default=None)
    when = f", last {format_instant(evaluated, with_seconds=True, with_zone=True)}" if evaluated else ""
    with st.container(border=True, key="quiet"):
        st.subheader("No alert is firing", anchor=False)
        if rules:
            st.text(f"{format_count(len(rules))} rules are evaluated{when}.")
        else:
            st.text("No rule is evaluated by this process. Add an [[alert]] to spanledger.toml.")
        if alerting and not alerting.channels:
            show_notice("Nobody would be told: add a [[channel]] to spanledger.toml, then try it with "
                        "`spanledger alerts test`.", key="no_channel", title="No channel.")  # fmt: skip


def _show_card(instance: Instance, alerts: Alerts, colours: Palette) -> None:
    rule, owner = _find_rule(instance.alert), alerts.owners.get(instance.fingerprint)
    with st.container(border=True, key=f"alert_{instance.fingerprint}"):
        left, right = st.columns([1, 1.15], gap="medium")
        with left:
            show_headline(build_headline(instance, rule, owner), key=f"head_{instance.fingerprint}")
            _show_actions(instance, rule, owner)
            remarks = [row for row in alerts.remarks if row.fingerprint == instance.fingerprint]
            show_remarks(remarks, instance.fingerprint)
        with right:
            _show_signal(instance, rule, colours)


def build_headline(instance: Instance, rule: AlertRule | None, owner: Ownership | None = None) -> Headline:
    """Return the head of an alert's card: what was seen, against what, since when, for what, and who looks after it."""
    metric = getattr(find_measure(rule), "metric", None)
    since = began_at(instance)
    now = current().clock()
    badges = [Badge(instance.severity, TONES.get(instance.severity, "agent")),
              Badge(instance.state.value, STATE_TONES[instance.state])]  # fmt: skip
    with current().control.read() as connection:
        silence = find_silence(load_silences(connection, now), instance.labels)
    if silence:
        badges.append(Badge(f"silenced until {format_instant(silence.ends_at)}", "agent"))
    badges += name_owners(owner)
    own = {name: value for name, value in instance.labels.items() if name not in ("alert", "severity")}
    facts = [Fact(f"{name} {value}"[:160]) for name, value in sorted(own.items())]
    if instance.problem:
        facts.append(Fact(f"not judged now: {instance.problem}"[:200]))

    def say(value: float | None) -> str:
        if metric is not None and metric in METRICS:
            return say_value(metric, value)
        return NO_DATA if value is None else f"{value:.4g}"

    stats = [
        Stat("Seen", say(instance.value), is_unknown=instance.value is None),
        Stat("Limit", say(instance.threshold), is_unknown=instance.threshold is None),
        Stat("For", format_age(now - since).removesuffix(" ago") if since else NO_DATA,
             beside=f"since {format_instant(since, with_zone=True)}" if since else ""),
    ]  # fmt: skip
    reason = [Fact(instance.reason[:300])] if instance.reason else []
    return Headline(instance.alert, badges, [*reason, *facts], stats)


def link_runs(instance: Instance, rule: AlertRule | None) -> Link:
    """Return the link to the runs an alert is about: its labels as filters, from before it began until it ended."""
    now = current().clock()
    measure = find_measure(rule)
    begin = (began_at(instance) or now) - (measure.window if measure else timedelta(hours=1))
    begin = max(begin, now - timedelta(days=90)).replace(second=0, microsecond=0)
    until = (instance.resolved_at or now).replace(second=0, microsecond=0) + timedelta(minutes=1)
    chosen = Filters().only(**{name: instance.labels.get(name) for name in DIMENSIONS})
    metric = getattr(measure, "metric", "") or instance.labels.get("metric", "")
    more: dict[str, str] = {"tool": instance.labels["tool"]} if instance.labels.get("tool") else {}
    if "tool" in metric:
        more["failed_tools"] = "true"
    elif "success" in metric or "failure" in metric:
        more["outcome"] = "failure"
    elif "usd" in metric or "cost" in metric:
        more["sort"] = "dearest"
    elif metric.endswith("_ms"):
        more["sort"] = "slowest"
    return link_page("traces", write_interval(begin, until), chosen, **more)


def _show_actions(instance: Instance, rule: AlertRule | None, owner: Ownership | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"actions_{instance.fingerprint}"):
        show_response(instance, owner)
        with st.popover("Silence…", disabled=not may_change()):
            matchers = [
                make_matcher(name, "=", value) for name, value in sorted(instance.labels.items()) if value
            ]
            show_silencing(matchers, instance.fingerprint)
        show_notice("", is_plain=True, key=f"runs_{instance.fingerprint}", link=link_runs(instance, rule),
                        link_text="Show the runs")  # fmt: skip
    composer = Composer({rule.name: rule} if rule else {})
    if runbook := composer.describe(instance, current().clock()).runbook:
        st.link_button("Runbook", runbook)


def _show_signal(instance: Instance, rule: AlertRule | None, colours: Palette) -> None:
    signal = read_signal(rule, instance)
    if signal is None or not any(value is not None for value in signal.values):
        show_notice("This rule looks at no metric whose course can be drawn.", is_plain=True,
                    key=f"no_signal_{instance.fingerprint}")  # fmt: skip
        return
    fired = [(instance.fired_at, "fired")] if instance.fired_at else []
    figure = draw_signal(
        signal.values, signal.window, colours, name=METRICS[signal.metric].title, limit=instance.threshold,
        say=lambda value: say_value(signal.metric, value), marks=fired, height_px=210,
        is_share=METRICS[signal.metric].unit == "ratio",
    )  # fmt: skip
    title = f"{METRICS[signal.metric].title} over time, with the limit and when the alert fired"
    gone = f"; {PARTIAL}" if signal.is_partial else ""
    st.caption(f"{METRICS[signal.metric].title}, per {format_step(signal.window.bin_s)}{gone}")
    show(figure, key=f"signal_{instance.fingerprint}", alt=title)


def _show_instances(title: str, instances: list[Instance], key: str) -> None:
    if not instances:
        return
    st.subheader(title, anchor=False)
    columns = [
        Column("Alert"),
        Column("Severity", "badge"),
        Column("About"),
        Column("Seen"),
        Column("Since", "time"),
        Column("Ended", "time"),
    ]
    lines = [
        Line(
            key=instance.fingerprint,
            cells=[
                cell(instance.alert, title=instance.alert),
                cell(instance.severity, tone=TONES.get(instance.severity, "agent")),
                cell(_say_labels(instance.labels), title=_say_labels(instance.labels)),
                cell(instance.reason, title=instance.reason),
                _time_cell(began_at(instance)),
                _time_cell(instance.resolved_at),
            ],
            link=link_runs(instance, _find_rule(instance.alert)),
        )
        for instance in instances
    ]
    show_table(columns, lines, key=key, caption=title, nothing="None.")


def _say_labels(labels: Mapping[str, str]) -> str:
    own = [f"{name} {value}" for name, value in sorted(labels.items()) if name not in ("alert", "severity")]
    return ", ".join(own) or "everything"


def _time_cell(at: datetime | None) -> dict[str, object] | None:
    return None if at is None else cell(format_instant(at), order=at.timestamp())


def _show_incidents(alerts: Alerts) -> None:
    show_incidents(alerts.incidents)


def _show_silences(alerts: Alerts) -> None:
    with st.popover("New silence…", disabled=not may_change()):
        show_silencing([], "new")
    if not alerts.silences:
        show_notice("Nothing is silenced.", is_plain=True, key="no_silences")
    for row in alerts.silences:
        with st.container(border=True, key=f"silence_row_{row.silence_id}"):
            show_headline(
                Headline(
                    f"Silence {row.silence_id}",
                    [Badge(f"until {format_instant(row.ends_at, with_zone=True)}", "agent")],
                    [
                        Fact(say_matchers(row)[:400]),
                        Fact(f"by {row.author or 'nobody'}"),
                        Fact(row.comment or ""),
                    ],
                ),
                key=f"silence_head_{row.silence_id}",
            )
            if row.silence_id is not None:
                show_silence_end(row.silence_id)
    if alerts.ended_silences:
        st.subheader("Ended lately", anchor=False)
        show_ended_silences(alerts.ended_silences)


def _show_rules(alerts: Alerts) -> None:
    alerting = current().alerting
    asked = next(iter(read_values("rule")), "")
    if asked and alerting:
        edit_rule(asked, alerting)
        return
    statuses = current().rule_statuses()
    columns = [Column("Rule"), Column("Fires when"), Column("Severity", "badge"), Column("State", "badge"),
               Column("Groups", "number", "end"), Column("Evaluated", "time"), Column("Problem")]  # fmt: skip
    by_rule: dict[str, list[Instance]] = {}
    for instance in alerts.instances:
        by_rule.setdefault(instance.alert, []).append(instance)
    lines = [
        _rule_line(rule, by_rule.get(rule.name, []), statuses)
        for rule in (alerting.rules if alerting else ())
    ]
    words = (
        "A row shows its rule and what it would have told; rules stand in spanledger.toml or are made here."
    )
    new = Link("alerts", {"show": ["rules"], "rule": [NEW]})
    show_heading("", [("New rule", new)], note=words, key="rules_hint")
    nothing = "There are no rules in this process."
    show_table(columns, lines, key="rules", caption="Rules", nothing=nothing)


def _rule_line(rule: AlertRule, instances: list[Instance], statuses: Mapping[str, object]) -> Line:
    status = statuses.get(rule.name)
    state = next((s for s in STATE_TONES if any(i.state is s for i in instances)), State.INACTIVE)
    words = state.value if rule.is_enabled else "switched off"
    groups = getattr(status, "groups", None)
    problem = getattr(status, "problem", None)
    evaluated = getattr(status, "evaluated_at", None)
    return Line(
        key=rule.name,
        cells=[
            cell(rule.name, title=rule.name),
            cell(rule.condition.describe(), title=rule.condition.describe()),
            cell(rule.severity, tone=TONES.get(rule.severity, "agent")),
            cell(words, tone=STATE_TONES[state] if rule.is_enabled else "agent"),
            None if groups is None else cell(format_count(groups), order=groups),
            _time_cell(evaluated),
            None if not problem else cell(problem, title=problem, tone="error"),
        ],
        link=Link("alerts", {"show": ["rules"], "rule": [rule.name]}),
    )


def _show_decisions(alerts: Alerts) -> None:
    show_notice("Every message to a channel, and every decision not to send one, the latest first.", is_plain=True,
                key="decisions_hint")  # fmt: skip
    show_replay(
        [row.notification_id for row in alerts.decisions if row.state == "dead" and row.notification_id]
    )
    columns = [Column("Decided", "time"), Column("Channel"), Column("State", "badge"), Column("Why"),
               Column("About"), Column("Attempts", "number", "end"), Column("Last error")]  # fmt: skip
    lines = [
        Line(
            key=str(row.notification_id),
            cells=[
                cell(format_instant(row.decided_at, with_seconds=True)),
                cell(row.channel, title=row.channel),
                cell(row.state, tone=DECISIONS.get(row.state, "agent")),
                cell(row.reason.replace("_", " "), title=row.reason),
                None if not row.subject else cell(row.subject, title=row.subject),
                cell(format_count(row.attempts)),
                None if not row.last_error else cell(row.last_error, title=row.last_error, tone="error"),
            ],
        )
        for row in alerts.decisions
    ]
    show_table(columns, lines, key="decisions", caption="Decisions", nothing="Nothing was decided yet.")


def _show_history(alerts: Alerts) -> None:
    about = {instance.fingerprint: _say_labels(instance.labels) for instance in alerts.instances}
    show_history(alerts.events, about)
    st.subheader("What people did", anchor=False)
    show_changes(alerts.changes)

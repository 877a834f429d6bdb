"""Explanations and backtests as text a person reads in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from analytics.drift.backtest import Backtest
from analytics.drift.explanation import Explanation, say_suspects
from analytics.drift.naming import WHOLE_AGENT, say_change, say_value
from analytics.figures import format_share, format_step


def describe_explanation(explanation: Explanation) -> str:
    """Return what changed, since when, how much, where, and the runs that show it."""
    return "\n".join(_explain(explanation)) + "\n"


def _explain(explanation: Explanation) -> Iterator[str]:
    alarm = explanation.alarm
    metric = alarm["metric"]
    what = say_change(metric, alarm["direction"], alarm["category"])
    yield f"{'a hint: ' if alarm['is_hint'] else ''}{what} ({alarm['type']})"
    yield f"series:   {alarm['series']}"
    yield f"since:    {_at(alarm['changed_at'])}, between {_at(alarm['earliest_at'])} and {_at(alarm['latest_at'])}"
    if metric == WHOLE_AGENT:
        yield f"how much: {say_value(metric, alarm['after_value'])} (below 1 before), {alarm['events']} runs"
        yield f"parts:    {alarm['explanation'] or 'unknown'}"
    else:
        before, after = (say_value(metric, alarm[name]) for name in ("before_value", "after_value"))
        yield f"how much: {before} before, {after} since{_say_interval(alarm)}, {alarm['events']} runs or calls"
    if explanation.runs_a_month is not None:
        usd = "" if explanation.usd_a_month is None else f", {explanation.usd_a_month:+,.2f} USD"
        yield f"a month:  {explanation.runs_a_month:+,.0f} {explanation.counted}{usd}, at the present pace"
    for number, where in enumerate(explanation.say_segments()):
        yield f"{'where:   ' if number == 0 else '         '} {where}"
    if explanation.split is not None:
        split = explanation.split
        rates, mix = (format_step(part, "ratio") for part in (split.rates, split.mix))
        yield f"split:    {rates} from rates inside, {mix} from a shift of traffic"
    if suspects := say_suspects(explanation.suspects):
        yield f"suspect:  {suspects}"
    for number, run in enumerate(explanation.examples):
        name = run["run_id"] or run["trace_id"]
        yield f"{'examples:' if number == 0 else '         '} {name} at {_at(run['started_at'])}"
    if alarm.get("mark"):
        yield f"marked:   {alarm['mark']}{': ' + alarm['mark_reason'] if alarm.get('mark_reason') else ''}"


def describe_backtest(backtest: Backtest) -> str:
    """Return the alarms of a backtest and how they fit people's marks."""
    return "\n".join(_tell_backtest(backtest)) + "\n"


def _tell_backtest(backtest: Backtest) -> Iterator[str]:
    for alarm in backtest.alarms:
        yield f"{_at(alarm['raised_at'])}  {alarm['type']:5}  {_say_alarm(alarm)}"
    yield f"{len(backtest.alarms)} alarms, {backtest.a_month:.1f} in 28 days"
    yield (
        f"of confirmed changes {backtest.found} found and {backtest.missed} missed; of the alarms {backtest.noise} "
        f"dismissed by people, {backtest.unmarked} judged by nobody"
    )
    if backtest.delay_hours is not None:
        yield f"a confirmed change is told {backtest.delay_hours:.1f} hours after it began"
    if backtest.precision is not None:
        yield f"precision {format_share(backtest.precision)} of the judged ones"


def _say_alarm(alarm: Mapping[str, Any]) -> str:
    metric, after = alarm["metric"], say_value(alarm["metric"], alarm["after_value"])
    values = after if metric == WHOLE_AGENT else f"{say_value(metric, alarm['before_value'])} to {after}"
    what = say_change(metric, alarm["direction"], alarm["category"])
    return f"{what}, {values} since {_at(alarm['changed_at'])}: {alarm['series']}"


def _say_interval(alarm: Mapping[str, Any]) -> str:
    low, high = alarm["after_low"], alarm["after_high"]
    if low is None or high is None:
        return ""
    return f" (95 %: {say_value(alarm['metric'], low)} to {say_value(alarm['metric'], high)})"


def _at(moment: datetime | None) -> str:
    return "unknown" if moment is None else f"{moment:%Y-%m-%d %H:%M}"

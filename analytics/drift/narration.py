"""Explanations and backtests as text a person reads in a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from analytics.drift.agents import METRIC as WHOLE_AGENT
from analytics.drift.backtest import Backtest
from analytics.drift.explanation import Explanation, say_suspects


def describe_explanation(explanation: Explanation) -> str:
    """Return what changed, since when, how much, where, and the runs that show it."""
    return "\n".join(_explain(explanation)) + "\n"


def _explain(explanation: Explanation) -> Iterator[str]:
    alarm = explanation.alarm
    of = f" of {alarm['category']}" if alarm["category"] else ""
    yield f"{'a hint: ' if alarm['is_hint'] else ''}{alarm['series']}{of} went {alarm['direction']} ({alarm['type']})"
    yield f"since:    {_at(alarm['changed_at'])}, between {_at(alarm['earliest_at'])} and {_at(alarm['latest_at'])}"
    if alarm["metric"] == WHOLE_AGENT:
        yield f"how much: {_number(alarm['after_value'])} times the alarm level, {alarm['events']} runs"
        yield f"parts:    {alarm['explanation'] or 'unknown'}"
    else:
        yield (
            f"how much: {_number(alarm['before_value'])} before, {_number(alarm['after_value'])} since (95 %: "
            f"{_number(alarm['after_low'])} to {_number(alarm['after_high'])}), {alarm['events']} runs or calls"
        )
    if explanation.runs_a_month is not None:
        usd = "" if explanation.usd_a_month is None else f", {explanation.usd_a_month:+,.2f} USD"
        yield f"a month:  {explanation.runs_a_month:+,.0f} runs or calls of that sort{usd}, at the present pace"
    for number, where in enumerate(explanation.say_segments()):
        yield f"{'where:   ' if number == 0 else '         '} {where}"
    if explanation.split is not None:
        split = explanation.split
        yield f"split:    {split.rates:+.2%} from rates inside, {split.mix:+.2%} from a shift of traffic"
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
        f"of confirmed changes {backtest.found} found and {backtest.missed} missed; {backtest.noise} alarms were "
        f"dismissed by people, {backtest.unmarked} judged by nobody"
    )
    if backtest.delay_hours is not None:
        yield f"a confirmed change is told {backtest.delay_hours:.1f} hours after it began"
    if backtest.precision is not None:
        yield f"precision {backtest.precision:.0%} of the judged ones"


def _say_alarm(alarm: Mapping[str, Any]) -> str:
    of = f" of {alarm['category']}" if alarm["category"] else ""
    values = f"{_number(alarm['before_value'])} to {_number(alarm['after_value'])}"
    return f"{alarm['series']}{of} {alarm['direction']}: {values} since {_at(alarm['changed_at'])}"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.4g}"


def _at(moment: datetime | None) -> str:
    return "unknown" if moment is None else f"{moment:%Y-%m-%d %H:%M}"

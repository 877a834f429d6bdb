"""Commands on drift: `drift list|explain|backtest|confirm|accept|dismiss|exclude|pin|unpin`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from spanledger.cli.options import ConfigFile, Data, perform, who_asks

app = typer.Typer(help="See and judge changes of behaviour.", no_args_is_help=True, rich_markup_mode=None)

AlarmId = Annotated[str, typer.Argument(metavar="ALARM", help="Id of the alarm, as `drift list` shows it.")]
Reason = Annotated[str | None, typer.Option("--reason", help="Why, for those who read it later.")]
Since = Annotated[
    datetime,
    typer.Option("--from", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%SZ"], help="Begin, UTC."),
]
Until = Annotated[
    datetime,
    typer.Option("--to", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%SZ"], help="End, UTC."),
]
OneSeries = Annotated[
    str | None, typer.Option("--series", help="Series, as `drift list` shows it; without: all.")
]


@app.command("list")
def list_drift(data: Data = None, config: ConfigFile = None) -> None:
    """Print the alarms, the latest first: hints rest on few runs, of historic ones (old data) nobody was told."""
    import pyarrow as pa

    from spanledger.cli.tables import print_table

    table = perform("drift", {}, data=data, config=config)
    assert isinstance(table, pa.Table)
    print_table(table, "table")


@app.command("explain")
def explain_drift(alarm: AlarmId, data: Data = None, config: ConfigFile = None) -> None:
    """Say what changed, since when, how much, where, and which runs show it."""
    _print_text(perform("drift_explain", {"alarm_id": alarm}, data=data, config=config))


@app.command("backtest")
def backtest_drift(since: Since, until: Until, data: Data = None, config: ConfigFile = None) -> None:
    """Run the detectors over history: what they would have raised, how late, and how much of it is noise."""
    asked = {"since": _utc(since), "until": _utc(until)}
    _print_text(perform("drift_backtest", asked, data=data, config=config))


@app.command("confirm")
def confirm_drift(
    alarm: AlarmId, reason: Reason = None, data: Data = None, config: ConfigFile = None
) -> None:
    """Say that an alarm was right."""
    _mark(alarm, "confirm", reason, data, config)


@app.command("accept")
def accept_drift(alarm: AlarmId, reason: Reason = None, data: Data = None, config: ConfigFile = None) -> None:
    """Say that an alarm was right, and that the new level is the normal one: baselines begin at the change."""
    _mark(alarm, "accept", reason, data, config)


@app.command("dismiss")
def dismiss_drift(
    alarm: AlarmId, reason: Reason = None, data: Data = None, config: ConfigFile = None
) -> None:
    """Say that an alarm was wrong; its alert ends."""
    _mark(alarm, "dismiss", reason, data, config)


@app.command("exclude")
def exclude_hours(
    since: Since, until: Until, series: OneSeries = None, reason: Reason = None, data: Data = None,
    config: ConfigFile = None,
) -> None:  # fmt: skip
    """Leave hours out, of an outage or of a change that is accepted: they raise nothing and teach nothing."""
    _decide("exclude", data, config, series=series, reason=reason, since=_utc(since), until=_utc(until))


@app.command("pin")
def pin_baseline(
    since: Since, until: Until, series: OneSeries = None, reason: Reason = None, data: Data = None,
    config: ConfigFile = None,
) -> None:  # fmt: skip
    """Compare with these hours for good (a release, a golden period) instead of the last 28 days."""
    _decide("pin", data, config, series=series, reason=reason, since=_utc(since), until=_utc(until))


@app.command("unpin")
def unpin_baseline(
    series: OneSeries = None, reason: Reason = None, data: Data = None, config: ConfigFile = None
) -> None:
    """Compare with the last 28 days again."""
    _decide("unpin", data, config, series=series, reason=reason)


def _mark(alarm: str, action: str, reason: str | None, data: Data, config: ConfigFile) -> None:
    asked = {"alarm_id": alarm, "action": action, "reason": reason, "author": who_asks()}
    counts = perform("drift_mark", asked, data=data, config=config)
    assert isinstance(counts, Mapping)
    confirmed, dismissed = counts["confirmed"], counts["dismissed"]
    typer.echo(f"{alarm}: {action}; of {confirmed + dismissed} judged alarms {confirmed} were right")


def _decide(action: str, data: Data, config: ConfigFile, **asked: str | None) -> None:
    perform("drift_decide", {"action": action, "author": who_asks(), **asked}, data=data, config=config)
    typer.echo(f"{action}: kept; the detectors follow with the next look at the data")


def _print_text(answer: Any) -> None:
    assert isinstance(answer, Mapping)
    typer.echo(answer["text"], nl=False)


def _utc(at: datetime) -> str:
    return at.replace(tzinfo=UTC).isoformat()

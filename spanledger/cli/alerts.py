"""Commands on alerts."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analytics.figures import format_share
from spanledger.cli.options import ConfigFile, Data, perform, read_config, who_asks
from spanledger.cli.pairs import read_pairs
from store.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

app = typer.Typer(
    help="See, explain, try, silence and change alerts.", no_args_is_help=True, rich_markup_mode=None
)

Alert = Annotated[
    str, typer.Argument(help="Fingerprint, the beginning of one, or the name of a rule with one alert.")
]
Author = Annotated[str | None, typer.Option("--author", help="Who you are; default: your user name.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Pairs = Annotated[
    list[str] | None,
    typer.Argument(
        help="KEY=VALUE as in an [[alert]] table: above=20000 group_by=agent,tool where.tenant=x."
    ),
]


@app.command("list")
def list_alerts(
    rules: Annotated[bool, typer.Option("--rules", help="List the rules instead of their alerts.")] = False,
    silences: Annotated[bool, typer.Option("--silences", help="List the silences that hold.")] = False,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Print the state of every alert, or the rules, or the silences."""
    operation = "alert-rules" if rules else "alert-silences" if silences else "alerts"
    _print_table(_table(operation, {}, data, config))


@app.command("show")
def show_alert(alert: Alert, data: Data = None, config: ConfigFile = None) -> None:
    """Print everything about one alert: the same as explain."""
    _explain(alert, data, config)


@app.command("explain")
def explain_alert(alert: Alert, data: Data = None, config: ConfigFile = None) -> None:
    """Say why an alert is as it is, who was told, who was not, and why."""
    _explain(alert, data, config)


@app.command("check-config")
def check_config(data: Data = None, config: ConfigFile = None) -> None:
    """Check rules, channels and routes, and list them."""
    from alerts.check import describe_config
    from spanledger.services import check_alerting

    typer.echo(describe_config(check_alerting(read_config(data, config))), nl=False)


@app.command("test")
def test_alert(
    name: Annotated[str, typer.Argument(help="Name of a channel, or of an alert: then all its channels.")],
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Send a message marked as a test."""
    for channel in _do("alert-test", {"name": name}, data, config)["channels"]:
        typer.echo(f"{channel} took the message")


@app.command("preview")
def preview_alert(
    alert: Annotated[str, typer.Argument(help="Name of the alert.")],
    channel: Annotated[str, typer.Argument(help="Name of the channel.")],
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Print what a channel would be sent about an alert, with made-up figures."""
    typer.echo(_do("alert-preview", {"alert": alert, "channel": channel}, data, config)["text"])


@app.command("backtest")
def backtest_alert(
    alert: Annotated[str, typer.Argument(help="Name of the alert.")],
    changes: Pairs = None,
    start: Annotated[str, typer.Option("--from", help="ISO 8601, or how long ago: 7d.")] = "7d",
    end: Annotated[str, typer.Option("--to", help="ISO 8601, or how long ago.")] = "0s",
    as_json: AsJson = False,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Say when an alert would have fired; KEY=VALUE try it with other keys, or a new one."""
    table = {"name": alert, **read_pairs(changes or [])} if changes else None
    arguments = {"alert": alert, "table": table, "from": start, "to": end}
    report = _do("alert-backtest", arguments, data, config)
    if as_json:
        typer.echo(json.dumps(report, indent=2))
        return
    typer.echo(f"{report['alert']}, {report['from']} to {report['to']}, looked at every {report['step']}")
    for firing in report["firings"]:
        labels = ", ".join(f"{k}={v}" for k, v in firing["labels"].items() if k not in ("alert", "severity"))
        typer.echo(f"  {firing['from']} to {firing['to'] or 'now'}  {labels}  {firing['reason']}")
    times, messages = len(report["firings"]), report["messages"]
    typer.echo(
        f"{times} {'time' if times == 1 else 'times'}, {format_share(report['firing_share'])} of the time; "
        f"{messages} {'message' if messages == 1 else 'messages'}, {report['messages_per_week']:g} a week"
    )
    if report["problems"]:
        typer.echo(f"not evaluated {report['problems']} times: {report['last_problem']}")


@app.command("silence")
def silence_alerts(
    matchers: Annotated[
        list[str], typer.Argument(help="Matchers: 'agent=\"support\"', 'severity=~\"info|warning\"'.")
    ],
    comment: Annotated[str, typer.Option("--comment", help="Why.")],
    duration: Annotated[str, typer.Option("--for", help="How long: 2h, 1d12h.")] = "2h",
    author: Author = None,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Keep matching alerts from being told for a while."""
    arguments = {"matchers": matchers, "for": duration, "author": _name(author), "comment": comment}
    silence_id = _do("alert-silence", arguments, data, config)["silence_id"]
    typer.echo(
        f"silence {silence_id} holds for {duration}; end it with spanledger alerts unsilence {silence_id}"
    )


@app.command("unsilence")
def unsilence_alerts(
    silence: Annotated[int, typer.Argument(help="Number of the silence.")],
    author: Author = None,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """End a silence now."""
    _do("alert-unsilence", {"silence": silence, "author": _name(author)}, data, config)
    typer.echo(f"silence {silence} has ended")


@app.command("ack")
def acknowledge_alert(
    alert: Alert,
    release: Annotated[bool, typer.Option("--release", help="Take it back.")] = False,
    author: Author = None,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Say that you look after a firing alert: it is not repeated while it fires."""
    found = _remark("release" if release else "acknowledge", alert, "", author, data, config)
    typer.echo(f"{found} is {'not looked after any more' if release else 'acknowledged'}")


@app.command("assign")
def assign_alert(
    alert: Alert,
    person: Annotated[str, typer.Argument(help="Who is to look after it.")],
    author: Author = None,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Say who is to look after an alert."""
    typer.echo(f"{_remark('assign', alert, person, author, data, config)} is assigned to {person}")


@app.command("comment")
def comment_alert(
    alert: Alert,
    text: Annotated[str, typer.Argument(help="What others should know.")],
    author: Author = None,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Note something about an alert."""
    typer.echo(f"noted about {_remark('comment', alert, text, author, data, config)}")


@app.command("snooze")
def snooze_alert(
    alert: Alert,
    duration: Annotated[str, typer.Option("--for", help="How long: 1h.")] = "1h",
    comment: Annotated[str, typer.Option("--comment", help="Why.")] = "",
    author: Author = None,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Keep one alert, and no other, from being told for a while."""
    arguments = {"kind": "snooze", "alert": alert, "for": duration, "text": comment, "author": _name(author)}
    found = _do("alert-remark", arguments, data, config)
    typer.echo(f"{found['alert']} is silenced for {duration} by {found['silence_id']}")


@app.command("replay")
def replay_notifications(
    notification: Annotated[int | None, typer.Argument(help="Number; all dead ones without.")] = None,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Send notifications again that were given up."""
    count = _do("alert-replay", {"notification": notification}, data, config)["replayed"]
    typer.echo(f"{count} {'notification is' if count == 1 else 'notifications are'} queued again")


@app.command("add")
def add_rule(
    pairs: Pairs = None,
    file: Annotated[Path | None, typer.Option("-f", "--file", help="TOML with [[alert]] tables.")] = None,
    author: Author = None,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Add an alert: name=slow metric=run_p95_ms above=20000 group_by=agent where.environment=prod,stage."""
    tables = _read_tables(file) if file else [read_pairs(pairs or [])]
    for table in tables:
        _change("add", "", table, author, data, config)


@app.command("edit")
def edit_rule(
    name: Annotated[str, typer.Argument(help="Name of the alert.")],
    pairs: Pairs = None,
    author: Author = None,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Change keys of an alert that is not in the configuration file; KEY= takes one out."""
    _change("edit", name, read_pairs(pairs or []), author, data, config)


@app.command("disable")
def disable_rule(
    name: Annotated[str, typer.Argument(help="Name of the alert.")],
    author: Author = None,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Switch an alert off; its firing alerts end."""
    _change("edit", name, {"enabled": False}, author, data, config)


@app.command("enable")
def enable_rule(
    name: Annotated[str, typer.Argument(help="Name of the alert.")],
    author: Author = None,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Switch an alert on again."""
    _change("edit", name, {"enabled": True}, author, data, config)


@app.command("remove")
def remove_rule(
    name: Annotated[str, typer.Argument(help="Name of the alert.")],
    author: Author = None,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Forget an alert that was added by command; a starter becomes as it was."""
    _change("remove", name, {}, author, data, config)


@app.command("incidents")
def list_incidents(
    since: Annotated[str, typer.Option("--since", help="How far back: 30d.")] = "30d",
    as_json: AsJson = False,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """List incidents, and the median times to detect, acknowledge and resolve."""
    report = _do("alert-incidents", {"since": since}, data, config)
    if as_json:
        typer.echo(json.dumps(report, indent=2))
        return
    for row in report["incidents"]:
        state = f"resolved {row['resolved_at']}" if row["resolved_at"] else "open"
        typer.echo(
            f"{row['incident_id']}  {row['severity']}  {row['detected_at']}  {state}  {row['title']} ({row['alerts']})"
        )
    for name in ("detect", "acknowledge", "resolve"):
        seconds = report[f"median_to_{name}_s"]
        typer.echo(f"median time to {name}: {'unknown' if seconds is None else _say_length(seconds)}")


def _say_length(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _explain(alert: str, data: Data, config: ConfigFile) -> None:
    typer.echo("\n".join(_do("alert-show", {"alert": alert}, data, config)["lines"]))


def _remark(kind: str, alert: str, text: str, author: str | None, data: Data, config: ConfigFile) -> str:
    arguments = {"kind": kind, "alert": alert, "text": text, "author": _name(author)}
    return str(_do("alert-remark", arguments, data, config)["alert"])


def _change(
    kind: str, name: str, table: Mapping[str, Any], author: str | None, data: Data, config: ConfigFile
) -> None:
    arguments = {"kind": kind, "name": name, "table": dict(table), "author": _name(author)}
    found = _do("alert-change", arguments, data, config)
    state = ", switched off" if found["enabled"] is False else ""
    typer.echo(f"{found['alert']}: {found['condition'] or 'removed'}{state}")


def _do(operation: str, arguments: Mapping[str, Any], data: Data, config: ConfigFile) -> Mapping[str, Any]:
    found: Any = perform(operation, arguments, data=data, config=config)
    return found


def _table(operation: str, arguments: Mapping[str, Any], data: Data, config: ConfigFile) -> pa.Table:
    found: Any = perform(operation, arguments, data=data, config=config)
    return found


def _print_table(table: pa.Table) -> None:
    from spanledger.cli.tables import print_table

    print_table(table, "table")


def _name(author: str | None) -> str:
    return author or who_asks()


def _read_tables(file: Path) -> list[dict[str, Any]]:
    try:
        tables = tomllib.loads(file.read_text("utf-8")).get("alert", [])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from error
    if not tables:
        raise ConfigError(f"{file} has no [[alert]] table; write one")
    return tables

"""Commands that write reports: `report readiness|digest`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from spanledger.cli.options import ConfigFile, Data, perform
from store.errors import ConfigError

app = typer.Typer(help="Write reports.", no_args_is_help=True, rich_markup_mode=None)
Out = Annotated[Path | None, typer.Option("--out", help="Write to this file instead of standard output.")]


@app.command()
def readiness(
    service: Annotated[
        str | None, typer.Argument(help="Service to check; all together when left out.")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="markdown or json.")] = "markdown",
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Check a service against the production checklist; exits with 1 unless every item passed."""
    _check_form(form, "markdown", "json")
    report = _ask("readiness", {"service": service}, data=data, config=config)
    if form == "json":
        typer.echo(json.dumps({"is_ready": report["is_ready"], "items": report["items"]}, indent=2))
    else:
        typer.echo(report["markdown"], nl=False)
    if not report["is_ready"]:
        raise typer.Exit(1)


@app.command()
def digest(
    period: Annotated[str, typer.Argument(help="daily or weekly.")] = "daily",
    until: Annotated[
        str | None, typer.Option(help="Instant it ends at, ISO 8601; now when left out.")
    ] = None,
    form: Annotated[str, typer.Option("--format", help="markdown or html.")] = "markdown",
    out: Out = None,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Write what changed in a day or a week: figures, movers, failures, money."""
    _check_form(form, "markdown", "html")
    if period not in ("daily", "weekly"):
        raise ConfigError(f"there is no {period!r} report; write daily or weekly")
    report = _ask(
        "digest", {"period": period, "until": _read_time(until), "form": form}, data=data, config=config
    )
    if out is None:
        typer.echo(report["text"], nl=False)
    else:
        out.write_text(report["text"], "utf-8")


def _ask(operation: str, arguments: Mapping[str, Any], **where: Any) -> Mapping[str, Any]:
    report = perform(operation, arguments, **where)
    assert isinstance(report, Mapping)
    return report


def _check_form(form: str, *known: str) -> None:
    if form not in known:
        raise ConfigError(f"--format {form!r} is not one of {', '.join(known)}")


def _read_time(text: str | None) -> str | None:
    from datetime import UTC, datetime

    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"--until {text!r} is no instant; write 2026-11-21 or 2026-11-21T08:00") from error
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()

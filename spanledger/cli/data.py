"""Commands on the data: `import`, `sql`, `compact`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from spanledger.cli.options import ConfigFile, Data, perform
from store.errors import ConfigError

_RECORDS: Final = {"traces": "spans", "logs": "log records", "metrics": "metric points"}
"""What is counted of each signal."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("import")(import_command)
    app.command()(sql)
    app.command()(compact)


def import_command(
    paths: Annotated[
        list[Path], typer.Argument(help="Files or directories: .pb .json .jsonl, also .gz or .zst.")
    ],
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Load OTLP bodies from disk; returns when they are queryable in every view."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise ConfigError(f"there is no {', '.join(missing[:3])}; name files or directories that exist")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[amount]}"),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
    ) as bar:
        task = bar.add_task("loading", total=None, amount="")

        def show(step: Mapping[str, Any]) -> None:
            told = _say_progress(step)
            if told["description"] != bar.tasks[0].description:
                # Each job goes at a pace of its own.
                bar.reset(task, total=None)
            bar.update(task, **told)

        arguments = {"paths": [str(path.absolute()) for path in paths]}
        report = perform("import", arguments, data=data, config=config, on_progress=show)
    assert isinstance(report, Mapping)
    _print_import(report)


def _say_progress(step: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the bar shows: bytes that are loaded, then what the job ahead has done of what waited for it."""
    if "step" not in step:
        done, total = step["done_bytes"], step["total_bytes"]
        return {
            "description": "loading",
            "completed": done,
            "total": total,
            "amount": f"{done / 1e6:,.1f} of {total / 1e6:,.1f} MB",
        }
    if "job" not in step:
        return {"description": "counting", "completed": 0, "total": None, "amount": ""}
    done, total = step["done"], step["done"] + step["waiting"]
    amount = f"{done:,} of {total:,} {step['unit']}"
    return {"description": step["job"], "completed": done, "total": total, "amount": amount}


def _print_import(report: Mapping[str, Any]) -> None:
    records = (
        ", ".join(f"{count:,} {_RECORDS[signal]}" for signal, count in report["records"].items() if count)
        or "nothing new"
    )
    typer.echo(f"imported {records} from {report['bodies']:,} bodies")
    if report["duplicates"]:
        typer.echo(f"{report['duplicates']:,} were there already", err=True)
    for reason, count in report["rejected"].items():
        typer.echo(f"{count:,} went to dead_letters: {reason}", err=True)
    for file, reason in report["unreadable"].items():
        typer.echo(f"spanledger: {file} was not imported: {reason}", err=True)
    for job, error in report["job_errors"].items():
        typer.echo(f"spanledger: the job {job} failed: {error}", err=True)
    if report["unreadable"] or report["job_errors"]:
        raise typer.Exit(1)


def sql(
    query: Annotated[
        str | None, typer.Argument(help="One SELECT over the views; standard input when left out.")
    ] = None,
    file: Annotated[Path | None, typer.Option("-f", "--file", help="Read the query from a file.")] = None,
    form: Annotated[str, typer.Option("--format", help="table, csv, json, arrow or parquet.")] = "table",
    max_rows: Annotated[int | None, typer.Option(help="Refuse answers with more rows.", min=1)] = None,
    timeout: Annotated[
        float | None,
        typer.Option(help="Seconds the query may take; default [store] query_timeout_s.", min=0.1),
    ] = None,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Ask the views; the answer goes to standard output."""
    import pyarrow as pa

    from spanledger.cli.tables import Format, print_table

    if form not in Format.__args__:
        raise ConfigError(f"--format {form!r} is not one of {', '.join(Format.__args__)}")
    if file is not None:
        if query is not None:
            raise ConfigError("both a query and -f were given; give one")
        if not file.exists():
            raise ConfigError(f"there is no query file {file}")
        query = file.read_text("utf-8")
    arguments = {"query": query or sys.stdin.read(), "max_rows": max_rows, "timeout_s": timeout}
    table = perform("sql", arguments, data=data, config=config)
    assert isinstance(table, pa.Table)
    print_table(table, form)  # type: ignore[arg-type]


def compact(data: Data = None, config: ConfigFile = None) -> None:
    """Give unused space of the database file back."""
    report = perform("compact", {}, data=data, config=config)
    assert isinstance(report, Mapping)
    typer.echo(f"{report['before_bytes'] / 1e6:,.1f} MB before, {report['after_bytes'] / 1e6:,.1f} MB after")

"""Commands about the installation itself: `status`, `doctor`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from spanledger.cli.options import ConfigFile, Data, perform, read_config
from store.errors import ConfigError


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(status)
    app.command()(doctor)


def status(
    data: Data = None,
    config: ConfigFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say what is stored, how far it is loaded and how the jobs fare."""
    from spanledger.api.wire import is_served

    served = is_served(read_config(data, config).data_dir)
    found = perform("status", {}, data=data, config=config)
    assert isinstance(found, Mapping)
    if as_json:
        typer.echo(json.dumps({**found, "is_served": served}, indent=2))
        return
    typer.echo(
        f"Spanledger {found['version']} on {found['data_dir']}, {'running' if served else 'not running'}"
    )
    size = found["store"]
    stored = size["file_bytes"] + size["wal_bytes"]
    typer.echo(f"disk      {stored / 1e6:,.1f} MB stored, {found['disk_free_bytes'] / 1e9:,.1f} GB free")
    if found["loader"]:
        _print_loader(found["loader"])
    typer.echo("rows      " + ", ".join(f"{name} {count:,}" for name, count in found["rows"].items()))
    for row in found["ingest"]:
        typer.echo(
            f"{row['signal']:9} {row['records_total']:,} loaded, {row['duplicates_total']:,} duplicate, "
            f"{row['rejected_total']:,} rejected; last {row['last_loaded_at']}"
        )
    for job in found["jobs"]:
        _print_job(job, [backlog for backlog in found["backlogs"] if backlog["job"] == job["name"]])


def _print_loader(loader: Mapping[str, Any]) -> None:
    line = f"loader    {loader['backlog_bytes'] / 1e6:,.1f} MB of the log waits"
    typer.echo(f"{line}; failing: {loader['last_error']}" if loader["last_error"] else line)


def _print_job(job: Mapping[str, Any], backlogs: Sequence[Mapping[str, Any]]) -> None:
    line = f"job {job['name']:9} {job['runs']:,} runs, {job['changed']:,} rows, {job['failures']:,} failures"
    if job["last_started_at"]:
        line += f", last {job['last_started_at']} in {job['last_duration_ms'] or 0:,.0f} ms"
    if job["last_error"]:
        line += f"; failing: {job['last_error']}"
    typer.echo(line)
    for backlog in backlogs:
        if backlog["waiting"]:
            typer.echo(f"    {'':9} {_say_backlog(backlog)}")


def _say_backlog(backlog: Mapping[str, Any]) -> str:
    count, unit = backlog["waiting"], backlog["unit"]
    line = f"1 {unit.removesuffix('s')} waits" if count == 1 else f"{count:,} {unit} wait"
    if backlog["since"]:
        line += f", the oldest since {backlog['since']}"
    if backlog["ends_at"]:
        line += f"; {backlog['done']:,} are done, all by about {backlog['ends_at']}"
    return line


def doctor(data: Data = None, config: ConfigFile = None) -> None:
    """Check ports, disk, permissions, clock, configuration and versions, and say what to do."""
    from spanledger.config import load_config
    from spanledger.doctor import Finding, examine
    from spanledger.layout import default_data_dir

    try:
        settings = load_config(data or default_data_dir(), config)
        findings = examine(settings)
    except ConfigError as error:
        findings = [
            Finding("configuration", "fail", str(error), "correct it, then run `spanledger config check`")
        ]
    marks = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}
    for finding in findings:
        typer.echo(f"{marks[finding.verdict]}  {finding.subject:14} {finding.seen}")
        if finding.remedy:
            typer.echo(f"      {'':14} → {finding.remedy}")
    if any(finding.verdict == "fail" for finding in findings):
        raise typer.Exit(1)

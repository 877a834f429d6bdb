"""Commands on how spans are read: `mapping test`, `renormalise`."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spanledger.cli.options import ConfigFile, Data, perform
from store.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Generator

mapping = typer.Typer(help="Own attribute names.", no_args_is_help=True, rich_markup_mode=None)

Since = Annotated[
    str | None, typer.Option("--from", help="Only spans that started then or later: 2026-11-20[T12:00:00Z].")
]
Until = Annotated[str | None, typer.Option("--until", help="Only spans that started before.")]
DialectName = Annotated[
    str | None, typer.Option("--dialect", help='Only spans read as this dialect; "" for those of none.')
]
ServiceName = Annotated[str | None, typer.Option("--service", help="Only spans of this service.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(mapping, name="mapping")
    app.command()(renormalise)


@mapping.command("test")
def test_mapping(
    file: Annotated[Path, typer.Argument(help="TOML file with [[mapping]] tables; - for standard input.")],
    since: Since = None,
    until: Until = None,
    dialect: DialectName = None,
    service: ServiceName = None,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Show what mappings would change on the newest stored spans; nothing is written."""
    selection = {"since": since, "until": until, "dialect": dialect, "service": service}
    with _progress() as show:
        report = perform(
            "try-mapping",
            {"mappings": _read_tables(file), **selection},
            data=data,
            config=config,
            on_progress=show,
        )
    assert isinstance(report, Mapping)
    _print_report(report, is_dry=True)


def renormalise(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    since: Since = None,
    until: Until = None,
    dialect: DialectName = None,
    service: ServiceName = None,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Read stored spans and log records again by the present dialects and mappings; calls, runs and costs follow."""
    selection = {"since": since, "until": until, "dialect": dialect, "service": service}
    with _progress() as show:
        report = perform(
            "renormalise", {"dry_run": dry_run, **selection}, data=data, config=config, on_progress=show
        )
    assert isinstance(report, Mapping)
    _print_report(report, is_dry=dry_run)


def _read_tables(file: Path) -> object:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
        return tomllib.loads(text).get("mapping")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file} cannot be read as TOML: {error}") from error


@contextmanager
def _progress() -> Generator[Callable[[Mapping[str, Any]], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("reading spans", total=None)

        def show(step: Mapping[str, Any]) -> None:
            if "step" in step:
                bar.update(task, description="counting, pricing, rolling up")
            else:
                bar.update(task, completed=step["done_spans"], total=step["total_spans"])

        yield show


def _print_report(report: Mapping[str, Any], *, is_dry: bool) -> None:
    would = "would change" if is_dry else "changed"
    resumed = ", continuing where the last one ended" if report["resumed"] else ""
    records = f" and {report['changed_records']:,} log records" if report["changed_records"] else ""
    typer.echo(
        f"{report['changed_spans']:,} of {report['spans']:,} spans{records} {would}, "
        f"in {report['changed_traces']:,} traces{resumed}"
    )
    for item in report["fields"]:
        examples = "; ".join(
            f"{_say(one['before'])} -> {_say(one['after'])} ({one['spans']:,})" for one in item["examples"]
        )
        typer.echo(f"  {item['field']:24} {item['spans']:>9,}  {examples}")
    if report["changed_traces"]:
        typer.echo("in those traces:")
        for name, before in report["before"].items():
            after = report["after"][name]
            mark = "" if before == after else "  *"
            typer.echo(f"  {name:24} {before!s:>20} -> {after!s:>20}{mark}")
    if report["large_traces"]:
        typer.echo(f"{report['large_traces']:,} traces are too large to say what they come to", err=True)


def _say(value: str | None) -> str:
    return "nothing" if value is None else "".join(c if c.isprintable() else "�" for c in value)

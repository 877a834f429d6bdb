"""Commands that explain: `explain`, `dialects`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from spanledger.cli.options import ConfigFile, Data, perform
from store.errors import ConfigError

_MOST_ATTRIBUTES = 40

Form = Annotated[str, typer.Option("--format", help="text or json.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(explain)
    app.command()(dialects)


def explain(
    span: Annotated[str, typer.Argument(help="Span id, TRACE-SPAN, or the id of a run.")],
    form: Form = "text",
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Say how a span was read, why it counts or does not, and what it cost."""
    _check_form(form)
    report = perform("explain", {"span": span}, data=data, config=config)
    assert isinstance(report, Mapping)
    if form == "json":
        facts = {name: value for name, value in report.items() if name != "text"}
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))
    else:
        typer.echo(report["text"])


def dialects(
    names: Annotated[bool, typer.Option("--list", help="List the dialects there are instead.")] = False,
    since: Annotated[
        str | None, typer.Option("--from", help="Spans that started since: 2026-11-20; default 7 days ago.")
    ] = None,
    form: Form = "text",
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Say which dialects the spans of each service are read as, and what nobody recognises."""
    _check_form(form)
    if names:
        from collector.dialects import known_dialects

        for dialect in known_dialects().dialects:
            typer.echo(f"{dialect.name:24} {dialect.about}")
        return
    report = perform("dialects", {"since": since}, data=data, config=config)
    assert isinstance(report, Mapping)
    if form == "json":
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        typer.echo("\n".join(_clean(line) for line in _tell_coverage(report)))


def _check_form(form: str) -> None:
    if form not in ("text", "json"):
        raise ConfigError(f"--format {form!r} is not one of text, json")


def _tell_coverage(report: Mapping[str, Any]) -> list[str]:
    rows: Sequence[Mapping[str, Any]] = report["services"]
    lines = [f"spans since {report['since']}"]
    for service in dict.fromkeys(row["service"] for row in rows):
        own = [row for row in rows if row["service"] == service]
        total = sum(row["spans"] for row in own)
        lines.append(f"{service or 'no service.name'}: {total:,} spans")
        for row in sorted(own, key=lambda row: -row["spans"]):
            name = row["dialect"] or "not recognised"
            lines.append(f"  {name:24} {row['spans']:>10,} {row['spans'] / total:>7.1%}")
    if report["unknown"]:
        lines += [
            "",
            "attributes that no dialect knows, though they look like facts (map them: docs/mapping.md)",
        ]
        lines += [
            f"  {one['service'] or 'no service.name'}: {one['attribute']} on {one['spans']:,} spans "
            f"({one['span_name']}), for example {one['example']}"
            for one in report["unknown"][:_MOST_ATTRIBUTES]
        ]
        if len(report["unknown"]) > _MOST_ATTRIBUTES:
            lines.append(f"  and {len(report['unknown']) - _MOST_ATTRIBUTES:,} more: --format json")
    return lines


def _clean(line: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in line)

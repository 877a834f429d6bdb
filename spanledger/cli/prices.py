"""Commands on money: `prices list|show|check|update|close|closed|versions|explain`, `reprice`, `feedback`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spanledger.cli.options import ConfigFile, Data, perform, who_asks

if TYPE_CHECKING:
    import pyarrow as pa

    from spanledger.cli.tables import Format

prices = typer.Typer(
    help="Look into the price book, and keep it right.", no_args_is_help=True, rich_markup_mode=None
)
At = Annotated[str | None, typer.Option("--at", help="Only prices that hold at this date or instant (UTC).")]
Form = Annotated[str, typer.Option("--format", help="table, csv, json, arrow or parquet.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(prices, name="prices")
    app.command()(reprice)
    app.command()(feedback)


@prices.command("list")
def list_prices(at: At = None, form: Form = "table", data: Data = None, config: ConfigFile = None) -> None:
    """Print every row of the price book with its source, USD per million units."""
    _print(_table("prices", {"model": "", "at": at}, data, config), form)


@prices.command("show")
def show_prices(
    model: Annotated[str, typer.Argument(help="Model as calls name it, or a part of its name.")],
    provider: Annotated[
        str | None,
        typer.Option("--provider", help="Provider as calls name it, where the model's name is not enough."),
    ] = None,
    at: At = None,
    form: Form = "table",
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Print the prices that calls of a model take, with their sources, USD per million units."""
    _print(_table("prices", {"model": model, "provider": provider, "at": at}, data, config), form)


@prices.command("check")
def check_prices(data: Data = None, config: ConfigFile = None) -> None:
    """Name the models of calls without a full price, with the lines to paste; exit code 1 when there are any."""
    from analytics.pricing.suggestion import suggest_prices

    rows = _table("prices-check", {}, data, config).to_pylist()
    if not rows:
        typer.echo("every call has a price")
        return
    for row in rows:
        typer.echo(_describe_unpriced(row))
    unknown = [(row["provider"], row["model"]) for row in rows if row["cost_status"] == "unpriced_model"]
    if lines := suggest_prices(unknown):
        typer.echo(
            "\nAdd to spanledger.toml, with the prices of your contract, and run `spanledger reprice`:\n"
        )
        typer.echo(lines)
    raise typer.Exit(1)


@prices.command("update")
def update_prices(
    file: Annotated[Path, typer.Argument(help="Data of genai-prices, LiteLLM's map, or corrections.")],
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Take newer prices from a file; nothing is fetched, and no call is priced again by itself."""
    arguments = {"file": str(file.absolute()), "author": who_asks()}
    done = perform("prices-update", arguments, data=data, config=config)
    assert isinstance(done, Mapping)
    typer.echo(
        f"took over {done['kind']}: version {done['cost_version']}, {done['rows']} rows, {done['came']} models new; "
        "`spanledger reprice --dry-run` shows what it changes"
    )
    if done["went"]:
        gone = ", ".join(done["gone"]) + (" …" if done["went"] > len(done["gone"]) else "")
        typer.echo(f"{done['went']} models of the book before are not in it and have no price now: {gone}")


@prices.command("close")
def close_month(
    month: Annotated[str, typer.Argument(help="Month, for example 2026-10.")],
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Keep what a month costs as the figures that were reported; later changes show as "restated by"."""
    done = perform("prices-close", {"month": month, "author": who_asks()}, data=data, config=config)
    assert isinstance(done, Mapping)
    least = "at least " if done["unpriced_calls"] else ""
    cost = "nothing priced" if done["cost_usd"] is None else f"{least}${float(done['cost_usd']):,.2f}"
    typer.echo(f"{month} is closed: {cost}, {done['calls']} calls, {done['unpriced_calls']} not fully priced")


@prices.command("closed")
def list_closed(form: Form = "table", data: Data = None, config: ConfigFile = None) -> None:
    """Print the closed months, what they cost now, and by how much that restates them."""
    _print(_table("prices-closed", {}, data, config), form)


@prices.command("versions")
def list_versions(form: Form = "table", data: Data = None, config: ConfigFile = None) -> None:
    """Print who changed prices or costs, when and why."""
    _print(_table("cost-versions", {}, data, config), form)


@prices.command("explain")
def explain_cost(
    trace_id: Annotated[str, typer.Argument(help="Trace of the call.")],
    span_id: Annotated[str, typer.Argument(help="Span of the call.")],
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Print a call's cost line by line: classes, prices, and where these come from."""
    arguments = {"trace_id": trace_id, "span_id": span_id}
    done = perform("explain-cost", arguments, data=data, config=config)
    assert isinstance(done, Mapping)
    typer.echo(done["text"])


def reprice(
    since: Annotated[str | None, typer.Option("--from", help="First date or instant, UTC.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="First date or instant after, UTC.")] = None,
    model: Annotated[
        str | None, typer.Option("--model", help="Model, asterisks allowed; without it all, tools too.")
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why, for the list of versions.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Price calls again by the present price book."""
    arguments = {
        "first": since,
        "until": until,
        "model": model,
        "reason": reason,
        "author": who_asks(),
        "dry_run": dry_run,
    }
    report = perform("reprice", arguments, data=data, config=config)
    assert isinstance(report, Mapping)
    for change in report["changes"]:
        typer.echo(_describe_change(change))
    verb = "would change" if dry_run else "changed"
    version = f", version {report['cost_version']}" if report["cost_version"] else ""
    typer.echo(
        f"{report['changed_calls']} of {report['calls']} calls {verb}: "
        f"${float(report['before_usd']):,.6f} → ${float(report['after_usd']):,.6f}{version}"
    )


def feedback(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV: run_id or session_id, value or label; name, source, explanation, scored_at."
        ),
    ],
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Take feedback and outcomes of runs and sessions from a file; what they decide is derived again."""
    arguments = {"file": str(file.absolute()), "author": who_asks()}
    done = perform("feedback", arguments, data=data, config=config)
    assert isinstance(done, Mapping)
    typer.echo(f"{done['recorded']} of {done['read']} judgements are new")


def _describe_change(change: Mapping[str, Any]) -> str:
    before, after = change["before_usd"] or 0, change["after_usd"] or 0
    unpriced = ""
    if change["unpriced_before"] or change["unpriced_after"]:
        unpriced = f"  without a full price {change['unpriced_before']} → {change['unpriced_after']}"
    return (
        f"{change['day_at']}  {change['model'] or '(no model)':<40}  {change['calls']:>8} calls  "
        f"${float(before):,.6f} → ${float(after):,.6f}{unpriced}"
    )


def _describe_unpriced(row: Mapping[str, Any]) -> str:
    tokens = (row["input_tokens"] or 0) + (row["output_tokens"] or 0)
    who = f"{row['provider'] or '(no provider)'} {row['model'] or '(no model)'}"
    return (
        f"{row['cost_status']:<15} {who:<60} {row['calls']:>8} calls  {tokens:>12,} tokens  "
        f"since {row['first_at']:%Y-%m-%d}, last {row['last_at']:%Y-%m-%d %H:%M}"
        + (f"  {row['why']}" if row["why"] else "")
    )


def _table(operation: str, arguments: Mapping[str, Any], data: Path | None, config: Path | None) -> pa.Table:
    import pyarrow as pa

    table = perform(operation, arguments, data=data, config=config)
    assert isinstance(table, pa.Table)
    return table


def _print(table: pa.Table, form: str) -> None:
    from spanledger.cli.tables import print_table

    chosen: Format = form if form in ("csv", "json", "arrow", "parquet") else "table"  # type: ignore[assignment]
    if chosen == "table" and table.num_rows:
        table = table.select([name for name in table.column_names if table[name].null_count < table.num_rows])
    print_table(table, chosen)

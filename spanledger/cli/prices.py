"""Commands on money: `prices list|show`, `reprice`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from spanledger.cli.options import ConfigFile, Data, perform

prices = typer.Typer(help="Look into the price book.", no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(prices, name="prices")
    app.command()(reprice)


@prices.command("list")
def list_prices(data: Data = None, config: ConfigFile = None) -> None:
    """Print every row of the price book, USD per million units."""
    _print("", data, config)


@prices.command("show")
def show_prices(
    model: Annotated[str, typer.Argument(help="Model, or a part of its name.")],
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Print the prices of one model, USD per million units."""
    _print(model, data, config)


def reprice(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Price every call again by the present price book."""
    report = perform("reprice", {"dry_run": dry_run}, data=data, config=config)
    assert isinstance(report, Mapping)
    changes = report["changes"]
    for change in changes:
        typer.echo("  ".join(f"{key} {value}" for key, value in change.items()))
    typer.echo(f"{len(changes)} {'would change' if dry_run else 'changed'} (model and day)")


def _print(model: str, data: Data, config: ConfigFile) -> None:
    import pyarrow as pa

    from spanledger.cli.tables import print_table

    table = perform("prices", {"model": model}, data=data, config=config)
    assert isinstance(table, pa.Table)
    print_table(table, "table")

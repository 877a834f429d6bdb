"""Commands on alerts: `alerts list|check-config|test`."""

from __future__ import annotations

from typing import Annotated

import typer

from spanledger.cli.options import ConfigFile, Data, perform, read_config

app = typer.Typer(help="See and test alerts.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_alerts(data: Data = None, config: ConfigFile = None) -> None:
    """Print the state of every alert."""
    import pyarrow as pa

    from spanledger.cli.tables import print_table

    table = perform("alerts", {}, data=data, config=config)
    assert isinstance(table, pa.Table)
    print_table(table, "table")


@app.command("check-config")
def check_config(data: Data = None, config: ConfigFile = None) -> None:
    """Check rules, channels and routes, and list them."""
    from alerts.check import describe_config

    typer.echo(describe_config(read_config(data, config).alerting), nl=False)


@app.command("test")
def test_channel(
    channel: Annotated[str, typer.Argument(help="Name of the channel.")],
    data: Data = None,
    config: ConfigFile = None,
) -> None:
    """Send a test message to one channel."""
    from alerts.check import send_test

    settings = read_config(data, config)
    send_test(settings.alerting, channel, dashboard_url=settings.dashboard_url)
    typer.echo(f"{channel} took the message")

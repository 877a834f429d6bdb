"""Commands on the configuration: `config check`, `config show`."""

from __future__ import annotations

import typer

from spanledger.cli.options import ConfigFile, Data, read_config

app = typer.Typer(help="Check or show the configuration.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def check(data: Data = None, config: ConfigFile = None) -> None:
    """Check file and environment; exit code 2 names what is wrong."""
    settings = read_config(data, config)
    typer.echo(f"{settings.file or 'no file'}: ok")


@app.command()
def show(data: Data = None, config: ConfigFile = None) -> None:
    """Print the settings in force, without secrets."""
    from spanledger.config import show_config

    typer.echo(show_config(read_config(data, config)), nl=False)

"""Commands about who may sign in."""

from __future__ import annotations

import sys

import typer

app = typer.Typer(help="Who may sign in to the dashboard.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def access() -> None:
    """Who may sign in to the dashboard."""


@app.command("hash")
def hash_password() -> None:
    """Read a password, from the terminal or standard input, and print what the configuration may hold of it."""
    from spanledger.access.settings import make_hash

    if sys.stdin.isatty():
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\n")
    typer.echo(make_hash(password))

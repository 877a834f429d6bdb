"""The command line: `spanledger COMMAND`. Exit codes: 0 done, 1 failed, 2 usage or configuration."""

from __future__ import annotations

import sys

import typer

from spanledger.cli import (
    access,
    alerts,
    analysis,
    config,
    data,
    drift,
    economics,
    explanation,
    golden,
    health,
    prices,
    reports,
    rereading,
    serve,
)
from store.errors import ConfigError, SpanledgerError

app = typer.Typer(
    name="spanledger",
    help="The production backend for AI agents' telemetry and money.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
serve.register(app)
data.register(app)
health.register(app)
prices.register(app)
analysis.register(app)
app.add_typer(golden.app, name="golden")
app.add_typer(golden.review, name="review")
economics.register(reports.app)
app.add_typer(reports.app, name="report")
rereading.register(app)
explanation.register(app)
app.add_typer(config.app, name="config")
app.add_typer(access.app, name="access")
app.add_typer(alerts.app, name="alerts")
app.add_typer(drift.app, name="drift")


def main() -> None:
    """Run one command; errors go to standard error as one sentence with the remedy."""
    try:
        app(prog_name="spanledger")
    except ConfigError as error:
        _fail(error, 2)
    except SpanledgerError as error:
        _fail(error, 1)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)


def _fail(error: SpanledgerError, code: int) -> None:
    sys.stderr.write(f"spanledger: {error}\n")
    sys.exit(code)

"""Options that several commands share, and how a command reaches an installation."""

from __future__ import annotations

import getpass
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from spanledger.api.wire import ask, is_served
from spanledger.layout import default_data_dir, make_data_dir
from store.errors import StoreInUse

if TYPE_CHECKING:
    import pyarrow as pa

    from spanledger.config import Config

Data = Annotated[
    Path | None,
    typer.Option(
        "--data", envvar="SPANLEDGER_DATA", help="Directory that holds everything.", show_default=False
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config", envvar="SPANLEDGER_CONFIG", help="Configuration file; default DATA/spanledger.toml."
    ),
]

_PATIENCE_S: Final = 15.0
"""With whoever has the database and does not answer: a server that starts, or another command."""
_AGAIN_S: Final = 0.2


def read_config(data: Path | None, file: Path | None = None) -> Config:
    """Load the configuration of an installation.

    Raises:
        ConfigError: it is wrong.
    """
    from spanledger.config import load_config

    return load_config(data or default_data_dir(), file)


def who_asks() -> str:
    """Return the name of the person at the command line, as the system knows it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "unknown"


def perform(
    operation: str,
    arguments: Mapping[str, Any],
    *,
    data: Path | None,
    config: Path | None = None,
    on_progress: Callable[[Mapping[str, Any]], None] = lambda _: None,
) -> Mapping[str, Any] | pa.Table:
    """Have an operation done by the running server, else by opening the file here.

    The server has read the configuration; only without one it is read here.

    Raises:
        SpanledgerError: whatever the operation raised.
    """
    directory = (data or default_data_dir()).expanduser().absolute()
    until = time.monotonic() + _PATIENCE_S
    while not is_served(directory):
        try:
            return _perform_here(operation, arguments, read_config(data, config), on_progress)
        except StoreInUse:
            if time.monotonic() > until:
                raise
            time.sleep(_AGAIN_S)
    return ask(directory, operation, arguments, on_progress)


def _perform_here(
    operation: str,
    arguments: Mapping[str, Any],
    settings: Config,
    on_progress: Callable[[Mapping[str, Any]], None],
) -> Mapping[str, Any] | pa.Table:
    from spanledger.operations.performing import perform_operation
    from spanledger.services import open_services
    from store.logs import configure_logs

    configure_logs(level="warning", form=settings.log.format)
    make_data_dir(settings.data_dir)
    with open_services(settings) as services:
        return perform_operation(services, operation, arguments, on_progress)

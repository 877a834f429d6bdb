"""The core process: owns the database, loads the log, runs the jobs, serves dashboard, API and commands.

`python -P -m spanledger.core --data DIR [--config FILE] [--wake FD] [--life FD] [--without-dashboard]`
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import select
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import structlog
import uvicorn

from spanledger.api.application import build_application
from spanledger.api.control_socket import ControlSocket
from spanledger.api.server import QuietServer
from spanledger.config import Config, load_config, parse_address
from spanledger.operations import load_operations
from spanledger.services import Services, open_services
from store.errors import ConfigError, SchemaMismatch, SpanledgerError
from store.logs import configure_logs

_log = structlog.stdlib.get_logger(__name__)
# Wakes that got lost (a front that died between commit and wake) cost at most this long.
_SAFETY_TICK_S = 5.0


@dataclass(frozen=True)
class Options:
    """What the supervisor says on the command line."""

    data: Path
    config: Path | None
    wake: int | None
    life: int | None
    with_dashboard: bool


class Core:
    """One run of the core process."""

    def __init__(self, services: Services, options: Options) -> None:
        self._services = services
        self._options = options
        self._stop = threading.Event()
        self._wakes = _Wakes(options.wake)
        assert services.loader is not None, "the core loads the log"
        self._loader = services.loader
        self._server = self._build_server(services.config)
        configure_logs(level=services.config.log.level, form=services.config.log.format)

    def run(self) -> None:
        """Work until told to stop; then load what was acknowledged, let the running job end and close."""
        with ExitStack() as stack:
            load_operations()
            control_socket = ControlSocket(self._services)
            control_socket.start()
            stack.callback(control_socket.close)
            loading = threading.Thread(
                target=self._loader.run, args=(self._wakes.wait, self._stop), name="loader"
            )
            loading.start()
            stack.callback(self._finish_loading, loading)
            self._services.scheduler.start()
            stack.callback(self._services.scheduler.stop)
            self._start_delivery(stack)
            self._watch_supervisor()
            self._end_in_good_order()
            asyncio.run(self._server.serve())
            _log.info("the core process stops: it loads what is acknowledged first")

    def _start_delivery(self, stack: ExitStack) -> None:
        engine = self._services.engine
        if engine is not None:
            engine.start_delivery()
            stack.callback(engine.stop_delivery)

    def _build_server(self, config: Config) -> QuietServer:
        host, port = parse_address(config.dashboard.http)
        application = build_application(self._services, with_dashboard=self._options.with_dashboard)
        return QuietServer(
            uvicorn.Config(
                application,
                host=host,
                port=port,
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=2,
            )
        )

    def _end_in_good_order(self) -> None:
        """Keep SIGTERM and SIGINT from ending the process: the server raises them again when it has stopped."""

        def stop(*_: object) -> None:
            self._server.end()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)

    def _finish_loading(self, loading: threading.Thread) -> None:
        self._stop.set()
        self._wakes.wake()
        loading.join()

    def _watch_supervisor(self) -> None:
        """End in good order when the supervisor is gone: its end of the pipe closes with it."""
        life = self._options.life
        if life is None:
            return

        def watch() -> None:
            # Only the end of the pipe makes it readable; reading could fail where another process made it non-blocking.
            select.select([life], [], [])
            _log.warning("the supervisor is gone, so the core process stops")
            self._server.end()

        threading.Thread(target=watch, name="supervisor-watch", daemon=True).start()


class _Wakes:
    """Waits for the front's bytes in a pipe without polling."""

    def __init__(self, descriptor: int | None) -> None:
        self._own_read, self._own_write = os.pipe()
        self._reads = [self._own_read] + ([descriptor] if descriptor is not None else [])

    def wait(self) -> None:
        """Return when the front logged something, when woken, or after the safety tick."""
        ready, _, _ = select.select(self._reads, [], [], _SAFETY_TICK_S)
        for descriptor in ready:
            os.read(descriptor, 65_536)

    def wake(self) -> None:
        """End a wait from another thread."""
        os.write(self._own_write, b"\0")


def parse_options(arguments: Sequence[str] | None = None) -> Options:
    """Read the supervisor's command line."""
    parser = argparse.ArgumentParser(prog="spanledger.core")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--config", type=Path)
    parser.add_argument("--wake", type=int)
    parser.add_argument("--life", type=int)
    parser.add_argument("--without-dashboard", action="store_true")
    found = parser.parse_args(arguments)
    return Options(found.data, found.config, found.wake, found.life, not found.without_dashboard)


def main() -> int:
    """Run the core process; exit code 2 says that starting it again cannot help."""
    options = parse_options()
    try:
        config = load_config(options.data, options.config)
    except ConfigError as error:
        sys.stderr.write(f"spanledger: {error}\n")
        return 2
    configure_logs(level=config.log.level, form=config.log.format)
    try:
        with open_services(config, alerting=options.with_dashboard, loading=True) as services:
            Core(services, options).run()
    except SpanledgerError as error:
        _log.error("the core process cannot run: %s", error)
        return 2 if isinstance(error, ConfigError | SchemaMismatch) else 1
    return 0


def _leave(code: int) -> NoReturn:
    """End the process as it stands: everything is closed, and threads that sleep for ever need no goodbye.

    With such threads about (Streamlit has some) the interpreter cannot clear its modules, and DuckDB's binding
    writes a page about leaked objects to whoever stops a server.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _leave(main())

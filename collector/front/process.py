"""One run of the front process: both listeners over one log, until told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import resource
import signal
import sys
from collections.abc import Callable
from typing import Final

import structlog
import uvicorn
import uvloop
from uvicorn.server import ServerState

from collector.front.access import AccessPolicy
from collector.front.admission import Admission
from collector.front.connection import BoundedConnection
from collector.front.counters import FrontCounters, FrontMetrics
from collector.front.desk import fork_desk
from collector.front.door import Door, Entrance
from collector.front.grpc import build_grpc_server
from collector.front.guards import Guards
from collector.front.http import HttpApp, text_page
from collector.front.intake import Intake
from collector.front.listeners import address_error, bind_address, parse_address
from collector.front.memory import keep_freed_memory, limit_memory
from collector.front.start import FrontStart
from collector.log import LogWriter

_DRAIN_S: Final = 10.0
_PARENT_CHECK_S: Final = 1.0
# Exporters send every few seconds; a connection closed between two of their requests is a lost request for some.
_KEEP_ALIVE_S: Final = 120
# The log's thread waits for the interpreter after each sync; at the default of 5 ms it would add that to acks.
_SWITCH_INTERVAL_S: Final = 0.0005

_logger = structlog.stdlib.get_logger(__name__)


def run_front(start: FrontStart) -> None:
    """Serve until SIGTERM, SIGINT or the end of the supervisor; then drain, and return.

    Raises:
        ConfigError: an address is wrong, or another process writes the log.
        AddressInUse: another program listens on an address.
    """
    settings = start.settings
    access = AccessPolicy(allowed_hosts=settings.allowed_hosts, cors_origins=settings.cors_origins)
    guards = Guards(start.guards_file)
    listeners = bind_address(settings.http, "http")
    _raise_file_limit()
    entrance = Entrance(listeners, *fork_desk(listeners, guards, access, (start.wake, start.life)))
    try:
        uvloop.run(_serve_over_log(start, entrance, access, guards))
    finally:
        entrance.close()


async def _serve_over_log(
    start: FrontStart, entrance: Entrance, access: AccessPolicy, guards: Guards
) -> None:
    settings = start.settings
    log = LogWriter(
        start.log_directory,
        segment_bytes=settings.log_segment_bytes,
        max_bytes=settings.log_max_bytes,
        commit_delay_s=settings.commit_delay_ms / 1000,
        disk_reserve_bytes=settings.log_disk_reserve_bytes,
        on_commit=_waker(start.wake),
    )
    try:
        await _serve(start, entrance, log, access, guards)
    finally:
        await asyncio.to_thread(log.close)


async def _serve(
    start: FrontStart, entrance: Entrance, log: LogWriter, access: AccessPolicy, guards: Guards
) -> None:
    settings, counters = start.settings, FrontCounters()
    admission = Admission(
        max_bytes=settings.max_bytes_in_flight, max_requests=settings.max_requests_in_flight
    )
    intake = Intake(log, admission, max_decompressed_bytes=settings.max_decompressed_bytes)
    app = HttpApp(
        intake,
        counters,
        access,
        {
            "/healthz": text_page(lambda: b"ok\n"),
            "/metrics": text_page(FrontMetrics(counters, admission, log).render),
        },
        max_body_bytes=settings.max_body_bytes,
        body_timeout_s=settings.body_timeout_s,
        guards=guards,
    )
    grpc_server = build_grpc_server(
        intake,
        counters,
        max_body_bytes=settings.max_body_bytes,
        max_requests=settings.max_requests_in_flight,
    )
    stopping = _watch_for_end(start.life)
    grpc_port = _bind_grpc(grpc_server, settings.grpc)
    state = ServerState()
    door = Door(entrance, _connection_maker(app, state))
    door.open()
    await grpc_server.start()
    keep_freed_memory()
    limit_memory(settings.front_memory_bytes)
    _tune_interpreter()
    _logger.info(
        "front_ready",
        http=f"{parse_address(settings.http, 'http')[0]}:{entrance.listeners[0].getsockname()[1]}",
        grpc=f"{parse_address(settings.grpc, 'grpc')[0]}:{grpc_port}",
        log=str(start.log_directory),
    )
    refreshing = asyncio.create_task(guards.keep_fresh())
    await stopping.wait()
    refreshing.cancel()
    door.close()
    await asyncio.gather(grpc_server.stop(_DRAIN_S), _drain_http(state))
    _logger.info("front_stopped", bodies=log.stats.bodies)


def _connection_maker(app: HttpApp, state: ServerState) -> Callable[[], asyncio.Protocol]:
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]
        http=BoundedConnection,
        interface="asgi3",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
    )
    config.load()
    return lambda: BoundedConnection(config, state, {})


async def _drain_http(state: ServerState) -> None:
    for connection in list(state.connections):
        connection.shutdown()
    if state.tasks:
        await asyncio.wait(state.tasks, timeout=_DRAIN_S)


def _bind_grpc(server: object, address: str) -> int:
    # gRPC says no more than "failed to bind", so the reason is found out with a socket of our own.
    probes = bind_address(address, "grpc")
    for probe in probes:
        probe.close()
    try:
        return server.add_insecure_port(address)  # type: ignore[attr-defined]
    except RuntimeError as error:
        raise address_error(OSError(str(error)), address, "grpc") from error


def _waker(descriptor: int | None) -> Callable[[], None] | None:
    """Return what wakes the core: a byte into its pipe, unless the pipe is full or the core is gone."""
    if descriptor is None:
        return None
    os.set_blocking(descriptor, False)

    def wake() -> None:
        with contextlib.suppress(OSError):
            os.write(descriptor, b"\0")

    return wake


def _watch_for_end(life: int | None) -> asyncio.Event:
    """Return an event that is set by a signal to stop, or when the supervisor is gone."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    if life is not None:
        loop.add_reader(life, stopping.set)
        return stopping
    parent = os.getppid()

    def check_parent() -> None:
        if os.getppid() == parent:
            loop.call_later(_PARENT_CHECK_S, check_parent)
        else:
            stopping.set()

    check_parent()
    return stopping


def _raise_file_limit() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 65_536)), hard))


def _tune_interpreter() -> None:
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    # Nothing made until now ever becomes garbage; requests make few cycles.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)

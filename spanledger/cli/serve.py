"""Commands that run until they are stopped: `up`, `collect`, `demo`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from spanledger.cli.options import ConfigFile, Data, read_config

if TYPE_CHECKING:
    from spanledger.config import Config
    from spanledger.supervisor import ChildPlan

_AGENT_LINES = """
Agents need these two lines in their environment:

  export OTEL_EXPORTER_OTLP_ENDPOINT=http://{http}
  export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf

"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(up)
    app.command()(demo)
    app.command()(collect)


def up(data: Data = None, config: ConfigFile = None) -> None:
    """Start everything: collector, store, jobs, alerts, dashboard."""
    settings = read_config(data, config)
    banner = f"Spanledger is ready after {{seconds}} s: {settings.dashboard_url}\n{_agent_lines(settings)}"
    _supervise(settings, banner)


def collect(data: Data = None, config: ConfigFile = None) -> None:
    """Start collector and store only, without dashboard and alerts."""
    settings = read_config(data, config)
    _supervise(
        settings, f"Spanledger collects after {{seconds}} s\n{_agent_lines(settings)}", with_dashboard=False
    )


def demo(
    data: Data = None,
    config: ConfigFile = None,
    backfill: Annotated[
        str | None, typer.Option(help="History to make first, for example 30d.", show_default=False)
    ] = None,
    speed: Annotated[
        float, typer.Option(min=0.1, max=1000, help="How many agent runs a second to simulate.")
    ] = 2.0,
) -> None:
    """Start everything, with simulated agents that speak through the OpenTelemetry SDK."""
    from spanledger.demo.settings import write_demo_settings
    from store.configuration.durations import parse_duration
    from store.errors import ConfigError

    if backfill is not None:
        try:
            parse_duration(backfill)
        except ValueError as error:
            raise ConfigError(f'--backfill {backfill!r} is no duration; write for example "30d"') from error
    settings = read_config(data, config)
    if settings.file is None:
        write_demo_settings(settings.data_dir)
        settings = read_config(data, config)
    agents = [sys.executable, "-P", "-m", "spanledger.demo"]
    agents += ["--http", settings.collector.http, "--grpc", settings.collector.grpc, "--speed", str(speed)]
    agents += ["--data", str(settings.data_dir), "--dashboard", settings.dashboard_url]
    agents += ["--life", "{life}", *(["--backfill", backfill] if backfill else [])]
    banner = (
        f"Spanledger is ready after {{seconds}} s: {settings.dashboard_url}\n"
        "Simulated agents start now; Ctrl-C ends everything.\n"
    )
    _supervise(settings, banner, then=agents)


def _agent_lines(settings: Config) -> str:
    return _AGENT_LINES.format(http=settings.collector.http)


def _supervise(
    settings: Config, banner: str, *, with_dashboard: bool = True, then: list[str] | None = None
) -> None:
    """Become the supervisor: it takes the place of this process, which has imported more than it needs."""
    from spanledger.api.wire import is_served
    from spanledger.layout import make_data_dir
    from spanledger.supervisor import Plan
    from store.errors import ConfigError

    make_data_dir(settings.data_dir)
    if is_served(settings.data_dir):
        raise ConfigError(
            f"Spanledger runs on {settings.data_dir} already; stop it, or choose another --data"
        )
    plan = Plan(_children(settings, with_dashboard), banner, then)
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-P", "-m", "spanledger.supervisor", plan.to_json()])


def _children(settings: Config, with_dashboard: bool) -> list[ChildPlan]:
    from collector.front import front_arguments
    from spanledger.layout import log_dir
    from spanledger.supervisor import ChildPlan

    python = [sys.executable, "-P", "-m"]
    front = front_arguments(
        settings.collector,
        log_dir(settings.data_dir),
        log_level=settings.log.level,
        log_format=settings.log.format,
    )
    core = [
        *python,
        "spanledger.core",
        "--data",
        str(settings.data_dir),
        "--wake",
        "{wake_read}",
        "--life",
        "{life}",
    ]
    core += ["--config", str(settings.file)] if settings.file else []
    core += [] if with_dashboard else ["--without-dashboard"]
    return [
        ChildPlan(
            "front",
            [*python, "collector.front", *front, "--wake", "{wake_write}", "--life", "{life}"],
            settings.collector.http,
            "/healthz",
        ),
        ChildPlan("core", core, settings.dashboard.http, "/readyz"),
    ]

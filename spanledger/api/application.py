"""The one HTTP application of the core: probes, metrics and the dashboard behind one guard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from threading import Lock
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from alerts.reloading import ConfigWatch
from alerts.rules import AlertingConfig
from spanledger import __version__
from spanledger.access.access import Access
from spanledger.access.gate import AccessGate
from spanledger.api.alerting import alerting_routes
from spanledger.api.guard import HostGuard
from spanledger.api.metrics import CoreMetrics
from spanledger.api.money import money_routes
from spanledger.config import Config, is_loopback, parse_address, show_config
from spanledger.layout import keep_cookie_secret
from spanledger.operations.performing import perform_operation
from spanledger.services import Services, find_alerting
from store.errors import SpanledgerError


def build_application(services: Services, *, with_dashboard: bool) -> ASGIApp:
    """Return the ASGI application; without the dashboard it imports no Streamlit."""
    routes = _routes(services)
    config = services.config
    host, _ = parse_address(config.dashboard.http)
    guard = Middleware(
        HostGuard,
        addresses=[config.dashboard.http, config.dashboard_url],
        takes_numbers=not is_loopback(host),
    )
    if not with_dashboard:
        access = Access(config.access, services.control)
        return Starlette(routes=list(routes), middleware=[guard, _gate(access, config)])
    from dashboard import oidc
    from dashboard.app import Services as DashboardServices
    from dashboard.app import create_app
    from dashboard.saved import FILE_NAME as SAVED_FILE_NAME
    from spanledger.sample import SampleData

    access = Access(config.access, services.control, read_claims=oidc.read_claims)
    return create_app(
        DashboardServices(
            store=services.store,
            control=services.control,
            settings=config,
            started_at=services.started_at,
            otlp_http=f"http://{config.collector.http}",
            otlp_grpc=f"http://{config.collector.grpc}",
            version=__version__,
            find_alerting=RulesInForce(services).read,
            rule_statuses=lambda: services.engine.statuses if services.engine else {},
            backlogs=services.scheduler.backlogs,
            describe_settings=partial(show_config, config),
            saved_file=config.data_dir / SAVED_FILE_NAME,
            operate=partial(_operate, services),
            identify=access.identify,
            sample=SampleData(config),
        ),
        routes=routes,
        middleware=[guard, _gate(access, config)],
        secrets=_write_secrets(config),
    )


def _gate(access: Access, config: Config) -> Middleware:
    return Middleware(AccessGate, access=access, is_secure=config.dashboard_url.startswith("https://"))


def _write_secrets(config: Config) -> dict[str, Any] | None:
    """Return what Streamlit needs to sign people in elsewhere; its key outlives restarts, and so do the sign-ins."""
    provider = config.access.oidc
    if provider is None:
        return None
    from dashboard.oidc import write_secrets

    return write_secrets(
        provider.server_metadata_url,
        provider.client_id,
        provider.client_secret.reveal(),
        url=config.dashboard_url,
        cookie_secret=keep_cookie_secret(config.data_dir),
    )


class RulesInForce:
    """The alerting configuration as the file and the rules made elsewhere say now; the last good one when they fail."""

    def __init__(self, services: Services) -> None:
        self._watch = ConfigWatch(find_alerting(services.config), services.control)
        self._config = services.config.alerting
        self._lock = Lock()

    def read(self) -> AlertingConfig:
        """Return the configuration, read again only when something changed."""
        with self._lock:
            self._config = self._watch.take_change() or self._config
            return self._config


def _operate(services: Services, name: str, arguments: Mapping[str, Any]) -> object:
    """Do what a command does; pages wait for it as a whole."""
    return perform_operation(services, name, arguments)


def _routes(services: Services) -> Sequence[BaseRoute]:
    metrics = CoreMetrics(services)

    def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    def readyz(_: Request) -> Response:
        try:
            services.store.ping()
        except SpanledgerError as error:
            return JSONResponse({"status": "unavailable", "reason": str(error)}, status_code=503)
        if services.loader is not None and services.loader.last_error:
            return JSONResponse(
                {"status": "not loading", "reason": services.loader.last_error}, status_code=503
            )
        return JSONResponse({"status": "ready"})

    def expose(_: Request) -> Response:
        return Response(metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", expose),
        *money_routes(services),
        *alerting_routes(services),
    ]

"""The dashboard as an ASGI application, served by the process that owns the store."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from dashboard.services import Services, install
from dashboard.theme import apply_settings

__all__ = ["Services", "create_app"]

logger = logging.getLogger(__name__)

SCRIPT: Final = Path(__file__).parent / "script" / "page.py"


def create_app(
    services: Services,
    routes: Sequence[BaseRoute] = (),
    middleware: Sequence[Middleware] = (),
    secrets: dict[str, Any] | None = None,
) -> ASGIApp:
    """Return the application: Streamlit's pages with `routes` beside them, all behind `middleware`.

    `secrets` come from `dashboard.oidc`, where people sign in with a provider.

    One per process: Streamlit keeps its settings and its runtime in process-wide state.
    """
    apply_settings()
    install(services)
    return st.App(
        SCRIPT,
        routes=list(routes),
        middleware=list(middleware),
        secrets=secrets,
        lifespan=_warm_up,
        on_script_error=_report_script_error,
    )


@asynccontextmanager
async def _warm_up(_app: st.App) -> AsyncGenerator[None]:
    """Import the pages beside the first requests, so that the first visitor does not wait seconds for it."""
    warming = asyncio.create_task(asyncio.to_thread(import_module, "dashboard.frame"))
    yield
    warming.cancel()


def _report_script_error(error: Exception) -> bool:
    """Log an error of a page with its traceback; the browser learns only that there was one."""
    logger.error("a page of the dashboard failed", exc_info=error)
    st.error("This page failed. The reason is in the log of the server; reload the page to try again.")
    return True

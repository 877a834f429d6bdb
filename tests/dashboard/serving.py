"""Serves the dashboard over a directory, as the core process does, for real browsers.

`python -m tests.dashboard.serving DATA PORT [NOW]` with NOW as ISO time: the clock stands there.
`GET /testing/close-store` takes the store away, `GET /testing/fill` puts some runs into it.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import streamlit
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dashboard.app import Services, create_app
from dashboard.saved import FILE_NAME
from store import open_control, open_store
from store.clock import utc_now
from tests.dashboard.seed import fill, simulate
from tests.dashboard.seed_control import parse_rules


def main(data: str, port: str, now: str | None = None) -> None:
    store = open_store(Path(data))
    stopped_at = datetime.fromisoformat(now).replace(tzinfo=UTC) if now else None
    services = Services(
        store=store,
        control=open_control(Path(data)),
        started_at=datetime.now(UTC),
        clock=(lambda: stopped_at) if stopped_at else utc_now,
        find_alerting=parse_rules,
        saved_file=Path(data) / FILE_NAME,
    )

    def close_store(_: Request) -> Response:
        store.close()
        streamlit.cache_data.clear()
        return PlainTextResponse("closed")

    fillings = count(1)

    def fill_store(_: Request) -> Response:
        number, now = next(fillings), services.clock().replace(tzinfo=None)
        fill(store, simulate(now, days=0.2, runs_per_hour=40, seed=number), batch=f"filling {number}")
        return PlainTextResponse("filled")

    routes = [Route("/testing/close-store", close_store), Route("/testing/fill", fill_store)]
    uvicorn.run(create_app(services, routes), host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])

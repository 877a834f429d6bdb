"""Serves the dashboard over a directory, as the core process does, for real browsers.

`python -m tests.dashboard.serving DATA PORT [NOW]` with NOW as ISO time: the clock stands there.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from dashboard.app import Services, create_app
from store import open_control, open_store
from store.clock import utc_now


def main(data: str, port: str, now: str | None = None) -> None:
    store = open_store(Path(data))
    stopped_at = datetime.fromisoformat(now).replace(tzinfo=UTC) if now else None
    services = Services(
        store=store,
        control=open_control(Path(data)),
        started_at=datetime.now(UTC),
        clock=(lambda: stopped_at) if stopped_at else utc_now,
    )
    uvicorn.run(create_app(services), host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])

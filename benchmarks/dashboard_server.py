"""The dashboard alone, its clock standing: `python -m benchmarks.dashboard_server DATA HOST:PORT NOW`."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import uvicorn

from dashboard.app import Services, create_app
from store import open_control, open_store


def main(data: str, address: str, now: str) -> None:
    """Serve until terminated."""
    stands_at = datetime.fromisoformat(now)
    services = Services(
        store=open_store(Path(data)),
        control=open_control(Path(data)),
        started_at=stands_at,
        clock=lambda: stands_at,
    )
    host, _, port = address.partition(":")
    uvicorn.run(create_app(services), host=host, port=int(port), log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])

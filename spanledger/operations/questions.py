"""Operations that only read."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from spanledger import __version__
from spanledger.services import Services
from store.clock import utc_now


def run_query(services: Services, arguments: Mapping[str, Any], _: Callable[..., None]) -> pa.Table:
    """Answer one ad-hoc SELECT over the views.

    Raises:
        QueryRejected: it is something else, or went over a limit.
    """
    return services.store.query(
        arguments["query"], max_rows=arguments.get("max_rows"), timeout_s=arguments.get("timeout_s")
    )


def read_status(services: Services, _: Mapping[str, Any], __: Callable[..., None]) -> Mapping[str, Any]:
    """Say how the installation fares: data, lag, jobs, disk."""
    store, size = services.store, services.store.size()
    return {
        "version": __version__,
        "data_dir": str(services.config.data_dir),
        "started_at": _say_instant(services.started_at),
        "now": _say_instant(utc_now()),
        "rows": {
            row["name"]: row["row_count"]
            for row in store.select("operations/row_counts").iter_rows(named=True)
        },
        "ingest": _say_instants(store.select("operations/ingest_totals").to_dicts()),
        "store": {"file_bytes": size.file_bytes, "used_bytes": size.used_bytes, "wal_bytes": size.wal_bytes},
        "loader": None
        if services.loader is None
        else {"backlog_bytes": services.loader.backlog_bytes, "last_error": services.loader.last_error},
        "disk_free_bytes": shutil.disk_usage(services.config.data_dir).free,
        "jobs": _say_instants(vars(status) for status in services.scheduler.statuses()),
        "backlogs": _say_instants(vars(backlog) for backlog in services.scheduler.backlogs()),
        "endpoints": {
            "otlp_http": services.config.collector.http,
            "otlp_grpc": services.config.collector.grpc,
            "dashboard": services.config.dashboard_url,
        },
    }


def _say_instants(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows with their times as text, so that they are the same over the socket and on the file."""
    return [
        {name: _say_instant(value) if isinstance(value, datetime) else value for name, value in row.items()}
        for row in rows
    ]


def _say_instant(value: datetime) -> str:
    return value.replace(tzinfo=UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def list_alerts(services: Services, _: Mapping[str, Any], __: Callable[..., None]) -> pa.Table:
    """Return the state of every alert instance."""
    return services.store.query("SELECT * FROM alerts ORDER BY alert, fingerprint")

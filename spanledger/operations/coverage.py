"""The operation behind `dialects`: how much of what arrives is recognised, and what is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from collector.rereading.coverage import list_unknown
from spanledger.services import Services
from store.clock import utc_now

_DEFAULT: Final = timedelta(days=7)


def read_coverage(
    services: Services, arguments: Mapping[str, Any], _: Callable[..., None]
) -> Mapping[str, Any]:
    """Return spans by service and dialect, and attributes that no dialect knows though they look like facts."""
    since = arguments.get("since")
    begin = datetime.fromisoformat(since) if since else utc_now() - _DEFAULT
    period = {
        "since": begin if begin.tzinfo else begin.replace(tzinfo=UTC),
        "until": utc_now() + timedelta(days=1),
    }
    rows = services.store.select("dialects/coverage", period)
    return {
        "since": period["since"].isoformat(),
        "services": [
            {**row, "last_at": row["last_at"].replace(tzinfo=UTC).isoformat()}
            for row in rows.iter_rows(named=True)
        ],
        "unknown": list_unknown(services.store, services.intake.registry, **period),
    }

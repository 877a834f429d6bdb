"""Links into the dashboard, with the filters that show what an alert is about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

_FILTERS: Final = ("service", "environment", "agent", "model", "tool", "tenant")
_RANGES: Final = (("1h", timedelta(hours=1)), ("24h", timedelta(days=1)), ("7d", timedelta(days=7)))
_LONGEST_RANGE: Final = "30d"
_LONGEST_VALUE: Final = 500


def link_to_dashboard(
    dashboard_url: str, labels: Mapping[str, str], window: timedelta | None, now: datetime
) -> str:
    """Return the overview, filtered to the alert's labels; empty without a dashboard."""
    if not dashboard_url:
        return ""
    window = window or timedelta(days=1)
    query = {"range": next((name for name, length in _RANGES if length >= window), _LONGEST_RANGE)}
    query |= {name: labels[name] for name in _FILTERS if 0 < len(labels.get(name, "")) <= _LONGEST_VALUE}
    return f"{dashboard_url.rstrip('/')}/?{urlencode(query)}"

"""Links into the dashboard, with the filters and the time that show what an alert is about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote, urlencode

from store.configuration.section import Filters

FILTERS: Final = ("service", "environment", "agent", "model", "purpose")
"""Query parameters of the dashboard that are also labels or dimensions of alerts."""
_LONGEST_VALUE: Final = 200
_LONGEST_INTERVAL: Final = timedelta(days=90)
_STAMP: Final = "%Y-%m-%d %H:%M"
_MINUTE: Final = timedelta(minutes=1)


def link_to_dashboard(
    dashboard_url: str,
    labels: Mapping[str, str],
    where: Filters,
    *,
    since: datetime,
    window: timedelta,
    until: datetime,
) -> str:
    """Return the overview of what the rule looked at, from a window before the alert began; empty without an address.

    The interval is absolute, so that the link shows the same tomorrow.
    """
    if not dashboard_url:
        return ""
    start = max(since - window, until - _LONGEST_INTERVAL)
    query: dict[str, list[str]] = {"range": [_write_interval(start, until)]}
    for name in FILTERS:
        wanted = where.get(name, ())
        values = [labels[name]] if labels.get(name) else [wanted] if isinstance(wanted, str) else list(wanted)
        values = [value for value in values if 0 < len(value) <= _LONGEST_VALUE and value != "*"]
        if values:
            query[name] = values
    return f"{dashboard_url.rstrip('/')}/?{urlencode(query, doseq=True)}"


def link_to_trace(dashboard_url: str, trace_id: str) -> str:
    """Return the page of a trace; empty without an address."""
    return f"{dashboard_url.rstrip('/')}/trace?id={quote(trace_id, safe='')}" if dashboard_url else ""


def _write_interval(start: datetime, until: datetime) -> str:
    """Return the dashboard's `range` of an interval, in whole minutes."""
    start, until = start.replace(second=0, microsecond=0), until.replace(second=0, microsecond=0) + _MINUTE
    end = f"{until:%H:%M}" if until.date() == start.date() else f"{until:{_STAMP}}"
    return f"{start:{_STAMP}}/{end}"

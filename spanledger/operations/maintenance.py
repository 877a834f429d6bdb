"""Operations that change the store as a whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from analytics.pricing import reprice
from spanledger.services import Services


def compact_store(services: Services, _: Mapping[str, Any], __: Callable[..., None]) -> Mapping[str, Any]:
    """Give unused blocks back to the file system."""
    before = services.store.size().file_bytes
    services.store.compact()
    return {"before_bytes": before, "after_bytes": services.store.size().file_bytes}


def reprice_calls(
    services: Services, arguments: Mapping[str, Any], _: Callable[..., None]
) -> Mapping[str, Any]:
    """Price every call again by the present book; a dry run only says what would change."""
    dry_run = bool(arguments.get("dry_run"))
    with services.scheduler.paused():
        report = reprice(services.store, services.prices.book(services.store), dry_run=dry_run)
    if not dry_run:
        services.scheduler.run_pending()
    return {
        "calls": report.calls,
        "changed_calls": report.changed_calls,
        "changes": report.changes.to_dicts(),
    }

"""Operations on money: the price book, pricing again, closing months, explaining a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from analytics.feedback import read_judgements, record_judgements
from analytics.pricing import explain_call_cost, reprice
from analytics.pricing.closing import close_month
from analytics.pricing.repricing import ALWAYS, Order
from analytics.pricing.updating import update_prices
from spanledger.layout import prices_dir
from spanledger.services import Services
from store.clock import utc_now
from store.errors import ConfigError


def list_prices(services: Services, arguments: Mapping[str, Any], _: Callable[..., None]) -> pa.Table:
    """Return the price book, or the rows of the models whose name contains a text; `at`: those that hold then."""
    services.prices.book(services.store)
    at = arguments.get("at")
    frame = services.store.select(
        "operations/prices",
        {
            "model": (arguments.get("model") or "").lower(),
            "is_history": at is None,
            "now": parse_instant(at) if at else utc_now(),
        },
    )
    return frame.to_arrow()


def check_prices(services: Services, _: Mapping[str, Any], __: Callable[..., None]) -> pa.Table:
    """Return the models of calls that have no full price."""
    bounds: dict[str, object] = {"first": ALWAYS[0], "until": ALWAYS[1], "max_rows": 200}
    return services.store.select("pricing/unpriced", bounds).to_arrow()


def take_prices(
    services: Services, arguments: Mapping[str, Any], _: Callable[..., None]
) -> Mapping[str, Any]:
    """Take over the prices of a file; new calls are priced by them.

    Raises:
        RejectedData: the file holds no prices that are known.
    """
    kind = update_prices(Path(arguments["file"]), prices_dir(services.config.data_dir))
    services.prices.read_again()
    book = services.prices.book(
        services.store, author=arguments.get("author"), reason=f"update by file: {kind}"
    )
    return {"kind": kind, "cost_version": book.version, "rows": book.prices.height}


def close_month_of_calls(
    services: Services, arguments: Mapping[str, Any], _: Callable[..., None]
) -> Mapping[str, Any]:
    """Close a month: what it costs now is kept as what was reported.

    Raises:
        ConfigError: it is no month, has not ended, or was closed before.
    """
    services.prices.book(services.store)
    closed = close_month(
        services.store, arguments["month"], utc_now(), author=arguments.get("author") or "unknown"
    )
    return {
        "month": closed.month,
        "cost_usd": None if closed.cost_usd is None else str(closed.cost_usd),
        "calls": closed.calls,
        "unpriced_calls": closed.unpriced_calls,
    }


def list_closed_months(services: Services, _: Mapping[str, Any], __: Callable[..., None]) -> pa.Table:
    """Return the closed months, and by how much later versions of cost restate them."""
    return services.store.select("pricing/closed_months").to_arrow()


def list_cost_versions(services: Services, _: Mapping[str, Any], __: Callable[..., None]) -> pa.Table:
    """Return who changed the cost of calls, when and why."""
    return services.store.query("SELECT * FROM cost_versions ORDER BY cost_version")


def reprice_calls(
    services: Services, arguments: Mapping[str, Any], _: Callable[..., None]
) -> Mapping[str, Any]:
    """Price calls again by the present book; a dry run only says what would change."""
    dry_run = bool(arguments.get("dry_run"))
    first, until = arguments.get("first"), arguments.get("until")
    order = Order(
        parse_instant(first) if first else ALWAYS[0],
        parse_instant(until) if until else ALWAYS[1],
        arguments.get("model"),
        arguments.get("author") or "unknown",
        arguments.get("reason") or "prices changed",
    )
    if order.first >= order.until:
        raise ConfigError(f"nothing lies from {first} to before {until}; give a later --to")
    with services.scheduler.paused():
        report = reprice(services.store, services.prices.book(services.store), order, dry_run=dry_run)
    if not dry_run:
        services.scheduler.run_pending()
    return {
        "calls": report.calls,
        "changed_calls": report.changed_calls,
        "before_usd": str(report.before_usd),
        "after_usd": str(report.after_usd),
        "cost_version": report.cost_version,
        "changes": [
            {name: _plain(value) for name, value in row.items()} for row in report.changes.to_dicts()
        ],
    }


def explain_cost_of_call(
    services: Services, arguments: Mapping[str, Any], _: Callable[..., None]
) -> Mapping[str, Any]:
    """Explain the cost of one model call.

    Raises:
        NotFound: no model call has the span.
    """
    book = services.prices.book(services.store)
    found = explain_call_cost(services.store, book, arguments["trace_id"], arguments["span_id"])
    return {"text": found.render(), "status": found.status}


def import_feedback(
    services: Services, arguments: Mapping[str, Any], _: Callable[..., None]
) -> Mapping[str, Any]:
    """Take judgements from a CSV file, and derive again what they decide.

    Raises:
        RejectedData: the file or a line of it cannot be read; nothing is taken then.
    """
    judgements = read_judgements(Path(arguments["file"]))
    recorded = record_judgements(services.store, judgements, utc_now())
    services.scheduler.run_pending()
    return {"read": len(judgements), "recorded": recorded}


def parse_instant(text: str) -> datetime:
    """Read a date or an instant, UTC unless it says otherwise.

    Raises:
        ConfigError: it is neither.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"{text!r} is no date; write 2026-10-01 or 2026-10-01T12:00") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}"
    return value if value is None or isinstance(value, int) else str(value)

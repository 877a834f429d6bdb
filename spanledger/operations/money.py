"""Operations on money: the price book, pricing again, closing months, explaining a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from analytics.feedback import read_judgements, record_judgements
from analytics.pricing import PriceBook, explain_call_cost, reprice
from analytics.pricing.closing import close_month
from analytics.pricing.repricing import ALWAYS, Order
from analytics.pricing.updating import update_prices
from spanledger.layout import prices_dir
from spanledger.services import Services
from store.clock import utc_now
from store.errors import ConfigError


def list_prices(services: Services, arguments: Mapping[str, Any], _: Callable[..., None]) -> pa.Table:
    """Return the price book, or the rows that calls of a model take; `at`: those that hold then.

    A name that means no model of the book finds every row that contains it.
    """
    book = services.prices.book(services.store)
    at, model = arguments.get("at"), (arguments.get("model") or "").lower()
    meant = _find_meant(book, arguments.get("provider"), model) if model else []
    bounds = {"is_history": at is None, "now": parse_instant(at) if at else utc_now()}
    frame = services.store.select("operations/prices", {"model": "" if meant else model, **bounds})
    if meant:
        frame = frame.filter(pl.col("price_model").is_in(meant))
    return frame.drop("price_model").to_arrow()


def _find_meant(book: PriceBook, provider: str | None, model: str) -> list[str]:
    """Return the models of the book that calls naming this one take, the user's own among them."""
    found = book.names.resolve(provider, model, None)
    if found.price_model and provider is None:
        # Entries of the user's name a provider: they hold for calls that do so too.
        found = book.names.resolve(found.price_model.partition("/")[0], model, None)
    return [one for one in (found.price_model, *(dated.price_model for dated in found.dated)) if one]


def check_prices(services: Services, _: Mapping[str, Any], __: Callable[..., None]) -> pa.Table:
    """Return the models of calls that have no full price, and what of an example lacks one."""
    bounds: dict[str, object] = {"first": ALWAYS[0], "until": ALWAYS[1], "max_rows": 200}
    rows = services.store.select("pricing/unpriced", bounds)
    book = services.prices.book(services.store)
    whys = [_explain_lack(services, book, row) for row in rows.iter_rows(named=True)]
    return rows.drop("example").with_columns(why=pl.Series(whys, dtype=pl.String)).to_arrow()


def _explain_lack(services: Services, book: PriceBook, row: Mapping[str, Any]) -> str | None:
    if row["cost_status"] != "partial":
        return None
    return explain_call_cost(services.store, book, *row["example"].split("/", 1)).lack


def take_prices(
    services: Services, arguments: Mapping[str, Any], _: Callable[..., None]
) -> Mapping[str, Any]:
    """Take over the prices of a file; new calls are priced by them.

    Raises:
        RejectedData: the file holds no prices that are known.
    """
    before = services.prices.book(services.store).prices["price_model"].unique()
    kind = update_prices(Path(arguments["file"]), prices_dir(services.config.data_dir))
    services.prices.read_again()
    book = services.prices.book(
        services.store, author=arguments.get("author"), reason=f"update by file: {kind}"
    )
    after = book.prices["price_model"].unique()
    gone = before.filter(~before.is_in(after.implode())).sort()
    return {
        "kind": kind,
        "cost_version": book.version,
        "rows": book.prices.height,
        "came": int((~after.is_in(before.implode())).sum()),
        "went": gone.len(),
        "gone": gone.head(10).to_list(),
    }


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

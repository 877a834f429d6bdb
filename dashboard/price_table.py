"""The price book as a table, with how much of what was used it covers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from dashboard.address import choose_text
from dashboard.answers.system import PriceBook, read_prices
from dashboard.components import Column, Line, cell, show_notice, show_table
from dashboard.filters import Window
from dashboard.formats import format_count, format_rate, format_usd
from dashboard.states import show_failure

PRICES_SHOWN: Final = 150


def show_prices(window: Window) -> None:
    """Draw a search over the price book and the rows that match."""
    model = choose_text("Model", "q", placeholder="Model contains", width_px=260)
    reading = read_prices(window, model)
    if not show_failure(reading, key="failure") or reading.value is None:
        return
    book: PriceBook = reading.value
    if book.calls.n:
        share = format_rate(1 - book.cost.unpriced_calls / book.calls.n)
        show_notice(
            f"{share} of the model calls of this window have a complete price. Prices are USD per million "
            "tokens; a row holds from its date on. Own prices are written in spanledger.toml.",
            is_plain=True,
            key="coverage",
        )
    columns = [
        Column("Model"),
        Column("Provider"),
        Column("From", "time"),
        Column("Until", "time"),
        Column("Tier"),
        Column("Input", "number", "end"),
        Column("Cache read", "number", "end"),
        Column("Cache write", "number", "end"),
        Column("Output", "number", "end"),
        Column("Source"),
    ]
    lines = [
        _price_line(row, i) for i, row in enumerate(book.prices.head(PRICES_SHOWN).iter_rows(named=True))
    ]
    show_table(columns, lines, key="prices", caption="Prices", nothing="No model of the book matches.")
    if book.prices.height > PRICES_SHOWN:
        show_notice(
            f"The first {PRICES_SHOWN} of {format_count(book.prices.height)} rows; search for others.",
            is_plain=True,
            key="more_prices",
        )


def _price_line(row: dict[str, Any], i: int) -> Line:
    def money(name: str) -> dict[str, object] | None:
        value = row[f"{name}_per_million"]
        return None if value is None else cell(format_usd(value), order=value)

    tiers = [
        row["service_tier"] or "",
        f"above {format_count(row['above_tokens'])} tokens" if row["above_tokens"] else "",
    ]
    tier = ", ".join(filter(None, tiers))
    return Line(
        f"{i}",
        [
            cell(row["model"], title=row["model"]),
            cell(row["provider"]),
            None if row["valid_from"] is None else cell(_say_day(row["valid_from"])),
            None if row["valid_until"] is None else cell(_say_day(row["valid_until"])),
            None if not tier else cell(tier, title=tier),
            money("input"),
            money("cache_read"),
            money("cache_write"),
            money("output"),
            cell(row["source"], title=row["source"]),
        ],
    )


def _say_day(at: datetime) -> str:
    return f"{at.replace(tzinfo=UTC):%Y-%m-%d}"

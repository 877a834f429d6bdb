"""Known events, found in the data: versions, prompts, models, tools and settings seen for the first time, and prices.

They are suspects. At a known event evidence starts from a hundredth of the threshold instead of from nothing, so that a
change that begins there is told when it is a hundred times likelier than none: an anchored e-test with an error of 1 %.
What that costs is taken from the one error budget: an event may spend what `ANCHOR_SHARE` of the hours since the event
before it were worth. Of an agent that is deployed every day each event is worth less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from analytics.drift.catalogue import Catalogue, Series
from analytics.drift.panel import Panel
from analytics.drift.seasons import hour_number, hour_start
from store import Store

LOOKED_BACK = timedelta(days=28)
"""A version that was not seen for so long is new again."""
SETTLED = timedelta(days=3)
"""Time an agent must have been known before what it shows is new."""
ANCHOR_SHARE = 0.25
"""Of the error budget, what known events may spend."""
MOST_SETTINGS = 20
"""Values of a declared dimension in four weeks above which it is no setting but an id."""
_KEYS = ("service", "environment", "agent")
_PRICED = ("run_cost_usd",)
"""What a price changes; everything else an agent does is as before."""
_UNITS = ("input", "cache_read", "cache_write", "cache_write_1h", "output", "reasoning", "per_request")
_CONDITIONS = ("service_tier", "tier_from_tokens", "window_from_day", "window_from_minute")


def find_markers(store: Store, first: int, until: int, dimensions: Sequence[str] = ()) -> pl.DataFrame:
    """Return the events of hours [first, until) and of the 28 days before, in the columns of `ledger.markers`."""
    since, end = _at(first) - LOOKED_BACK, _at(until)
    window = {"since": since, "until": end}
    seen = store.select("drift/first_seen", window)
    settings = [_find_settings(store, window, dimension) for dimension in dimensions]
    known = seen.filter(pl.col("kind") == "agent").select(*_KEYS, known_at=pl.col("marked_at"))
    events = pl.concat(
        [seen.filter(pl.col("kind") != "agent"), *settings, _find_prices(store, since, end, seen.schema)],
        how="diagonal_relaxed",
    )
    return (
        events.join(known, on=_KEYS, nulls_equal=True)
        .filter(pl.col("marked_at") >= pl.col("known_at") + SETTLED)
        .select("marked_at", "kind", *_KEYS, pl.col("label").str.strip_chars())
        .unique()
        .sort("marked_at", "kind", "label", *_KEYS)
    )


def anchor(panels: Mapping[str, Panel], catalogue: Catalogue, markers: pl.DataFrame, since: int) -> None:
    """Tell the panels which series are suspected from which hours on, from `since`, and what each event may spend."""
    for marked, spent in _share_out(markers, since):
        hour = hour_number(marked["marked_at"])
        for kind, panel in panels.items():
            of_hour = panel.anchors.setdefault(hour, {})
            for row, series in enumerate(catalogue.series[kind]):
                if _is_about(series, marked):
                    of_hour[row] = max(spent, of_hour.get(row, 0.0))


def _share_out(markers: pl.DataFrame, since: int) -> list[tuple[Mapping[str, Any], float]]:
    """Return the markers from `since` on, each with the hours of error budget that it may spend."""
    shared: list[tuple[Mapping[str, Any], float]] = []
    latest: dict[tuple[object, ...], list[int]] = {}
    for marked in markers.iter_rows(named=True):
        hour, of_agent = hour_number(marked["marked_at"]), tuple(marked[key] for key in _KEYS)
        hours = latest.setdefault(of_agent, [])
        if not hours or hours[-1] != hour:
            hours.append(hour)
        waited = hour - hours[-2] if len(hours) > 1 else int(LOOKED_BACK / timedelta(hours=1))
        if hour >= since:
            shared.append((marked, ANCHOR_SHARE * waited))
    return shared


def _find_settings(store: Store, window: Mapping[str, datetime], dimension: str) -> pl.DataFrame:
    found = store.select("drift/first_seen_dimension", {**window, "dimension": dimension})
    if found["label"].n_unique() > MOST_SETTINGS:
        return found.clear()
    return found.with_columns(label=pl.lit(f"{dimension} ") + pl.col("label"))


def _find_prices(store: Store, since: datetime, until: datetime, schema: Mapping[str, Any]) -> pl.DataFrame:
    """Return when prices by which an agent's calls are priced changed: by a new book, or by their own dates."""
    nothing = pl.DataFrame(schema=schema)
    moments = store.select("drift/price_changes", {"since": since, "until": until})["marked_at"].to_list()
    if not moments:
        return nothing
    used = store.select("drift/priced_models", {"since": since, "until": until})
    if used.is_empty():
        return nothing
    books = store.select("drift/price_books", {"models": used["price_model"].unique().sort().to_list()})
    changed = [
        {"kind": "price", "price_model": model, "label": label, "marked_at": at}
        for at in sorted(moments)
        for model, label in _compare_prices(books, at).items()
    ]
    if not changed:
        return nothing
    return pl.DataFrame(changed).join(used, on="price_model").drop("price_model")


def _compare_prices(books: pl.DataFrame, at: datetime) -> dict[str, str]:
    """Return in words, by model, what changed at a time; a model that had no price before did not change."""
    before = _prices_at(books.filter(pl.col("made_at") < at), at - timedelta(microseconds=1))
    after = _prices_at(books.filter(pl.col("made_at") <= at), at)
    return {
        model: say_price_change(model, before[model], prices)
        for model, prices in after.items()
        if model in before and before[model] != prices
    }


Prices = Mapping[tuple[object, ...], tuple[float | None, ...]]
"""Price of each unit, by tier and time of the day."""


def _prices_at(books: pl.DataFrame, at: datetime) -> dict[str, Prices]:
    if books.is_empty():
        return {}
    holds = (pl.col("valid_from").is_null() | (pl.col("valid_from") <= at)) & (
        pl.col("valid_until").is_null() | (pl.col("valid_until") > at)
    )
    found: dict[str, dict[tuple[object, ...], tuple[float | None, ...]]] = {}
    for row in books.filter((pl.col("made_at") == pl.col("made_at").max()) & holds).iter_rows(named=True):
        conditions = tuple(row[name] for name in _CONDITIONS)
        found.setdefault(row["price_model"], {})[conditions] = tuple(row[unit] for unit in _UNITS)
    return dict(found)


def say_price_change(model: str, before: Prices, after: Prices) -> str:
    """Return what changed of the standard prices, in USD a million units.

    >>> standard = (None, 0, None, None)
    >>> say_price_change("x/m", {standard: (3e-6, *[None] * 6)}, {standard: (2.5e-6, *[None] * 6)})
    'x/m: input 3 to 2.5 USD a million'
    """
    standard = (None, 0, None, None)
    nothing = (None,) * len(_UNITS)
    pairs = zip(_UNITS, before.get(standard, nothing), after.get(standard, nothing), strict=True)
    told = [f"{unit} {_say(old)} to {_say(new)} USD a million" for unit, old, new in pairs if old != new]
    return f"{model}: {', '.join(told) or 'prices of other tiers'}"


def _say(price: float | None) -> str:
    return "unknown" if price is None else f"{price * 1e6:.6g}"


def _at(hour: int) -> datetime:
    return hour_start(hour).replace(tzinfo=UTC)


def _is_about(series: Series, marked: Mapping[str, Any]) -> bool:
    is_touched = marked["kind"] != "price" or series.metric in _PRICED
    return is_touched and all(series.labels.get(key) == marked[key] for key in _KEYS)

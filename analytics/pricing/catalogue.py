"""The price catalogue: the data of genai-prices, compiled to rows of ledger.prices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib.metadata import version
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import polars as pl

from analytics.pricing.units import COLUMN_UNITS

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice, Provider

MINUTES_A_DAY = 24 * 60
FREE_MODELS = frozenset({("openai", "moderation"), ("google", "gemma-3"), ("google", "gemma-3n")})
"""Models that their providers list without a price because they charge none."""

PRICE_SCHEMA: dict[str, Any] = {
    "price_model": pl.String,
    "provider": pl.String,
    "model": pl.String,
    "valid_from": pl.Datetime("us"),
    "valid_until": pl.Datetime("us"),
    "window_from_day": pl.Int64,
    "window_until_day": pl.Int64,
    "window_from_minute": pl.Int64,
    "window_until_minute": pl.Int64,
    "service_tier": pl.String,
    "tier_from_tokens": pl.Int64,
    "tier_until_tokens": pl.Int64,
    **dict.fromkeys(COLUMN_UNITS, pl.Float64),
    "other_units": pl.List(pl.Struct({"key": pl.String, "value": pl.Float64})),
    "source": pl.String,
    "cost_version": pl.Int64,
}

_COLUMN_OF_UNIT = {unit: column for column, unit in COLUMN_UNITS.items()}


@cache
def catalogue_source() -> str:
    """Return the name and version of the data the catalogue is compiled from."""
    return f"genai-prices {version('genai-prices')}"


def compile_catalogue(*, cost_version: int = 1) -> pl.DataFrame:
    """Return the catalogue as it comes, before any correction, as rows of ledger.prices.

    Importing and compiling the data takes about a second.
    """
    return frame_of_rows(list_catalogue(), cost_version)


def list_catalogue(providers: Sequence[Provider] | None = None, source: str = "") -> Iterator[dict[str, Any]]:
    """Yield one row per model, validity, tier and window of the bundled catalogue, or of another one."""
    if providers is None:
        from genai_prices.data_snapshot import get_snapshot

        providers = get_snapshot().providers
    for provider in providers:
        for model in provider.models:
            for row in _rows_of_model(provider, model):
                yield {**row, "source": source or catalogue_source()}


def frame_of_rows(rows: Iterable[dict[str, Any]], cost_version: int) -> pl.DataFrame:
    """Return rows as a frame of ledger.prices."""
    versioned = [{**row, "cost_version": cost_version} for row in rows]
    return pl.DataFrame(versioned, schema=PRICE_SCHEMA, infer_schema_length=None)


def _rows_of_model(provider: Provider, model: ModelInfo) -> Iterator[dict[str, object]]:
    names = {"price_model": f"{provider.id}/{model.id}", "provider": provider.id, "model": model.id}
    is_free = model.id.endswith(":free") or (provider.id, model.id) in FREE_MODELS
    for service_tier, context in _contexts_of(model).items():
        for start, end in _intervals_of(model):
            if service_tier is not None and not _has_variant(model, context, start):
                continue
            for minute, until_minute in _windows_of(model):
                moment = start + timedelta(minutes=minute)
                prices = _read_prices(model.get_prices(moment, context or None))
                if not prices and not is_free:
                    continue
                for bounds, row in _tiers_of(prices):
                    yield {
                        **names,
                        "valid_from": None if start.date() == date.min else start.replace(tzinfo=None),
                        "valid_until": None if end is None else end.replace(tzinfo=None),
                        "window_from_minute": None if until_minute - minute == MINUTES_A_DAY else minute,
                        "window_until_minute": None
                        if until_minute - minute == MINUTES_A_DAY
                        else until_minute,
                        "service_tier": service_tier,
                        "tier_from_tokens": bounds[0],
                        "tier_until_tokens": bounds[1],
                        **(row if prices else {"input": 0.0, "output": 0.0}),
                    }


def _contexts_of(model: ModelInfo) -> dict[str | None, dict[str, str]]:
    contexts: dict[str | None, dict[str, str]] = {None: {}}
    for variant in model.price_variants or ():
        if any(price is not None for price in vars(variant.prices).values()):
            for key, value in variant.when.items():
                contexts.setdefault(value, {})[key] = value
    return contexts


def _has_variant(model: ModelInfo, context: Mapping[str, str], moment: datetime) -> bool:
    return any(
        all(context.get(key) == value for key, value in variant.when.items())
        and (variant.constraint is None or variant.constraint.active(moment))
        for variant in model.price_variants or ()
    )


def _constraints_of(model: ModelInfo) -> list[Any]:
    conditions = model.prices if isinstance(model.prices, list) else []
    found = [*conditions, *(model.price_variants or ())]
    return [condition.constraint for condition in found if condition.constraint is not None]


def _intervals_of(model: ModelInfo) -> list[tuple[datetime, datetime | None]]:
    starts = {
        constraint.start_date for constraint in _constraints_of(model) if hasattr(constraint, "start_date")
    }
    moments = [datetime(day.year, day.month, day.day, tzinfo=UTC) for day in sorted({date.min, *starts})]
    return list(zip(moments, [*moments[1:], None], strict=True))


def _windows_of(model: ModelInfo) -> list[tuple[int, int]]:
    edges = {0, MINUTES_A_DAY}
    for constraint in _constraints_of(model):
        if hasattr(constraint, "start_time"):
            edges |= {_minute_of(constraint.start_time), _minute_of(constraint.end_time)}
    ordered = sorted(edges)
    return list(pairwise(ordered))


def _minute_of(moment: Any) -> int:
    shift = moment.utcoffset() or timedelta(0)
    if moment.second or shift.total_seconds() % 60:
        raise ValueError(f"the price catalogue has a window at {moment}, which is no whole minute")
    return (moment.hour * 60 + moment.minute - int(shift.total_seconds() // 60)) % MINUTES_A_DAY


def _read_prices(model_price: ModelPrice) -> dict[str, tuple[float, list[tuple[int, float]]]]:
    """Return per unit its base price and its tiers as (start, price), USD per single unit."""
    from genai_prices.types import TieredPrices
    from genai_prices.units import _get_registry  # pyright: ignore[reportPrivateUsage]

    registry = _get_registry()
    prices: dict[str, tuple[float, list[tuple[int, float]]]] = {}
    for key, value in vars(model_price).items():
        if value is None or key.startswith("_"):
            continue
        unit = registry.unit_for_price_key(key)
        tiers = value.tiers if isinstance(value, TieredPrices) else []
        base = value.base if isinstance(value, TieredPrices) else value
        prices[unit.usage_key] = (
            float(base / unit.per),
            [(tier.start, float(tier.price / unit.per)) for tier in tiers],
        )
    return prices


def _tiers_of(
    prices: Mapping[str, tuple[float, list[tuple[int, float]]]],
) -> Iterator[tuple[tuple[int, int | None], dict[str, object]]]:
    edges = sorted({0, *(start for _, tiers in prices.values() for start, _ in tiers)})
    for start, end in zip(edges, [*edges[1:], None], strict=True):
        row: dict[str, object] = {}
        others: list[dict[str, object]] = []
        for unit, (base, tiers) in prices.items():
            price = next((price for edge, price in reversed(tiers) if start >= edge), base)
            if unit in _COLUMN_OF_UNIT:
                row[_COLUMN_OF_UNIT[unit]] = price
            else:
                others.append({"key": unit, "value": price})
        row["other_units"] = others or None
        yield (start, end), row

"""The user's own prices, from the `pricing` tables of the configuration."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, TypeVar

from analytics.pricing.corrections import MILLION, instant_of
from store.configuration.section import Section
from store.errors import ConfigError

TOKEN_PRICES: Final = (
    "input", "cache_read", "cache_write", "cache_write_1h", "output", "reasoning", "audio_input", "audio_output",
)  # fmt: skip
"""Keys of [[pricing.model]] in USD per million tokens."""
_AUDIO: Final = {"audio_input": "input_audio_tokens", "audio_output": "output_audio_tokens"}
BUSY_SECONDS: Final = "busy_seconds"
"""The unit of self-hosted models: how long a call kept them busy."""
_Entry = TypeVar("_Entry")


@dataclass(frozen=True)
class Span:
    """A stretch of time, UTC without zone; None: open."""

    valid_from: datetime | None = None
    valid_until: datetime | None = None

    def overlaps(self, other: Span) -> bool:
        """Return whether some instant lies in both."""
        return (self.valid_from or datetime.min) < (other.valid_until or datetime.max) and (  # noqa: DTZ901
            other.valid_from or datetime.min  # noqa: DTZ901
        ) < (self.valid_until or datetime.max)  # noqa: DTZ901


@dataclass(frozen=True)
class OwnModel:
    """[[pricing.model]] or [[pricing.hosted]]: prices of the models whose names a pattern takes in."""

    where: str
    provider: str | None
    model: str
    span: Span
    service_tier: str | None
    prices: Mapping[str, float]
    """USD per single unit, by column of the book."""
    units: Mapping[str, float]
    """USD per single unit, by other unit."""
    usd_per_hour: float | None = None
    """Of [[pricing.hosted]]: what an hour of a machine costs, busy or idle."""
    machines: float = 1.0

    @property
    def price_model(self) -> str:
        """Name of the entry in the book."""
        return f"{self.provider or '*'}/{self.model} ({self.where})"


@dataclass(frozen=True)
class Discount:
    """[[pricing.discount]]: multiplies list prices."""

    where: str
    provider: str | None
    model: str | None
    multiplier: float
    span: Span


@dataclass(frozen=True)
class ToolPrice:
    """[[pricing.tool]]: what one execution of a tool costs."""

    where: str
    tool: str
    usd_per_call: float
    span: Span


@dataclass(frozen=True)
class Fee:
    """[[pricing.fee]]: paid by the month, spread over time when asked, never put on calls."""

    name: str
    usd_per_month: float
    span: Span


@dataclass(frozen=True)
class Alias:
    """[[pricing.alias]]: what a deployment's name stands for."""

    where: str
    name: str
    provider: str | None
    model: str
    span: Span


@dataclass(frozen=True)
class Rate:
    """[[pricing.rate]]: units of another currency that one USD buys."""

    currency: str
    per_usd: float
    span: Span


@dataclass(frozen=True)
class OwnPrices:
    """Everything under `pricing` in the configuration."""

    models: tuple[OwnModel, ...] = ()
    discounts: tuple[Discount, ...] = ()
    tools: tuple[ToolPrice, ...] = ()
    fees: tuple[Fee, ...] = ()
    aliases: tuple[Alias, ...] = ()
    rates: tuple[Rate, ...] = ()
    currency: str = "USD"
    """Shown beside USD, by the rate of the day."""


def parse_pricing(table: Mapping[str, object]) -> OwnPrices:
    """Read the table `pricing` of the configuration.

    Raises:
        ConfigError: A key is unknown, a value is wrong, or two entries contradict each other.
    """
    section = Section("[pricing]", table)
    models = _read_all(section, "model", _read_model) + _read_all(section, "hosted", _read_hosted)
    own = OwnPrices(
        models=models,
        discounts=_read_all(section, "discount", _read_discount),
        tools=_read_all(section, "tool", _read_tool),
        fees=_read_all(section, "fee", _read_fee),
        aliases=_read_all(section, "alias", _read_alias),
        rates=_read_all(section, "rate", _read_rate),
        currency=section.text("currency", "USD").upper(),
    )
    section.finish()
    _check_overlaps(models, lambda one: (one.provider, one.model, one.service_tier))
    _check_overlaps(own.discounts, lambda one: (one.provider, one.model))
    _check_overlaps(own.tools, lambda one: one.tool)
    _check_overlaps(own.aliases, lambda one: (one.provider, one.name))
    if own.currency != "USD" and all(rate.currency != own.currency for rate in own.rates):
        raise ConfigError(
            f'[pricing]: currency = "{own.currency}" has no rate; add [[pricing.rate]] '
            f'with currency = "{own.currency}" and per_usd = …'
        )
    return own


def _read_all(section: Section, key: str, read: Callable[[Section, str], _Entry]) -> tuple[_Entry, ...]:
    found: list[_Entry] = []
    for position, values in enumerate(section.tables(key), start=1):
        entry = Section(f"[[pricing.{key}]] {position}", values)
        found.append(read(entry, f"[[pricing.{key}]] {position}"))
        entry.finish()
    return tuple(found)


def _read_model(entry: Section, where: str) -> OwnModel:
    model = _pattern(entry, "model")
    prices = {
        key: price for key in (*TOKEN_PRICES, "per_request") if (price := _price(entry, key)) is not None
    }
    if not prices:
        raise ConfigError(f"{where}: it sets no price; add input = … and output = … (USD per million tokens)")
    return OwnModel(
        where,
        _provider(entry),
        model,
        _span(entry),
        entry.text("service_tier", "").strip().lower() or None,
        {
            key: price if key == "per_request" else price / MILLION
            for key, price in prices.items()
            if key not in _AUDIO
        },
        {_AUDIO[key]: price / MILLION for key, price in prices.items() if key in _AUDIO},
    )


def _read_hosted(entry: Section, where: str) -> OwnModel:
    per_hour = _required(entry, "usd_per_hour")
    together = _price(entry, "concurrency")
    if together is not None and together < 1:
        entry.fail("concurrency", "is less than 1; give the number of calls the machine works on at once")
    machines = _price(entry, "machines")
    if machines is not None and machines <= 0:
        entry.fail("machines", "is 0; give how many machines are paid for")
    units = {BUSY_SECONDS: per_hour / 3600 / (together or 1)}
    provider, model, span = _provider(entry), _pattern(entry, "model"), _span(entry)
    return OwnModel(where, provider, model, span, None, {}, units, per_hour, machines or 1.0)


def _read_discount(entry: Section, where: str) -> Discount:
    multiplier = _required(entry, "multiplier")
    model = _pattern(entry, "model") if "model" in entry else None
    return Discount(where, _provider(entry), model, multiplier, _span(entry))


def _read_tool(entry: Section, where: str) -> ToolPrice:
    return ToolPrice(where, _pattern(entry, "tool"), _required(entry, "usd_per_call"), _span(entry))


def _read_fee(entry: Section, _: str) -> Fee:
    return Fee(entry.name(), _required(entry, "usd_per_month"), _span(entry))


def _read_alias(entry: Section, where: str) -> Alias:
    name = _pattern(entry, "name")
    return Alias(where, name, _provider(entry), entry.text("model").strip(), _span(entry))


def _read_rate(entry: Section, _: str) -> Rate:
    currency, per_usd = entry.text("currency").upper(), _required(entry, "per_usd")
    if per_usd <= 0:
        entry.fail("per_usd", "is not above 0; give how many units of the currency one USD buys")
    return Rate(currency, per_usd, _span(entry))


def _pattern(entry: Section, key: str) -> str:
    return entry.text(key).strip().lower()


def _provider(entry: Section) -> str | None:
    return entry.text("provider", "").strip().lower() or None if "provider" in entry else None


def _price(entry: Section, key: str) -> float | None:
    value = entry.number(key)
    if value is not None and (value < 0 or not math.isfinite(value)):
        entry.fail(key, "is negative; a price is at least 0, and 0 means free")
    return value


def _required(entry: Section, key: str) -> float:
    value = _price(entry, key)
    if value is None:
        raise ConfigError(f"{entry.title}: {key} is missing; add {key} = …")
    return value


def _span(entry: Section) -> Span:
    first, last = _instant(entry, "from"), _instant(entry, "until")
    if first is not None and last is not None and first >= last:
        entry.fail("until", "is not after from; the entry would hold at no time")
    return Span(first, last)


def _instant(entry: Section, key: str) -> datetime | None:
    value: Any = entry.value(key)
    if value is not None and not isinstance(value, date):
        entry.fail(key, "is not a date; write it without quotes, for example 2026-01-31")
    return instant_of(value)


def _check_overlaps(entries: tuple[Any, ...], key: Callable[[Any], object]) -> None:
    for position, entry in enumerate(entries):
        for other in entries[:position]:
            if key(entry) == key(other) and entry.span.overlaps(other.span):
                raise ConfigError(
                    f"{entry.where} and {other.where} hold for the same at the same time; "
                    "end the earlier one with until, or remove one of them"
                )

"""Where the price book comes from: catalogue, corrections, updates by file, the user's own prices, gap filler."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from analytics.pricing.catalogue import catalogue_source, frame_of_rows, list_catalogue
from analytics.pricing.corrections import (
    CORRECTIONS_FILE,
    Corrections,
    bundled_corrections,
    parse_corrections,
)
from analytics.pricing.litellm import GAPS_FILE, bundled_gaps, read_map
from analytics.pricing.names import NameResolver, is_provider, matches
from analytics.pricing.overlay import Row, box_of, cut, in_box, join_neighbours, scale_prices
from analytics.pricing.own import Discount, OwnModel, OwnPrices
from analytics.pricing.units import COLUMN_UNITS

if TYPE_CHECKING:
    from genai_prices.types import Provider

_COLUMNS: Final = tuple(COLUMN_UNITS)
UPDATE_FILES: Final = {
    "catalogue": "genai-prices.json",
    "corrections": "corrections.toml",
    "gaps": "litellm.json",
}
"""Files of the directory of updates, by what they take the place of."""


@dataclass(frozen=True)
class PriceSource:
    """Everything a price book is made from."""

    own: OwnPrices = field(default_factory=OwnPrices)
    directory: Path | None = None
    """Where `prices update` puts newer data; what is not there comes with this version."""

    @cached_property
    def fingerprint(self) -> str:
        """Return a text that differs when any price or name may differ."""
        digest = hashlib.sha256(repr(self.own).encode())
        digest.update(catalogue_source().encode())
        for path in (CORRECTIONS_FILE, GAPS_FILE, *(self._update(kind) for kind in UPDATE_FILES)):
            if path is not None and path.exists():
                digest.update(path.read_bytes())
        return digest.hexdigest()[:16]

    @cached_property
    def corrections(self) -> Corrections:
        """Return the corrections: an update's, else the bundled ones."""
        update = self._update("corrections")
        return parse_corrections(update.read_text("utf-8")) if update else bundled_corrections()

    @cached_property
    def providers(self) -> list[Provider]:
        """Return the catalogue: an update's, else the bundled one."""
        update = self._update("catalogue")
        if update:
            return read_catalogue(update.read_text("utf-8"))
        from genai_prices.data_snapshot import get_snapshot

        return get_snapshot().providers

    @cached_property
    def gaps(self) -> Mapping[str, list[Row]]:
        """Return the gap filler's rows by price_model; a model is there once."""
        update = self._update("gaps")
        rows = read_map(update.read_text("utf-8"), "LiteLLM by update") if update else bundled_gaps()
        listed: dict[str, list[Row]] = {}
        seen: set[object] = set()
        for row in rows:
            key = (row["price_model"], row["service_tier"], row["tier_from_tokens"])
            if key not in seen:
                seen.add(key)
                listed.setdefault(row["price_model"], []).append(row)
        return listed

    def compile(self, cost_version: int) -> pl.DataFrame:
        """Return the whole book as rows of ledger.prices."""
        listed = self.corrections.apply(
            list_catalogue(self.providers, "genai-prices by update" if self._update("catalogue") else "")
        )
        listed += (row for rows in self.gaps.values() for row in rows)
        listed = join_neighbours(self.corrections.fill(listed))
        for discount in self.own.discounts:
            listed = _discount(listed, discount, self.own.discounts)
        listed += (row_of_own(entry) for entry in self.own.models)
        return frame_of_rows(listed, cost_version)

    @cached_property
    def names(self) -> NameResolver:
        """Return who finds the models of this book."""
        gaps = {
            (rows[0]["provider"], rows[0]["model"]): price_model for price_model, rows in self.gaps.items()
        }
        corrections = self.corrections
        return NameResolver(
            self.own, corrections.names, gaps, self.providers, corrections.unsold, corrections.snapshots
        )

    def with_own(self, own: OwnPrices) -> PriceSource:
        """Return the same source with other prices of the user."""
        return replace(self, own=own)

    def _update(self, kind: str) -> Path | None:
        path = self.directory / UPDATE_FILES[kind] if self.directory else None
        return path if path is not None and path.exists() else None


DEFAULT_SOURCE: Final = PriceSource()
"""What an installation without configuration and updates has."""


def read_catalogue(text: str) -> list[Provider]:
    """Read the data of genai-prices as it is published (`data.json`).

    Raises:
        ValueError: It is no such data.
    """
    from genai_prices.types import _providers_from_raw  # pyright: ignore[reportPrivateUsage]

    raw = json.loads(text)
    if not isinstance(raw, list):
        raise ValueError("it is no price data of genai-prices: that is a list of providers")  # noqa: TRY004
    return _providers_from_raw(raw)


def row_of_own(entry: OwnModel) -> Row:
    """Return the row of an entry of the user's."""
    names: dict[str, Any] = {
        "price_model": entry.price_model,
        "provider": entry.provider or "*",
        "model": entry.model,
        "service_tier": entry.service_tier,
        "source": f"configuration {entry.where}",
    }
    units = [{"key": key, "value": value} for key, value in entry.units.items()]
    box = box_of({"valid_from": entry.span.valid_from, "valid_until": entry.span.valid_until})
    around = {"cache_read": "input", "cache_write": "input", "cache_write_1h": "cache_write"}
    prices = dict(entry.prices)
    for part, whole in around.items():
        if part not in prices and whole in prices:
            prices[part] = prices[whole]
    return in_box({**names, **prices, "other_units": units or None}, box)


def _discount(rows: Iterable[Row], discount: Discount, discounts: tuple[Discount, ...]) -> list[Row]:
    """Multiply the list prices that a discount is for and no more special one."""
    box = box_of({"valid_from": discount.span.valid_from, "valid_until": discount.span.valid_until})
    factor, source = discount.multiplier, f"× {discount.multiplier:g} (configuration {discount.where})"
    special = [one for one in discounts if _rank(one) > _rank(discount)]

    def is_meant(row: Row) -> bool:
        return _is_for(discount, row)

    changed: list[Row] = []
    for row in rows:
        inside, outside = cut(row, box) if is_meant(row) else (None, [row])
        changed += outside
        parts = [] if inside is None else [inside]
        for other in (one for one in special if _is_for(one, row)):
            other_box = box_of({"valid_from": other.span.valid_from, "valid_until": other.span.valid_until})
            kept: list[Row] = []
            for part in parts:
                theirs, ours = cut(part, other_box)
                kept += ours
                changed += [] if theirs is None else [theirs]
            parts = kept
        changed += (scale_prices(part, factor, source, _COLUMNS) for part in parts)
    return changed


def _is_for(discount: Discount, row: Row) -> bool:
    if not is_provider(discount.provider, row["provider"]):
        return False
    return discount.model is None or matches(discount.model, row["model"].lower())


def _rank(discount: Discount) -> int:
    return 2 * (discount.model is not None) + (discount.provider is not None)

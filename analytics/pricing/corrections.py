"""Our corrections of the catalogue: data in `corrections.toml`, laid over its rows."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from analytics.pricing.overlay import Box, Row, box_of, change_rows, cut, in_box, scale_prices, set_prices
from analytics.pricing.units import COLUMN_UNITS, UNITS

CORRECTIONS_FILE: Final = Path(__file__).with_name("corrections.toml")
MILLION: Final = 1_000_000
_COLUMNS: Final = tuple(COLUMN_UNITS)
_TOOL_UNITS: Final = frozenset(unit for unit, of in UNITS.items() if of["family"] == "tool_calls")
"""Searches and other tools of providers cost the same in every service tier."""
_KINDS: Final = ("price", "tier", "region", "name", "ratio", "unknown", "unsold", "snapshots")


@dataclass(frozen=True)
class DatedName:
    """A name and the model of the book it means, while it means it."""

    provider: str
    pattern: str
    price_model: str
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    spoken: tuple[str, ...] = ()
    """Spellings of the provider to which it is bound; none: all."""

    def means(self, provider: str, spoken: str, name: str) -> bool:
        """Return whether a call that names this provider and model means it."""
        if provider != self.provider or (self.spoken and spoken not in self.spoken):
            return False
        return fnmatchcase(name, self.pattern)


@dataclass(frozen=True)
class Corrections:
    """What a file of corrections says, entries in their order."""

    prices: Sequence[Mapping[str, Any]]
    tiers: Sequence[Mapping[str, Any]]
    regions: Sequence[Mapping[str, Any]]
    ratios: Sequence[Mapping[str, Any]]
    unknown: Sequence[Mapping[str, Any]]
    names: tuple[DatedName, ...]
    unsold: tuple[str, ...]
    snapshots: Mapping[str, frozenset[str]]
    """By model, the dates of the snapshots that its maker ever named; a name with another date is none of it."""

    def apply(self, rows: Iterable[Row]) -> list[Row]:
        """Return the rows of a catalogue as corrected."""
        listed = _end_tiers([row for row in rows if not _is_one_of(row, self.unsold)])
        for entry in self.prices:
            listed = _set_price(listed, entry)
        for entry in self.tiers:
            listed += _copy_tier(listed, entry) if "like" in entry else _carry_tier_back(listed, entry)
        return listed

    def fill(self, rows: Iterable[Row]) -> list[Row]:
        """Return the rows with prices that nobody tells filled by their provider's rule, and those of regions."""
        listed = [_fill_ratios(row, self.ratios) for row in rows]
        for entry in self.unknown:
            listed = [part for row in listed for part in _take_unknown(row, entry)]
        return listed + [row for entry in self.regions for row in _price_region(listed, entry)]


@cache
def bundled_corrections() -> Corrections:
    """Return the corrections that come with this version."""
    return parse_corrections(CORRECTIONS_FILE.read_text("utf-8"))


def parse_corrections(text: str) -> Corrections:
    """Read a file of corrections.

    Raises:
        ValueError: It is no TOML, is empty, or an entry lacks what it needs.
    """
    table = tomllib.loads(text)
    if unknown := set(table) - set(_KINDS):
        raise ValueError(f"unknown entries {', '.join(sorted(unknown))}; there are {', '.join(_KINDS)}")
    if not any(table.values()):
        raise ValueError("it has no entries")
    for kind in _KINDS:
        for entry in table.get(kind, ()):
            if kind != "snapshots" and not (
                entry.get("source") and (entry.get("models") or entry.get("model"))
            ):
                raise ValueError(f"an entry [[{kind}]] has no source or names no model: {entry}")
    return Corrections(
        prices=table.get("price", []),
        tiers=table.get("tier", []),
        regions=table.get("region", []),
        ratios=table.get("ratio", []),
        unknown=table.get("unknown", []),
        names=tuple(name for entry in table.get("name", ()) for name in _read_names(entry)),
        unsold=tuple(pattern for entry in table.get("unsold", ()) for pattern in entry["models"]),
        snapshots={
            model: frozenset(dates)
            for entry in table.get("snapshots", ())
            for model, dates in entry.items()
            if model != "source"
        },
    )


def instant_of(value: date | datetime | None) -> datetime | None:
    """Return the UTC instant that a date or time of a file means, without zone."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return None if value is None else datetime(value.year, value.month, value.day)  # noqa: DTZ001


def box_of_entry(entry: Mapping[str, Any]) -> Box:
    """Return where an entry holds."""
    return box_of(
        {
            "valid_from": instant_of(entry.get("from")),
            "valid_until": instant_of(entry.get("until")),
            "window_from_day": entry.get("from_day"),
            "window_until_day": entry.get("until_day"),
            "window_from_minute": entry.get("from_minute"),
            "window_until_minute": entry.get("until_minute"),
            "tier_from_tokens": entry.get("above_tokens"),
        }
    )


def prices_of_entry(entry: Mapping[str, Any]) -> dict[str, float]:
    """Return the prices of an entry by column, USD per single unit."""
    return {
        name: entry[name] if name == "per_request" else entry[name] / MILLION
        for name in _COLUMNS
        if name in entry
    }


def _read_names(entry: Mapping[str, Any]) -> Iterable[DatedName]:
    for pattern in entry["names"]:
        yield DatedName(
            entry["provider"],
            pattern,
            entry["model"],
            instant_of(entry.get("from")),
            instant_of(entry.get("until")),
            tuple(entry.get("spoken", ())),
        )


def _is_one_of(row: Row, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(row["price_model"], pattern) for pattern in patterns)


def _set_price(rows: list[Row], entry: Mapping[str, Any]) -> list[Row]:
    """Lay one [[price]] over the rows."""
    box, tier = box_of_entry(entry), entry.get("service_tier")
    prices, units = prices_of_entry(entry), entry.get("units", {})
    set_entry = partial(set_prices, prices=prices, units=units, source=entry["source"])

    def is_meant(row: Row) -> bool:
        return row["service_tier"] == tier and row["price_model"] in entry["models"]

    def change(row: Row) -> Row | None:
        return None if entry.get("replace") else set_entry(row)

    changed = list(change_rows(rows, box, is_meant, change))
    if entry.get("replace"):
        for price_model in entry["models"]:
            provider, _, model = price_model.partition("/")
            names = {"price_model": price_model, "provider": provider, "model": model, "service_tier": tier}
            changed.append(in_box(set_entry({**names, "source": ""}), box))
    return changed


def _fill_ratios(row: Row, ratios: Iterable[Mapping[str, Any]]) -> Row:
    for entry in ratios:
        name, base = entry["price"], row.get(entry["of"])
        others = {pair["key"]: pair["value"] for pair in row.get("other_units") or []}
        is_told = (row.get(name) if name in COLUMN_UNITS else others.get(name)) is not None
        is_meant = base is not None and ("where" not in entry or row.get(entry["where"]))
        if not is_told and is_meant and _is_one_of(row, entry["models"]):
            price, source = base * entry["factor"], f"{row['source']}; {name}: {entry['source']}"
            columns, units = ({name: price}, {}) if name in COLUMN_UNITS else ({}, {name: price})
            row = set_prices(row, columns, units, source)
    return row


def _take_unknown(row: Row, entry: Mapping[str, Any]) -> list[Row]:
    """Return the row without what nobody can know of it: prices of some calls only, or before an undated change."""
    tiers = entry.get("service_tiers")
    if not _is_one_of(row, entry["models"]) or not (tiers is None or row["service_tier"] in tiers):
        return [row]
    inside, outside = cut(row, box_of_entry(entry))
    if inside is None:
        return [row]
    others = [pair for pair in row.get("other_units") or [] if pair["key"] not in entry["prices"]]
    columns = {name: None for name in entry["prices"] if name in COLUMN_UNITS}
    source = f"{row['source']}; not known: {entry['source']}"
    return [{**inside, **columns, "other_units": others or None, "source": source}, *outside]


def _end_tiers(rows: list[Row]) -> list[Row]:
    """Return the rows with those of tiers that list no price for long contexts ended where those begin."""
    edges: dict[str, list[Row]] = {}
    for row in rows:
        if row["service_tier"] is None and row["tier_from_tokens"]:
            edges.setdefault(row["price_model"], []).append(row)
    ended: list[Row] = []
    listed = {(row["price_model"], row["service_tier"]) for row in rows if row["tier_from_tokens"]}
    for row in rows:
        if row["service_tier"] is None or (row["price_model"], row["service_tier"]) in listed:
            ended.append(row)
            continue
        parts = [row]
        for long in edges.get(row["price_model"], ()):
            parts = [part for one in parts for part in cut(one, box_of(long))[1]]
        ended += parts
    return ended


def _price_region(rows: Iterable[Row], entry: Mapping[str, Any]) -> Iterator[Row]:
    """Yield what endpoints bound to a region cost, by what the same tier costs anywhere."""
    box = box_of_entry(entry)
    for row in rows:
        if _is_one_of(row, entry["models"]):
            inside, _ = cut(row, box)
            if inside is not None:
                tier = f"{row['service_tier'] or ''} regional".strip()
                source, factor = entry["source"], entry["multiplier"]
                scaled = scale_prices(inside, factor, source, _COLUMNS, but=_TOOL_UNITS)
                yield {**scaled, "service_tier": tier}


def _copy_tier(rows: Iterable[Row], entry: Mapping[str, Any]) -> list[Row]:
    """Return rows of a service tier that costs what another does, of models without any of its own."""
    tier, box = entry["service_tier"], box_of_entry(entry)
    listed = [row for row in rows if _is_one_of(row, entry["models"])]
    told = {row["price_model"] for row in listed if row["service_tier"] == tier}
    alike = [row for row in listed if row["service_tier"] == entry["like"] and row["price_model"] not in told]
    inside = [part for row in alike if (part := cut(row, box)[0]) is not None]
    return [{**row, "service_tier": tier, "source": f"{row['source']}; {entry['source']}"} for row in inside]


def _carry_tier_back(rows: list[Row], entry: Mapping[str, Any]) -> list[Row]:
    """Return rows of a service tier for the time before the catalogue knows them."""
    tier, since = entry["service_tier"], instant_of(entry["from"])
    by_model: dict[str, list[Row]] = {}
    for row in rows:
        if row["service_tier"] in (None, tier) and _is_one_of(row, entry["models"]):
            by_model.setdefault(row["price_model"], []).append(row)
    added: list[Row] = []
    for listed in by_model.values():
        known = [row for row in listed if row["service_tier"] == tier]
        standard = [row for row in listed if row["service_tier"] is None]
        if not known and "multiplier" not in entry:
            continue
        first = min((box_of(row).time[0] for row in known), default=None)
        before = Box() if first is None else Box(time=(Box().time[0], first))
        lasting = before._replace(time=(max(since or before.time[0], before.time[0]), before.time[1]))
        for row in standard:
            inside, _ = cut(row, lasting)
            if inside is not None and (priced := _price_tier(inside, entry, [*known], standard)):
                added.append(priced)
    return added


def _price_tier(row: Row, entry: Mapping[str, Any], known: list[Row], standard: list[Row]) -> Row | None:
    """Return a standard row at the price of a tier: by the first row of the tier that is known, or multiplied.

    None where the tier lists no price for so long a context.
    """
    tier = {"service_tier": entry["service_tier"], "tier_from_tokens": row["tier_from_tokens"] or 0}
    is_listed = any(one["tier_from_tokens"] == tier["tier_from_tokens"] for one in known)
    if not known or (not is_listed and "multiplier" in entry):
        scaled = scale_prices(row | tier, entry["multiplier"], entry["source"], _COLUMNS, but=_TOOL_UNITS)
        return {**scaled, **prices_of_entry(entry)}
    if not is_listed:
        return None
    later = _first_alike(known, row)
    base = _first_alike([one for one in standard if _overlaps(one, later)], row)
    scaled = {
        name: price * row[name] / base[name] if row.get(name) and base.get(name) else price
        for name in _COLUMNS
        if (price := later.get(name)) is not None and (row.get(name) is not None or base.get(name) is None)
    }
    empty = dict.fromkeys(_COLUMNS)
    return {**row, **empty, **scaled, **tier, "other_units": later["other_units"], "source": entry["source"]}


def _first_alike(rows: list[Row], row: Row) -> Row:
    """Return the earliest row of the same token range, else the earliest."""
    ordered = sorted(rows, key=lambda one: (box_of(one).time[0], one["tier_from_tokens"]))
    alike = [one for one in ordered if one["tier_from_tokens"] == row["tier_from_tokens"]]
    return (alike or ordered)[0]


def _overlaps(one: Row, other: Row) -> bool:
    first, second = box_of(one).time, box_of(other).time
    return first[0] < second[1] and second[0] < first[1]

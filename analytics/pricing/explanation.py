"""Why a call cost what it cost: the price that held, and the sum line by line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from analytics.pricing.book import PriceBook, least_prices, prices_of
from analytics.pricing.charges import list_units, list_unpriced_units
from analytics.pricing.corrections import MILLION
from analytics.pricing.costing import weigh_calls
from analytics.pricing.own import BUSY_SECONDS
from analytics.pricing.units import share_leaves
from store.errors import NotFound

if TYPE_CHECKING:
    from store import Store

_TITLES: Final = {
    "input_tokens": "input, not cached",
    "cache_read_tokens": "input read from a cache",
    "cache_write_tokens": "input written to a cache",
    "cache_write_1h_tokens": "input written to a cache for an hour",
    "output_tokens": "output",
    "output_reasoning_tokens": "reasoning",
    "requests": "request",
    BUSY_SECONDS: "seconds of the machine's time",
}
_QUANTITIES: Final = {
    "input_tokens": "q_input",
    "cache_read_tokens": "q_read",
    "cache_write_tokens": "q_write",
    "cache_write_1h_tokens": "q_write_1h",
    "output_tokens": "q_output",
    "output_reasoning_tokens": "q_reasoning",
    "requests": "requests",
    BUSY_SECONDS: "q_busy",
}
_HAS_PRICE: Final = {
    "input_tokens": "has_input",
    "cache_read_tokens": "has_read",
    "cache_write_tokens": "has_write",
    "cache_write_1h_tokens": "has_write_1h",
    "output_tokens": "has_output",
}
_WHY: Final = {
    "priced": "every unit that was used has a price",
    "free": "nothing is charged: the price is 0, or the call failed before an answer",
    "partial": "some of what was used has no price, so the cost is at least this",
    "unpriced_model": "no price is known for the model",
    "no_usage": "nobody said what the call used",
    "inconsistent": "the numbers contradict each other, so none of them is charged",
}


@dataclass(frozen=True)
class CostLine:
    """One disjoint class of what a call used."""

    unit: str
    title: str
    quantity: float
    price_usd: float
    """USD per single unit."""

    @property
    def cost_usd(self) -> float:
        """What the class costs."""
        return self.quantity * self.price_usd


@dataclass(frozen=True)
class CostExplanation:
    """A call's cost and what it follows from."""

    status: str
    why: str
    cost_usd: Decimal | None
    price_model: str | None
    rule: str
    """How the model was found: own_price, alias, dated_name, response_model, request_model, gap_filler, or why not."""
    source: str | None
    """Where the price comes from."""
    valid_from: datetime | None
    valid_until: datetime | None
    service_tier: str | None
    above_tokens: int
    """The row is of calls with more input tokens than this."""
    cost_version: int
    lines: Sequence[CostLine]
    not_priced: Sequence[str]
    """Units that were used and have no price."""
    is_tier_missing: bool
    """The service tier has no price, so the standard one was taken."""
    lacks_kinds: bool
    """Nobody said what was text and what a picture or a voice, so all of it is charged as text."""
    reported_cost_usd: Decimal | None
    """What the emitter said."""

    @property
    def lack(self) -> str:
        """What of a partial cost has no price, in words."""
        lacks = [unit.replace("_", " ") for unit in self.not_priced]
        lacks += ["its service tier"] if self.is_tier_missing else []
        if not lacks and self.lacks_kinds:
            return "nobody said what was text and what a picture or sound"
        return "no price for " + " and ".join(lacks) if lacks else "nobody counted the answer"

    @property
    def difference_usd(self) -> Decimal | None:
        """Our figure less the emitter's."""
        if self.cost_usd is None or self.reported_cost_usd is None:
            return None
        return self.cost_usd - self.reported_cost_usd

    def render(self) -> str:
        """Return it as text, a line for each class."""
        lines = [f"cost     {_money(self.cost_usd)}  ({self.status}: {self.why})"]
        if self.price_model:
            since = f" since {self.valid_from:%Y-%m-%d}" if self.valid_from else ""
            until = f" until {self.valid_until:%Y-%m-%d}" if self.valid_until else ""
            tier = f", tier {self.service_tier}" if self.service_tier else ""
            above = f", above {self.above_tokens:,} input tokens" if self.above_tokens else ""
            lines.append(f"price    {self.price_model}{since}{until}{tier}{above}, found by {self.rule}")
            lines.append(f"source   {self.source}; version of cost {self.cost_version}")
        else:
            lines.append(f"price    none ({self.rule})")
        lines += (
            f"  {line.title:<38} {line.quantity:>14,.10g} × {line.price_usd * MILLION:>12,.10g} $/M"
            f" = {line.cost_usd:.12f}"
            for line in self.lines
        )
        lines += (f"  {unit:<38} has no price" for unit in self.not_priced)
        if self.reported_cost_usd is not None:
            lines.append(
                f"reported {_money(self.reported_cost_usd)} by the emitter"
                + (f", ours is {self.difference_usd:+.6f}" if self.difference_usd is not None else "")
            )
        return "\n".join(lines)


def explain_call_cost(store: Store, book: PriceBook, trace_id: str, span_id: str) -> CostExplanation:
    """Explain what a model call costs by the present book.

    Raises:
        NotFound: No model call has this span.
    """
    calls = store.select("pricing/call", {"trace_id": trace_id, "span_id": span_id})
    if calls.is_empty():
        raise NotFound(f"no model call has the span {span_id!r} in the trace {trace_id!r}")
    return explain_cost(calls, book)


def explain_cost(calls: pl.DataFrame, book: PriceBook) -> CostExplanation:
    """Explain the cost of the first of some rows of ledger.llm_calls."""
    facts = weigh_calls(calls.head(1), book)
    fact = facts.row(0, named=True)
    price = book.prices.row(fact["price_row"], named=True) if fact["price_row"] < book.no_row else None
    units = _units_of(facts)
    lines = [] if price is None else _list_lines(fact, price, units)
    name = book.names.resolve(fact["provider"], fact["request_model"], fact["response_model"])
    is_dated = any(one.price_model == fact["price_model"] for one in name.dated)
    reported = fact.get("reported_cost_usd")
    has_cost = fact["cost_status"] in ("priced", "partial", "free")
    return CostExplanation(
        status=fact["cost_status"],
        why=_WHY[fact["cost_status"]] + _tell_lack(fact),
        cost_usd=_decimal(0.0 if fact["cost_status"] == "free" else fact["cost"]) if has_cost else None,
        price_model=fact["price_model"],
        rule=next((one.rule for one in name.dated if one.price_model == fact["price_model"]), name.rule)
        if is_dated
        else name.rule,
        source=None if price is None else price["source"],
        valid_from=None if price is None else price["valid_from"],
        valid_until=None if price is None else price["valid_until"],
        service_tier=None if price is None else price["service_tier"],
        above_tokens=0 if price is None else price["tier_from_tokens"],
        cost_version=book.version,
        lines=lines if has_cost else [],
        not_priced=_list_unpriced(fact, list_unpriced_units(facts, book)),
        is_tier_missing=bool(fact["is_tier_missing"]),
        lacks_kinds=bool(fact["lacks_kinds"]),
        reported_cost_usd=None if reported is None else Decimal(str(reported)),
    )


def _tell_lack(fact: Mapping[str, Any]) -> str:
    if fact["is_tier_missing"]:
        return "; the tier has no price"
    return "; nobody said what was text and what a picture or sound" if fact["lacks_kinds"] else ""


def _units_of(facts: pl.DataFrame) -> dict[str, float]:
    listed = list_units(facts)
    return dict(listed.select("unit", "quantity").rows())


def _list_lines(
    fact: Mapping[str, Any], price: Mapping[str, Any], units: Mapping[str, float]
) -> list[CostLine]:
    told = prices_of(price)
    prices = {**least_prices(told), **told}
    quantities = {**units, **{unit: fact[name] for unit, name in _QUANTITIES.items()}}
    lines = [
        CostLine(
            unit,
            _TITLES.get(unit, unit.replace("_", " ")) + ("" if unit in told else ", at least"),
            sum(share * quantities.get(reported, 0.0) for reported, share in leaf.items()),
            prices[unit],
        )
        for unit, leaf in share_leaves(prices).items()
    ]
    order = [*_TITLES, *units]
    lines.sort(key=lambda line: order.index(line.unit) if line.unit in order else len(order))
    return [line for line in lines if line.quantity]


def _list_unpriced(fact: Mapping[str, Any], unpriced_units: Sequence[str]) -> list[str]:
    if fact["p_busy"] is not None:
        return []
    used = {
        **{unit: fact[_QUANTITIES[unit]] for unit in _HAS_PRICE},
        "cache_write_tokens": fact["q_write"] - fact["q_write_1h"],
        "input_tokens": fact["q_input"] * (fact["input_units"] == 0),
        "output_tokens": fact["q_output"] * (fact["output_units"] == 0),
    }
    unpriced = [unit for unit, has in _HAS_PRICE.items() if used[unit] and not fact[has]]
    return [*unpriced, *unpriced_units, *(["web_searches"] if fact["lacks_search"] else [])]


def _decimal(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(Decimal("1e-12"))


def _money(value: Decimal | None) -> str:
    return "unknown" if value is None else f"${value:.9f}"

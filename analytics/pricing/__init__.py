"""The price book, the names of models in it, and the cost of calls."""

from __future__ import annotations

from analytics.pricing.book import PriceBook
from analytics.pricing.catalogue import compile_catalogue
from analytics.pricing.costing import price_calls
from analytics.pricing.explanation import CostExplanation, CostLine, explain_call_cost, explain_cost
from analytics.pricing.keeper import PriceKeeper
from analytics.pricing.own import OwnPrices, parse_pricing
from analytics.pricing.repricing import RepriceReport, reprice
from analytics.pricing.source import PriceSource
from analytics.pricing.tools import price_tools
from analytics.pricing.versions import current_price_book

__all__ = [
    "CostExplanation",
    "CostLine",
    "OwnPrices",
    "PriceBook",
    "PriceKeeper",
    "PriceSource",
    "RepriceReport",
    "compile_catalogue",
    "current_price_book",
    "explain_call_cost",
    "explain_cost",
    "parse_pricing",
    "price_calls",
    "price_tools",
    "reprice",
]

"""The price book, the names of models in it, and the cost of calls."""

from __future__ import annotations

from analytics.pricing.book import PriceBook, current_price_book
from analytics.pricing.catalogue import compile_catalogue
from analytics.pricing.costing import price_calls
from analytics.pricing.repricing import RepriceReport, reprice

__all__ = ["PriceBook", "RepriceReport", "compile_catalogue", "current_price_book", "price_calls", "reprice"]

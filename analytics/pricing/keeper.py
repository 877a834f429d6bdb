"""Keeps the present price book at hand, and takes other prices of the user while the server runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from analytics.pricing.book import PriceBook
from analytics.pricing.own import OwnPrices
from analytics.pricing.source import DEFAULT_SOURCE, PriceSource
from analytics.pricing.versions import current_price_book

if TYPE_CHECKING:
    from store import Store


@dataclass
class PriceKeeper:
    """The book of one installation; safe to use from any thread."""

    source: PriceSource = DEFAULT_SOURCE
    _book: PriceBook | None = None
    _lock: Lock = field(default_factory=Lock)

    @property
    def own(self) -> OwnPrices:
        """The user's own prices."""
        return self.source.own

    def book(self, store: Store, *, author: str | None = None, reason: str | None = None) -> PriceBook:
        """Return the present book; a new version of it is written when its prices are others than before."""
        with self._lock:
            version = int(store.select("facts/book_version")["cost_version"][0])
            if self._book is None or self._book.version != version:
                self._book = current_price_book(
                    store, self.source, author=author or "spanledger", reason=reason
                )
            return self._book

    def adopt(self, own: OwnPrices) -> None:
        """Price by other prices of the user from now on."""
        with self._lock:
            if own != self.source.own:
                self.source, self._book = self.source.with_own(own), None

    def read_again(self) -> None:
        """Read the files of updates again."""
        with self._lock:
            self.source, self._book = self.source.with_own(self.source.own), None

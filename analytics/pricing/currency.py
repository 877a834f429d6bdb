"""Money in another currency, for display: by the rate that the configuration gives for the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from analytics.pricing.own import OwnPrices


@dataclass(frozen=True)
class Display:
    """The currency amounts are shown in; they stay USD everywhere else."""

    currency: str = "USD"
    per_usd: float = 1.0

    def show(self, usd: object) -> str:
        """Return an amount as text.

        >>> Display("EUR", 0.5).show(3), Display().show("1234.5"), Display().show(None)
        ('EUR 1.50', '$1,234.50', 'unknown')
        """
        if usd is None:
            return "unknown"
        amount = float(str(usd)) * self.per_usd
        head = "$" if self.currency == "USD" else f"{self.currency} "
        return f"{head}{amount:,.2f}" if abs(amount) >= 1 or amount == 0 else f"{head}{amount:.6f}"


def display_at(own: OwnPrices, moment: datetime) -> Display:
    """Return the currency to show amounts in; USD where no rate holds at the moment."""
    at = moment.astimezone(UTC).replace(tzinfo=None)
    for rate in own.rates:
        since, until = rate.span.valid_from, rate.span.valid_until
        if rate.currency == own.currency and (since is None or since <= at) and (until is None or at < until):
            return Display(rate.currency, rate.per_usd)
    return Display()

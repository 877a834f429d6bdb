"""Machines of one's own that are paid by the hour: what of it calls used, and what stood idle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import polars as pl

from analytics.pricing.own import OwnModel

if TYPE_CHECKING:
    from store import Store


@dataclass(frozen=True)
class HostedUse:
    """A [[pricing.hosted]] entry over a stretch of time."""

    model: str
    calls: int
    hours: float
    """Machine hours paid: from the entry's `from`, else from the first call, to its `until`."""
    paid_usd: Decimal
    allocated_usd: Decimal
    """What its calls were charged for the time they kept it busy."""

    @property
    def idle_usd(self) -> Decimal:
        """What was paid for and no call used."""
        return max(Decimal(0), self.paid_usd - self.allocated_usd)

    @property
    def busy_share(self) -> float | None:
        """Share of what was paid that calls used; above 1 the entry counts too few machines or calls at once."""
        return float(self.allocated_usd / self.paid_usd) if self.paid_usd else None


def measure_hosted(
    store: Store, models: Sequence[OwnModel], first: datetime, until: datetime
) -> list[HostedUse]:
    """Return how machines of one's own were used; entries without a first day and without a call are left out."""
    hosted = [entry for entry in models if entry.usd_per_hour is not None]
    if not hosted:
        return []
    machines = pl.DataFrame({"price_model": [entry.price_model for entry in hosted]})
    rows = store.select(
        "economics/hosted", {"first": first, "until": until}, {"machines": machines}
    ).to_dicts()
    seen = {row["price_model"]: row for row in rows}
    found: list[HostedUse] = []
    for entry in hosted:
        row = seen.get(entry.price_model, {})
        since = entry.span.valid_from or row.get("first_at")
        if since is None:
            continue
        begin = max(since.replace(tzinfo=UTC), first)
        end = min(entry.span.valid_until.replace(tzinfo=UTC), until) if entry.span.valid_until else until
        hours = max(0.0, (end - begin) / timedelta(hours=1)) * entry.machines
        paid = Decimal(repr(round(hours * (entry.usd_per_hour or 0.0), 6)))
        found.append(
            HostedUse(entry.model, int(row.get("calls", 0)), hours, paid, row.get("total_usd") or Decimal(0))
        )
    return found

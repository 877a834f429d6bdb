"""What a load brought, per signal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import polars as pl

from collector.loading.batches import Batch
from store.terms import SIGNALS

_SCHEMA: Final = {
    "loaded_at": pl.Datetime("us"),
    "signal": pl.String,
    "bodies": pl.Int64,
    "bytes": pl.Int64,
    "records": pl.Int64,
    "duplicates": pl.Int64,
    "rejected": pl.Int64,
    "oldest_received_at": pl.Datetime("us"),
    "is_import": pl.Boolean,
}


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of one load, by signal."""

    records: Counter[str] = field(default_factory=Counter[str])
    duplicates: Counter[str] = field(default_factory=Counter[str])
    rejected: Counter[str] = field(default_factory=Counter[str])


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a load brought."""

    load_seq: int
    """Number of the load, of the last one where there were several."""
    bodies: int
    """Bodies that were new."""
    read_bytes: int
    """Bytes of all bodies as they came."""
    records: Mapping[str, int]
    """Records written, by signal."""
    duplicates: int
    """Bodies and spans that were there already."""
    rejected: Mapping[str, int]
    """Records and bodies that went to the dead letters, by reason."""

    def __add__(self, later: LoadReport) -> LoadReport:
        return LoadReport(
            load_seq=later.load_seq,
            bodies=self.bodies + later.bodies,
            read_bytes=self.read_bytes + later.read_bytes,
            records=Counter(self.records) + Counter(later.records),
            duplicates=self.duplicates + later.duplicates,
            rejected=Counter(self.rejected) + Counter(later.rejected),
        )


def statistics_rows(batch: Batch, tally: Tally, loaded_at: datetime) -> pl.DataFrame:
    """Return rows of ledger.ingest_stats: one per signal that the load has something of."""
    rows = [_row(batch, tally, signal, loaded_at) for signal in SIGNALS]
    busy = [row for row in rows if row["bodies"] or row["records"] or row["rejected"]]
    return pl.DataFrame(busy, schema=_SCHEMA)


def _row(batch: Batch, tally: Tally, signal: str, loaded_at: datetime) -> Mapping[str, object]:
    bodies = [body for body in (*batch.bodies, *batch.repeated) if body.signal == signal]
    oldest = min((body.received_at for body in bodies), default=None)
    return {
        "loaded_at": loaded_at.replace(tzinfo=None),
        "signal": signal,
        "bodies": len(bodies),
        "bytes": sum(len(body.data) for body in bodies),
        "records": tally.records[signal],
        "duplicates": tally.duplicates[signal],
        "rejected": tally.rejected[signal],
        "oldest_received_at": oldest.replace(tzinfo=None) if oldest else None,
        "is_import": batch.is_import,
    }

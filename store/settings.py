"""What an operator can set about the store."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Bounds of the store; sizes are numbers with a unit, as DuckDB writes them ("512MB", "4GB")."""

    memory_limit: str = "2GB"
    """Memory the engine may hold; what does not fit spills to disk."""
    spill_limit: str = "20GB"
    """Disk the engine may use for intermediate results."""
    threads: int | None = None
    """Threads of the engine; None: one per core."""
    checkpoint_threshold: str = "512MB"
    """Size of the write-ahead log at which it moves into the file; small ones cost a rewrite of content."""
    retention: timedelta | None = timedelta(days=90)
    """Age, since it was received, at which telemetry is deleted; None: never."""
    max_size: str | None = None
    """Size of used blocks above which the oldest telemetry is deleted; None: no bound."""
    query_timeout_s: float = 30.0
    """Time an ad-hoc query may take."""
    query_max_rows: int = 100_000
    """Rows an ad-hoc query may return."""

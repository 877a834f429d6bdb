"""What an operator can set about the store."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from store.errors import ConfigError

_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(I?)B", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Bounds of the store; sizes are numbers with a unit, as DuckDB writes them ("512MB", "4GB")."""

    clickhouse_url: str | None = None
    """Address of a ClickHouse server that holds the data instead of DuckDB: https://user:password@host:8443."""
    clickhouse_reader_url: str | None = None
    """Address with a user who may read the database `main` only: ad-hoc queries run as that one."""
    memory_limit: str = "2GB"
    """Memory the engine may hold; what does not fit spills to disk."""
    spill_limit: str = "20GB"
    """Disk the engine may use for intermediate results."""
    threads: int | None = None
    """Threads of the engine; None: one per core."""
    checkpoint_threshold: str = "32MB"
    """Size of the write-ahead log at which it moves into the file, which everybody waits for."""
    retention: timedelta | None = timedelta(days=90)
    """Age, since it was received, at which telemetry is deleted; None: never."""
    max_size: str | None = None
    """Size of used blocks above which the oldest telemetry is deleted; None: no bound."""
    query_timeout_s: float = 30.0
    """Time an ad-hoc query may take."""
    query_max_rows: int = 100_000
    """Rows an ad-hoc query may return."""
    query_max_size: str = "512MB"
    """Size of the answer an ad-hoc query may return."""
    query_memory_limit: str = "1GB"
    """Memory of one ad-hoc query beyond which it uses the disk; part of `memory_limit`."""
    figures_timeout_s: float = 10.0
    """Time a figure may take that no rollup holds (by user, tenant, free attribute) over a long window."""
    figures_slots: int = 2
    """Such figures that are computed side by side; more wait, within their time."""
    query_slots: int = 4
    """Ad-hoc queries that run side by side; more wait."""


def parse_size(text: str) -> int:
    """Return the bytes that a size like "512MB" (powers of 1000) or "512MiB" (of 1024) means.

    >>> parse_size("1.5GB"), parse_size("1KiB")
    (1500000000, 1024)

    Raises:
        ConfigError: It is not a number with a unit.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ConfigError(f"{text!r} is not a size; write a number with a unit, such as 512MB or 4GiB")
    base = 1024 if found[3] else 1000
    return int(float(found[1]) * base ** " KMGT".index(found[2].upper() or " "))

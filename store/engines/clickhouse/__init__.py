"""ClickHouse: the engine of a cluster. Needs the package clickhouse-connect."""

from __future__ import annotations

from store.engines.clickhouse.store import ClickHouseStore

__all__ = ["ClickHouseStore"]

"""DuckDB: the engine of a single machine."""

from __future__ import annotations

from store.engines.duckdb.store import DuckDBStore

__all__ = ["DuckDBStore"]

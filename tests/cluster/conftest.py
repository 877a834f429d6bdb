from __future__ import annotations

import sys
from collections.abc import Generator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from generated import generate_tables
from node import Node, start_node

from store import Store, StoreSettings, open_store


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Generator[Node]:
    running = start_node(tmp_path_factory.mktemp("node"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def clickhouse(node: Node, tmp_path_factory: pytest.TempPathFactory) -> Generator[Store]:
    settings = StoreSettings(clickhouse_url=node.url, clickhouse_reader_url=node.reader_url)
    store = open_store(tmp_path_factory.mktemp("unused"), settings)
    assert store.append("generated", generate_tables())
    yield store
    store.close()


@pytest.fixture(scope="session")
def duckdb(tmp_path_factory: pytest.TempPathFactory) -> Generator[Store]:
    store = open_store(tmp_path_factory.mktemp("duckdb"))
    assert store.append("generated", generate_tables())
    yield store
    store.close()

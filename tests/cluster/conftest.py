from __future__ import annotations

from collections.abc import Generator

import pytest

from store import Store, StoreSettings, open_store
from tests.cluster.generated import generate_tables
from tests.cluster.node import Node, start_node


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

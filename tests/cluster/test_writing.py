from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from store import Replacement, Store, StoreSettings
from store.engines.clickhouse import ClickHouseStore
from store.errors import QueryRejected, RejectedData, SchemaMismatch, StoreUnavailable
from store.retention import apply_retention
from tests.cluster.node import Node

pytestmark = pytest.mark.cluster

AT = datetime(2026, 1, 1)  # noqa: DTZ001 (frames hold times without zone)


@pytest.fixture
def store(node: Node, clickhouse: Store) -> Generator[Store]:
    opened = ClickHouseStore(
        node.url, StoreSettings(query_max_rows=1000, query_timeout_s=2), reader_url=node.reader_url
    )
    yield opened
    opened.close()


def an_alias(number: int, trace: str | None = "t") -> dict[str, object]:
    return {"old_run_id": f"writing{number}", "run_id": "r", "trace_id": trace}


def a_marker(label: str, service: str | None) -> dict[str, object]:
    return {"marked_at": AT, "kind": "deploy", "label": label, "service": service}


def list_labels(store: Store) -> list[object]:
    found = store.query("SELECT label FROM markers WHERE kind = 'deploy' ORDER BY label")
    return found["label"].to_pylist()


def test_batch_is_written_once_however_often_it_comes(store: Store) -> None:
    heard: list[int] = []
    store.subscribe(heard.append)
    batch = {"run_aliases": pl.DataFrame([an_alias(1)]), "watermarks": _watermark(7)}
    assert store.append("writing", batch)
    assert not store.append("writing", batch)
    assert heard == [7]
    assert _count_aliases(store, "writing1") == 1


def test_batch_that_died_half_way_is_completed_without_doubling(store: Store, node: Node) -> None:
    first = {"run_aliases": pl.DataFrame([an_alias(2)])}
    broken = {**first, "watermarks": pl.DataFrame({"colour": [1]})}
    with pytest.raises(RejectedData, match="has no column 'colour'"):
        store.append("half", broken)
    assert _count_aliases(store, "writing2") == 1
    assert store.append("half", first)
    assert _count_aliases(store, "writing2") == 1


def test_replacement_keys_treat_null_as_equal_to_null(store: Store) -> None:
    store.replace(
        appends={"markers": pl.DataFrame([a_marker("a", None), a_marker("b", "x"), a_marker("c", None)])}
    )
    keys = pl.DataFrame(
        {"kind": ["deploy"], "service": [None]}, schema={"kind": pl.String, "service": pl.String}
    )
    store.replace(Replacement("markers", keys, pl.DataFrame([a_marker("d", None)])))
    assert list_labels(store) == ["b", "d"]
    renamed = pl.DataFrame({"kind": ["deploy"], "label": ["b"], "service": ["y"]})
    store.replace(Replacement("markers", renamed.select("kind", "label"), renamed, is_revision=True))
    found = store.query("SELECT service, marked_at FROM markers WHERE label = 'b'").to_pylist()
    assert [row["service"] for row in found] == ["y"]
    assert found[0]["marked_at"] is not None
    none = pl.DataFrame([a_marker("d", None)]).clear()
    bounds = {"marked_at": (AT + timedelta(days=1), AT + timedelta(days=2))}
    store.replace(Replacement("markers", keys, none, bounds))
    assert list_labels(store) == ["b", "d"]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM ledger.spans",
        "SELECT * FROM system.users",
        "INSERT INTO main.spans SELECT * FROM main.spans",
        "DROP VIEW main.spans",
        "SELECT * FROM url('http://127.0.0.1/x', 'CSV', 'a String')",
        "SELECT * FROM file('/etc/passwd', 'CSV', 'a String')",
        "SELECT * FROM remote('127.0.0.1', 'ledger.spans')",
        "SET max_execution_time = 0",
        "SELECT 1; SELECT 2",
        "SELECT 1 SETTINGS readonly = 0",
        "SELECT number FROM system.numbers LIMIT 5000",
        "SELECT count() FROM system.numbers",
    ],
)
def test_reader_sees_the_views_and_nothing_else(store: Store, sql: str) -> None:
    with pytest.raises(QueryRejected):
        store.query(sql)


def test_without_a_reader_ad_hoc_sql_says_what_to_set(node: Node, clickhouse: Store) -> None:
    store = ClickHouseStore(node.url, StoreSettings())
    with pytest.raises(QueryRejected, match="clickhouse_reader_url"):
        store.query("SELECT 1")
    store.close()


def test_another_version_of_the_schema_is_refused(node: Node, store: Store) -> None:
    version = "INSERT INTO ledger.schema_versions VALUES"
    assert isinstance(store, ClickHouseStore)
    store.command(f"{version} (9000, '2026-01-01 00:00:00', 'x')")
    with pytest.raises(SchemaMismatch, match="holds schema 9000"):
        ClickHouseStore(node.url, StoreSettings())
    store.command("DELETE FROM ledger.schema_versions WHERE version = 9000")


def test_server_that_is_not_there_is_named_without_its_password() -> None:
    with pytest.raises(StoreUnavailable) as caught:
        ClickHouseStore("http://user:secret@127.0.0.1:1", StoreSettings())
    assert "secret" not in str(caught.value)


def test_retention_works_there_too(store: Store) -> None:
    runs = "SELECT count() AS n FROM runs"
    kept = "SELECT sum(events) AS n FROM hourly WHERE subject = 'run' AND expired_load > 0"
    before = store.query(runs)["n"].to_pylist()[0]
    report = apply_retention(store, StoreSettings(), clock=lambda: datetime(2030, 1, 1, tzinfo=UTC))
    assert report.records > 0
    assert store.query("SELECT count() AS n FROM spans")["n"].to_pylist() == [0]
    left = store.query(runs)["n"].to_pylist()[0]
    assert store.query(kept)["n"].to_pylist() == [before - left] != [0], "the rollups keep what went"
    swept = store.size()
    assert store.compact().used_bytes < swept.used_bytes
    assert store.checkpoint()
    store.ping()


def _watermark(load_seq: int) -> pl.DataFrame:
    return pl.DataFrame({"job": ["writing"], "load_seq": [load_seq], "updated_at": [AT]})


def _count_aliases(store: Store, old_run_id: str) -> int:
    aliases = store.select("facts/old_aliases", frames={"asked": pl.DataFrame({"trace_id": ["t"]})})
    return aliases.filter(pl.col("old_run_id") == old_run_id).height

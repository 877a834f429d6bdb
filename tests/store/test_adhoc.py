from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path
from threading import Thread

import pytest

from store import Store, StoreSettings, open_store
from store.errors import ConfigError, Overloaded, QueryRejected
from store.settings import parse_size
from tests.store.rows import a_span, append_spans, fetch


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Generator[Store]:
    settings = StoreSettings(
        memory_limit="300MB", query_memory_limit="200MB", query_max_rows=1000, query_slots=2
    )
    opened = open_store(tmp_path_factory.mktemp("adhoc"), settings)
    append_spans(opened, "one", a_span(attributes={"a": "1"}))
    yield opened
    opened.close()


ACCEPTED = [
    "SELECT count(*) FROM spans",
    "FROM spans",
    "TABLE main.spans;",
    'SELECT "name" FROM "main"."SPANS" -- ; DROP TABLE ledger.spans',
    "/* one */ SELECT 1 /* ; two */",
    "VALUES (1), (2)",
    "WITH spans AS (SELECT 1 AS a) SELECT a FROM spans",
    "WITH a AS (SELECT 1 AS x), b AS (SELECT * FROM a) SELECT * FROM b, a",
    "WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r WHERE i < 5) SELECT count(*) FROM r",
    "SELECT * FROM spans AS s JOIN llm_calls AS c USING (trace_id, span_id)",
    "SELECT s.name FROM spans AS s, LATERAL (SELECT s.kind) AS k",
    "SELECT agent, p95(duration_ms) FROM runs GROUP BY agent HAVING count(*) > 1 ORDER BY 2 DESC LIMIT 3",
    "SELECT row_number() OVER (PARTITION BY kind ORDER BY name) FROM spans QUALIFY 1 = 1",
    "SELECT list_transform([1, 2], lambda x: x + 1), unnest([1, 2]), [y * 2 for y in [1]]",
    "SELECT * FROM range(3), generate_series(1, 2), unnest([1]), json_each('[1]')",
    "SELECT attr(attributes, 'a'), json_extract_string('{}', '$.a'), strftime(started_at, '%H') FROM spans",
    "SELECT count(*) FILTER (WHERE status = 'error') / nullif(count(*), 0) FROM spans",
    "SELECT 1 UNION ALL SELECT 2 EXCEPT SELECT 3",
    "SELECT * FROM runs PIVOT (count(*) FOR outcome IN ('success', 'failure'))",
    "SELECT * EXCLUDE (attributes) FROM spans WHERE trace_id IN (SELECT trace_id FROM runs)",
    "SELECT now() - INTERVAL 1 DAY, current_date, DATE '2026-01-01', CAST('1' AS INT), 'a' ILIKE 'A%'",
    "DESCRIBE spans",
    "SUMMARIZE runs",
    "SHOW runs",
]


@pytest.mark.parametrize("sql", ACCEPTED)
def test_honest_query_is_answered(store: Store, sql: str) -> None:
    assert store.query(sql).num_columns


ATTACKS = {
    "": "0 statements",
    ";": "0 statements",
    "SELECT 1; SELECT 2": "2 statements",
    "SELECT 1; DROP TABLE ledger.spans": "2 statements",
    "COPY (SELECT 1) TO '/tmp/spanledger-attack.csv'": "COPY is not accepted",
    "COPY ledger.spans FROM '/etc/passwd'": "COPY is not accepted",
    "EXPORT DATABASE '/tmp/spanledger-attack'": "EXPORT is not accepted",
    "IMPORT DATABASE '/tmp/spanledger-attack'": "not accepted",
    "ATTACH '/tmp/spanledger-attack.db'": "ATTACH is not accepted",
    "ATTACH ':memory:' AS m": "ATTACH is not accepted",
    "DETACH spanledger": "DETACH is not accepted",
    "USE ledger": "not accepted",
    "SET threads = 64": "SET is not accepted",
    "RESET threads": "not accepted",
    "PRAGMA database_list": "not accepted",
    "PRAGMA memory_limit='90GB'": "not accepted",
    "CALL pragma_version()": "CALL is not accepted",
    "INSTALL httpfs": "not accepted",
    "LOAD httpfs": "not accepted",
    "CHECKPOINT": "not accepted",
    "VACUUM": "not accepted",
    "BEGIN": "not accepted",
    "EXPLAIN ANALYZE SELECT 1": "EXPLAIN is not accepted",
    "PREPARE p AS SELECT 1": "PREPARE is not accepted",
    "EXECUTE p": "EXECUTE is not accepted",
    "SELECT ?": "has a parameter",
    "SELECT $1": "has a parameter",
    "SELECT $name FROM spans": "has a parameter",
    "INSERT INTO spans VALUES (1)": "INSERT is not accepted",
    "DELETE FROM ledger.spans": "DELETE is not accepted",
    "UPDATE ledger.spans SET name = 'x'": "UPDATE is not accepted",
    "CREATE TABLE t AS SELECT 1": "CREATE is not accepted",
    "CREATE MACRO attr(a, b) AS 1": "CREATE is not accepted",
    "CREATE TEMP VIEW spans AS SELECT 1": "CREATE is not accepted",
    "DROP VIEW spans": "DROP is not accepted",
    "COMMENT ON VIEW spans IS 'x'": "not accepted",
    "WITH x AS (INSERT INTO ledger.markers VALUES (1) RETURNING *) SELECT * FROM x": "INSERT is not accepted",
    "WITH x AS (DELETE FROM ledger.spans RETURNING *) SELECT * FROM x": "DELETE is not accepted",
    "SELECT * FROM ledger.spans": "no view ledger.spans; did you mean spans",
    "SELECT * FROM spanledger.main.spans": "no view spanledger.main.spans",
    "SELECT * FROM temp.spans": "no view temp.spans",
    "SELECT * FROM information_schema.tables": "no view information_schema.tables",
    "SELECT * FROM pg_catalog.pg_tables": "no view pg_catalog.pg_tables",
    "SELECT * FROM sqlite_master": "no view sqlite_master",
    "SELECT * FROM duckdb_settings": "no view duckdb_settings",
    "SELECT * FROM duckdb_settings()": r"duckdb_settings\(\) is not accepted",
    "SELECT * FROM duckdb_secrets()": "is not accepted",
    "SELECT * FROM main.duckdb_tables()": "is not accepted",
    "SELECT * FROM pragma_table_info('spans')": "is not accepted",
    "SELECT * FROM '/etc/passwd'": "no view /etc/passwd",
    'SELECT * FROM "/tmp/x.parquet"': "no view /tmp/x.parquet",
    "SELECT * FROM read_csv('/etc/passwd')": r"read_csv\(\) is not accepted",
    "SELECT * FROM read_text('/etc/passwd')": r"read_text\(\) is not accepted",
    "SELECT * FROM glob('/*')": r"glob\(\) is not accepted",
    "SELECT * FROM query('DROP TABLE ledger.spans')": r"query\(\) is not accepted",
    "SELECT * FROM query_table('ledger.spans')": r"query_table\(\) is not accepted",
    "SELECT * FROM json_execute_serialized_sql('{}')": "is not accepted",
    "SELECT * FROM seq_scan('ledger', 'spans')": "is not accepted",
    "SELECT * FROM arrow_scan(1, 2, 3)": "is not accepted",
    "SELECT * FROM enable_logging()": "is not accepted",
    "SELECT * FROM repeat('x', 1000000000)": "is not accepted",
    "SELECT getenv('HOME')": "the function getenv is not accepted",
    "SELECT current_setting('memory_limit')": "the function current_setting is not accepted",
    "SELECT getvariable('x')": "the function getvariable is not accepted",
    "SELECT nextval('s')": "the function nextval is not accepted",
    "SELECT write_log('x')": "the function write_log is not accepted",
    "SELECT sleep_ms(100000)": "the function sleep_ms is not accepted",
    "SELECT pg_catalog.pg_sleep(1000)": "the function pg_sleep is not accepted",
    "SELECT pg_sleep(1000)": "the function pg_sleep is not accepted",
    "SELECT repeat('x', 2000000000)": "the function repeat is not accepted",
    "SELECT name.rpad(2000000000, 'x') FROM spans": "the function rpad is not accepted",
    "SELECT len(range(100000000000))": "the function range is not accepted",
    "SELECT * REPLACE (getenv('HOME') AS name) FROM spans": "the function getenv is not accepted",
    "SELECT 1 ORDER BY getenv('HOME')": "the function getenv is not accepted",
    "SELECT 1 LIMIT (SELECT count(*) FROM ledger.spans)": "no view ledger.spans",
    "SELECT sum(getenv('A')) OVER (PARTITION BY getenv('B')) FROM spans": "is not accepted",
    "SELECT list_transform([1], lambda x: getenv('A'))": "the function getenv is not accepted",
    "SELECT * FROM spans WHERE EXISTS (SELECT 1 FROM ledger.audit)": "no view ledger.audit",
    "SELECT * FROM spans, LATERAL (SELECT * FROM duckdb_settings())": "is not accepted",
    "SELECT * FROM unnest((SELECT list(sql) FROM sqlite_master))": "no view sqlite_master",
    "SELECT * FROM (VALUES ((SELECT count(*) FROM ledger.spans))) AS t": "no view ledger.spans",
    "WITH sqlite_master AS (SELECT * FROM sqlite_master) SELECT * FROM sqlite_master": "no view sqlite_master",
    "SELECT * FROM (WITH sqlite_master AS (SELECT 1) SELECT 1), sqlite_master": "no view sqlite_master",
    "WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a": "no view b",
    "SHOW TABLES": "cannot be shown; DESCRIBE one of the views",
    "SHOW ALL TABLES": "cannot be shown",
    "DESCRIBE ledger.spans": "no view ledger.spans",
    "SUMMARIZE ledger.spans": "no view ledger.spans",
    "SELECT * FROM (SHOW DATABASES)": "cannot be shown",
    "SELECT 1" + " + 1" * 50_000: "characters, at most 100000 are accepted",
    "SELECT " + "(" * 5000 + "1" + ")" * 5000: "depth",
    "SELECT * FROM " + "(SELECT * FROM " * 900 + "spans" + ")" * 900: "nested too deeply",
    "SELECT " + "list_transform([1], lambda x: " * 9 + "1" + ")" * 9: "more than 5 lambdas",
    "SELECT " + "bucket_of(" * 9 + "1" + ")" * 9: "more than 4 functions like bucket_of",
    "SELECT * FROM spanz": "no view spanz; did you mean spans",
    "SELECT colour FROM spans": 'column "colour" not found .*docs/schema.md',
    "SELCT 1": 'syntax error at or near "SELCT"',
}


@pytest.mark.parametrize("sql", ATTACKS, ids=lambda sql: sql[:60])
def test_everything_else_is_refused(store: Store, sql: str) -> None:
    with pytest.raises(QueryRejected, match=ATTACKS[sql]):
        store.query(sql)
    assert fetch(store, "SELECT name FROM spans") == [("chat",)]
    assert not list(Path("/tmp").glob("spanledger-attack*"))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) FROM range(1000000000000) AS a, range(1000000)",
        "WITH RECURSIVE r AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM r) SELECT count(*) FROM r",
        "SELECT a.range FROM range(100000000) AS a JOIN range(100000000) AS b ON a.range % 7 = b.range % 5",
    ],
)
def test_query_that_takes_too_long_is_stopped(store: Store, sql: str) -> None:
    began = time.monotonic()
    with pytest.raises(QueryRejected, match=r"took more than 0.3 s; narrow its time range|more memory"):
        store.query(sql, timeout_s=0.3)
    assert time.monotonic() - began < 10
    assert fetch(store, "SELECT 1") == [(1,)]


def test_query_that_needs_too_much_memory_is_stopped(store: Store) -> None:
    with pytest.raises(QueryRejected, match="needs more memory than the 300MB"):
        store.query("SELECT list(i) FROM range(300000000) AS t(i)")
    assert append_spans(store, "after", a_span(2, name="chat"))
    store.replace()
    assert fetch(store, "SELECT count(*) FROM spans") == [(2,)]


def test_answer_with_too_many_rows_is_refused_not_cut(store: Store) -> None:
    with pytest.raises(QueryRejected, match="more than 1000 rows; add LIMIT 1000"):
        store.query("SELECT * FROM range(100000000)")
    assert store.query("SELECT * FROM range(100000)", max_rows=100_000).num_rows == 100_000


def test_answer_that_is_too_large_is_refused(tmp_path: Path) -> None:
    small = open_store(tmp_path, StoreSettings(query_max_size="1MB"))
    append_spans(small, "one", a_span(status_message="x" * 600_000), a_span(2, status_message="y" * 600_000))
    with pytest.raises(QueryRejected, match="larger than 1MB; name fewer columns"):
        small.query("SELECT status_message FROM spans")
    small.close()


def test_rows_come_in_the_order_asked_for(store: Store) -> None:
    rows = fetch(store, "SELECT i FROM range(900) AS t(i) ORDER BY i % 10, i DESC")
    assert rows == sorted(rows, key=lambda row: (int(str(row[0])) % 10, -int(str(row[0]))))


def test_more_queries_than_slots_wait_their_turn(store: Store) -> None:
    slow = "SELECT count(*) FROM range(1000000000000) AS a, range(1000000)"

    def run() -> None:
        with pytest.raises(QueryRejected):
            store.query(slow, timeout_s=1.5)

    threads = [Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    with pytest.raises(Overloaded, match="2 ad-hoc queries run already"):
        while any(thread.is_alive() for thread in threads):
            store.query("SELECT 1", timeout_s=0.01)
    for thread in threads:
        thread.join()
    assert fetch(store, "SELECT 1") == [(1,)]


def test_sums_of_counts_are_whole_numbers(store: Store) -> None:
    assert fetch(store, "SELECT sum(i) FROM range(10) AS t(i)") == [(45,)]
    assert str(store.query("SELECT sum(i) FROM range(10) AS t(i)").schema.types[0]) == "int64"


@pytest.mark.parametrize(("text", "size"), [("512MB", 512_000_000), ("1.5 GiB", 1_610_612_736), ("10b", 10)])
def test_sizes_are_read_with_their_units(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["512", "MB", "-1GB", "1XB", ""])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is not a size; write a number with a unit"):
        parse_size(text)

from __future__ import annotations

import json
import re
from collections.abc import Generator
from pathlib import Path

import duckdb
import pytest

from store import terms
from store.clock import utc_now
from store.engines.duckdb.definitions import define_schema
from store.errors import NotFound
from store.queries import find_parameters, list_queries, read_query
from store.schema.catalogue import read_tables, read_views
from store.schema.documentation import describe_views, render_schema

ROOT = Path(__file__).parents[2]
SQL_FILES = sorted((ROOT / "store").rglob("*.sql"))


@pytest.fixture(scope="module")
def database() -> Generator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:") as connection:
        define_schema(connection, "memory", utc_now)
        yield connection


def name_path(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SQL_FILES, ids=name_path)
def test_sql_file_begins_with_a_sentence(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert re.fullmatch(r"-- [A-Z].*\S", first), first
    comment = re.match(r"(?:--.*\n)+", path.read_text(encoding="utf-8"))
    assert comment is not None
    assert comment[0].rstrip().endswith((".", ":")), "its comment is a sentence"


@pytest.mark.parametrize("query", list_queries())
def test_query_file_holds_one_select(query: str, database: duckdb.DuckDBPyConnection) -> None:
    statements = database.extract_statements(read_query(query))
    assert [statement.type for statement in statements] == [duckdb.StatementType.SELECT]


def test_view_and_table_names_are_told_apart_from_files() -> None:
    assert {path.stem for path in (ROOT / "store/schema/tables").glob("*.sql")} == set(read_tables())
    for engine in ("duckdb", "clickhouse"):
        assert "messages" in read_views(engine)
    assert set(read_views("duckdb")) == set(read_views("clickhouse"))


def test_every_table_view_and_column_has_a_comment_in_the_database(
    database: duckdb.DuckDBPyConnection,
) -> None:
    silent = database.execute(
        """
        SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE NOT internal AND comment IS NULL
        UNION ALL SELECT schema_name, table_name, '' FROM duckdb_tables() WHERE NOT internal AND comment IS NULL
        UNION ALL SELECT schema_name, view_name, '' FROM duckdb_views() WHERE NOT internal AND comment IS NULL
        """
    ).fetchall()
    assert silent == []


def test_files_and_database_agree_on_columns_types_and_nulls(database: duckdb.DuckDBPyConnection) -> None:
    rows = database.execute(
        """
        SELECT table_name, column_name, regexp_replace(data_type, ',(\\S)', ', \\1', 'g'), NOT is_nullable
        FROM duckdb_columns() WHERE schema_name = 'ledger' ORDER BY table_name, column_index
        """
    ).fetchall()
    written = [
        (table.name, column.name, column.type, column.not_null)
        for table in read_tables().values()
        for column in table.columns
    ]
    assert rows == written


CONTRACT = {
    "spans": "trace_id span_id parent_span_id service environment tenant agent agent_version purpose scope_name "
    "scope_version dialect name kind started_at duration_ms status status_message error_type run_id session_id user_id "
    "received_at attributes resource events links",
    "messages": "trace_id span_id run_id direction position role part content",
    "tool_calls": "trace_id span_id run_id session_id user_id service environment tenant agent agent_version purpose "
    "tool call_id started_at duration_ms status error_type failure_class arguments result cost_usd cost_status",
    "scores": "target target_id trace_id run_id name value label source explanation scored_at",
}


@pytest.mark.parametrize("view", CONTRACT)
def test_view_has_the_columns_of_the_contract(view: str) -> None:
    assert set(CONTRACT[view].split()) <= read_views()[view].column_names


def test_public_types_follow_the_rules() -> None:
    for view in describe_views():
        for column in view.columns:
            where = f"{view.name}.{column.name}"
            assert (column.type == "TIMESTAMP") == column.name.endswith(
                ("_at", "valid_from", "valid_until")
            ), where
            assert not column.name.endswith("_ms") or column.type == "DOUBLE", where
            assert not column.name.endswith("_id") or column.type in ("VARCHAR", "BIGINT"), where
            assert not column.name.endswith("_usd") or column.type.startswith("DECIMAL"), where
            assert "HUGEINT" not in column.type, where


def test_schema_page_is_current() -> None:
    page = (ROOT / "docs/schema.md").read_text(encoding="utf-8")
    assert page.endswith(render_schema()), "docs/schema.md is stale; run make docs"


def test_unknown_query_is_an_error_that_says_where_queries_are() -> None:
    for name in ("runs/no_such", "../secrets", "runs", "runs/../runs"):
        with pytest.raises(NotFound, match=r"queries are the files store/queries"):
            read_query(name)


def test_parameters_are_found_outside_comments_and_texts() -> None:
    assert find_parameters("-- $no\nSELECT $a, '$no', $b_1 + $a") == ["a", "b_1"]


MESSAGES = [
    (
        [
            {
                "role": "user",
                "parts": [{"type": "text", "content": "hi"}, {"type": "tool_call", "arguments": {"a": 1}}],
            }
        ],
        [("user", "text", "hi"), ("user", "tool_call", '{"a":1}')],
    ),
    (
        [{"role": "tool", "parts": [{"type": "tool_call_response", "response": "4"}]}],
        [("tool", "tool_call_response", "4")],
    ),
    ([{"role": "user", "content": "plain"}], [("user", "text", "plain")]),
    ([{"role": "user", "content": [{"type": "text", "text": "in a list"}]}], [("user", "text", "in a list")]),
    ({"role": "user", "content": "alone"}, [("user", "text", "alone")]),
    ([{"role": "assistant", "content": None}], []),
    (["bare", 5, None], [(None, "text", "bare"), (None, "text", "5"), (None, "text", None)]),
    ([], []),
    ("text", []),
]


@pytest.mark.parametrize(("document", "rows"), MESSAGES, ids=lambda value: json.dumps(value)[:40])
@pytest.mark.parametrize("place", ["attribute", "column"])
def test_messages_view_reads_every_form(
    document: object, rows: list[object], place: str, database: duckdb.DuckDBPyConnection
) -> None:
    assert read_messages(database, json.dumps(document), place) == rows


@pytest.mark.parametrize("text", ["{broken", "", "null", "[1,", "\\", "[" * 3000, '{"parts": {}}'[:-1]])
def test_text_that_is_no_json_gives_no_message_and_no_error(
    text: str, database: duckdb.DuckDBPyConnection
) -> None:
    assert read_messages(database, text, "attribute") == []


def read_messages(database: duckdb.DuckDBPyConnection, text: str, place: str) -> list[object]:
    database.execute("DELETE FROM ledger.spans")
    database.execute(
        "INSERT INTO ledger.spans (load_seq, received_at, trace_id, span_id, name, kind, otel_kind, started_at, "
        "status, is_pending, content_hash, attribute_count, resource_id, attributes, output_messages) VALUES "
        "(1, now(), 't', 's', 'n', 'llm', 'client', now(), 'ok', false, 1, 1, 1, "
        "CASE WHEN $place = 'attribute' THEN map {'gen_ai.output.messages': $text} END, "
        "CASE WHEN $place = 'column' THEN $text END)",
        {"text": text, "place": place},
    )
    rows = database.execute(
        "SELECT direction, position, role, part, content FROM messages ORDER BY position"
    ).fetchall()
    assert [(row[0], row[1]) for row in rows] == [("output", number) for number in range(len(rows))]
    return [row[2:] for row in rows]


def test_buckets_hold_their_values_within_one_percent(database: duckdb.DuckDBPyConnection) -> None:
    worst = database.execute(
        "SELECT max(abs(bucket_value(bucket_of(x)) - x) / x) "
        "FROM (SELECT pow(1.3, i) * 1e-9 AS x FROM range(150) AS t(i))"
    ).fetchall()
    assert worst[0][0] <= 0.01
    edges = database.execute(
        "SELECT bucket_of(0), bucket_of(-1), bucket_of(NULL), bucket_value(-32768)"
    ).fetchall()
    assert edges == [(-32768, -32768, None, 0.0)]


def test_vocabularies_of_comments_and_terms_agree() -> None:
    comments = {column.name: column.comment for column in read_tables()["spans"].columns}
    assert [word for word in re.split(r"\W+", comments["kind"]) if word != "or"] == list(terms.KINDS)


@pytest.mark.parametrize("name", ["", "_buckets"])
def test_days_hold_what_hours_hold(name: str) -> None:
    hours, days = (read_tables()[f"{grain}{name}"].columns for grain in ("hourly", "daily"))
    kept = [column for column in hours if column.name not in ("hour_at", "expired_load")]
    assert [(c.name, c.type) for c in days[1:]] == [(c.name, c.type) for c in kept]


@pytest.mark.parametrize(
    ("one", "other", "begin", "end"),
    [
        ("traces/outcomes", "traces/runs", "\nWHERE ", "\n(?:GROUP|ORDER) BY"),
        ("alerts/affected", "alerts/examples", "\nFROM \\(", "\n\\) AS r\n"),
        ("facts/spans_of_loads", "facts/spans_of_traces", "\nSELECT", "\nWHERE "),
    ],
)
def test_what_is_counted_is_what_is_listed(one: str, other: str, begin: str, end: str) -> None:
    first, second = (re.search(f"{begin}.*?(?={end})", read_query(name), re.DOTALL) for name in (one, other))
    assert first is not None and second is not None
    assert first[0] == second[0]

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from store import Store, StoreSettings, open_store
from store.engines.duckdb.definitions import define_schema
from store.errors import SchemaMismatch, StoreUnavailable
from store.schema.steps import Migration, read_migrations
from tests.store.rows import NOW, a_span, append_spans, fetch


def change_file(path: Path, *statements: str) -> None:
    with duckdb.connect(str(path)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    append_spans(store, "one", a_span())
    store.close()
    again = open_store(tmp_path)
    assert fetch(again, "SELECT count(*) FROM spans") == [(1,)]
    again.close()


def test_newer_schema_is_refused_before_anything_is_changed(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    path = tmp_path / "spanledger.duckdb"
    change_file(
        path,
        "INSERT INTO ledger.schema_versions VALUES (9000, TIMESTAMP '2030-01-01', 'x')",
        "DROP VIEW main.spans",
    )
    with pytest.raises(SchemaMismatch, match=r"written by schema 9000, this version reads up to .*; upgrade"):
        open_store(tmp_path)
    with duckdb.connect(str(path)) as connection:
        assert connection.execute(
            "SELECT count(*) FROM duckdb_views() WHERE view_name = 'spans'"
        ).fetchall() == [(0,)]


def test_database_of_another_program_is_refused(tmp_path: Path) -> None:
    change_file(tmp_path / "spanledger.duckdb", "CREATE TABLE accounts (a INT)")
    with pytest.raises(SchemaMismatch, match=r"another program, such as main.accounts; pass another --data"):
        open_store(tmp_path)


def test_file_that_is_no_database_is_refused_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "spanledger.duckdb").write_bytes(b"not a database" * 1000)
    with pytest.raises(SchemaMismatch, match=r"could not be opened: .*restore a backup"):
        open_store(tmp_path)


def test_file_held_by_another_process_is_refused_with_a_remedy(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib; from store import open_store; s = open_store(pathlib.Path(sys.argv[1])); "
        "print('open', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "open\n"
    with pytest.raises(StoreUnavailable, match="in use by another process; stop that one"):
        open_store(tmp_path)
    holder.communicate()


def test_views_follow_their_files_when_a_database_is_opened_again(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    change_file(
        tmp_path / "spanledger.duckdb",
        "CREATE OR REPLACE VIEW main.runs AS SELECT 1 AS run_id",
        "CREATE VIEW main.forgotten AS SELECT 1 AS a",
        "UPDATE ledger.schema_versions SET definitions = 'of an older version'",
    )
    store = open_store(tmp_path)
    assert "trace_id" in store.query("SELECT * FROM runs").column_names
    store.close()
    with duckdb.connect(str(tmp_path / "spanledger.duckdb")) as connection:
        names = connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
    assert ("forgotten",) not in names


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ("ALTER TABLE ledger.markers DROP COLUMN kind", "column markers.kind"),
        ("DROP TABLE ledger.hourly CASCADE", "table hourly"),
    ],
)
def test_database_of_a_build_with_other_tables_is_refused_before_jobs_fail_on_it(
    tmp_path: Path, change: str, missing: str
) -> None:
    open_store(tmp_path).close()
    change_file(tmp_path / "spanledger.duckdb", change)
    with pytest.raises(SchemaMismatch, match=f"another build: it has no {missing}; use the .* version that"):
        open_store(tmp_path)


def test_migration_runs_once_and_is_recorded(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    newest = max([1, *(step.version for step in read_migrations())])
    step = Migration(newest + 1, "add_colour", "ALTER TABLE ledger.markers ADD COLUMN colour VARCHAR")
    with duckdb.connect(str(tmp_path / "spanledger.duckdb")) as connection:
        for _ in range(2):
            define_schema(connection, "here", lambda: NOW, (step,))
        versions = connection.execute("SELECT max(version), count(*) FROM ledger.schema_versions").fetchall()
        assert connection.execute("SELECT colour FROM ledger.markers").fetchall() == []
    assert versions == [(newest + 1, 3)]


def test_migration_that_fails_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    step = Migration(9000, "break", "DROP TABLE ledger.markers; SELECT no_such_column FROM ledger.runs")
    with duckdb.connect(str(tmp_path / "spanledger.duckdb")) as connection:
        with pytest.raises(SchemaMismatch, match=r"to 9000 \(break\): .*; it is unchanged"):
            define_schema(connection, "here", lambda: NOW, (step,))
        assert connection.execute("SELECT count(*) FROM ledger.markers").fetchall() == [(0,)]
    open_store(tmp_path).close()


def test_migration_files_are_numbered_without_a_gap() -> None:
    versions = [step.version for step in read_migrations()]
    assert versions == list(range(2, 2 + len(versions)))


@pytest.mark.parametrize(
    "use",
    [
        lambda store: store.ping(),
        lambda store: store.query("SELECT 1"),
        lambda store: store.select("control/alerts"),
        lambda store: store.append("x", {}),
        lambda store: store.replace(),
        lambda store: store.size(),
    ],
)
def test_closed_store_says_so(store: Store, use: Callable[[Store], object]) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreUnavailable, match="the store is closed; open it again"):
        use(store)


def test_wrong_setting_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"check the settings under \[store\]"):
        open_store(tmp_path, StoreSettings(memory_limit="plenty"))


def test_the_engine_works_with_the_threads_that_are_set(tmp_path: Path) -> None:
    store = open_store(tmp_path, StoreSettings(threads=1))
    try:
        assert store.query("SELECT 1 AS one").column(0)[0].as_py() == 1
    finally:
        store.close()


def test_names_without_an_engine_load_none() -> None:
    script = (
        "import sys, store.errors, store.terms; print([m for m in ('duckdb', 'polars') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

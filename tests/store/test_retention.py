from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from random import Random
from threading import Event, Thread

import pytest

from store import Store, StoreSettings, open_store, retention
from store.errors import StoreUnavailable
from store.retention import apply_retention
from tests.store.rows import AT, NOW, a_load, a_run, a_span, append_spans, fetch, frame_of


def load_old_and_new(store: Store) -> None:
    for number, age in ((1, 100), (2, 95), (3, 10)):
        store.append(
            f"batch{number}",
            {
                "spans": frame_of("spans", [a_span(number, load_seq=number, resource_id=number)]),
                "runs": frame_of("runs", [a_run(number, load_seq=number)]),
                "ingest_stats": frame_of("ingest_stats", [a_load(number, NOW - timedelta(days=age))]),
            },
        )


def test_loads_older_than_the_retention_go_and_newer_stay(store: Store) -> None:
    load_old_and_new(store)
    report = apply_retention(store, StoreSettings(), clock=lambda: NOW)
    assert (report.records, report.deleted_until) == (2, NOW - timedelta(days=95))
    for view in ("spans", "runs", "ingest_stats"):
        assert fetch(store, f"SELECT count(*) FROM {view}") == [(1,)]
    assert apply_retention(store, StoreSettings(), clock=lambda: NOW).steps == 0


def test_what_a_sweep_that_died_left_behind_goes_with_the_next_one(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_old_and_new(store)
    resources = frame_of("resources", [{"resource_id": number} for number in (1, 2, 3)])
    store.replace(appends={"resources": resources})
    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr(retention, "delete_orphans", lambda *_: 1 / 0)
        apply_retention(store, StoreSettings(), clock=lambda: NOW)
    assert fetch(store, "SELECT count(*) FROM spans") == [(1,)]
    for _ in range(2):
        assert apply_retention(store, StoreSettings(), clock=lambda: NOW).steps == 0
        left = store.select("rereading/resources", frames={"candidates": resources.select("resource_id")})
        assert left["resource_id"].to_list() == [3]
    assert store.select("retention/orphaned_until").is_empty()


def test_import_of_old_data_is_not_deleted_at_once(store: Store) -> None:
    old = a_span(1, started_at=AT - timedelta(days=1000), received_at=AT - timedelta(days=1000))
    store.append(
        "import",
        {"spans": frame_of("spans", [old]), "ingest_stats": frame_of("ingest_stats", [a_load(1, NOW)])},
    )
    apply_retention(store, StoreSettings(), clock=lambda: NOW)
    assert fetch(store, "SELECT count(*) FROM spans") == [(1,)]


def test_without_retention_nothing_is_deleted(store: Store) -> None:
    load_old_and_new(store)
    assert apply_retention(store, StoreSettings(retention=None), clock=lambda: NOW).records == 0


def test_batch_whose_rows_are_gone_is_still_known_while_it_may_come_again(store: Store) -> None:
    load_old_and_new(store)
    store.expire(3)
    assert not append_spans(store, "batch3", a_span(3))


def test_oldest_loads_go_until_the_size_is_kept(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    for number in range(1, 9):
        rows = [
            a_span(number * 1000 + row, load_seq=number, events=f"{number * row:0500d}") for row in range(400)
        ]
        loads = [a_load(number, NOW - timedelta(hours=9 - number), records=400)]
        store.append(
            f"{number}", {"spans": frame_of("spans", rows), "ingest_stats": frame_of("ingest_stats", loads)}
        )
    store.checkpoint()
    before = store.size().used_bytes
    report = apply_retention(store, StoreSettings(max_size=f"{before * 3 // 4}B"), clock=lambda: NOW)
    oldest, count = fetch(store, "SELECT min(load_seq), count(*) FROM ingest_stats")[0]
    store.close()
    assert report.records > 0
    assert isinstance(count, int)
    assert 0 < count < 8
    assert oldest == 9 - count


def test_ingest_goes_on_between_the_steps(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    load_old_and_new(store)
    swept = Event()

    def sweep() -> None:
        while not swept.is_set():
            apply_retention(store, StoreSettings(), clock=lambda: NOW)

    sweeper = Thread(target=sweep)
    sweeper.start()
    for number in range(20):
        append_spans(store, f"live{number}", a_span(100 + number, load_seq=10 + number))
    swept.set()
    sweeper.join()
    assert fetch(store, "SELECT count(*) FROM spans") == [(21,)]
    store.close()


def test_resources_and_aliases_go_with_what_they_described(store: Store) -> None:
    load_old_and_new(store)
    store.replace(
        appends={
            "resources": frame_of("resources", [{"resource_id": number} for number in (1, 2, 3)]),
            "run_aliases": frame_of(
                "run_aliases",
                [
                    {"old_run_id": "x", "run_id": a_run(number)["run_id"], "trace_id": "t"}
                    for number in (1, 3)
                ],
            ),
        }
    )
    apply_retention(store, StoreSettings(), clock=lambda: NOW)
    assert store.select(
        "loading/known_resources", frames={"candidates": frame_of("resources", [{"resource_id": 1}])}
    ).is_empty()
    known = store.select(
        "loading/known_resources", frames={"candidates": frame_of("resources", [{"resource_id": 3}])}
    )
    assert known.height == 1


def test_compacting_shrinks_the_file_and_keeps_every_row(store: Store) -> None:
    source = Random(1)
    for number in range(1, 5):
        rows = [
            a_span(number * 10_000 + row, load_seq=number, events=source.randbytes(500).hex())
            for row in range(1500)
        ]
        append_spans(store, f"{number}", *rows)
    store.checkpoint()
    store.expire(3)
    kept = fetch(store, "SELECT span_id, events FROM spans ORDER BY 1")
    before = store.size()
    after = store.compact()
    assert after.file_bytes < before.file_bytes
    assert fetch(store, "SELECT span_id, events FROM spans ORDER BY 1") == kept
    assert not append_spans(store, "4", a_span())
    assert append_spans(store, "5", a_span())


def test_compacting_waits_for_queries_and_queries_for_it(store: Store) -> None:
    append_spans(store, "one", a_span())
    stop = Event()
    errors: list[BaseException] = []

    def read() -> None:
        try:
            while not stop.is_set():
                assert fetch(store, "SELECT count(*) FROM spans") == [(1,)]
        except BaseException as error:
            errors.append(error)
            raise

    readers = [Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for _ in range(2):
        store.compact()
    stop.set()
    for reader in readers:
        reader.join()
    assert errors == []


def test_copy_that_an_earlier_compaction_left_is_removed(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    left = tmp_path / "spanledger.duckdb.compacting"
    left.write_bytes(b"half")
    open_store(tmp_path).close()
    assert not left.exists()


def test_backup_opens_as_a_store_with_everything_committed(store: Store, tmp_path: Path) -> None:
    append_spans(store, "one", a_span())
    store.backup(tmp_path / "copy")
    append_spans(store, "two", a_span(2))
    copy = open_store(tmp_path / "copy")
    assert fetch(copy, "SELECT count(*) FROM spans") == [(1,)]
    copy.close()


def test_backup_into_a_file_says_what_to_do(store: Store, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x")
    with pytest.raises(StoreUnavailable, match="choose another directory"):
        store.backup(tmp_path / "taken")

from __future__ import annotations

import tempfile
from datetime import timedelta, timezone
from itertools import pairwise
from pathlib import Path
from threading import Thread

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store import Replacement, Store, open_store
from store.engines.parameters import to_arrow
from store.errors import NotFound, RejectedData
from store.schema.catalogue import read_tables
from tests.store.rows import AT, a_run, a_span, append_spans, fetch, frame_of


def test_batch_is_written_once_however_often_it_comes(store: Store) -> None:
    assert append_spans(store, "one", a_span())
    assert not append_spans(store, "one", a_span())
    assert append_spans(store, "two", a_span(2))
    assert fetch(store, "SELECT count(*) FROM spans") == [(2,)]


@pytest.mark.parametrize("is_compacted", [False, True], ids=["loaded", "compacted"])
def test_no_group_of_rows_is_so_large_that_a_checkpoint_that_writes_it_anew_is_felt(
    store: Store, tmp_path: Path, is_compacted: bool
) -> None:
    append_spans(store, "many", *(a_span(number) for number in range(20_000)))
    if is_compacted:
        store.compact()
    store.close()
    with duckdb.connect(str(tmp_path / "spanledger.duckdb"), read_only=True) as connection:
        groups = connection.execute(
            "SELECT sum(count) FROM pragma_storage_info('ledger.spans') "
            "WHERE column_name = 'span_id' AND segment_type != 'VALIDITY' GROUP BY row_group_id"
        ).fetchall()
    assert sum(rows for (rows,) in groups) == 20_000
    assert max(rows for (rows,) in groups) <= 16_384


def test_batch_with_its_own_load_position_is_recognised(store: Store) -> None:
    position = pl.DataFrame({"load_seq": [4], "batch_id": ["one"], "segment": [1], "log_offset": [100]})
    assert store.append("one", {"load_positions": position})
    assert not store.append("one", {"load_positions": position})


def test_batch_that_fails_leaves_nothing_behind(store: Store) -> None:
    broken = frame_of("runs", [a_run()]).with_columns(purpose=pl.lit(None, dtype=pl.String))
    with pytest.raises(RejectedData, match=r"could not append the batch one: .*NOT NULL"):
        store.append("one", {"spans": frame_of("spans", [a_span()]), "runs": broken})
    assert fetch(store, "SELECT count(*) FROM spans") == [(0,)]
    assert append_spans(store, "one", a_span())


def test_unknown_column_and_table_are_named(store: Store) -> None:
    with pytest.raises(RejectedData, match=r"ledger.spans has no column 'colour'"):
        store.append("one", {"spans": frame_of("spans", [a_span()]).with_columns(colour=pl.lit(1))})
    with pytest.raises(NotFound, match="no table is called 'span'"):
        store.append("one", {"span": pl.DataFrame({"a": [1]})})


def test_maps_times_and_amounts_come_back_as_they_were(store: Store) -> None:
    east = timezone(timedelta(hours=9))
    row = a_span(started_at=AT.astimezone(east), attributes={"a": "1", "empty": "", "none": None})
    append_spans(store, "one", row, a_span(2))
    found = store.select("traces/span", {"trace_id": row["trace_id"], "span_id": row["span_id"]})
    assert found["started_at"][0] == AT.replace(tzinfo=None)
    assert fetch(
        store, "SELECT attr(attributes, 'a'), attr(attributes, 'empty'), attr(attributes, 'x') FROM spans"
    ) == [
        ("1", "", None),
        (None, None, None),
    ]


def test_map_of_a_row_without_one_may_hide_entries() -> None:
    pair = pl.Struct({"key": pl.String, "value": pl.Float64})
    entries = pl.Series(
        [[{"key": None, "value": None}], [{"key": "pages", "value": 3.0}]], dtype=pl.List(pair)
    )
    hidden = pl.DataFrame({"row": [0, 1], "units": entries}).select(
        other_units=pl.when(pl.col("row") > 0).then("units")
    )
    maps = to_arrow(hidden, read_tables()["llm_calls"]).column("other_units")
    assert maps.to_pylist() == [None, [("pages", 3.0)]]


def test_arrow_tables_with_maps_are_taken_as_they_are(store: Store) -> None:
    frame = frame_of("spans", [a_span(), a_span(2)]).with_columns(
        pl.col("received_at", "started_at").dt.replace_time_zone(None)
    )
    maps = pa.array([[("a", "1")], None], pa.map_(pa.string(), pa.string()))
    assert store.append("one", {"spans": frame.to_arrow().append_column("attributes", maps)})
    assert fetch(store, "SELECT attr(attributes, 'a') FROM spans ORDER BY span_id") == [("1",), (None,)]


def test_replacement_keys_treat_null_as_equal_to_null(store: Store) -> None:
    rows = [a_run(1, service=None), a_run(2, service="a"), a_run(3, service=None)]
    store.replace(appends={"runs": frame_of("runs", rows)})
    keys = frame_of("runs", [{"trace_id": rows[0]["trace_id"], "service": None}])
    store.replace(Replacement("runs", keys, frame_of("runs", [a_run(9)])))
    assert {row[0] for row in fetch(store, "SELECT trace_id FROM runs")} == {
        rows[1]["trace_id"],
        rows[2]["trace_id"],
        a_run(9)["trace_id"],
    }


def test_replacement_within_bounds_leaves_rows_outside_alone(store: Store) -> None:
    near, far = a_run(1), a_run(1, started_at=AT + timedelta(days=1))
    store.replace(appends={"runs": frame_of("runs", [near, far])})
    keys = frame_of("runs", [{"run_id": near["run_id"]}])
    none = frame_of("runs", [near]).clear()
    store.replace(Replacement("runs", keys, none, {"started_at": (AT, AT + timedelta(hours=1))}))
    assert fetch(store, "SELECT started_at FROM runs") == [((AT + timedelta(days=1)).replace(tzinfo=None),)]


def test_a_revision_changes_some_columns_and_keeps_the_rest(store: Store) -> None:
    rows = [a_run(1, service="a"), a_run(2, service="b"), a_run(3, service="c")]
    store.replace(appends={"runs": frame_of("runs", rows)})
    keys = frame_of("runs", [{"run_id": row["run_id"]} for row in rows[:2]])
    changed = keys.with_columns(agent=pl.Series(["x", None], dtype=pl.String))
    store.replace(
        Replacement("runs", keys, changed, {"started_at": (AT, AT + timedelta(hours=1))}, is_revision=True)
    )
    assert fetch(store, "SELECT service, agent FROM runs ORDER BY service") == [
        ("a", "x"),
        ("b", None),
        ("c", rows[2].get("agent")),
    ]


def test_replacements_of_one_call_are_all_deleted_before_any_is_written(store: Store) -> None:
    keys = frame_of("runs", [{"trace_id": a_run()["trace_id"]}])
    once = Replacement("runs", keys, frame_of("runs", [a_run()]))
    store.replace(once, once)
    assert fetch(store, "SELECT count(*) FROM runs") == [(2,)]
    store.replace(once)
    assert fetch(store, "SELECT count(*) FROM runs") == [(1,)]


def test_subscribers_hear_the_highest_load_of_each_new_batch(store: Store) -> None:
    heard: list[int] = []
    store.subscribe(heard.append)
    append_spans(store, "one", a_span(load_seq=3), a_span(2, load_seq=7))
    append_spans(store, "one", a_span(load_seq=3))
    store.append("two", {})
    assert heard == [7, 0]


def test_readers_and_writers_work_side_by_side(store: Store) -> None:
    def write(name: str) -> None:
        for number in range(10):
            append_spans(store, f"{name}{number}", a_span(number, scope_name=name))

    writers = [Thread(target=write, args=(name,)) for name in "abc"]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        counts = fetch(store, "SELECT scope_name, count(*) FROM spans GROUP BY 1")
        assert all(isinstance(count, int) and count <= 10 for _, count in counts)
    assert fetch(store, "SELECT count(*) FROM spans") == [(30,)]


_ROWS = st.lists(
    st.builds(
        lambda number, service, duration: a_span(number, service=service, duration_ms=duration),
        st.integers(0, 10**9),
        st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
        st.none() | st.floats(allow_nan=False, width=32),
    ),
    max_size=12,
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
@given(rows=_ROWS, cuts=st.lists(st.integers(0, 12), max_size=3))
def test_batch_boundaries_and_repeats_do_not_change_the_rows(
    rows: list[dict[str, object]], cuts: list[int]
) -> None:
    edges = sorted({0, *(min(cut, len(rows)) for cut in cuts), len(rows)})
    with tempfile.TemporaryDirectory() as directory:
        store = open_store(Path(directory))
        for _ in range(2):
            for first, last in pairwise(edges):
                store.append(f"{first}", {"spans": frame_of("spans", [a_span(), *rows[first:last]]).slice(1)})
        kept = fetch(store, "SELECT trace_id, service, duration_ms FROM spans")
        store.close()
    assert sorted(kept, key=repr) == sorted(
        ((row["trace_id"], row["service"], row["duration_ms"]) for row in rows), key=repr
    )

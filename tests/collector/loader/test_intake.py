from __future__ import annotations

import base64
import gzip
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import polars as pl
import pytest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Gauge, Metric, NumberDataPoint
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from collector.decode import SpanBatch, decode_traces
from collector.dialects import Registry
from collector.loader import LoadReport, read_position
from collector.loading import translation
from collector.loading.intake import Intake
from collector.log import Body, Position, body_sha256
from collector.rereading.selection import Selection
from store.clock import Clock
from store.engines.duckdb import DuckDBStore
from store.errors import StoreUnavailable
from store.port import Frame, Replacement, Store
from store.settings import StoreSettings
from tests.collector.building import (
    NOW,
    NOW_NS,
    a_body,
    a_log_request,
    a_metric_request,
    a_span,
    a_trace_body,
    a_trace_request,
    a_value,
    ask,
    later,
    pairs,
)


def load(store: Store, *bodies: Body) -> LoadReport:
    return Intake(store, lambda: NOW).load(bodies, batch_id=f"bodies:{uuid4()}")


def test_spans_with_and_without_units_are_written_together(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    units: list[dict[str, float]] = [{}, {}, {"spanledger.usage.pages": 3}]
    load(store, a_trace_body(*(a_span(number, attributes=said) for number, said in enumerate(units, 1))))
    assert not caplog.messages, "no batch had to be halved"
    assert len(ask(store, "SELECT * FROM spans")) == 3


def test_three_signals_arrive_in_their_views(store: Store) -> None:
    record = LogRecord(time_unix_nano=NOW_NS, body=a_value("hello"), attributes=pairs({"k": 1}))
    gauge = Metric(name="g", gauge=Gauge(data_points=[NumberDataPoint(time_unix_nano=NOW_NS, as_int=4)]))
    report = load(
        store,
        a_trace_body(a_span(1, attributes={"gen_ai.operation.name": "chat", "list": ["a", 1]})),
        a_body(a_log_request(record), signal="logs"),
        a_body(a_metric_request(gauge), signal="metrics"),
    )
    assert report.records == {"traces": 1, "logs": 1, "metrics": 1}
    assert ask(store, "SELECT kind, attr(attributes, 'list'), attr(resource, 'service.name') FROM spans") == [
        ("llm", '["a",1]', "shop")
    ]
    assert ask(store, "SELECT body, attr(attributes, 'k'), environment FROM logs") == [
        ("hello", "1", "production")
    ]
    assert ask(store, "SELECT metric, value, service FROM metric_points") == [("g", 4.0, "shop")]


def test_body_is_loaded_once_a_day(store: Store) -> None:
    body = a_trace_body(a_span(1))
    assert load(store, body, body).duplicates == 1
    assert load(store, *later([body], timedelta(hours=23))).bodies == 0
    assert load(store, *later([body], timedelta(hours=25))).bodies == 1
    assert ask(store, "SELECT count(*) FROM spans") == [(1,)]


def test_log_records_are_numbered_through_a_load(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collector.loading.intake.PIECE_BYTES", 1)
    said = [
        LogRecord(span_id=b"\1" * 8, event_name="gen_ai.user.message", body=a_value(text)) for text in "abcd"
    ]
    load(store, *(a_body(a_log_request(*said[at : at + 2]), signal="logs") for at in (0, 2)))
    asked = {"first": 1, "last": 1, "events": ["gen_ai.user.message"], **Selection().parameters()}
    rows = store.select("rereading/records", asked)
    assert sorted(rows.select("record_number", "body").rows()) == list(enumerate("abcd"))


def test_repeated_log_body_adds_no_records_after_a_restart(store: Store) -> None:
    body = a_body(a_log_request(LogRecord(body=a_value("once"))), signal="logs")
    load(store, body)
    assert load(store, body).bodies == 0
    assert ask(store, "SELECT count(*) FROM logs") == [(1,)]


def test_compressed_and_json_bodies_are_the_same_spans(store: Store) -> None:
    plain = a_trace_request(a_span(1)).SerializeToString()
    packed = gzip.compress(a_trace_request(a_span(2)).SerializeToString())
    json_text = (
        b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"%032x","spanId":"%016x",'
        b'"name":"j","startTimeUnixNano":"%d"}]}]}]}' % (3, 3, NOW_NS)
    )
    bodies = [
        Body("traces", encoding, compression, NOW, body_sha256("traces", encoding, compression, data), data)
        for encoding, compression, data in (
            ("protobuf", "identity", plain),
            ("protobuf", "gzip", packed),
            ("json", "identity", json_text),
        )
    ]
    assert load(store, *bodies).records == {"traces": 3}


def test_undecodable_bodies_are_dead_letters_and_the_others_are_loaded(store: Store) -> None:
    broken = a_body(b"\x0a\xff\xff", signal="traces")
    no_json = replace(a_body(b"{", signal="logs"), encoding="json")
    no_gzip = replace(a_body(b"abc", signal="metrics"), compression="gzip")
    report = load(store, a_trace_body(a_span(1)), broken, no_json, no_gzip, a_trace_body(a_span(2)))
    assert report.records["traces"] == 2
    assert report.rejected == {"undecodable": 3}
    letters = ask(store, "SELECT signal, reason, record, body_sha256 FROM dead_letters ORDER BY signal")
    assert [letter[0] for letter in letters] == ["logs", "metrics", "traces"]
    assert letters[2][2:] == (base64.b64encode(b"\x0a\xff\xff").decode(), broken.sha256.hex())


def test_bad_records_are_dead_letters_with_their_ids_and_bytes(store: Store) -> None:
    bad = a_span(3, trace_id=b"\x01" * 4, name="bad")
    report = load(store, a_trace_body(a_span(1)), a_trace_body(a_span(2), bad, a_span(4, start_ns=3)))
    assert report.records == {"traces": 2}
    assert report.rejected == {"bad_trace_id": 1, "time_out_of_range": 1}
    letters = ask(store, "SELECT reason, trace_id, span_id, detail, record FROM dead_letters ORDER BY reason")
    assert letters[0][:3] == ("bad_trace_id", "01010101", f"{3:016x}")
    assert "'01010101'" in str(letters[0][3])
    assert Span.FromString(base64.b64decode(str(letters[0][4]))).name == "bad"


def test_resource_is_stored_once(store: Store) -> None:
    for number in (1, 2):
        load(store, a_trace_body(a_span(number)), a_trace_body(a_span(number + 10)))
    assert ask(store, "SELECT count(DISTINCT resource) FROM spans") == [(1,)]
    batch = decode_traces([a_trace_request(a_span(1)).SerializeToString()], [NOW])
    candidates = batch.spans.select("resource_id")
    assert len(store.select("loading/known_resources", frames={"candidates": candidates})) == 1


def test_statistics_say_what_each_load_brought(store: Store) -> None:
    body = a_trace_body(a_span(1), a_span(2, span_id=b"x"))
    load(store, body)
    load(store, body)
    columns = "load_seq, signal, bodies, bytes, records, duplicates, rejected, oldest_received_at, is_import"
    rows = store.query(f"SELECT {columns} FROM ingest_stats ORDER BY load_seq").to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        (1, "traces", 1, len(body.data), 1, 0, 1, NOW.replace(tzinfo=None), False),
        (2, "traces", 1, len(body.data), 0, 1, 0, NOW.replace(tzinfo=None), False),
    ]


def test_batch_that_was_written_is_not_written_again(store: Store) -> None:
    body = a_body(a_log_request(LogRecord(body=a_value("x"))), signal="logs")
    intake = Intake(store)
    intake.load([body], batch_id="log:1:100")
    other = replace(body, sha256=bytes(32))
    intake.load([other], batch_id="log:1:100")
    assert ask(store, "SELECT count(*) FROM logs") == [(1,)]


def test_memory_of_bodies_is_cleaned_after_a_day(store: Store) -> None:
    now = NOW

    intake = Intake(store, lambda: now)
    intake.load([a_trace_body(a_span(1))], batch_id="1")
    now = NOW + timedelta(hours=25)
    intake.load([a_trace_body(a_span(2), received_at=now)], batch_id="2")
    remaining = store.select("loading/bodies_since", {"since": NOW - timedelta(days=1)})
    assert len(remaining) == 1


def test_bodies_that_grow_a_lot_fall_into_several_transactions(store: Store) -> None:
    intake = Intake(store, max_open_bytes=1000)
    bodies = [a_trace_body(a_span(number, attributes={"big": "x" * 600})) for number in range(1, 8)]
    report = intake.load(bodies, batch_id="log:1:9", position=Position(1, 9))
    assert report.records == {"traces": 7}
    assert report.load_seq == 4
    assert read_position(store) == Position(1, 9)


class FaultyStore(DuckDBStore):
    """A real store that fails when it shall write a span of a certain name."""

    def __init__(self, path: Path, clock: Clock, *, is_down: bool = False) -> None:
        super().__init__(path, StoreSettings(), clock=clock)
        self.is_down = is_down

    def append(
        self, batch_id: str, tables: Mapping[str, Frame], replacing: Sequence[Replacement] = ()
    ) -> bool:
        if self.is_down:
            raise StoreUnavailable("the disk is full; free some space")
        if "spans" in tables and "poison" in pl.Series(tables["spans"]["name"]).to_list():
            raise ValueError("cannot write poison")
        return super().append(batch_id, tables, replacing)


@pytest.fixture
def faulty(tmp_path: Path) -> FaultyStore:
    return FaultyStore(tmp_path / "faulty.duckdb", lambda: NOW)


def test_record_that_cannot_be_written_goes_alone(faulty: FaultyStore) -> None:
    bodies = [a_trace_body(*(a_span(10 * n + k) for k in range(1, 6))) for n in range(1, 5)]
    bodies[2] = a_trace_body(a_span(80), a_span(81), a_span(82, name="poison"), a_span(83))
    report = load(faulty, *bodies, a_body(b"\x0a\xff"))
    assert report.records["traces"] == 18
    assert report.rejected == {"unwritable": 1, "undecodable": 1}
    assert ask(faulty, "SELECT count(*) FROM spans") == [(18,)]
    record = ask(faulty, "SELECT detail, record FROM dead_letters WHERE reason = 'unwritable'")[0]
    assert "cannot write poison" in str(record[0])
    assert b"poison" in base64.b64decode(str(record[1]))
    assert load(faulty, *bodies).bodies == 0
    faulty.close()


def test_nothing_is_skipped_while_the_store_is_down(faulty: FaultyStore) -> None:
    body = a_trace_body(a_span(1), a_span(2, span_id=b""))
    faulty.is_down = True
    with pytest.raises(StoreUnavailable):
        load(faulty, body)
    faulty.is_down = False
    assert load(faulty, body).records == {"traces": 1}
    assert ask(faulty, "SELECT count(*) FROM dead_letters") == [(1,)]
    faulty.close()


def test_record_that_a_dialect_cannot_take_goes_alone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    proper = translation.normalise

    def fail_on_poison(batch: SpanBatch, registry: Registry) -> object:
        if "poison" in batch.spans["name"].to_list():
            raise ZeroDivisionError("a dialect divided by zero")
        return proper(batch, registry)

    monkeypatch.setattr(translation, "normalise", fail_on_poison)
    report = load(store, a_trace_body(a_span(1), a_span(2, name="poison")), a_trace_body(a_span(3)))
    assert report.records == {"traces": 2}
    assert report.rejected == {"untranslatable": 1}


def test_nothing_is_written_off_while_no_record_can_be_translated(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(batch: SpanBatch, registry: Registry) -> object:
        raise TypeError("a broken installation")

    with (
        monkeypatch.context() as patched,
        pytest.raises(translation.TranslationBroken, match="broken install"),
    ):
        patched.setattr(translation, "normalise", fail)
        load(store, a_trace_body(a_span(1)), a_trace_body(a_span(2)))
    assert load(store, a_trace_body(a_span(1)), a_trace_body(a_span(2))).records == {"traces": 2}
    assert ask(store, "SELECT count(*) FROM dead_letters") == [(0,)]

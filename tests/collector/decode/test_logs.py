from __future__ import annotations

from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, SeverityNumber

from collector.decode.batch import RecordBatch
from collector.decode.logs import decode_logs
from tests.collector.building import NOW, NOW_NS, SECOND_NS, a_log_request, a_value, pairs, values_of


def decode(*records: LogRecord) -> RecordBatch:
    return decode_logs([a_log_request(*records).SerializeToString()], [NOW])


def test_record_has_its_resource_and_ids() -> None:
    record = LogRecord(
        time_unix_nano=NOW_NS,
        trace_id=b"\xab" * 16,
        span_id=b"\xcd" * 8,
        severity_text="WARN",
        severity_number=SeverityNumber.SEVERITY_NUMBER_WARN,
        body=a_value("hello"),
        event_name="gen_ai.choice",
        attributes=pairs({"k": 1}),
    )
    batch = decode(record)
    row = batch.records.row(0, named=True)
    assert row["service"] == "shop"
    assert row["environment"] == "production"
    assert (row["trace_id"], row["span_id"]) == ("ab" * 16, "cd" * 8)
    assert (row["severity"], row["severity_number"]) == ("WARN", 13)
    assert (row["body_text"], row["event_name"]) == ("hello", "gen_ai.choice")
    assert values_of(batch.attributes, 0) == {"k": "1"}


def test_ids_are_optional_and_bad_ones_left_out() -> None:
    batch = decode(LogRecord(time_unix_nano=NOW_NS), LogRecord(time_unix_nano=NOW_NS, trace_id=b"abc"))
    assert batch.records.select("trace_id", "span_id").rows() == [(None, None), (None, None)]


def test_time_is_the_events_then_the_observers_then_the_collectors() -> None:
    hour = 3600 * SECOND_NS
    batch = decode(
        LogRecord(time_unix_nano=NOW_NS - hour, observed_time_unix_nano=NOW_NS),
        LogRecord(observed_time_unix_nano=NOW_NS - 2 * hour),
        LogRecord(),
    )
    assert [at.hour for at in batch.records["logged_at"]] == [11, 10, 12]


def test_event_name_falls_back_to_the_attribute() -> None:
    named, unnamed = LogRecord(attributes=pairs({"event.name": "old.style"})), LogRecord()
    assert decode(unnamed, named).records["event_name"].to_list() == [None, "old.style"]


def test_structured_body_is_json() -> None:
    batch = decode(LogRecord(body=a_value({"a": [1, "x"]})), LogRecord(body=a_value(5)), LogRecord())
    assert batch.records["body_text"].to_list() == ['{"a":[1,"x"]}', "5", None]


def test_time_out_of_range_is_refused_alone() -> None:
    batch = decode(LogRecord(time_unix_nano=5), LogRecord(attributes=pairs({"k": "kept"})))
    assert len(batch.records) == 1
    assert values_of(batch.attributes, 0) == {"k": "kept"}
    assert batch.rejected.select("record", "reason").rows() == [(0, "time_out_of_range")]

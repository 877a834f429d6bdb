from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
import zstandard
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
from opentelemetry.proto.metrics.v1.metrics_pb2 import Gauge, Metric, NumberDataPoint

from collector.importer import ImportReport, import_paths
from collector.importing.signals import signal_of_protobuf
from collector.loading.intake import Intake
from store.errors import RejectedData
from store.port import Store
from tests.collector.building import (
    NOW_NS,
    a_log_request,
    a_metric_request,
    a_span,
    a_trace_request,
    a_value,
    ask,
)

WIRE = Path(__file__).parents[2] / "data" / "wire"

TRACES = a_trace_request(a_span(1), a_span(2))
LOGS = a_log_request(LogRecord(time_unix_nano=NOW_NS, body=a_value("hello")))
METRICS = a_metric_request(
    Metric(name="g", gauge=Gauge(data_points=[NumberDataPoint(time_unix_nano=NOW_NS, as_int=1)]))
)


def as_json(request: ExportTraceServiceRequest, *, indent: int | None = None) -> str:
    document = MessageToDict(request)
    originals = request.resource_spans[0].scope_spans[0].spans
    for owner in document["resourceSpans"]:
        for scope in owner["scopeSpans"]:
            for span, original in zip(scope["spans"], originals, strict=True):
                span["traceId"], span["spanId"] = original.trace_id.hex(), original.span_id.hex()
    return json.dumps(document, indent=indent)


def load(store: Store, *paths: Path) -> ImportReport:
    return import_paths(Intake(store), paths)


@pytest.mark.parametrize("name", ["0001_traces.pb", "body.pb", "logs.pb", "metrics.pb"])
def test_signal_is_told_from_the_content_even_against_the_name(name: str) -> None:
    assert signal_of_protobuf(TRACES.SerializeToString(), name) == "traces"
    assert signal_of_protobuf(LOGS.SerializeToString(), name) == "logs"
    assert signal_of_protobuf(METRICS.SerializeToString(), name) == "metrics"


def test_name_decides_for_a_request_without_records() -> None:
    assert signal_of_protobuf(b"", "002-logs.pb") == "logs"
    with pytest.raises(RejectedData):
        signal_of_protobuf(b"\x0a\xff", "002-logs.pb")


def test_directory_of_bodies_is_imported_once(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "bodies" / "deeper"
    folder.mkdir(parents=True)
    (folder / "0001_traces.pb").write_bytes(TRACES.SerializeToString())
    (folder / "2.pb.gz").write_bytes(gzip.compress(LOGS.SerializeToString()))
    (folder / "3.pb.zst").write_bytes(zstandard.compress(METRICS.SerializeToString()))
    (folder / "meta.json").write_text('{"library": "x"}')
    (folder / "notes.txt").write_text("no body")
    report = load(store, tmp_path / "bodies")
    assert report.records == {"traces": 2, "logs": 1, "metrics": 1}
    assert (report.files, report.bodies, report.unreadable) == (3, 3, {})
    again = load(store, tmp_path / "bodies")
    assert (again.bodies, again.duplicates, again.records) == (0, 3, {})
    assert ask(store, "SELECT DISTINCT is_import FROM ingest_stats") == [(True,)]


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
def test_json_is_read_as_document_or_as_lines(
    store: Store, tmp_path: Path, indent: int | None, suffix: str
) -> None:
    path = tmp_path / f"file{suffix}"
    path.write_text(as_json(TRACES, indent=indent))
    assert load(store, path).records == {"traces": 2}


def test_lines_of_any_signal_and_an_array_are_read(store: Store, tmp_path: Path) -> None:
    other = as_json(a_trace_request(a_span(3)))
    logs = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "x"}}]}]}]})
    lines, array = tmp_path / "exported.jsonl.gz", tmp_path / "array.json"
    lines.write_bytes(gzip.compress(f"\ufeff\n{as_json(TRACES)}\r\n\n{logs}\n".encode()))
    array.write_text(f"[\n {other}\n]")
    assert load(store, lines, array).records == {"traces": 3, "logs": 1}


def test_unreadable_files_are_named_and_the_others_imported(store: Store, tmp_path: Path) -> None:
    good, bad_line = tmp_path / "good.pb", tmp_path / "lines.jsonl"
    good.write_bytes(TRACES.SerializeToString())
    bad_line.write_text(as_json(a_trace_request(a_span(7))) + "\n{oops\n")
    broken = tmp_path / "broken.pb"
    broken.write_bytes(b"\x0a\xff\xff")
    truncated = tmp_path / "truncated.json.gz"
    truncated.write_bytes(gzip.compress(as_json(TRACES).encode())[:-9])
    other = tmp_path / "other.json"
    other.write_text("{}")
    report = load(store, broken, truncated, other, bad_line, tmp_path / "absent.pb", good)
    assert report.records == {"traces": 3}
    assert {Path(path).name: reason for path, reason in report.unreadable.items()} == {
        "broken.pb": "it is no OTLP request in protobuf",
        "truncated.json.gz": "it cannot be read: Compressed file ended before the end-of-stream marker was reached",
        "other.json": "it holds no OTLP request",
        "lines.jsonl": "the other lines were imported; line 2: it is not JSON: "
        "JSON is malformed: object keys must be strings (byte 1)",
        "absent.pb": "it cannot be read: No such file or directory",
    }


def test_progress_goes_from_nothing_to_all(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "1.pb"
    path.write_bytes(TRACES.SerializeToString())
    steps: list[tuple[int, int]] = []
    import_paths(Intake(store), [path], progress=lambda done, total: steps.append((done, total)))
    size = path.stat().st_size
    assert steps == [(0, size), (size, size)]


def test_bodies_of_real_exporters_are_imported_whole(store: Store) -> None:
    report = load(store, WIRE)
    assert report.rejected == {}
    assert report.unreadable == {}
    assert report.files == len(list(WIRE.glob("*.gz")))
    assert set(report.records) == {"traces", "logs", "metrics"}

from __future__ import annotations

import json

from opentelemetry.proto.metrics.v1 import metrics_pb2 as pb

from collector.decode.batch import RecordBatch
from collector.decode.metrics import decode_metrics
from tests.collector.building import NOW, NOW_NS, a_metric_request, pairs, values_of

DELTA = pb.AGGREGATION_TEMPORALITY_DELTA
CUMULATIVE = pb.AGGREGATION_TEMPORALITY_CUMULATIVE


def decode(*metrics: pb.Metric) -> RecordBatch:
    return decode_metrics([a_metric_request(*metrics).SerializeToString()], [NOW])


def a_point(**fields: object) -> pb.NumberDataPoint:
    return pb.NumberDataPoint(time_unix_nano=NOW_NS, **fields)  # type: ignore[arg-type]


def test_gauges_and_sums_have_values() -> None:
    gauge = pb.Metric(name="g", unit="1", gauge=pb.Gauge(data_points=[a_point(as_double=0.5)]))
    total = pb.Metric(
        name="s",
        sum=pb.Sum(
            data_points=[a_point(as_int=-3, attributes=pairs({"k": "v"})), a_point()],
            aggregation_temporality=CUMULATIVE,
            is_monotonic=True,
        ),
    )
    batch = decode(total, gauge)
    columns = batch.records.select("metric", "type", "unit", "value", "temporality", "is_monotonic")
    assert columns.rows() == [
        ("g", "gauge", "1", 0.5, None, None),
        ("s", "sum", None, -3.0, "cumulative", True),
        ("s", "sum", None, None, "cumulative", True),
    ]
    assert values_of(batch.attributes, 1) == {"k": "v"}
    assert batch.records["service"].unique().to_list() == ["shop"]


def test_histogram_keeps_its_buckets() -> None:
    point = pb.HistogramDataPoint(
        start_time_unix_nano=NOW_NS - 10,
        time_unix_nano=NOW_NS,
        count=3,
        sum=1.5,
        bucket_counts=[1, 2],
        explicit_bounds=[0.5],
    )
    histogram = pb.Histogram(data_points=[point], aggregation_temporality=DELTA)
    row = decode(pb.Metric(name="h", histogram=histogram)).records.row(0, named=True)
    assert (row["count"], row["sum"], row["min"], row["max"]) == (3, 1.5, None, None)
    assert (row["temporality"], row["value"]) == ("delta", None)
    assert json.loads(row["distribution"]) == {"bounds": [0.5], "counts": [1, 2]}


def test_exponential_histogram_and_summary_keep_their_parts() -> None:
    buckets = pb.ExponentialHistogramDataPoint.Buckets(offset=-2, bucket_counts=[4])
    point = pb.ExponentialHistogramDataPoint(
        time_unix_nano=NOW_NS, count=5, sum=2.0, scale=3, zero_count=1, positive=buckets, min=0.0
    )
    exponential = pb.Metric(name="e", exponential_histogram=pb.ExponentialHistogram(data_points=[point]))
    quantile = pb.SummaryDataPoint.ValueAtQuantile(quantile=0.5, value=7.0)
    summary = pb.Summary(
        data_points=[pb.SummaryDataPoint(time_unix_nano=NOW_NS, count=2, sum=9.0, quantile_values=[quantile])]
    )
    first, second = decode(exponential, pb.Metric(name="q", summary=summary)).records.iter_rows(named=True)
    parts = json.loads(first["distribution"])
    assert (first["count"], first["min"], first["max"]) == (5, 0.0, None)
    assert (parts["scale"], parts["zero_count"]) == (3, 1)
    assert parts["positive"] == {"offset": -2, "counts": [4]}
    assert second["type"] == "summary"
    assert json.loads(second["distribution"]) == {"quantiles": [{"quantile": 0.5, "value": 7.0}]}


def test_point_without_time_has_that_of_its_arrival() -> None:
    gauge = pb.Metric(name="g", gauge=pb.Gauge(data_points=[pb.NumberDataPoint(as_int=1)]))
    row = decode(gauge).records.row(0, named=True)
    assert row["recorded_at"] == NOW.replace(tzinfo=None)
    assert row["started_at"] is None


def test_metric_without_data_is_no_point() -> None:
    assert decode(pb.Metric(name="empty")).records.is_empty()


def test_time_out_of_range_is_refused_alone() -> None:
    points = [pb.NumberDataPoint(time_unix_nano=7, as_int=1), a_point(as_int=2)]
    batch = decode(pb.Metric(name="g", gauge=pb.Gauge(data_points=points)))
    assert batch.records["value"].to_list() == [2.0]
    assert batch.rejected["reason"].to_list() == ["time_out_of_range"]

"""The front's own figures, in Prometheus text."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from collector.front.admission import Admission
from collector.log import LogWriter

_BOUNDS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class FrontCounters:
    """Plain numbers that the transports raise; formatted only when somebody asks."""

    def __init__(self) -> None:
        self._requests: Counter[tuple[str, str, str]] = Counter()
        self._bytes: Counter[str] = Counter()
        self._ack_counts = [0] * (len(_BOUNDS_S) + 1)
        self._ack_sum_s = 0.0

    def count_request(self, transport: str, signal: str, code: str) -> None:
        """Count an answered request; `code` is the HTTP status or the name of the gRPC code."""
        self._requests[transport, signal, code] += 1

    def count_ack(self, signal: str, size: int, duration_s: float) -> None:
        """Count an acknowledged body and how long its sender waited after the last byte arrived."""
        self._bytes[signal] += size
        self._ack_counts[bisect_left(_BOUNDS_S, duration_s)] += 1
        self._ack_sum_s += duration_s

    def collect(self) -> Iterator[Metric]:
        """Yield the metric families of the transports."""
        requests = CounterMetricFamily(
            "spanledger_front_requests",
            "Requests answered by the front, by transport, signal and status code.",
            labels=("transport", "signal", "code"),
        )
        for labels, count in sorted(self._requests.items()):
            requests.add_metric(labels, count)
        yield requests
        received = CounterMetricFamily(
            "spanledger_front_accepted_bytes",
            "Bytes of acknowledged bodies as they came, by signal.",
            labels=("signal",),
        )
        for signal, count in sorted(self._bytes.items()):
            received.add_metric((signal,), count)
        yield received
        acks = HistogramMetricFamily(
            "spanledger_front_ack_seconds", "Time from the last byte of a body to its acknowledgement."
        )
        bounds = [*map(str, _BOUNDS_S), "+Inf"]
        acks.add_metric((), list(zip(bounds, accumulate(self._ack_counts), strict=True)), self._ack_sum_s)
        yield acks


class FrontMetrics(Collector):
    """Everything the front says about itself at `GET /metrics`."""

    def __init__(self, counters: FrontCounters, admission: Admission, log: LogWriter) -> None:
        self._counters = counters
        self._admission = admission
        self._log = log
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def render(self) -> bytes:
        """Return the figures in the Prometheus text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Yield all metric families."""
        yield from self._counters.collect()
        stats, admission = self._log.stats, self._admission
        for name, text, value in (
            (
                "requests_in_flight",
                "Requests being received, checked or written.",
                admission.requests_in_flight,
            ),
            ("in_flight_bytes", "Bytes that requests in flight hold.", admission.bytes_in_flight),
            ("log_size_bytes", "Size of the log's segments when last measured.", stats.log_bytes),
        ):
            yield GaugeMetricFamily(f"spanledger_front_{name}", text, value=value)
        for name, text, value in (
            ("log_bodies", "Bodies made durable.", stats.bodies),
            ("log_written_bytes", "Bytes written to the log, frames included.", stats.bytes),
            ("log_commits", "Commits of the log: one write and one sync each.", stats.commits),
            ("log_commit_seconds", "Time spent in commits of the log.", stats.commit_s),
            ("log_failures", "Commits that the disk refused.", stats.failures),
        ):
            yield CounterMetricFamily(f"spanledger_front_{name}", text, value=value)

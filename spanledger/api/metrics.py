"""Spanledger's own health as Prometheus metrics, and beside it the agents'."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from spanledger import __version__
from spanledger.api.figures import AgentMetrics
from spanledger.services import Services
from store.clock import utc_now


class CoreMetrics(Collector):
    """Reads the figures when it is scraped; nothing is counted twice or kept beside the store."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)
        self._registry.register(AgentMetrics(services.store, utc_now))

    def render(self) -> bytes:
        """Return the exposition in Prometheus text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Yield every family."""
        info = GaugeMetricFamily("spanledger_build_info", "Version that runs", labels=["version"])
        info.add_metric([__version__], 1)
        yield info
        started = self._services.started_at.timestamp()
        yield GaugeMetricFamily(
            "spanledger_start_time_seconds", "Start of the core process, Unix time", value=started
        )
        yield from self._ingest()
        yield from self._loading()
        yield from self._jobs()
        size = self._services.store.size()
        yield GaugeMetricFamily(
            "spanledger_store_file_bytes", "Size of the database file", value=size.file_bytes
        )
        yield GaugeMetricFamily(
            "spanledger_store_used_bytes", "Blocks in use in the database", value=size.used_bytes
        )
        yield GaugeMetricFamily(
            "spanledger_store_wal_bytes", "Size of the write-ahead log", value=size.wal_bytes
        )

    def _ingest(self) -> Iterator[Metric]:
        records = CounterMetricFamily("spanledger_ingest_records", "Records loaded", labels=["signal"])
        rejected = CounterMetricFamily(
            "spanledger_ingest_rejected", "Records that went to dead letters", labels=["signal"]
        )
        duplicates = CounterMetricFamily(
            "spanledger_ingest_duplicates", "Bodies and spans that were there already", labels=["signal"]
        )
        size = CounterMetricFamily(
            "spanledger_ingest_bytes", "Bytes of the request bodies as they came", labels=["signal"]
        )
        newest = GaugeMetricFamily(
            "spanledger_ingest_last_load_seconds", "Time of the last load, Unix time", labels=["signal"]
        )
        for row in self._services.store.select("operations/ingest_totals").iter_rows(named=True):
            labels = [row["signal"]]
            records.add_metric(labels, row["records_total"])
            rejected.add_metric(labels, row["rejected_total"])
            duplicates.add_metric(labels, row["duplicates_total"])
            size.add_metric(labels, row["bytes_total"])
            newest.add_metric(labels, row["last_loaded_at"].replace(tzinfo=UTC).timestamp())
        yield from (records, rejected, duplicates, size, newest)

    def _loading(self) -> Iterator[Metric]:
        loader = self._services.loader
        if loader is None:
            return
        yield GaugeMetricFamily(
            "spanledger_loader_backlog_bytes", "Bytes of the log not yet loaded", value=loader.backlog_bytes
        )
        yield CounterMetricFamily(
            "spanledger_loader_failures",
            "Loads the store could not take and that were tried again",
            value=loader.failures,
        )

    def _jobs(self) -> Iterator[Metric]:
        runs = CounterMetricFamily("spanledger_job_runs", "Runs of a job", labels=["job"])
        failures = CounterMetricFamily("spanledger_job_failures", "Runs of a job that failed", labels=["job"])
        busy = CounterMetricFamily("spanledger_job_busy_seconds", "Time a job took", labels=["job"])
        rows = CounterMetricFamily("spanledger_job_changed_rows", "Rows a job wrote", labels=["job"])
        last = GaugeMetricFamily("spanledger_job_last_start_seconds", "Last start, Unix time", labels=["job"])
        for status in self._services.scheduler.statuses():
            runs.add_metric([status.name], status.runs)
            failures.add_metric([status.name], status.failures)
            busy.add_metric([status.name], status.busy_s)
            rows.add_metric([status.name], status.changed)
            if status.last_started_at is not None:
                last.add_metric([status.name], status.last_started_at.timestamp())
        waiting = GaugeMetricFamily(
            "spanledger_job_waiting", "Work that waits for a job", labels=["job", "unit"]
        )
        lag = GaugeMetricFamily(
            "spanledger_job_lag_seconds",
            "Age of the oldest load that waits for a job",
            labels=["job", "unit"],
        )
        for backlog in self._services.scheduler.backlogs():
            labels = [backlog.job, backlog.unit]
            waiting.add_metric(labels, backlog.waiting)
            if backlog.since is not None or not backlog.waiting:
                since = utc_now() if backlog.since is None else backlog.since
                lag.add_metric(labels, max(0.0, (utc_now() - since).total_seconds()))
        yield from (runs, failures, busy, rows, last, waiting, lag)

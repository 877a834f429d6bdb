"""How long after its acknowledgement a trace is in the views, at half the greatest rate."""

from __future__ import annotations

import gzip
import http.client
import itertools
import random
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, Span

from benchmarks.figures import Figure
from benchmarks.installations import Installation, run_installation, wait_until_counted
from benchmarks.traffic import Order, Traffic, run_traffic
from benchmarks.whole import expected_rows

SECONDS = 30.0
_PROBE_EVERY_S = 0.5
_POLL_EVERY_S = 0.2
_RATE_SPANS = 147_456
_PATIENCE_S = 60.0
_SERVICE = "freshness-probe"

_SEEN = f"""
SELECT 'spans' AS view, session_id AS probe FROM spans WHERE service = '{_SERVICE}' AND kind = 'agent'
UNION ALL SELECT 'runs', session_id FROM runs WHERE service = '{_SERVICE}'
UNION ALL SELECT 'llm_calls', session_id FROM llm_calls WHERE service = '{_SERVICE}'
UNION ALL SELECT 'sessions', conversation_id FROM sessions WHERE service = '{_SERVICE}'
UNION ALL SELECT 'hourly', sum(events)::VARCHAR FROM hourly WHERE service = '{_SERVICE}' AND subject = 'run'
"""
VIEWS = {"spans": 3.0, "runs": 10.0, "llm_calls": 10.0, "sessions": 10.0, "hourly": None}


@dataclass
class Probes:
    """When numbered traces were acknowledged and seen, on one clock."""

    acknowledged: dict[str, float] = field(default_factory=dict[str, float])
    seen: dict[str, dict[str, float]] = field(default_factory=lambda: {view: {} for view in VIEWS})

    def delays_s(self, view: str) -> list[float]:
        """Return the time from acknowledgement to sight of every probe, in their order."""
        return [self.seen[view][probe] - at for probe, at in self.acknowledged.items()]


def measure_freshness() -> list[Figure]:
    """Find the rate that every view can follow, then send half of it with probes in between."""
    with (
        tempfile.TemporaryDirectory(prefix="fresh-") as scratch,
        run_traffic() as traffic,
        run_installation(Path(scratch)) as installation,
    ):
        rate = _find_rate(traffic, installation)
        traffic.prepare(int(rate / 2 * SECONDS))
        probes = _send_with_probes(traffic, installation, rate / 2)
    figures: list[Figure] = []
    for view, limit in VIEWS.items():
        delays = probes.delays_s(view)
        p50, p99, worst = np.quantile(delays, 0.5), np.quantile(delays, 0.99), max(delays)
        print(
            f"freshness of {view:9} at {rate / 2:,.0f} spans/s: p50 {p50:.2f} s, p99 {p99:.2f}, max {worst:.2f}"
        )
        figures.append(
            Figure(f"freshness of {view} at half the greatest rate: p99", float(p99), "s", at_most=limit)
        )
    return figures


def _find_rate(traffic: Traffic, installation: Installation) -> float:
    traffic.prepare(_RATE_SPANS)
    began = time.perf_counter()
    spans = traffic.send(Order(installation.http)).spans
    reached = wait_until_counted(installation, expected_rows(spans), 180.0)
    return spans / (max(reached.values()) - began)


def _send_with_probes(traffic: Traffic, installation: Installation, rate: float) -> Probes:
    probes = Probes()
    with _watch(installation, probes), _probe(installation, probes):
        answers = traffic.send(Order(installation.http, interval_s=512 / rate))
        print(f"ack meanwhile: p50 {answers.quantile(0.5):.1f} ms, p99 {answers.quantile(0.99):.1f} ms")
    return probes


@contextmanager
def _probe(installation: Installation, probes: Probes) -> Generator[None]:
    """Send a trace of two spans every now and then."""
    stop = threading.Event()

    def send() -> None:
        connection = http.client.HTTPConnection(installation.http)
        headers = {"content-type": "application/x-protobuf", "content-encoding": "gzip"}
        for number in itertools.count():
            if stop.wait(_PROBE_EVERY_S):
                return
            name = f"probe-{number}"
            connection.request("POST", "/v1/traces", make_probe(name), headers)
            connection.getresponse().read()
            probes.acknowledged[name] = time.perf_counter()

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def _watch(installation: Installation, probes: Probes) -> Generator[None]:
    """Look for the probes until all of them were seen everywhere."""
    stop = threading.Event()

    def look() -> None:
        until = float("inf")
        while time.perf_counter() < until:
            rows = installation.query(_SEEN)
            now = time.perf_counter()
            for row in rows:
                for probe in _name_probes(**row):
                    probes.seen[row["view"]].setdefault(probe, now)
            if stop.is_set():
                until = min(until, now + _PATIENCE_S)
                if all(len(seen) >= len(probes.acknowledged) for seen in probes.seen.values()):
                    return
            time.sleep(_POLL_EVERY_S)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _name_probes(view: str, probe: str | None) -> list[str]:
    """Return the probes that a row shows; hours only tell how many there are."""
    return [f"probe-{n}" for n in range(int(probe or 0))] if view == "hourly" else [probe or ""]


def make_probe(name: str) -> bytes:
    """Return a gzipped body: one trace of an agent with a model call, in a conversation of that name."""
    resource_spans = ResourceSpans()
    resource_spans.resource.attributes.append(_pair("service.name", _SERVICE))
    trace_id, root, now_ns = random.randbytes(16), random.randbytes(8), time.time_ns()
    common = [_pair("gen_ai.conversation.id", name), _pair("gen_ai.agent.name", "probe")]
    agent = Span(
        trace_id=trace_id,
        span_id=root,
        name="invoke_agent probe",
        start_time_unix_nano=now_ns - 2_000_000_000,
        end_time_unix_nano=now_ns,
        attributes=[_pair("gen_ai.operation.name", "invoke_agent"), *common],
    )
    call = Span(
        trace_id=trace_id,
        span_id=random.randbytes(8),
        parent_span_id=root,
        name="chat gpt-5-mini",
        start_time_unix_nano=now_ns - 1_500_000_000,
        end_time_unix_nano=now_ns - 500_000_000,
        attributes=[
            _pair("gen_ai.operation.name", "chat"),
            _pair("gen_ai.request.model", "gpt-5-mini"),
            _pair("gen_ai.response.id", f"probe-{random.getrandbits(64):x}"),
            *common,
        ],
    )
    resource_spans.scope_spans.add().spans.extend([agent, call])
    return gzip.compress(ExportTraceServiceRequest(resource_spans=[resource_spans]).SerializeToString())


def _pair(key: str, value: str) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=value))

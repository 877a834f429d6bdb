"""Sample data for a look around: simulated agents in a store of its own, made when somebody first asks for it."""

from __future__ import annotations

import atexit
import logging
import random
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any, Final

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from dashboard.saved import FILE_NAME as SAVED_FILE_NAME
from dashboard.services import SampleState
from dashboard.services import Services as DashboardServices
from spanledger import __version__
from spanledger.config import FILE_NAME as CONFIG_FILE_NAME
from spanledger.config import Config, load_config, show_config
from spanledger.demo.playing import Player
from spanledger.demo.telemetry import Tracers
from spanledger.layout import make_data_dir, sample_dir
from spanledger.operations.imports import import_bodies
from spanledger.operations.performing import perform_operation
from spanledger.services import Services, open_services
from store import StoreSettings
from store.clock import Clock, utc_now
from store.errors import SpanledgerError

_log = logging.getLogger(__name__)

HISTORY: Final = timedelta(days=3)
RUNS: Final = 600
_SEED: Final = 20261129
# A sample is small: it never takes from the real store what that one may need.
_STORE: Final = StoreSettings(
    memory_limit="256MB", query_memory_limit="128MB", query_max_size="64MB", spill_limit="1GB", threads=1
)
_SETTINGS: Final = """\
[[budget]]
name = "each user's day"
limit = 0.25
unit = "usd"
period = "day"
group_by = ["user_id"]
warn_at = 0.8

[[budget]]
name = "all agents, the month"
limit = 100.0
unit = "usd"
period = "month"

[[alert]]
name = "tests fail"
metric = "tool_failure_rate"
above = 0.05
window = "24h"
where = { tool = "run_tests" }
severity = "critical"
annotations = { summary = "{{ value }} of the calls of run_tests fail" }

[[alert]]
name = "dear runs"
metric = "cost_per_run_usd"
above = 0.05
window = "24h"
group_by = ["agent"]
min_count = 10
severity = "warning"
annotations = { summary = "A run of {{ labels.agent }} costs {{ value }}" }
"""
_CLOSE_WITHIN_S: Final = 10
_PLAYED, _READ = 0.3, 0.6
"""Shares of the work that are done when the agents have played, and when what they sent is read."""


class SampleData:
    """The sample of an installation; it is made anew by every process in which somebody asks for it."""

    def __init__(self, config: Config, clock: Clock = utc_now, runs: int = RUNS) -> None:
        self._directory = sample_dir(config.data_dir)
        self._addresses = config.collector
        self._guards = config.guards
        self._clock = clock
        self._runs = runs
        self._lock = Lock()
        self._state = SampleState()
        self._stop = Event()
        self._opened = ExitStack()
        self._making: Thread | None = None

    def ask(self, *, may_begin: bool) -> SampleState:
        """Return how far it is; the first to ask who may begin has it made, in the background."""
        with self._lock:
            if self._making is None and may_begin:
                self._stop = Event()
                self._state = SampleState(step="Playing agents")
                self._making = Thread(target=self._make, name="sample", daemon=True)
                self._making.start()
                atexit.register(self.close)
            return self._state

    def remove(self) -> None:
        """Close the store and delete it; whoever asks next has it made again."""
        self.close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def close(self) -> None:
        """Stop making it, and close the store."""
        with self._lock:
            making, self._making = self._making, None
            self._stop.set()
            if making is not None:
                making.join(_CLOSE_WITHIN_S)
            self._opened.close()
            self._state = SampleState()
        atexit.unregister(self.close)

    def _make(self) -> None:
        try:
            self._state = SampleState(services=self._fill())
        except _Stopped:
            self._opened.close()
        except (SpanledgerError, OSError) as error:
            self._opened.close()
            self._state = SampleState(failure=str(error))
            _log.warning("the sample data cannot be made: %s", error)
        except Exception as error:  # noqa: BLE001 - whoever waits would wait for ever
            self._opened.close()
            self._state = SampleState(
                failure=f"An error that is ours: {error}. The log of the server has more."
            )
            _log.exception("the sample data cannot be made")

    def _fill(self) -> DashboardServices:
        shutil.rmtree(self._directory, ignore_errors=True)
        bodies = make_data_dir(self._directory) / "bodies"
        bodies.mkdir()
        self._play(bodies)
        config = self._configure()
        services = self._opened.enter_context(open_services(config, alerting=True, clock=self._clock))
        import_bodies(services, {"paths": [bodies]}, self._report)
        shutil.rmtree(bodies)
        engine = services.engine
        assert engine is not None, "alerting is on"
        engine.evaluate()
        made_at = self._clock()
        return DashboardServices(
            store=services.store,
            control=services.control,
            settings=config,
            started_at=services.started_at,
            otlp_http=f"http://{config.collector.http}",
            otlp_grpc=f"http://{config.collector.grpc}",
            version=__version__,
            find_alerting=lambda: config.alerting,
            rule_statuses=lambda: engine.statuses,
            describe_settings=partial(show_config, config),
            saved_file=self._directory / SAVED_FILE_NAME,
            operate=partial(_operate, services),
            clock=lambda: made_at,
            is_sample=True,
        )

    def _configure(self) -> Config:
        """Return the configuration of the sample: budgets and rules that its agents run into, and no channel.

        Tools are judged as in the installation: a process has one breaker, and the real store is in this one too.
        """
        (self._directory / CONFIG_FILE_NAME).write_text(_SETTINGS, encoding="utf-8")
        config = load_config(self._directory, environ={})
        return replace(config, collector=self._addresses, guards=self._guards, store=_STORE)

    def _play(self, bodies: Path) -> None:
        """Have the agents of the demo write what they would send."""
        tracers = Tracers(lambda agent: _BodyFiles(bodies, agent.name))
        try:
            now = self._clock()
            for count in Player(tracers, random.Random(_SEED)).history(now - HISTORY, now, self._runs):
                self._say("Playing agents", _PLAYED * min(1.0, count / self._runs))
        finally:
            tracers.close()

    def _report(self, progress: Mapping[str, Any]) -> None:
        if "step" in progress:
            self._say("Counting and pricing every call", _READ)
            return
        done = progress["done_bytes"] / max(1, progress["total_bytes"])
        self._say("Reading what they sent", _PLAYED + (_READ - _PLAYED) * done)

    def _say(self, step: str, share: float) -> None:
        if self._stop.is_set():
            raise _Stopped
        self._state = SampleState(step=step, share=share)


def _operate(services: Services, name: str, arguments: Mapping[str, Any]) -> object:
    """Do what a command does, in the sample."""
    return perform_operation(services, name, arguments)


class _Stopped(Exception):
    """The sample is no longer wanted."""


class _BodyFiles(SpanExporter):
    """Writes each batch as the body of an OTLP request into a file of its own."""

    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self._name = name
        self._count = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Write a batch."""
        self._count += 1
        file = self._directory / f"{self._name}-{self._count:04}.pb"
        file.write_bytes(encode_spans(spans).SerializeToString())
        return SpanExportResult.SUCCESS

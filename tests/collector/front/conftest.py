from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from collector.front import front_arguments
from collector.log import Body, LogReader
from collector.settings import CollectorSettings

PROTOBUF = {"content-type": "application/x-protobuf"}
JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class FrontProcess:
    """A really started front."""

    process: subprocess.Popen[str]
    http: str
    grpc: str
    log_directory: Path
    log_lines: list[str]

    def post(
        self, path: str, body: bytes | Iterable[bytes] = b"", headers: dict[str, str] | None = None
    ) -> Answer:
        return self.request("POST", path, body, headers)

    def request(
        self,
        method: str,
        path: str,
        body: bytes | Iterable[bytes] = b"",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        connection = http.client.HTTPConnection(self.http, timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())
        finally:
            connection.close()

    def bodies(self) -> list[Body]:
        """Return everything in the log, in order."""
        return LogReader(self.log_directory).read(1 << 30, 1 << 20).bodies

    def last_body(self) -> Body:
        return self.bodies()[-1]

    def read_rss_bytes(self) -> int:
        done = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(self.process.pid)], capture_output=True, text=True, check=True
        )
        return int(done.stdout) * 1024

    def stop(self) -> int:
        """Send SIGTERM and return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self._wait()

    def kill(self) -> None:
        self.process.kill()
        self._wait()

    def _wait(self) -> int:
        if self.process.stderr is not None and not self.process.stderr.closed:
            self.log_lines += self.process.stderr.read().splitlines()
            self.process.stderr.close()
        return self.process.wait(20)


def front_command(log_directory: Path, *more: str, **settings: Any) -> list[str]:
    defaults: dict[str, Any] = {"http": "127.0.0.1:0", "grpc": "127.0.0.1:0", "log_disk_reserve_bytes": 0}
    arguments = front_arguments(CollectorSettings(**(defaults | settings)), log_directory, log_format="json")
    return [sys.executable, "-P", "-m", "collector.front", *arguments, *more]


@contextmanager
def start_front(
    log_directory: Path, *more: str, pass_fds: Iterable[int] = (), **settings: Any
) -> Generator[FrontProcess]:
    process = subprocess.Popen(
        front_command(log_directory, *more, **settings),
        stderr=subprocess.PIPE,
        text=True,
        pass_fds=tuple(pass_fds),
        env={**os.environ, "GRPC_VERBOSITY": "NONE"},
    )
    front: FrontProcess | None = None
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        ready = json.loads(line)
        assert ready["event"] == "front_ready", line
        front = FrontProcess(process, ready["http"], ready["grpc"], log_directory, [line])
        yield front
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate() if front is None else front._wait()  # pyright: ignore[reportPrivateUsage]


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Generator[FrontProcess]:
    """One front for the tests of a module; it must survive all of them."""
    with start_front(tmp_path_factory.mktemp("front") / "log", body_timeout_s=1.0) as started:
        yield started
        assert started.post("/v1/traces", a_request(), PROTOBUF).status == 200
        assert started.stop() == 0


@pytest.fixture
def own_front(tmp_path: Path) -> Generator[Callable[..., FrontProcess]]:
    """Fronts with settings of their own; stopped at the end of the test."""
    with ExitStack() as stack:

        def start(*more: str, **settings: Any) -> FrontProcess:
            return stack.enter_context(start_front(tmp_path / "log", *more, **settings))

        yield start


def a_request(name: str = "chat", count: int = 1) -> bytes:
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    for number in range(count):
        span = spans.add(trace_id=bytes(range(16)), span_id=number.to_bytes(8, "big"), name=name)
        span.start_time_unix_nano, span.end_time_unix_nano = (
            1_800_000_000_000_000_000,
            1_800_000_001_000_000_000,
        )
    return request.SerializeToString()

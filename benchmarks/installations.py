"""A Spanledger started as a user starts it, on free loopback ports and a directory of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.processes import list_tree
from spanledger.api.wire import ask

_READY_TIMEOUT_S = 120.0


@dataclass
class Installation:
    """A running installation."""

    process: subprocess.Popen[str]
    data_dir: Path
    http: str
    dashboard: str
    ready_after_s: float
    """From the command to its banner."""
    cpu_s: float = 0.0
    """Of the whole tree from start to end; known after the end."""

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows of a query through the control socket."""
        answer = ask(self.data_dir, "sql", {"query": sql, "max_rows": None})
        assert isinstance(answer, pa.Table)
        return answer.to_pylist()

    def status(self) -> Mapping[str, Any]:
        """Return what `spanledger status` shows."""
        answer = ask(self.data_dir, "status", {})
        assert not isinstance(answer, pa.Table)
        return answer

    def processes(self) -> dict[str, int]:
        """Return the process ids by name."""
        names: dict[str, int] = {}
        for pid in list_tree(self.process.pid):
            command = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
            module = command[command.index("-m") + 1] if "-m" in command else command[0]
            name = {"spanledger.supervisor": "supervisor", "collector.front": "front"}.get(module, "core")
            # The desk is forked from the front and bears its command.
            names["desk" if name == "front" and name in names else name] = pid
        return names

    def kill(self) -> None:
        """Kill every process at once, as a power cut would."""
        for pid in list_tree(self.process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Stop in good order and keep what the whole tree cost."""
        if self.process.returncode is not None:
            return
        self.process.terminate()
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.cpu_s = usage.ru_utime + usage.ru_stime


@contextmanager
def run_installation(
    directory: Path, *, command: str = "up", settings: Mapping[str, str] | None = None
) -> Generator[Installation]:
    """Start `spanledger up` or `collect` over a directory, wait until it is ready, and stop it afterwards."""
    http, grpc, dashboard = (f"127.0.0.1:{port}" for port in find_free_ports(3))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SPANLEDGER_")}
    environment |= {
        "SPANLEDGER_COLLECTOR_HTTP": http,
        "SPANLEDGER_COLLECTOR_GRPC": grpc,
        "SPANLEDGER_DASHBOARD_HTTP": dashboard,
        **(settings or {}),
    }
    data_dir = directory / "data"
    program = str(Path(sys.executable).with_name("spanledger"))
    log = (directory / "spanledger.log").open("a")
    began = time.perf_counter()
    process = subprocess.Popen(
        [program, command, "--data", str(data_dir)],
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        env=environment,
    )
    try:
        _await_banner(process, directory / "spanledger.log")
        yield (installation := Installation(process, data_dir, http, dashboard, time.perf_counter() - began))
        installation.stop()
    finally:
        if process.returncode is None:
            process.terminate()
            process.wait()
        log.close()


def _await_banner(process: subprocess.Popen[str], log: Path) -> None:
    assert process.stdout is not None
    until = time.monotonic() + _READY_TIMEOUT_S
    while time.monotonic() < until:
        line = process.stdout.readline()
        if line.startswith("Spanledger"):
            return
        if not line:
            break
    raise RuntimeError(f"the installation did not get ready:\n{log.read_text()[-4000:]}")


def find_free_ports(count: int) -> list[int]:
    """Return ports of the loopback interface that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def wait_until_counted(
    installation: Installation, expected: Mapping[str, int], timeout_s: float
) -> dict[str, float]:
    """Wait until every view tells of so many; return when each did, on the clock of `time.perf_counter`."""
    reached: dict[str, float] = {}
    until = time.perf_counter() + timeout_s
    while True:
        counts = installation.status()["rows"] | installation.query(_COUNTS)[0]
        now = time.perf_counter()
        for view, count in expected.items():
            if (counts[view] or 0) >= count:
                reached.setdefault(view, now)
        if len(reached) == len(expected):
            return reached
        if now > until:
            raise TimeoutError(f"after {timeout_s:.0f} s the views hold {counts}, not {dict(expected)}")
        time.sleep(0.25)


_COUNTS = """
SELECT
    (SELECT sum(events) FROM hourly WHERE subject = 'llm_call') AS hourly,
    (SELECT sum(runs) FROM sessions) AS sessions
"""

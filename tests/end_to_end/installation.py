"""A real installation of its own directory and ports, started as a user starts it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.commands import run

SPANLEDGER = Path(sys.executable).with_name("spanledger")


class Installation:
    """Starts, kills and asks one installation; `stop` leaves nothing behind."""

    def __init__(self, directory: Path, free_port: Callable[[], int], toml: str = "") -> None:
        self.data = directory / "data"
        self.http, self.grpc, self.dashboard = (f"127.0.0.1:{free_port()}" for _ in range(3))
        self.data.mkdir(parents=True)
        (self.data / "spanledger.toml").write_text(
            f'[collector]\nhttp = "{self.http}"\ngrpc = "{self.grpc}"\n[dashboard]\nhttp = "{self.dashboard}"\n{toml}'
        )
        self.log = directory / "log.txt"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, command: str = "up", *options: str, ready_s: float = 90) -> None:
        """Start and wait until front and core are ready."""
        self.launch(command, *options)
        deadline = time.monotonic() + ready_s
        while not (self.answers(self.http, "/healthz") and self.answers(self.dashboard, "/readyz")):
            assert self._process is not None
            assert self._process.poll() is None, self.log.read_text()[-3000:]
            assert time.monotonic() < deadline, self.log.read_text()[-3000:]
            time.sleep(0.02)

    def launch(self, command: str, *options: str) -> None:
        """Start without waiting for anything."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [SPANLEDGER, command, "--data", self.data, *options],
                stdout=log,
                stderr=log,
                cwd=self.data.parent,
            )

    def answers(self, address: str, path: str) -> bool:
        try:
            with urlopen(f"http://{address}{path}", timeout=5) as response:
                return response.status == 200
        except OSError:
            return False

    def kill(self) -> None:
        """End every process at once, as a power cut would."""
        assert self._process is not None
        own = self._process.pid
        if self._process.poll() is None:
            # Stopped, it starts no further child between the look at its children and the end of all.
            os.kill(own, signal.SIGSTOP)
            children = Path(f"/proc/{own}/task/{own}/children").read_text().split()
            for process in (*map(int, children), own):
                os.kill(process, signal.SIGKILL)
        self._process.wait(20)

    def stop(self) -> int:
        """Ask to end; return the exit code."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        return self._process.wait(60)

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Return the answer to a query."""
        return json.loads(run("sql", "--format", "json", query, "--data", self.data))

    def wait_for(self, query: str, expected: object, seconds: float = 30) -> None:
        """Poll a query of one value until it has the expected one."""
        deadline = time.monotonic() + seconds
        while True:
            value = next(iter(self.rows(query)[0].values()))
            if value == expected:
                return
            assert time.monotonic() < deadline, f"{query}: {value!r} is not {expected!r} after {seconds} s"
            time.sleep(0.1)

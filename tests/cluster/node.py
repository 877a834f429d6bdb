"""A real ClickHouse node on loopback, served out of the chdb-core wheel by a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

_CONFIG = """<clickhouse>
  <tcp_port>{tcp}</tcp_port>
  <http_port>{http}</http_port>
  <listen_host>127.0.0.1</listen_host>
  <max_server_memory_usage>3000000000</max_server_memory_usage>
  <mark_cache_size>268435456</mark_cache_size>
  <users_config>{users}</users_config>
</clickhouse>
"""
_USERS = """<clickhouse>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <users><default>
    <password></password><profile>default</profile><quota>default</quota>
    <access_management>1</access_management>
  </default>
  <reader>
    <password>reader</password><profile>default</profile><quota>default</quota>
    <grants><query>GRANT SELECT ON main.*</query></grants>
  </reader></users>
</clickhouse>
"""
# The engine is started once a process, and this query keeps it there.
_SERVE = (
    "SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; "
    "SELECT sum(sleepEachRow(1)) FROM numbers(1000000) SETTINGS max_block_size = 1"
)
_START_S = 60.0


@dataclass
class Node:
    """A running node."""

    url: str
    reader_url: str
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()


def start_node(directory: Path) -> Node:
    """Start a node whose configuration and data are in `directory`, and wait until it answers."""
    directory.mkdir(parents=True, exist_ok=True)
    tcp, http = _find_free_port(), _find_free_port()
    home = directory / "home"
    config = home / ".clickhouse-local" / "config.xml"
    config.parent.mkdir(parents=True)
    users = directory / "users.xml"
    users.write_text(_USERS, encoding="utf-8")
    config.write_text(_CONFIG.format(tcp=tcp, http=http, users=users), encoding="utf-8")
    with (directory / "output").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve()), str(directory / "data")],
            env={**os.environ, "HOME": str(home)},
            cwd=directory,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    node = Node(f"http://default@127.0.0.1:{http}", f"http://reader:reader@127.0.0.1:{http}", process)
    _wait_until_up(f"http://127.0.0.1:{http}/ping", process, directory / "output")
    return node


def _wait_until_up(url: str, process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    process.kill()
    raise RuntimeError(f"the ClickHouse node did not start: {output.read_text(errors='replace')[-2000:]}")


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _serve(data: str) -> None:
    import chdb._chdb as engine  # reads HOME when it is imported

    engine.query(_SERVE, "TabSeparated", path=data)


if __name__ == "__main__":
    _serve(sys.argv[1])

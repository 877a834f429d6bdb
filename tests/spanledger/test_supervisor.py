"""The supervisor starts, restarts, gives up and stops real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from spanledger.layout import make_data_dir
from spanledger.supervisor import ChildPlan, Plan
from store import open_store

SERVER = """
import http.server, os, sys
name, port, mark = sys.argv[1], int(sys.argv[2]), sys.argv[3]
open(mark, "a").write(f"{name} {os.getpid()}\\n")
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 20) -> None:
    """Poll until it holds; fail with what was waited for."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.02)


@pytest.fixture
def supervise(tmp_path: Path):
    started: list[subprocess.Popen[str]] = []

    def start(plan: Plan) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "spanledger.supervisor", plan.to_json()],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def serving(name: str, port: int, mark: Path) -> ChildPlan:
    return ChildPlan(
        name, [sys.executable, "-c", SERVER, name, str(port), str(mark)], f"127.0.0.1:{port}", "/"
    )


def pids(mark: Path) -> list[int]:
    return [int(line.split()[1]) for line in mark.read_text().splitlines()] if mark.exists() else []


def test_the_banner_comes_when_every_child_answers(
    supervise, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    plan = Plan(
        [serving("front", free_port(), tmp_path / "a"), serving("core", free_port(), tmp_path / "b")],
        "ready\n",
    )
    process = supervise(plan)
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def test_a_child_that_dies_is_started_again(supervise, tmp_path: Path, free_port: Callable[[], int]) -> None:
    mark = tmp_path / "mark"
    process = supervise(Plan([serving("core", free_port(), mark)], "ready\n"))
    process.stdout.readline()
    os.kill(pids(mark)[0], signal.SIGKILL)
    wait_for(lambda: len(pids(mark)) == 2, "a second start")
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def test_a_child_that_keeps_dying_ends_everything_with_an_error(supervise, tmp_path: Path, free_port) -> None:
    dying = ChildPlan("core", [sys.executable, "-c", "raise SystemExit(1)"], f"127.0.0.1:{free_port()}", "/")
    mark = tmp_path / "mark"
    process = supervise(Plan([serving("front", free_port(), mark), dying], "ready\n"))
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "the core process ended with 1 and is given up" in errors
    assert not Path(f"/proc/{pids(mark)[0]}").exists()


def test_a_configuration_error_is_not_tried_again(supervise, tmp_path: Path, free_port) -> None:
    mark = tmp_path / "mark"
    code = f"open({str(mark)!r}, 'a').write('x'); raise SystemExit(2)"
    process = supervise(
        Plan([ChildPlan("core", [sys.executable, "-c", code], f"127.0.0.1:{free_port()}", "/")], "")
    )
    process.communicate(timeout=20)
    assert (process.returncode, mark.read_text()) == (1, "x")


@pytest.mark.parametrize("kind", ["of a newer version", "no database"])
def test_a_database_that_no_other_attempt_can_read_is_not_tried_again(tmp_path: Path, kind: str) -> None:
    path = make_data_dir(tmp_path / "data") / "spanledger.duckdb"
    if kind == "no database":
        path.write_bytes(b"x" * 20_000)
    else:
        open_store(path.parent).close()
        with duckdb.connect(str(path)) as connection:
            connection.execute("INSERT INTO ledger.schema_versions VALUES (9000, now()::TIMESTAMP, 'x')")
    core = [sys.executable, "-P", "-m", "spanledger.core", "--data", str(path.parent)]
    assert subprocess.run(core, capture_output=True, timeout=60, check=False).returncode == 2


def test_descriptors_reach_the_children_that_ask_for_them(supervise, tmp_path: Path, free_port) -> None:
    code = "import os, sys; os.write(int(sys.argv[1]), b'!'); raise SystemExit(0)"
    read = (
        "import os, select, sys; fd = int(sys.argv[1]); select.select([fd], [], [], 20); "
        "print(os.read(fd, 1), flush=True); raise SystemExit(2)"
    )
    plan = Plan(
        [
            ChildPlan("front", [sys.executable, "-c", code, "{wake_write}"], f"127.0.0.1:{free_port()}", "/"),
            ChildPlan("core", [sys.executable, "-c", read, "{wake_read}"], f"127.0.0.1:{free_port()}", "/"),
        ],
        "",
    )
    process = supervise(plan)
    assert process.stdout.readline() == "b'!'\n"


def test_the_supervisor_imports_nothing_heavy() -> None:
    heavy = "{'polars', 'duckdb', 'pyarrow', 'typer', 'msgspec', 'numpy'}"
    code = f"import sys, spanledger.supervisor; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"

from __future__ import annotations

import http.client
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from collector.front import FrontStart, front_arguments
from collector.front.start import parse_start
from collector.log import LogReader
from collector.settings import CollectorSettings
from store.errors import ConfigError

from .conftest import JSON, PROTOBUF, FrontProcess, a_request, front_command, start_front

_HEAVY = {"duckdb", "polars", "pyarrow", "pandas", "numpy", "streamlit", "plotly", "sqlalchemy", "ptars"}


def test_the_front_imports_nothing_heavy() -> None:
    script = "import sys, collector.front.__main__; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True)
    assert _HEAVY.isdisjoint(done.stdout.split())


def test_arguments_survive_the_command_line(tmp_path: Path) -> None:
    settings = CollectorSettings(http="[::1]:1", cors_origins=("https://a.example",), commit_delay_ms=1.5)
    arguments = front_arguments(settings, tmp_path, log_level="debug", log_format="json")
    start = parse_start([*arguments, "--wake", "7", "--life", "8"])
    assert start == FrontStart(tmp_path, settings, "debug", "json", wake=7, life=8)


def test_settings_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--settings"):
        parse_start(["--log-directory", str(tmp_path), "--settings", '{"http": 7}'])


@pytest.mark.parametrize("setting", ["http", "grpc"])
def test_a_port_in_use_is_one_sentence_and_exit_code_1(tmp_path: Path, setting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        done = subprocess.run(
            front_command(tmp_path / "log", **{setting: address}), capture_output=True, text=True
        )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"spanledger: {address} is in use by another program; stop it, or set collector.{setting} to another"
        " address\n"
    )


def test_two_fronts_never_share_a_port(front: FrontProcess, tmp_path: Path) -> None:
    for setting in ("http", "grpc"):
        command = front_command(tmp_path / "log", **{setting: getattr(front, setting)})
        assert subprocess.run(command, capture_output=True).returncode == 1


@pytest.mark.parametrize("address", ["127.0.0.1", "nowhere.invalid:4318", "127.0.0.1:99999"])
def test_an_address_that_is_none_is_exit_code_2(tmp_path: Path, address: str) -> None:
    done = subprocess.run(front_command(tmp_path / "log", http=address), capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("spanledger: collector.http = ")
    assert done.stderr.count("\n") == 1


def test_a_second_front_on_the_same_log_is_refused(own_front: Callable[..., FrontProcess]) -> None:
    first = own_front()
    done = subprocess.run(front_command(first.log_directory), capture_output=True, text=True)
    assert done.returncode == 2
    assert "is written by another process" in done.stderr


def test_it_says_it_is_healthy(front: FrontProcess) -> None:
    answer = front.request("GET", "/healthz")
    assert (answer.status, answer.body) == (200, b"ok\n")
    assert front.request("HEAD", "/healthz").body == b""


def test_its_figures_are_prometheus_text(front: FrontProcess) -> None:
    front.post("/v1/traces", a_request(), PROTOBUF)
    lines = front.request("GET", "/metrics").body.decode().splitlines()
    names = {line.partition(" ")[0] for line in lines if not line.endswith(" 0.0")}
    assert 'spanledger_front_requests_total{code="200",signal="traces",transport="http"}' in names
    assert {"spanledger_front_log_bodies_total", "spanledger_front_ack_seconds_count"} <= names


def test_its_figures_pass_the_check_of_prometheus(front: FrontProcess) -> None:
    front.post("/v1/traces", a_request(), PROTOBUF)
    text = front.request("GET", "/metrics").body
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True)
    assert (done.returncode, done.stderr.decode()) == (0, "")


def test_each_commit_writes_a_byte_and_a_full_pipe_does_not_matter(tmp_path: Path) -> None:
    read, write = os.pipe()
    try:
        with start_front(tmp_path / "log", "--wake", str(write), pass_fds=[write]) as front:
            front.post("/v1/traces", a_request(), PROTOBUF)
            assert select.select([read], [], [], 5)[0]
            assert set(os.read(read, 100)) == {0}
            os.set_blocking(write, False)
            with pytest.raises(BlockingIOError):
                while True:
                    os.write(write, bytes(4096))
            assert front.post("/v1/traces", a_request(), PROTOBUF).status == 200
    finally:
        os.close(read)
        os.close(write)


def test_it_works_on_when_nobody_reads_the_pipe_any_more(tmp_path: Path) -> None:
    read, write = os.pipe()
    with start_front(tmp_path / "log", "--wake", str(write), pass_fds=[write]) as front:
        os.close(read)
        os.close(write)
        assert front.post("/v1/traces", a_request(), PROTOBUF).status == 200


def test_it_ends_with_its_supervisor(tmp_path: Path) -> None:
    read, write = os.pipe()
    with start_front(tmp_path / "log", "--life", str(read), pass_fds=[read]) as front:
        os.close(read)
        assert front.process.poll() is None
        os.close(write)
        assert front.process.wait(10) == 0


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys, os;"
        " child = subprocess.Popen(sys.argv[1:], stderr=subprocess.PIPE);"
        " child.stderr.readline(); print(child.pid, flush=True); os._exit(0)"
    )
    command = [sys.executable, "-c", script, *front_command(tmp_path / "log")]
    child = int(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
    deadline = time.monotonic() + 10
    while _is_alive(child):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _is_alive(pid: int) -> bool:
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(done.stdout.strip()) and not done.stdout.startswith("Z")


def test_sigterm_answers_what_was_sent_and_keeps_every_acknowledged_body(tmp_path: Path) -> None:
    with start_front(tmp_path / "log") as front:
        host, _, port = front.http.rpartition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=10)
        connection.putrequest("POST", "/v1/traces")
        connection.putheader("content-type", "application/json")
        connection.putheader("content-length", "2")
        connection.endheaders(b"{")
        while '"spanledger_front_requests_in_flight 1' not in (
            '"'
            + next(
                line
                for line in front.request("GET", "/metrics").body.decode().splitlines()
                if line.startswith("spanledger_front_requests_in_flight")
            )
        ):
            pass
        front.process.send_signal(signal.SIGTERM)
        while _accepts(host, int(port)):
            pass
        connection.send(b"}")
        assert connection.getresponse().status == 200
        connection.close()
        assert front.process.wait(10) == 0
        assert [body.data for body in front.bodies()] == [b"{}"]


def _accepts(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def test_logs_are_structured_and_hold_no_payload(tmp_path: Path) -> None:
    with start_front(tmp_path / "log") as front:
        front.post("/v1/traces", a_request("secret-payload"), PROTOBUF)
        front.post("/v1/traces", b"secret-payload", JSON)
        front.request("GET", "/secret-payload")
        assert front.stop() == 0
    events = [json.loads(line)["event"] for line in front.log_lines]
    assert events == ["front_ready", "front_stopped"]
    assert "secret" not in "".join(front.log_lines)


def test_requests_of_many_threads_are_all_kept(front: FrontProcess) -> None:
    before = len(front.bodies())

    def send(number: int) -> None:
        for count in range(10):
            assert front.post("/v1/traces", a_request(f"{number}-{count}"), PROTOBUF).status == 200

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({body.data for body in front.bodies()[before:]}) == 80


def test_a_front_that_was_killed_starts_again_on_the_same_log(tmp_path: Path) -> None:
    for number in range(2):
        with start_front(tmp_path / "log") as front:
            assert front.post("/v1/traces", a_request(str(number)), PROTOBUF).status == 200
            front.kill()
    assert len(LogReader(tmp_path / "log").read().bodies) == 2

"""A real Alertmanager takes our alerts and tells them on; a real Prometheus scrapes us and alerts on us."""

from __future__ import annotations

import http.client
import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from alerts.channels.alertmanager import AlertmanagerChannel
from alerts.messages.model import Message
from spanledger.api.metrics import CoreMetrics
from spanledger.config import load_config
from spanledger.layout import make_data_dir
from spanledger.services import open_services
from store.configuration.secrets import SecretUrl
from tests.alerts.building import a_message, an_item
from tests.alerts.lookalikes import HttpLookalike


def wait_until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


@contextmanager
def running(command: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: answers(port, "/-/ready"))
        yield
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def alertmanager(tmp_path: Path, http: HttpLookalike, free_port: Callable[[], int]) -> Iterator[int]:
    port = free_port()
    config = {
        "route": {"receiver": "hook", "group_by": ["alertname"], "group_wait": "0s", "group_interval": "1s"},
        "receivers": [{"name": "hook", "webhook_configs": [{"url": f"{http.url}/am"}]}],
    }
    (tmp_path / "alertmanager.yml").write_text(json.dumps(config))
    command = ["prometheus-alertmanager", f"--config.file={tmp_path}/alertmanager.yml"]
    command += [f"--storage.path={tmp_path}/am", f"--web.listen-address=127.0.0.1:{port}"]
    with running([*command, "--cluster.listen-address="], port):
        yield port


def told(http: HttpLookalike) -> list[tuple[str, str]]:
    return [
        (alert["status"], alert["labels"]["alertname"]) for r in http.requests for alert in r.body["alerts"]
    ]


def now_message(**item: Any) -> Message:
    now = datetime.now(UTC)
    return a_message(an_item(since=now - timedelta(minutes=5), **item), decided_at=now)


def test_alertmanager_tells_what_we_sent_it_once_and_its_end(alertmanager: int, http: HttpLookalike) -> None:
    channel = AlertmanagerChannel("am", SecretUrl(f"http://127.0.0.1:{alertmanager}"))
    labels = {"alert": "x", "severity": "critical", "agent": "support", "odd.name": "ü", "empty": ""}
    channel.send(now_message(labels=labels), "k1")
    wait_until(lambda: http.requests)
    channel.send(now_message(labels=labels), "k1")
    ended = datetime.now(UTC) - timedelta(seconds=1)
    channel.send(now_message(labels=labels, state="resolved", ended_at=ended), "k2")
    wait_until(lambda: ("resolved", "success rate") in told(http))
    assert told(http) == [("firing", "success rate"), ("resolved", "success rate")]
    sent = http.requests[0].body["alerts"][0]
    assert sent["labels"] == {
        "alertname": "success rate", "severity": "critical", "agent": "support", "odd_name": "ü"
    }  # fmt: skip
    assert sent["annotations"]["runbook_url"] == "https://wiki.example.com/success"


def test_prometheus_scrapes_us_and_alerts_on_us(
    tmp_path: Path, alertmanager: int, http: HttpLookalike, free_port: Callable[[], int]
) -> None:
    data = make_data_dir(tmp_path / "data")
    port, listener = free_port(), free_port()
    rules = {"groups": [{"name": "g", "interval": "1s", "rules": [
        {"alert": "SpanledgerRuns", "expr": "spanledger_build_info == 1", "labels": {"severity": "info"}}
    ]}]}  # fmt: skip
    (tmp_path / "rules.yml").write_text(json.dumps(rules))
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "scrape_configs": [{"job_name": "us", "static_configs": [{"targets": [f"127.0.0.1:{listener}"]}]}],
        "rule_files": [f"{tmp_path}/rules.yml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [f"127.0.0.1:{alertmanager}"]}]}]},
    }
    (tmp_path / "prometheus.yml").write_text(json.dumps(config))
    command = [
        "prometheus",
        f"--config.file={tmp_path}/prometheus.yml",
        f"--storage.tsdb.path={tmp_path}/tsdb",
    ]
    with (
        open_services(load_config(data, environ={}), alerting=True) as services,
        exposing(CoreMetrics(services).render, listener) as exposed,
        running([*command, f"--web.listen-address=127.0.0.1:{port}"], port),
    ):
        checked = subprocess.run(
            ["promtool", "check", "metrics"], input=exposed(), capture_output=True, check=False
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr
        wait_until(lambda: ("firing", "SpanledgerRuns") in told(http))


@contextmanager
def exposing(render: Callable[[], bytes], port: int) -> Iterator[Callable[[], bytes]]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = render()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield render
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""From an agent's OTLP to a figure in SQL, a page and a message in Slack and by mail."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from aiosmtpd.controller import Controller

from tests.alerts.lookalikes import HttpLookalike, MailHandler
from tests.end_to_end.agents import play_run, send_log_and_metric, tracing
from tests.end_to_end.installation import Installation


def test_runs_of_real_exporters_are_in_every_view_and_on_the_page(installation: Installation) -> None:
    installation.start()
    with tracing(http=installation.http) as tracer:
        play_run(tracer)
        play_run(tracer)
    with tracing(grpc=installation.grpc) as tracer:
        play_run(tracer, fails=True)
    send_log_and_metric(installation.http)
    installation.wait_for("SELECT count(*) AS n FROM runs", 3)
    installation.wait_for("SELECT coalesce(sum(events), 0) AS n FROM hourly WHERE subject = 'run'", 3)
    installation.wait_for("SELECT count(*) AS n FROM metric_points WHERE metric = 'orders' AND value = 3", 1)
    installation.wait_for("SELECT count(*) AS n FROM logs WHERE body = 'order looked up'", 1)
    calls = installation.rows(
        "SELECT input_tokens, cache_read_tokens, output_tokens, cost_usd, cost_status FROM llm_calls"
    )
    # gpt-5-mini: 0.25 USD per million input tokens, 0.025 cached, 2.00 output
    cost = (
        Decimal(600) * Decimal("0.25e-6")
        + Decimal(400) * Decimal("0.025e-6")
        + Decimal(100) * Decimal("2e-6")
    )
    assert {
        (c["input_tokens"], c["cache_read_tokens"], c["output_tokens"], c["cost_status"]) for c in calls
    } == {(1000, 400, 100, "priced")}
    assert {Decimal(c["cost_usd"]) for c in calls} == {cost}
    outcomes = installation.rows("SELECT outcome, count(*) AS n FROM runs GROUP BY outcome ORDER BY outcome")
    assert outcomes == [{"outcome": "failure", "n": 1}, {"outcome": "success", "n": 2}]
    (tools,) = installation.rows(
        "SELECT count(*) AS n, count(*) FILTER (WHERE status = 'error') AS failed FROM tool_calls"
        " WHERE tool = 'find_order'"
    )
    assert tools == {"n": 3, "failed": 1}
    (session,) = installation.rows("SELECT session_id, user_id, runs FROM sessions")
    assert session == {"session_id": "conv-1", "user_id": "ada", "runs": 3}
    messages = installation.rows("SELECT DISTINCT direction, role, content FROM messages ORDER BY direction")
    assert [m["content"] for m in messages] == ["Where is my order?", "On its way."]
    assert installation.answers(installation.dashboard, "/")
    assert installation.stop() == 0
    assert installation.rows("SELECT count(*) AS n FROM spans") == [{"n": 9}], (
        "the same answer without the server"
    )


def test_stopping_loads_what_was_acknowledged(installation: Installation) -> None:
    installation.start("collect")
    with tracing(http=installation.http) as tracer:
        for number in range(50):
            play_run(tracer, session=f"last-{number}")
    assert installation.stop() == 0
    assert installation.rows("SELECT count(*) AS n FROM spans") == [{"n": 150}]


def test_stopping_tells_nobody_of_leaked_objects(installation: Installation) -> None:
    installation.start()
    assert installation.stop() == 0
    told = installation.log.read_text()
    assert "the core process stops" in told
    assert "leaked" not in told


def test_other_hosts_and_origins_are_refused(installation: Installation) -> None:
    installation.start()
    for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
        request = Request(f"http://{installation.dashboard}/healthz", headers=headers)
        with pytest.raises(OSError, match="421"):
            urlopen(request, timeout=5)


def test_its_own_metrics_are_what_prometheus_expects(installation: Installation) -> None:
    installation.start()
    with tracing(http=installation.http) as tracer:
        play_run(tracer)
    installation.wait_for("SELECT count(*) AS n FROM runs", 1)
    for address in (installation.dashboard, installation.http):
        with urlopen(f"http://{address}/metrics", timeout=5) as response:
            exposition = response.read()
        checked = subprocess.run(
            ["promtool", "check", "metrics"], input=exposition, capture_output=True, check=False
        )
        assert checked.returncode == 0, checked.stderr.decode()
        assert not checked.stderr, checked.stderr.decode()


@pytest.fixture
def slack() -> Iterator[HttpLookalike]:
    lookalike = HttpLookalike()
    yield lookalike
    lookalike.close()


@pytest.fixture
def mailbox(free_port: Callable[[], int]) -> Iterator[tuple[MailHandler, int]]:
    handler, port = MailHandler(), free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, port
    controller.stop(no_assert=True)


def test_an_alert_is_received_firing_and_resolved(
    tmp_path: Path, free_port: Callable[[], int], slack: HttpLookalike, mailbox: tuple[MailHandler, int]
) -> None:
    mails, port = mailbox
    installation = Installation(
        tmp_path,
        free_port,
        f"""
        [[channel]]
        name = "team"
        type = "slack"
        url = "{slack.url}/services/T0/B0/secret"
        [[channel]]
        name = "mail"
        type = "email"
        smtp = "smtp://127.0.0.1:{port}"
        from = "spanledger@example.com"
        to = ["oncall@example.com"]
        [route]
        channels = ["team", "mail"]
        group_by = ["alert"]
        group_wait = "0s"
        group_interval = "1s"
        [[alert]]
        name = "success rate"
        metric = "success_rate"
        below = 0.95
        window = "1h"
        min_count = 4
        group_by = ["agent"]
        for = "0s"
        [[alert]]
        name = "drift"
        enabled = false
        """,
    )
    installation.start()
    try:
        with tracing(http=installation.http) as tracer:
            for number in range(4):
                play_run(tracer, fails=True, session=f"bad-{number}")
        wait_for(lambda: told(slack, mails, "firing"), "the firing alert")
        with tracing(http=installation.http) as tracer:
            for number in range(100):
                play_run(tracer, session=f"good-{number}")
        wait_for(lambda: told(slack, mails, "resolved"), "the resolved alert")
        history = installation.rows(
            "SELECT to_state FROM alert_events WHERE alert = 'success rate' ORDER BY event_id"
        )
        assert [event["to_state"] for event in history][-2:] == ["firing", "resolved"]
    finally:
        installation.stop()
    assert "secret" not in installation.log.read_text()


def told(slack: HttpLookalike, mails: MailHandler, state: str) -> bool:
    """Whether both channels were told of the rule's state; starter rules may speak beside it."""
    messages = [request.body["text"] for request in slack.requests], [mail["subject"] for mail in mails.mails]
    return all(
        any("success rate" in text.lower() and state in text.lower() for text in texts) for texts in messages
    )


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.1)

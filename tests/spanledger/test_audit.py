"""Who changed what: every change is in `audit` when the command returns, with or without a server."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pyarrow as pa
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from spanledger.api.money import money_routes
from spanledger.cli.options import perform
from spanledger.config import load_config
from spanledger.layout import make_data_dir
from spanledger.operations.performing import perform_operation
from spanledger.services import Services, open_services
from store.control import open_control
from store.control.auditing import AuditRow, record_change
from store.errors import StoreUnavailable
from tests.alerts.test_end_to_end import add_runs

AUDIT = "SELECT actor, action, subject FROM audit ORDER BY audit_id"
SILENCE = {"matchers": ['agent="a"'], "for": "1h", "comment": "known", "author": "ann"}


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    make_data_dir(tmp_path)
    with open_services(load_config(tmp_path, environ={}), alerting=True) as services:
        yield services


def rows(answer: object) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in cast("pa.Table", answer).to_pylist()]


def read_audit(services: Services) -> list[tuple[Any, ...]]:
    return rows(services.store.query(AUDIT))


def test_change_made_without_a_server_is_in_the_view_at_once(tmp_path: Path) -> None:
    perform("alert-silence", SILENCE, data=tmp_path)
    assert rows(perform("sql", {"query": AUDIT}, data=tmp_path)) == [("ann", "silence.add", "1")]


def test_change_whose_maker_was_killed_before_it_was_in_the_view_is_there_for_the_next(
    tmp_path: Path,
) -> None:
    make_data_dir(tmp_path)
    control = open_control(tmp_path)
    with control.begin() as connection:
        record_change(connection, AuditRow(happened_at=datetime.now(UTC), actor="ann", action="x"))
    control.close()
    assert rows(perform("sql", {"query": AUDIT}, data=tmp_path)) == [("ann", "x", None)]


def test_change_at_a_running_server_is_in_the_view_when_the_answer_comes(services: Services) -> None:
    perform_operation(services, "alert-silence", SILENCE)
    assert read_audit(services) == [("ann", "silence.add", "1")]


CHANGES: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("drift_decide", {"action": "exclude", "series": None, "since": "2026-03-01T00:00:00+00:00",
                      "until": "2026-03-02T00:00:00+00:00"}, ("ann", "drift.exclude", "every series")),
    ("drift_decide", {"action": "unpin", "series": None}, ("ann", "drift.unpin", "every series")),
    ("review-label", {"run_id": "r-0", "name": "review", "value": 1.0}, ("ann", "review.label", "r-0")),
    ("golden-import", {"suite": "core", "version": "2", "rows": [{"case_id": "c", "passed": True}]},
     ("ann", "golden.import", "core")),
    ("alert-replay", {"notification": None}, ("ann", "notification.replay", "every dead notification")),
]  # fmt: skip


def test_operation_that_changes_something_is_audited_once_and_a_dry_run_is_not(services: Services) -> None:
    add_runs(services.store, "r", datetime.now(UTC) - timedelta(hours=1), ["success"])
    perform_operation(services, "reprice", {"dry_run": True, "author": "ann"})
    for operation, arguments, _ in CHANGES:
        perform_operation(services, operation, {**arguments, "author": "ann"})
    assert read_audit(services) == [row for _, _, row in CHANGES]


def test_feedback_of_a_file_and_by_the_api_is_audited_and_repetition_is_not(
    services: Services, tmp_path: Path
) -> None:
    add_runs(services.store, "r", datetime.now(UTC) - timedelta(hours=1), ["success"])
    file = tmp_path / "feedback.csv"
    file.write_text("run_id,value\nr-0,up\n")
    perform_operation(services, "feedback", {"file": str(file), "author": "ann"})
    client = TestClient(Starlette(routes=money_routes(services)))
    said = {"run_id": "r-0", "value": "down", "scored_at": "2026-03-02T10:00:00Z"}
    for _ in range(2):
        assert client.post("/api/feedback", json=said).status_code == 200
    assert read_audit(services) == [
        ("ann", "feedback.import", str(file)),
        ("someone at this machine", "feedback.add", "r-0"),
    ]


def test_what_was_done_is_not_reported_as_failed_when_the_audit_or_the_views_cannot_be_written(
    services: Services, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> Any:
        raise StoreUnavailable("it is busy; try again")

    add_runs(services.store, "r", datetime.now(UTC) - timedelta(hours=1), ["success"])
    client = TestClient(Starlette(routes=money_routes(services)))
    said = {"run_id": "r-0", "value": "down"}
    with monkeypatch.context() as busy:
        busy.setattr("spanledger.operations.performing.mirror_control", fail)
        perform_operation(services, "alert-silence", SILENCE)
    perform_operation(services, "drift_decide", {**CHANGES[1][1], "author": "ann"})
    assert [action for _, action, _ in read_audit(services)] == ["silence.add", "drift.unpin"]
    with monkeypatch.context() as busy:
        busy.setattr("spanledger.operations.performing.record_change", fail)
        assert client.post("/api/feedback", json=said).json() == {"recorded": 1}
    assert [record.levelname for record in caplog.records if "performing" in record.name] == [
        "WARNING",
        "ERROR",
    ]
    assert "feedback.add was done and is not in the audit: it is busy; try again" in caplog.text
    assert "someone at this machine" in caplog.text

"""What people ask and do about alerts, through the operations that commands, the API and the page share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from spanledger.api.alerting import alerting_routes
from spanledger.config import load_config
from spanledger.layout import make_data_dir
from spanledger.operations import find_operation
from spanledger.services import Services, open_services
from store.errors import ConfigError, NotFound
from tests.alerts.lookalikes import HttpLookalike
from tests.alerts.test_end_to_end import add_runs

RULE = {"name": "bad runs", "metric": "success_rate", "below": 0.9, "group_by": ["agent"], "window": "1h"}


@pytest.fixture
def http() -> Iterator[HttpLookalike]:
    lookalike = HttpLookalike()
    yield lookalike
    lookalike.close()


@pytest.fixture
def services(tmp_path: Path, http: HttpLookalike) -> Iterator[Services]:
    make_data_dir(tmp_path)
    (tmp_path / "spanledger.toml").write_text(
        f'[[channel]]\nname = "hook"\ntype = "webhook"\nurl = "{http.url}/x"\n'
        '[route]\ngroup_wait = "0s"\ngroup_by = ["alert"]\n'
        '[[alert]]\nname = "of the file"\nmetric = "run_count"\nabove = 1e9\n'
    )
    with open_services(load_config(tmp_path, environ={}), alerting=True) as services:
        yield services


def do(services: Services, operation: str, **arguments: Any) -> Mapping[str, Any]:
    found: Any = find_operation(operation)(services, {"author": "ann", **arguments}, lambda _: None)
    return found


def fire(services: Services) -> None:
    at = datetime.now(UTC) - timedelta(minutes=20)
    add_runs(services.store, "r", at, ["failure"] * 30 + ["success"] * 10)
    do(services, "alert-change", kind="add", table=RULE)
    assert services.engine is not None
    services.engine.evaluate()
    services.engine.mirror()


def explain(services: Services, alert: str = "bad runs") -> str:
    return "\n".join(do(services, "alert-show", alert=alert)["lines"])


def test_rule_made_by_command_is_evaluated_without_a_restart_and_ends_when_switched_off(
    services: Services, http: HttpLookalike
) -> None:
    fire(services)
    assert services.engine is not None
    services.engine.outbox.deliver_due()
    assert [r.body["alerts"][0]["labels"]["alertname"] for r in http.requests].count("bad runs") == 1
    do(services, "alert-change", kind="edit", name="bad runs", table={"enabled": False})
    services.engine.evaluate()
    assert "bad runs" in explain(services)
    assert "is resolved" in explain(services)
    do(services, "alert-change", kind="remove", name="bad runs")
    rules: Any = do(services, "alert-rules")
    assert "bad runs" not in rules["alert"].to_pylist()


def test_explanation_says_the_state_the_rule_and_who_was_told(services: Services) -> None:
    fire(services)
    text = explain(services)
    for part in (
        "is firing",
        "value: 25 %, limit 90 %",
        "rule: Success rate below 90 % over 1h (from the command)",
        "inactive → firing: Success rate: 25 %",
        "hook, by the route {}",
        "first_notification: first message about this group; waits, 0 attempts",
        "incident 1: ",
    ):
        assert part in text, text


def test_silence_snooze_acknowledgement_and_comment_show_in_the_explanation(services: Services) -> None:
    fire(services)
    do(services, "alert-remark", kind="acknowledge", alert="bad runs")
    do(services, "alert-remark", kind="assign", alert="bad runs", text="bob")
    do(services, "alert-remark", kind="comment", alert="bad runs", text="the vendor is down")
    number = do(services, "alert-silence", matchers=['agent="support"'], comment="known", **{"for": "2h"})
    text = explain(services)
    for part in ("acknowledged by ann", "assigned to bob", "ann: comment the vendor is down",
                 f"now not told: silenced by {number['silence_id']} until"):  # fmt: skip
        assert part in text, text
    do(services, "alert-unsilence", silence=number["silence_id"])
    snoozed = do(services, "alert-remark", kind="snooze", alert="bad runs", text="", **{"for": "1h"})
    assert f"silenced by {snoozed['silence_id']}" in explain(services)
    report = do(services, "alert-incidents")
    assert report["median_to_acknowledge_s"] is not None
    do(services, "alert-remark", kind="release", alert="bad runs")
    assert "acknowledged by" not in explain(services)


def test_test_message_goes_to_the_channels_of_an_alert(services: Services, http: HttpLookalike) -> None:
    assert do(services, "alert-test", name="success rate")["channels"] == ["hook"]
    assert http.requests[0].body["isTest"] is True
    assert http.requests[0].body["alerts"][0]["labels"]["alertname"] == "success rate"
    with pytest.raises(NotFound, match="no alert or channel is called 'x'"):
        do(services, "alert-test", name="x")


def test_dead_notification_is_sent_again(services: Services, http: HttpLookalike) -> None:
    http.answers.append((404, {}, "gone"))
    fire(services)
    assert services.engine is not None
    services.engine.outbox.deliver_due()
    assert "given up after 1 attempts; spanledger alerts replay" in explain(services)
    assert do(services, "alert-replay")["replayed"] == 1
    services.engine.outbox.deliver_due()
    assert "delivered 20" in explain(services)


def test_backtest_says_when_a_rule_would_have_fired(services: Services) -> None:
    now = datetime.now(UTC)
    add_runs(services.store, "bad", now - timedelta(hours=20), ["failure"] * 30)
    add_runs(services.store, "good", now - timedelta(hours=10), ["success"] * 30)
    report = do(
        services,
        "alert-backtest",
        alert="try",
        table={**RULE, "name": "try"},
        to="0s",
        steps=144,
        **{"from": "1d"},
    )
    [firing] = report["firings"]
    assert firing["labels"]["agent"] == "support"
    began, ended = (datetime.fromisoformat(firing[key]) for key in ("from", "to"))
    assert abs(began - (now - timedelta(hours=20))) < timedelta(minutes=11)
    assert timedelta(minutes=49) < ended - began < timedelta(minutes=71)
    assert report["messages"] == 2
    assert report["messages_per_week"] == 14
    with pytest.raises(ConfigError, match="without history"):
        do(services, "alert-backtest", alert="disk space", to="0s", **{"from": "1d"})


def test_rule_of_the_file_is_changed_there_only(services: Services) -> None:
    for kind in ("edit", "remove"):
        with pytest.raises(ConfigError, match="is in the configuration file; change it there"):
            do(services, "alert-change", kind=kind, name="of the file", table={"above": 3})
    with pytest.raises(ConfigError, match="is called 'of the file' already"):
        do(services, "alert-change", kind="add", table={**RULE, "name": "of the file"})
    with pytest.raises(ConfigError, match="belov"):
        do(services, "alert-change", kind="add", table={**RULE, "belov": 3})


def test_wrong_configuration_is_refused_while_running_and_told(services: Services, tmp_path: Path) -> None:
    engine = services.engine
    assert engine is not None
    engine.evaluate()
    file = tmp_path / "spanledger.toml"
    good = file.read_text()
    file.write_text(good + "\n[[alert]]\nname = 'broken'\nmetric = 'nothing'\n")
    engine.evaluate()
    assert engine.config_problem is not None
    assert engine.config.find_rule("broken") is None
    engine.evaluate()
    assert "is firing" in explain(services, "configuration")
    file.write_text(good + "\n[[alert]]\nname = 'more'\nmetric = 'run_count'\nabove = 1\n")
    engine.evaluate()
    assert engine.config_problem is None
    assert engine.config.find_rule("more") is not None


def test_api_does_what_the_commands_do(services: Services) -> None:
    fire(services)
    with TestClient(Starlette(routes=list(alerting_routes(services)))) as client:
        listed = client.get("/api/alerts").json()
        [alert] = [row for row in listed if row["alert"] == "bad runs"]
        where = f"/api/alerts/{alert['fingerprint']}"
        assert "is firing" in client.get(where).json()["lines"][0]
        assert client.post(f"{where}/acknowledge", json={"author": "ann"}).json() == {"alert": "bad runs"}
        silence = {"matchers": ['agent="support"'], "author": "ann", "comment": "known", "for": "1h"}
        number = client.post("/api/silences", json=silence).json()["silence_id"]
        assert [row["author"] for row in client.get("/api/silences").json()] == ["ann"]
        assert client.request("DELETE", f"/api/silences/{number}", json={"author": "ann"}).status_code == 200
        assert client.get("/api/silences").json() == []
        assert client.get("/api/incidents").json()["incidents"][0]["alerts"] >= 1
        for method, path, body, status in (
            ("GET", "/api/alerts/nothing-such", None, 404),
            ("POST", f"{where}/acknowledge", {}, 400),
            ("POST", f"{where}/explode", {"author": "ann"}, 404),
            ("POST", "/api/silences", {**silence, "matchers": "all"}, 400),
            ("POST", "/api/silences", [], 400),
        ):
            answer = client.request(method, path, json=body)
            assert answer.status_code == status, path
            assert answer.json()["error"]

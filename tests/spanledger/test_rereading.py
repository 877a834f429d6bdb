"""`renormalise` and `mapping test`: a correction of names reaches calls, costs and runs, and nothing else changes."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collector.rereading import renormalisation
from spanledger.config import load_config
from spanledger.operations import find_operation
from spanledger.services import Services, open_services
from store.errors import ConfigError

MAPPING = """
[[mapping]]
name = "house bot"
match = { scope = "acme" }
[mapping.from]
"acme.model" = "request_model"
"acme.in" = "input_tokens"
"acme.out" = "output_tokens"
[mapping.set]
kind = "llm"
provider = "openai"
"""


def a_trace(number: int) -> str:
    attributes = {"acme.model": "gpt-5-mini", "acme.in": "1000000", "acme.out": "0"}
    span = {
        "traceId": f"{number:032x}",
        "spanId": f"{number:016x}",
        "name": "ask",
        "startTimeUnixNano": "1763700000000000000",
        "endTimeUnixNano": "1763700001000000000",
        "attributes": [{"key": key, "value": {"stringValue": text}} for key, text in attributes.items()],
    }
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"scope": {"name": "acme"}, "spans": [span]}]}]})


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    with open_services(load_config(tmp_path / "data", environ={})) as opened:
        for number in range(1, 4):
            body = tmp_path / f"{number}-traces.json"
            body.write_text(a_trace(number))
            ask(opened, "import", paths=[str(body)])
        yield opened


def ask(services: Services, operation: str, **arguments: Any) -> Any:
    return find_operation(operation)(services, arguments, lambda _: None)


def configure(services: Services, text: str) -> None:
    services.config.data_dir.mkdir(exist_ok=True)
    (services.config.data_dir / "spanledger.toml").write_text(text)


def calls(services: Services) -> list[tuple[Any, ...]]:
    table = services.store.query(
        "SELECT cost_usd::VARCHAR, (SELECT sum(llm_calls) FROM runs)::INT FROM llm_calls"
    )
    return [tuple(row.values()) for row in table.to_pylist()]


def hourly_cost(services: Services) -> Any:
    return services.store.query("SELECT sum(cost_usd)::VARCHAR AS c FROM hourly WHERE subject = 'llm_call'")


def test_a_mapping_is_tried_then_applied_and_everything_derived_follows(services: Services) -> None:
    assert calls(services) == []
    tables = {"mappings": tomllib.loads(MAPPING)["mapping"]}
    tried = ask(services, "try-mapping", **tables)
    assert (tried["changed_spans"], tried["before"]["llm_calls"], tried["after"]["llm_calls"]) == (3, 0, 3)
    assert tried["after"]["cost_usd"] == "0.750000000000"
    assert calls(services) == [], "a trial writes nothing"
    configure(services, MAPPING)
    dry = ask(services, "renormalise", dry_run=True)
    assert dry == {key: value for key, value in tried.items() if key != "mappings"}
    assert ask(services, "renormalise")["after"] == tried["after"]
    assert calls(services) == [("0.250000000000", 3)] * 3
    assert hourly_cost(services).to_pylist() == [{"c": "0.750000000000"}]
    assert ask(services, "renormalise")["changed_spans"] == 0
    configure(services, "")
    assert ask(services, "renormalise", service=None)["changed_spans"] == 3
    assert calls(services) == []


def texts(**said: str) -> list[dict[str, Any]]:
    return [{"key": key.replace("__", "."), "value": {"stringValue": text}} for key, text in said.items()]


@pytest.fixture
def told(services: Services, tmp_path: Path) -> Services:
    """A call whose usage stands in a log record of its own scope only."""
    ids = {"traceId": f"{9:032x}", "spanId": f"{9:016x}"}
    span = {
        **ids,
        "name": "chat",
        "startTimeUnixNano": "1763700000000000000",
        "endTimeUnixNano": "1763700001000000000",
        "attributes": texts(gen_ai__operation__name="chat", gen_ai__request__model="gpt-5-mini"),
    }
    record = {
        **ids,
        "eventName": "gen_ai.client.inference.operation.details",
        "timeUnixNano": "1763700001000000000",
        "attributes": texts(acme__in="1000000", acme__out="0"),
    }
    scope = {"name": "acme"}
    bodies = {
        "traces": {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]},
        "logs": {"resourceLogs": [{"scopeLogs": [{"scope": scope, "logRecords": [record]}]}]},
    }
    for signal, body in bodies.items():
        file = tmp_path / f"told-{signal}.json"
        file.write_text(json.dumps(body))
        ask(services, "import", paths=[str(file)])
    return services


def told_usage(services: Services) -> list[Any]:
    table = services.store.query(
        f"SELECT input_tokens, cost_usd::VARCHAR AS usd FROM llm_calls WHERE trace_id = '{9:032x}'"
    )
    return [tuple(row.values()) for row in table.to_pylist()]


def test_what_log_records_tell_is_read_again_too(told: Services) -> None:
    assert told_usage(told) == [(None, None)]
    configure(told, MAPPING)
    dry = ask(told, "renormalise", dry_run=True)
    assert (dry["changed_records"], dry["changed_spans"], dry["changed_traces"]) == (1, 3, 4)
    assert (dry["before"]["input_tokens"], dry["after"]["input_tokens"]) == (0, 4_000_000)
    assert told_usage(told) == [(None, None)]
    assert ask(told, "renormalise")["after"] == dry["after"]
    assert told_usage(told) == [(1_000_000, "0.250000000000")]
    assert ask(told, "renormalise")["changed_records"] == 0
    configure(told, "")
    assert ask(told, "renormalise")["changed_records"] == 1
    assert told_usage(told) == [(None, None)]


def test_log_records_are_of_no_dialect(told: Services) -> None:
    configure(told, MAPPING)
    assert ask(told, "renormalise", dry_run=True, dialect="")["changed_records"] == 0


def test_a_renormalisation_that_broke_off_continues_where_it_ended(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(services, MAPPING)
    swap, done = renormalisation.Renormalisation.swap, []

    def swap_once(self: Any, *arguments: Any) -> None:
        if done:
            raise KeyboardInterrupt
        done.append(swap(self, *arguments))

    monkeypatch.setattr(renormalisation, "STEP_SPANS", 1)
    with monkeypatch.context() as patched:
        patched.setattr(renormalisation.Renormalisation, "swap", swap_once)
        with pytest.raises(KeyboardInterrupt):
            ask(services, "renormalise")
    report = ask(services, "renormalise")
    assert (report["resumed"], report["spans"], report["changed_spans"]) == (True, 2, 2)
    assert len(calls(services)) == 3
    assert not ask(services, "renormalise")["resumed"]


def test_what_cannot_be_tried_is_said(services: Services) -> None:
    with pytest.raises(ConfigError, match=r"no \[\[mapping\]\]"):
        ask(services, "try-mapping", mappings=None)
    with pytest.raises(ConfigError, match="is no time"):
        ask(services, "renormalise", since="yesterday")

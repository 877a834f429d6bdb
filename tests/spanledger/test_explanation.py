"""`explain` and `dialects`: what they say agrees with what the ledger holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from collector.dialects import known_dialects
from collector.rereading.explanation import explain_reading
from spanledger.config import load_config
from spanledger.operations import find_operation
from spanledger.operations.explanation import explain_span
from spanledger.services import Services, open_services
from store.errors import ConfigError, NotFound
from tests.collector.dialects.building import CORPUS


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    directory = tmp_path_factory.mktemp("explained")
    captures = [path for path in sorted(CORPUS.iterdir()) if path.is_dir()][::9]
    with open_services(load_config(directory, environ={})) as opened:
        ask(opened, "import", paths=[str(path) for path in captures])
        yield opened


def ask(services: Services, operation: str, **arguments: Any) -> Any:
    return find_operation(operation)(services, arguments, lambda _: None)


def rows(services: Services, sql: str) -> list[dict[str, Any]]:
    return services.store.query(sql).to_pylist()


def test_every_stored_fact_of_every_dialect_is_accounted_for(services: Services) -> None:
    spans = rows(
        services,
        "SELECT min(trace_id || '-' || span_id) AS id FROM spans GROUP BY dialect, kind, scope_name, name ORDER BY id",
    )
    assert len(spans) > 50
    for item in spans[::3]:
        trace_id, span_id = str(item["id"]).split("-")
        row = services.store.select("traces/whole_span", {"trace_id": trace_id, "span_id": span_id})
        resources = services.store.select(
            "rereading/resources", frames={"candidates": row.select("resource_id")}
        )
        account = explain_reading(row, resources, known_dialects())
        told = {fact.field: fact for fact in account.facts}
        stored = row.row(0, named=True)
        assert account.dialect == stored["dialect"]
        for name in ("input_tokens", "output_tokens", "request_model", "agent", "tool", "session_id", "kind"):
            value = stored[name]
            if value is not None and value != "other":
                assert told[name].value == str(value)
                assert told[name].dialect is not None
        assert [fact for fact in account.facts if fact.source in ("derived", "")] == []
        assert account.dialect is None or account.dialect in [one.dialect for one in account.recognised]


def test_calls_say_why_they_count_and_cost_and_which_run_they_are_of(services: Services) -> None:
    [call] = rows(
        services, "SELECT trace_id, span_id, run_id FROM llm_calls WHERE cost_status = 'priced' LIMIT 1"
    )
    report = ask(services, "explain", span=f"{call['trace_id']}-{call['span_id']}")
    verdicts = {verdict["subject"]: verdict for verdict in report["counting"]}
    assert verdicts["call"]["counts"]
    assert report["run"]["run_id"] == call["run_id"]
    assert report["cost"]["cost_status"] == "priced"
    assert f"run      {call['run_id']}" in report["text"]
    assert all(fact["field"] in report["text"] for fact in report["facts"])


def test_every_counted_call_of_the_store_is_judged_so(services: Services) -> None:
    calls = rows(
        services, "SELECT trace_id, list(span_id) AS spans FROM llm_calls GROUP BY trace_id ORDER BY 1"
    )
    for item in calls[::7]:
        [first, *_] = item["spans"]
        report = explain_span(services.store, services.intake.registry, item["trace_id"], first)
        assert [verdict["counts"] for verdict in report["counting"] if verdict["subject"] == "call"] == [True]


def test_a_run_id_and_a_lone_span_id_lead_to_the_span(services: Services) -> None:
    [run] = rows(services, "SELECT run_id FROM runs WHERE complete ORDER BY run_id LIMIT 1")
    by_run = ask(services, "explain", span=run["run_id"])
    assert f"{by_run['trace_id']}-{by_run['span_id']}" == run["run_id"]
    assert any(verdict["subject"] == "run" and verdict["counts"] for verdict in by_run["counting"])
    [lone] = rows(services, "SELECT span_id FROM spans GROUP BY 1 HAVING count(*) = 1 ORDER BY 1 LIMIT 1")
    assert ask(services, "explain", span=lone["span_id"])["span_id"] == lone["span_id"]


@pytest.mark.parametrize(
    ("text", "error"), [("frob", ConfigError), ("0" * 15 + "g", ConfigError), ("f" * 16, NotFound)]
)
def test_what_names_no_span_is_said_with_the_remedy(
    services: Services, text: str, error: type[Exception]
) -> None:
    with pytest.raises(error, match=r"name a span id|may not have arrived"):
        ask(services, "explain", span=text)


def test_coverage_adds_up_to_all_spans_and_names_what_nobody_knows(services: Services) -> None:
    report = ask(services, "dialects", since="2000-01-01")
    assert (
        sum(row["spans"] for row in report["services"])
        == rows(services, "SELECT count(*) AS n FROM spans")[0]["n"]
    )
    assert all(
        row["attribute"] and row["spans"] > 0 and row["example"] is not None for row in report["unknown"]
    )
    names = [row["attribute"] for row in report["unknown"]]
    assert names
    assert not any(known_dialects().vocabulary.knows(name) for name in names)

"""Coding agents that speak in log records and counters become runs, calls and tools, each once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from collector.decode.logs import decode_logs
from collector.dialects import derive_from_logs, known_dialects, normalise, read_log_messages
from collector.loader import load_bodies
from collector.log import Body
from tests.analytics.facts.building import Sent, agent, call, open_ledger
from tests.analytics.facts.building import a_body as a_span_body
from tests.collector.building import NOW, Plain, a_body
from tests.collector.dialects.coding_agents import (
    CUMULATIVE,
    Said,
    a_counter_export,
    a_log_export,
    claude_session,
    cline_session,
    codex_session,
    gemini_session,
)

SESSIONS = {
    "claude-code": claude_session(),
    "codex_cli_rs": codex_session(),
    "gemini-cli": gemini_session(),
    "cline": cline_session(),
}
RUN = ("agent", "session_id", "user_id", "outcome", "failure_class", "llm_calls", "tool_calls", "tool_failures",
       "input_tokens", "output_tokens", "duration_ms", "input", "output")  # fmt: skip
CALL = ("request_model", "input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens",
        "reasoning_tokens", "status", "failure_class", "duration_ms")  # fmt: skip


def log_body(said: Sequence[Said], service: str) -> Body:
    return a_body(a_log_export(said, service=service), signal="logs")


def facts_of(bodies: Iterable[Sequence[Body]]) -> dict[str, list[dict[str, Any]]]:
    """Load the batches one after the other and return what is derived."""
    with open_ledger() as ledger:
        ledger.now = NOW
        for batch in bodies:
            load_bodies(ledger.store, batch, is_import=False)
            ledger.count()
        facts = ledger.facts()
        return {
            view: pl.DataFrame(rows).drop("received_at", strict=False).to_dicts()
            for view, rows in facts.items()
        }


@cache
def facts_at_once() -> dict[str, list[dict[str, Any]]]:
    return facts_of([[log_body(said, service) for service, said in SESSIONS.items()]])


def rows(view: str, service: str, *columns: str) -> list[tuple[Any, ...]]:
    own = [row for row in facts_at_once()[view] if row["service"] == service]
    return [tuple(row[name] for name in columns) for row in sorted(own, key=lambda row: row["started_at"])]


def test_a_prompt_of_claude_code_is_a_run() -> None:
    assert rows("runs", "claude-code", *RUN) == [
        ("claude_code", "s-claude", "ada@example.com", "success", None, 2, 1, 1, 31617, 400, 9100.0, "fix tests",
         "Done."),
        ("claude_code", "s-claude", "ada@example.com", "failure", "upstream", 1, 0, 0, None, None, 35000.0, "push",
         None),
    ]  # fmt: skip
    model = "claude-sonnet-4-5-20250929"
    assert rows("llm_calls", "claude-code", *CALL) == [
        (model, 15812, 15000, 800, 340, None, "unset", None, 3500.0),
        (model, 15805, 15800, 0, 60, None, "unset", None, 2500.0),
        (model, None, None, None, None, None, "error", "upstream", 34000.0),
    ]
    assert [str(row[0])[:6] for row in rows("llm_calls", "claude-code", "reported_cost_usd")] == [
        "0.0126", "0.0057", "None",
    ]  # fmt: skip


def test_what_follows_a_prompt_of_codex_belongs_to_it() -> None:
    assert rows("runs", "codex_cli_rs", *RUN[1:10]) == [
        ("c-codex", "acc-1", "success", None, 3, 1, 0, 2200, 110),
        ("c-codex", "acc-1", "success", None, 1, 0, 0, 1300, 10),
    ]
    assert rows("llm_calls", "codex_cli_rs", *CALL[1:8]) == [
        (1000, 400, None, 90, 30, "unset", None),
        (None, None, None, None, None, "error", "rate_limit"),
        (1200, 1000, None, 20, 0, "unset", None),
        (1300, None, 200, 10, None, "unset", None),
    ]
    assert rows("tool_calls", "codex_cli_rs", "tool", "call_id", "status", "duration_ms", "result") == [
        ("shell", "call_1", "ok", 1500.0, "README.md")
    ]


def test_thoughts_of_gemini_cli_are_part_of_its_output() -> None:
    assert rows("runs", "gemini-cli", *RUN[:10]) == [
        ("gemini_cli", "s-gemini_cli", "eve@example.com", "failure", "rate_limit", 2, 1, 0, 900, 150)
    ]
    assert rows("llm_calls", "gemini-cli", *CALL[1:6]) == [
        (900, 500, None, 150, 110),
        (None, None, None, None, None),
    ]


def test_a_task_of_cline_is_a_run() -> None:
    assert rows("runs", "cline", *RUN[:10]) == [
        ("cline", "01CLINE", "u-cline", "success", None, 3, 1, 0, 2130, 55)
    ]


@st.composite
def deliveries(draw: st.DrawFn) -> list[list[Body]]:
    """Every record in some body, some twice, in any order and any batches."""
    records = [(service, one) for service, said in SESSIONS.items() for one in said]
    repeated = draw(st.lists(st.sampled_from(records), max_size=8))
    shuffled = draw(st.permutations([*records, *repeated]))
    edges = sorted(draw(st.sets(st.integers(1, len(shuffled) - 1), max_size=4)))
    batches = [shuffled[a:b] for a, b in zip([0, *edges], [*edges, len(shuffled)], strict=True)]
    return [
        [log_body([said for name, said in batch if name == service], service) for service in dict(batch)]
        for batch in batches
    ]


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(deliveries())
def test_order_split_and_repetition_of_records_change_nothing(batches: list[list[Body]]) -> None:
    facts = facts_of(batches)
    assert {view: facts[view] for view in ("runs", "llm_calls", "tool_calls")} == {
        view: facts_at_once()[view] for view in ("runs", "llm_calls", "tool_calls")
    }


def test_records_of_a_trace_are_told_by_its_spans() -> None:
    session: dict[str, Plain] = {"session.id": "s-claude"}
    usage: dict[str, Plain] = {
        "model": "claude-sonnet-4-5", "input_tokens": 12, "output_tokens": 340, "cache_read_tokens": 15000,
        "cache_creation_tokens": 800, "request_id": "req_1", "success": "true",
    }  # fmt: skip
    scope = "com.anthropic.claude_code.tracing"
    spans = [
        Sent(1, session, lasts=9.0, name="claude_code.interaction", scope=scope),
        Sent(2, session | usage, parent=1, at=0.5, lasts=3.5, name="claude_code.llm_request", scope=scope),
        Sent(3, session | {"tool_name": "Bash", "tool_use_id": "tu_1"}, parent=1, at=4.0, lasts=2.0,
             name="claude_code.tool", scope=scope),
    ]  # fmt: skip
    said = [Said(one.at_s, one.body, one.attributes, 1, span)
            for one, span in zip(claude_session()[:4], (1, 2, 3, 3), strict=True)]  # fmt: skip
    for order in (False, True):
        bodies = [[a_span_body(spans, NOW)], [log_body(said, "shop")]]
        facts = facts_of(reversed(bodies) if order else bodies)
        assert [(run["root_span_id"], run["llm_calls"], run["tool_calls"]) for run in facts["runs"]] == [
            (f"{1:016x}", 1, 1)
        ]
        assert [call["input_tokens"] for call in facts["llm_calls"]] == [15812]


def counters(session: str | None, from_s: float, to_s: float, factor: float = 1.0, **said: Any) -> Body:
    """Return an export of Claude Code's counters."""
    common: dict[str, Plain] = {"model": "claude-sonnet-4-5-20250929", "user.id": "u-1"}
    if session is not None:
        common["session.id"] = session
    amounts = {"input": 17, "output": 400, "cacheRead": 30800, "cacheCreation": 800}
    points = [(amount * factor, {**common, "type": kind}) for kind, amount in amounts.items()]
    export = a_counter_export(
        {"claude_code.token.usage": points, "claude_code.cost.usage": [(0.0183 * factor, common)]},
        service="claude-code", from_s=from_s, to_s=to_s, **said,
    )  # fmt: skip
    return a_body(export, signal="metrics")


def usage_of(facts: dict[str, list[dict[str, Any]]]) -> list[tuple[Any, ...]]:
    names = ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens", "reported_cost_usd")
    return sorted(
        tuple(call[name] for name in names) for call in facts["llm_calls"] if call["status"] != "error"
    )


COUNTED = (31617, 30800, 800, 400, Decimal("0.0183"))


def test_counters_alone_give_tokens_and_cost_of_a_session() -> None:
    facts = facts_of(
        [[counters("s-claude", 0, 60)], [counters("s-claude", 0, 60), counters("s-claude", 60, 120, 2.0)]]
    )
    doubled = tuple(2 * each for each in COUNTED)
    assert usage_of(facts) == [COUNTED, doubled]
    assert [(run["session_id"], run["complete"], run["input_tokens"]) for run in facts["runs"]] == [
        ("s-claude", False, 3 * 31617)
    ]


def test_of_a_cumulative_counter_the_last_point_counts() -> None:
    points = [counters("s-claude", 0, 60 * n, float(n), temporality=CUMULATIVE) for n in (1, 2, 3)]
    tripled = tuple(3 * each for each in COUNTED)
    for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0]):
        assert usage_of(facts_of([[points[n]] for n in order])) == [tripled]


@pytest.mark.parametrize("session", ["s-claude", None])
def test_counters_count_nothing_where_log_records_tell_of_the_calls(session: str | None) -> None:
    logs, metrics = log_body(claude_session(), "claude-code"), counters(session, 0, 60)
    alone = facts_of([[logs]])
    for order in ([[logs], [metrics]], [[metrics], [logs]], [[logs, metrics]]):
        facts = facts_of(order)
        assert (facts["llm_calls"], facts["runs"]) == (alone["llm_calls"], alone["runs"])


@pytest.mark.parametrize("session", ["s-claude", None])
def test_counters_of_another_day_count_in_whatever_order_they_come(session: str | None) -> None:
    day = 86_400.0
    logs, metrics = log_body(claude_session(), "claude-code"), counters(session, -5 * day, 60 - 5 * day)
    near = counters(session, -9 * day, 60 - 9 * day), counters(session, 9 * day, 60 + 9 * day)
    for order in ([[logs], [metrics]], [[metrics], [logs]], [[logs, metrics]], [[logs], [metrics, *near]]):
        assert COUNTED in usage_of(facts_of(order))


def inference_details(**usage: Plain) -> Said:
    said: dict[str, Plain] = {
        "event.name": "gen_ai.client.inference.operation.details",
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o-mini",
    }
    return Said(3601.0, "", said | usage, trace=1, span=2)


def test_a_call_of_which_only_its_log_event_came_is_counted_by_that() -> None:
    details = inference_details(**{"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 10})
    log = log_body([details], "shop")
    spans = a_span_body([agent(1), call(2, parent=1, used=(100, 10))], NOW)
    for order in ([[log]], [[log], [spans]], [[spans], [log]], [[spans, log]]):
        facts = facts_of(order)
        assert [(each["span_id"], each["input_tokens"]) for each in facts["llm_calls"]] == [
            (f"{2:016x}", 100)
        ]
        assert len(facts["runs"]) == 1


KEYS = sorted(
    {key for said in SESSIONS.values() for one in said for key in one.attributes}
    | {"gen_ai.usage.input_tokens", "gen_ai.evaluation.name", "gen_ai.evaluation.score.value"}
)
EVENTS = sorted(name for _, events in known_dialects().log_events for name in events.names())
PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(max_size=20)
    | st.binary(max_size=9)
)
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.builds(
            Said,
            at_s=st.floats(0, 3000),
            body=st.sampled_from([*EVENTS, ""]) | st.text(max_size=9),
            attributes=st.dictionaries(
                st.sampled_from([*KEYS, "event.name"]), VALUES | st.sampled_from(EVENTS), max_size=9
            ),
            trace=st.integers(0, 2),
            span=st.integers(1, 3),
        ),
        max_size=5,
    )
)
def test_whatever_a_log_record_holds_its_span_has_no_impossible_count(said: list[Said]) -> None:
    batch = decode_logs([a_log_export(said, service="any").SerializeToString()], [NOW])
    spans = derive_from_logs(batch, known_dialects())
    if spans is not None:
        facts = normalise(spans)
        assert not facts.select("trace_id", "span_id", "started_at").null_count().sum_horizontal().item()
        for name in ("input_tokens", "output_tokens", "cache_read_tokens", "reasoning_tokens"):
            assert (facts[name].drop_nulls() >= 0).all()
    for column in read_log_messages(batch):
        assert len(column) == len(said)

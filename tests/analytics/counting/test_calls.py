"""What counts as one request to a model: leaves, wrappers, retries, agents that stand in."""

from __future__ import annotations

import pytest

from tests.analytics.counting.building import a_span, count


def calls_of(*spans: dict[str, object]) -> list[tuple[str, int | None, int | None]]:
    rows = count(*spans).llm_calls.sort("started_at", "span_id")
    return list(rows.select("span_id", "input_tokens", "output_tokens").iter_rows())


def test_an_agent_that_repeats_its_calls_is_not_counted() -> None:
    spans = (
        a_span("agent", "agent", used=(300, 30), usage_scope="agent"),
        a_span("one", "llm", "agent", used=(100, 10)),
        a_span("two", "llm", "agent", at=1, used=(200, 20)),
    )
    assert calls_of(*spans) == [("one", 100, 10), ("two", 200, 20)]


def test_a_framework_span_around_a_client_span_is_one_call() -> None:
    spans = (
        a_span("agent", "agent", lasts=3),
        a_span("outer", "llm", "agent", used=(100, 10), scope_name="framework"),
        a_span("http", "other", "outer"),
        a_span("inner", "llm", "http", used=(100, 10), scope_name="client"),
    )
    assert len(calls_of(*spans)) == 1


def test_the_span_with_the_most_complete_usage_carries_the_call() -> None:
    spans = (
        a_span("outer", "llm", used=(100, 10), finish_reason="stop", service_tier="flex"),
        a_span("inner", "llm", "outer", used=(100, 10), cache_read_tokens=60, response_id="r1"),
    )
    row = count(*spans).llm_calls.row(0, named=True)
    assert (row["span_id"], row["cache_read_tokens"]) == ("inner", 60)
    assert (row["finish_reason"], row["service_tier"], row["response_id"]) == ("stop", "flex", "r1")


def test_parts_are_taken_over_only_where_the_wholes_agree() -> None:
    spans = (
        a_span(
            "outer", "llm", used=(100, 10), cache_read_tokens=40, reasoning_tokens=4, cache_write_tokens=1
        ),
        a_span("inner", "llm", "outer", used=(90, 10), cache_write_tokens=7),
    )
    row = count(*spans).llm_calls.row(0, named=True)
    assert (row["span_id"], row["input_tokens"], row["cache_read_tokens"]) == ("outer", 100, 40)
    assert row["cache_write_tokens"] == 1


def test_a_wrapper_completes_a_client_span_that_was_never_told_the_usage() -> None:
    spans = (
        a_span("outer", "llm", used=(100, 10)),
        a_span("inner", "llm", "outer", response_model="gpt-4o-2026"),
    )
    rows = count(*spans).llm_calls
    assert rows.select("span_id", "input_tokens", "response_model").rows() == [("outer", 100, "gpt-4o-2026")]


def test_a_sub_agent_below_a_model_span_keeps_its_own_calls() -> None:
    spans = (
        a_span("agent", "agent", lasts=9),
        a_span("call", "llm", "agent", lasts=8, used=(100, 10)),
        a_span("tool", "tool", "call", lasts=7),
        a_span("sub", "agent", "tool", lasts=6),
        a_span("inner", "llm", "sub", lasts=5, used=(50, 5)),
    )
    assert sorted(calls_of(*spans)) == [("call", 100, 10), ("inner", 50, 5)]


def test_attempts_below_a_wrapper_are_calls_and_the_wrapper_is_none() -> None:
    spans = (
        a_span("outer", "llm", lasts=5, used=(100, 10)),
        a_span("first", "llm", "outer", at=1, status="error"),
        a_span("second", "llm", "outer", at=2),
    )
    rows = count(*spans).llm_calls
    assert rows.select("status", "input_tokens").rows() == [("unset", 100), ("error", None)]


def test_a_wrapper_around_several_calls_is_none() -> None:
    spans = (
        a_span("outer", "llm", lasts=5, used=(150, 15)),
        a_span("first", "llm", "outer", at=1, used=(100, 10)),
        a_span("second", "llm", "outer", at=2, used=(50, 5)),
    )
    assert calls_of(*spans) == [("first", 100, 10), ("second", 50, 5)]


def test_an_embedding_below_a_model_span_is_a_call_of_its_own() -> None:
    spans = (
        a_span("chat", "llm", lasts=5, used=(100, 10)),
        a_span("embed", "embedding", "chat", used=(7, None)),
    )
    assert sorted(calls_of(*spans)) == [("chat", 100, 10), ("embed", 7, None)]


def test_nested_embeddings_are_one_call() -> None:
    spans = (a_span("outer", "embedding"), a_span("inner", "embedding", "outer", used=(7, None)))
    assert calls_of(*spans) == [("inner", 7, None)]


def test_a_pending_copy_is_never_counted() -> None:
    spans = (
        a_span("call", "llm", used=(100, 10)),
        a_span("copy", "llm", "call", lasts=0, is_pending=True, used=(100, 10)),
        a_span("draft", "tool", "call", lasts=0, is_pending=True),
    )
    counted = count(*spans)
    assert counted.llm_calls["span_id"].to_list() == ["call"]
    assert counted.tool_calls.is_empty()


def test_an_agent_stands_in_where_nothing_below_it_tells_of_usage() -> None:
    spans = (
        a_span("agent", "agent", lasts=9, used=(300, 30), usage_scope="agent"),
        a_span("one", "llm", "agent", at=1, response_model="gpt-4o-2026"),
        a_span("two", "llm", "agent", at=3),
        a_span("bad", "llm", "agent", at=5, status="error"),
    )
    rows = count(*spans).llm_calls.sort("started_at")
    assert rows.select("span_id", "input_tokens", "response_model").rows() == [
        ("agent", 300, "gpt-4o-2026"),
        ("bad", None, None),
    ]


def test_the_innermost_agent_with_usage_stands_in() -> None:
    spans = (
        a_span("outer", "workflow", used=(300, 30), usage_scope="agent"),
        a_span("inner", "agent", "outer", used=(300, 30), usage_scope="agent"),
    )
    assert calls_of(*spans) == [("inner", 300, 30)]


def test_cumulative_usage_never_stands_in() -> None:
    assert calls_of(a_span("agent", "agent", used=(300, 30), usage_scope="cumulative")) == []


def test_failed_calls_are_calls_with_a_class() -> None:
    spans = (a_span("bad", "llm", status="error", error_type="RateLimitError", status_message="slow down"),)
    row = count(*spans).llm_calls.row(0, named=True)
    assert (row["status"], row["error_type"], row["failure_class"]) == (
        "error",
        "RateLimitError",
        "rate_limit",
    )
    assert row["input_tokens"] is None


def test_a_span_that_says_nothing_failed_when_another_view_of_the_call_did() -> None:
    spans = (
        a_span("outer", "llm", status="error", error_type="APITimeoutError"),
        a_span("inner", "llm", "outer"),
    )
    row = count(*spans).llm_calls.row(0, named=True)
    assert (row["status"], row["failure_class"]) == ("error", "timeout")


def test_an_answered_call_is_no_failure_because_its_wrapper_failed_later() -> None:
    spans = (
        a_span("outer", "llm", status="error", error_type="ParseError"),
        a_span("inner", "llm", "outer", used=(100, 10)),
    )
    row = count(*spans).llm_calls.row(0, named=True)
    assert (row["status"], row["error_type"], row["failure_class"]) == ("unset", None, None)


@pytest.mark.parametrize("carrier", ["agent", "record"])
def test_a_carrier_without_a_length_of_its_own_takes_the_times_of_the_model_span(carrier: str) -> None:
    used = {"used": (100, 10)}
    spans = {
        "agent": (
            a_span("agent", "agent", lasts=9, usage_scope="agent", **used),
            a_span("call", "llm", "agent", at=2, lasts=3),
        ),
        "record": (
            a_span("call", "llm", at=2, lasts=3),
            a_span("record", "llm", "call", at=5, lasts=0, **used),
        ),
    }[carrier]
    row = count(*spans).llm_calls.row(0, named=True)
    assert (row["span_id"], row["started_at"].second, row["duration_ms"]) == (carrier, 2, 3000.0)


def test_call_has_the_version_of_its_agent_not_of_its_service() -> None:
    counted = count(
        a_span("boss", "agent", lasts=9, agent_version="2.8"),
        a_span("call", "llm", "boss", used=(1, 1), agent_version="2.7"),
        a_span("tool", "tool", "boss", at=1, agent_version="2.7"),
        a_span("clerk", "agent", "boss", at=2, lasts=3, agent_version="1.0"),
        a_span("below", "llm", "clerk", at=2, used=(1, 1), agent_version="2.7"),
        a_span("other", "llm", "boss", at=6, used=(1, 1), agent="judge", agent_version="9"),
    )
    versions = dict(counted.llm_calls.select("span_id", "agent_version").iter_rows())
    assert versions == {"call": "2.8", "below": "1.0", "other": "9"}
    assert counted.tool_calls.filter(span_id="tool")["agent_version"].to_list() == ["2.8"]


def test_calls_have_the_nearest_agent_and_the_dimensions_of_their_run() -> None:
    spans = (
        a_span("boss", "agent", lasts=9, environment="prod", session_id="s1", agent_version="2"),
        a_span("helper", "agent", "boss", lasts=8, user_id="ada"),
        a_span("call", "llm", "helper", lasts=7, used=(1, 1), tenant="acme"),
        a_span("own", "llm", "boss", agent="named", used=(1, 1)),
    )
    rows = {row["span_id"]: row for row in count(*spans).llm_calls.iter_rows(named=True)}
    assert [rows["call"][name] for name in ("agent", "environment", "session_id", "user_id", "tenant")] == [
        "helper",
        "prod",
        "s1",
        "ada",
        "acme",
    ]
    assert (rows["own"]["agent"], rows["own"]["tenant"]) == ("named", "acme")
    assert {row["run_id"] for row in rows.values()} == {"t1-boss"}


def test_parts_that_only_the_chain_around_a_call_tells_are_the_calls() -> None:
    call = a_span("call", "llm", "node", used=(100, 10), cache_read_tokens=60)
    node = a_span(
        "node", "chain", used=(100, 10), usage_scope="agent", cache_read_tokens=60, reasoning_tokens=4
    )
    of_call = ("input_tokens", "cache_read_tokens", "reasoning_tokens")
    assert count(node, call).llm_calls.select(of_call).rows() == [(100, 60, 4)]
    other = node | {"output_tokens": 11}
    assert count(other, call).llm_calls.select(of_call).rows() == [(100, 60, None)]


def test_parts_that_only_the_raw_request_below_a_call_tells_are_the_calls() -> None:
    call = a_span("call", "llm", used=(100, 10))
    raw = a_span("raw", "other", "call", used=(100, 10), cache_read_tokens=60, cache_write_tokens=20)
    found = count(call, raw).llm_calls.select("span_id", "cache_read_tokens", "cache_write_tokens")
    assert found.rows() == [("call", 60, 20)]

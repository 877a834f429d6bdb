"""What counts as one execution of a tool."""

from __future__ import annotations

from typing import Any

import pytest

from tests.analytics.counting.building import a_span, count


def tools_of(*spans: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted(count(*spans).tool_calls.select("span_id", "status").rows())


def test_client_and_server_of_an_mcp_call_are_one_and_the_server_knows_of_the_error() -> None:
    spans = (
        a_span("agent", "agent"),
        a_span("send", "tool", "agent", tool="refund", otel_kind="client"),
        a_span(
            "serve",
            "tool",
            "send",
            tool="refund",
            otel_kind="server",
            status="error",
            error_type="tool_error",
        ),
    )
    counted = count(*spans)
    row = counted.tool_calls.row(0, named=True)
    assert (row["span_id"], row["status"], row["failure_class"]) == ("send", "error", "tool_error")
    assert counted.tool_calls.height == 1


@pytest.mark.parametrize("inner", ["weather", "plugin-weather", "mcp.weather", None])
def test_directly_nested_spans_of_one_tool_are_one_execution(inner: str | None) -> None:
    spans = (
        a_span("outer", "tool", tool="weather"),
        a_span("between", "chain", "outer"),
        a_span("inner", "tool", "between", tool=inner, output="18°C"),
    )
    row = count(*spans).tool_calls.row(0, named=True)
    assert (row["span_id"], row["tool"], row["result"], row["status"]) == ("outer", "weather", "18°C", "ok")


def test_a_tool_that_calls_another_tool_is_two_executions() -> None:
    spans = (a_span("outer", "tool", tool="plan"), a_span("inner", "tool", "outer", tool="weather"))
    assert [span for span, _ in tools_of(*spans)] == ["inner", "outer"]


def test_nested_spans_with_different_call_ids_are_two_executions() -> None:
    spans = (
        a_span("outer", "tool", tool="fan", tool_call_id="a"),
        a_span("inner", "tool", "outer", tool="fan", tool_call_id="b"),
    )
    assert len(tools_of(*spans)) == 2


def test_the_same_tool_called_by_a_sub_agent_is_another_execution() -> None:
    spans = (
        a_span("outer", "tool", tool="ask"),
        a_span("sub", "agent", "outer"),
        a_span("inner", "tool", "sub", tool="ask"),
    )
    assert len(tools_of(*spans)) == 2


def test_an_agent_called_as_a_tool_is_a_tool_call_and_a_sub_agent() -> None:
    spans = (
        a_span("boss", "agent", lasts=5),
        a_span("helper", "agent", "boss", tool="ask_helper", status="error"),
    )
    counted = count(*spans)
    assert counted.tool_calls.select("tool", "status").rows() == [("ask_helper", "error")]
    assert counted.runs.select("run_id", "tool_calls", "steps").rows() == [("t1-boss", 1, 2)]


def test_a_tool_span_around_an_agent_called_as_that_tool_is_one_execution() -> None:
    spans = (
        a_span("boss", "agent", lasts=5),
        a_span("tool", "tool", "boss", tool="ask_helper"),
        a_span("helper", "agent", "tool", tool="ask_helper"),
    )
    assert len(tools_of(*spans)) == 1


@pytest.mark.parametrize("handoff", ["handoff to billing", "transfer_to_agent", "transfer_to_billing_agent"])
def test_hand_offs_between_agents_are_no_executions(handoff: str) -> None:
    spans = (
        a_span("flow", "workflow", lasts=5),
        a_span("triage", "agent", "flow"),
        a_span("handoff", "tool", "triage", tool=handoff, name=handoff),
        a_span("next", "agent", "flow", at=2, agent="Billing Agent"),
    )
    assert tools_of(*spans) == []


def test_a_transfer_to_what_is_no_agent_is_an_execution() -> None:
    spans = (a_span("agent", "agent"), a_span("tool", "tool", "agent", tool="transfer_to_savings"))
    assert len(tools_of(*spans)) == 1


def test_siblings_of_two_libraries_with_one_tool_at_one_time_are_one_execution() -> None:
    spans = (
        a_span("agent", "agent"),
        a_span("one", "tool", "agent", tool="weather", scope_name="framework"),
        a_span("two", "tool", "agent", tool="weather", scope_name="client", at=0.1, lasts=0.5),
    )
    assert len(tools_of(*spans)) == 1


def test_parallel_executions_of_one_library_are_all_counted() -> None:
    spans = (
        a_span("agent", "agent"),
        a_span("one", "tool", "agent", tool="weather"),
        a_span("two", "tool", "agent", tool="weather"),
    )
    assert len(tools_of(*spans)) == 2


def test_arguments_and_result_are_read_from_whichever_view_has_them() -> None:
    spans = (
        a_span("outer", "tool", tool="weather", input='{"city": "Paris"}'),
        a_span("inner", "tool", "outer", tool="weather", output="18", tool_call_id="c1"),
    )
    row = count(*spans).tool_calls.row(0, named=True)
    assert (row["arguments"], row["result"], row["call_id"]) == ('{"city": "Paris"}', "18", "c1")

"""One call that two libraries tell of, beside each other or in different traces."""

from __future__ import annotations

from typing import Any

from tests.analytics.counting.building import a_span, count


def spans_counted(*spans: dict[str, Any]) -> list[str]:
    return sorted(count(*spans).llm_calls["span_id"].to_list())


def a_pair(**second: Any) -> list[dict[str, Any]]:
    first = a_span("framework", "llm", "agent", used=(100, 10), scope_name="framework")
    return [
        a_span("agent", "agent"),
        first,
        a_span("client", "llm", "agent", **({"scope_name": "client"} | second)),
    ]


def test_siblings_with_one_response_id_are_one_call() -> None:
    spans = a_pair(at=0.1, lasts=0.8, used=(101, 10), response_id="r1")
    spans[1]["response_id"] = "r1"
    assert len(spans_counted(*spans)) == 1


def test_calls_one_after_another_with_one_response_id_are_two() -> None:
    """Look-alike servers and proxies send the same id for everything."""
    spans = a_pair(at=2, used=(100, 10), response_id="r1")
    spans[1]["response_id"] = "r1"
    assert len(spans_counted(*spans)) == 2


def test_siblings_of_two_libraries_with_equal_counts_are_one_call() -> None:
    assert len(spans_counted(*a_pair(at=0.1, lasts=0.8, used=(100, 10)))) == 1


def test_siblings_of_one_library_with_equal_counts_are_two_calls() -> None:
    assert len(spans_counted(*a_pair(used=(100, 10), scope_name="framework"))) == 2


def test_siblings_with_other_counts_are_two_calls() -> None:
    assert len(spans_counted(*a_pair(used=(100, 11)))) == 2


def test_a_sibling_that_was_never_told_the_input_is_the_same_call() -> None:
    """LangChain's callback of an Anthropic stream knows the output only, the SDK's own span all of it."""
    spans = a_pair(at=0.1, lasts=0.8, used=(100, 10))
    spans[1]["input_tokens"] = None
    assert count(*spans).llm_calls.select("span_id", "input_tokens").rows() == [("client", 100)]
    spans[1]["output_tokens"] = 11
    assert len(spans_counted(*spans)) == 2


def test_a_sibling_whose_input_leaves_the_cache_out_is_the_same_call() -> None:
    spans = a_pair(at=0.1, lasts=0.8, used=(100, 10), cache_read_tokens=60, cache_write_tokens=10)
    for part in ("cache_read_tokens", "cache_write_tokens"):
        spans[1].pop(part, None)
    spans[1]["input_tokens"] = 30
    assert count(*spans).llm_calls.select("input_tokens", "cache_read_tokens").rows() == [(100, 60)]
    spans[1]["input_tokens"] = 31
    assert len(spans_counted(*spans)) == 2


def test_failed_siblings_of_two_libraries_and_one_model_are_one_call() -> None:
    spans = a_pair(at=0.1, lasts=0.8, status="error")
    del spans[1]["input_tokens"], spans[1]["output_tokens"]
    spans[1]["status"] = "error"
    for span in spans[1:]:
        span["request_model"] = "claude"
    assert len(spans_counted(*spans)) == 1
    spans[1]["request_model"] = "gpt"
    assert len(spans_counted(*spans)) == 2


def test_siblings_with_different_response_ids_are_two_calls() -> None:
    spans = a_pair(used=(100, 10), response_id="r1")
    spans[1]["response_id"] = "r2"
    assert len(spans_counted(*spans)) == 2


def test_parallel_equal_calls_of_two_libraries_pair_one_to_one() -> None:
    spans = [a_span("agent", "agent")]
    for number in range(3):
        for scope in ("framework", "client"):
            name = f"{scope}-{number}"
            spans.append(a_span(name, "llm", "agent", at=number / 10, used=(100, 10), scope_name=scope))
    assert len(spans_counted(*spans)) == 3


def in_other_trace(**facts: Any) -> dict[str, Any]:
    name = facts.pop("span_id", "alone")
    return a_span(
        name, "llm", **({"trace_id": "t2", "scope_name": "client", "at": 0.2, "lasts": 0.5} | facts)
    )


def test_a_twin_in_another_trace_leaves_the_call_to_the_run() -> None:
    spans = [
        a_span("agent", "agent"),
        a_span("call", "llm", "agent", used=(100, 10), response_id="r1", scope_name="framework"),
        in_other_trace(used=(100, 10), cache_read_tokens=30, response_id="r1"),
    ]
    counted = count(*spans)
    assert counted.llm_calls.select("span_id", "run_id", "cache_read_tokens").rows() == [
        ("call", "t1-agent", 30)
    ]
    assert counted.runs["run_id"].to_list() == ["t1-agent"]


def test_a_library_that_says_a_call_twice_at_one_instant_has_it_counted_once() -> None:
    """LiteLLM 1.60 sends a stream twice, each a trace of its own: with an estimate, and with the usage."""
    both = [
        in_other_trace(trace_id=f"t{n}", span_id=f"s{n}", used=(n, 5), response_id="r1") for n in (8, 1259)
    ]
    assert count(*both).llm_calls["input_tokens"].to_list() == [1259]
    both[1] |= {"started_at": both[1]["ended_at"]}
    assert len(spans_counted(*both)) == 2


def test_a_run_without_usage_takes_it_from_the_twin_in_another_trace() -> None:
    spans = [
        a_span("agent", "agent"),
        a_span("call", "llm", "agent", response_id="r1", scope_name="framework"),
        in_other_trace(used=(100, 10), response_id="r1"),
    ]
    assert count(*spans).llm_calls.select("span_id", "input_tokens").rows() == [("call", 100)]


def test_one_library_tells_of_one_call_in_one_trace_only() -> None:
    spans = [
        a_span("agent", "agent"),
        a_span("call", "llm", "agent", used=(100, 10), response_id="r1", scope_name="client"),
        in_other_trace(used=(100, 10), response_id="r1"),
    ]
    assert len(spans_counted(*spans)) == 2


def test_a_lonely_client_span_without_id_is_the_twin_of_the_span_that_encloses_it() -> None:
    enclosing = a_span("call", "llm", "agent", used=(100, 10), scope_name="framework")
    run = a_span("agent", "agent")
    assert spans_counted(run, enclosing, in_other_trace(used=(100, 10))) == ["call"]
    assert len(spans_counted(run, enclosing, in_other_trace(used=(100, 10), at=0.8))) == 2
    assert len(spans_counted(run, enclosing, in_other_trace(used=(99, 10)))) == 2
    assert len(spans_counted(run, enclosing, in_other_trace(used=(100, 10), service="other"))) == 2
    second = in_other_trace(span_id="second", trace_id="t3", used=(100, 10))
    assert len(spans_counted(run, enclosing, in_other_trace(used=(100, 10)), second)) == 2


def test_a_lonely_failed_span_is_the_twin_of_the_failed_one_that_encloses_it() -> None:
    spans = [
        a_span("agent", "agent", status="error"),
        a_span("call", "llm", "agent", status="error", scope_name="framework"),
        in_other_trace(status="error"),
    ]
    assert count(*spans).runs["run_id"].to_list() == ["t1-agent"]


def test_two_lonely_spans_are_two_calls() -> None:
    spans = [
        in_other_trace(used=(100, 10)),
        in_other_trace(trace_id="t3", scope_name="other", used=(100, 10)),
    ]
    assert len(spans_counted(*spans)) == 2

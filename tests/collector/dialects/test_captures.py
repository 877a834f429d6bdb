"""Every capture of a real library, translated and counted, against what its model server told and its script did.

Where a figure differs from the truth, `excused.json` holds the figure that is shown and the trap of the emitter that
explains it. `python -m tests.collector.dialects.test_captures` prints the figures that differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import polars as pl
import pytest

from analytics.counting import count_traces
from collector.dialects import normalise
from tests.collector.dialects.building import CAPTURES, CORPUS, read_capture, read_document

CLASSES = ("input", "cache_read", "cache_write", "output", "reasoning")
PYTHON_NAMES = {
    "input": "input_tokens_total",
    "cache_read": "cache_read_tokens",
    "cache_write": "cache_write_tokens",
    "output": "output_tokens_total",
    "reasoning": "reasoning_tokens",
}
EXCUSED: dict[str, dict[str, Any]] = msgspec.json.decode((CORPUS / "excused.json").read_bytes())


def count_capture(name: str) -> dict[str, int]:
    """Return what counting makes of a capture's spans."""
    batch = read_capture(name)
    texts = batch.attributes.with_columns(pl.col("key").cast(pl.String))
    spans = normalise(batch).with_columns(load_seq=pl.lit(1, pl.Int64))
    for side in ("input", "output"):
        spans = spans.join(
            texts.rename({"key": f"{side}_key", "value": side}),
            on=["row", f"{side}_key"],
            how="left",
            maintain_order="left",
        )
    counted = count_traces(spans)
    calls, tools, runs = counted.llm_calls, counted.tool_calls, counted.runs
    return {
        **{kind: int(calls[f"{kind}_tokens"].sum() or 0) for kind in CLASSES},
        "runs": runs.height,
        "failed runs": int((runs["outcome"] == "failure").sum()),
        "tools": tools.height,
        "failed tools": int((tools["status"] == "error").sum()),
    }


def read_truth(name: str) -> dict[str, int]:
    """Return the same figures of truth.json, whose two families name them differently, less what no client was told."""
    truth = read_document(name, "truth")
    return _truth_of_javascript(truth) if "runs" in truth else _truth_of_python(truth)


def _truth_of_python(truth: Mapping[str, Any]) -> dict[str, int]:
    totals, runs = truth["totals"], truth["agent_runs"]
    untold = totals["tokens_where_client_was_never_told_usage"]
    return {
        **{kind: totals[name] - untold[name] for kind, name in PYTHON_NAMES.items()},
        "runs": sum(run.get("count") or 1 for run in runs),
        "failed runs": sum(run["failed"] for run in runs),
        "tools": totals["tool_calls"],
        "failed tools": totals["tool_calls_failed"],
    }


def _truth_of_javascript(truth: Mapping[str, Any]) -> dict[str, int]:
    usages = [call["usage"] for call in truth["llm_calls"] if call["status"] == 200 and call.get("usage")]

    def total(*names: str) -> int:
        return sum(next((usage[name] for name in names if usage.get(name)), 0) for usage in usages)

    return {
        "input": total("input_tokens_total"),
        "cache_read": total("cached_input_tokens", "cache_read_tokens"),
        "cache_write": total("cache_creation_tokens"),
        "output": total("output_tokens_total"),
        "reasoning": total("reasoning_tokens"),
        "runs": len(truth["runs"]),
        "failed runs": sum(not run["ok"] for run in truth["runs"]),
        "tools": len(truth["tool_calls"]),
        "failed tools": sum(not tool["ok"] for tool in truth["tool_calls"]),
    }


@pytest.mark.parametrize("name", CAPTURES)
def test_capture_counts_what_happened(name: str) -> None:
    excused: dict[str, int] = {}
    for one in EXCUSED.get(name, {}).values():
        excused.update(one)
    assert count_capture(name) == {**read_truth(name), **excused}


def test_every_excuse_names_a_capture_a_figure_that_differs_and_a_trap() -> None:
    for name, by_trap in EXCUSED.items():
        truth = read_truth(name)
        for trap, figures in by_trap.items():
            assert trap.strip(), name
            assert all(truth[figure] != shown for figure, shown in figures.items()), (name, trap)


if __name__ == "__main__":
    for capture in CAPTURES:
        true, shown = read_truth(capture), count_capture(capture)
        differing = {
            figure: f"{shown[figure]} of {true[figure]}" for figure in true if true[figure] != shown[figure]
        }
        if differing:
            print(capture, differing)

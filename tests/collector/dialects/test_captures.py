"""Every capture of a real library, translated and counted, against what its model server told and its script did.

Where a figure differs from the truth, `excused.json` holds the figure that is shown and the trap of the emitter that
explains it, one of `traps.toml`. `python -m tests.collector.dialects.test_captures` writes the excuses and the table
of docs/dialects.md anew: of a new difference only the trap, `?`, and the reason are to be written by hand.
"""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
import polars as pl
import pytest

from analytics.counting import Counted, count_traces
from collector.dialects import normalise
from tests.collector.dialects.building import CAPTURES, CORPUS, read_capture, read_document

TABLE = CORPUS / "table.json"
CLASSES = ("input", "cache_read", "cache_write", "output", "reasoning")
PYTHON_NAMES = {
    "input": "input_tokens_total",
    "cache_read": "cache_read_tokens",
    "cache_write": "cache_write_tokens",
    "output": "output_tokens_total",
    "reasoning": "reasoning_tokens",
}
EXCUSES = CORPUS / "excused.json"
EXCUSED: dict[str, dict[str, dict[str, Any]]] = msgspec.json.decode(EXCUSES.read_bytes())
TRAPS: dict[str, dict[str, Any]] = tomllib.loads((CORPUS / "traps.toml").read_text())


CARRIED: dict[str, dict[str, tuple[int, int]]] = msgspec.json.decode((CORPUS / "carried.json").read_bytes())
"""Of figures that are excused, the least and the most that the bodies hold: found by response ids and by the calls'
unique numbers in all that was sent, estimates of the emitter's included; not by counting."""


@cache
def count_calls(name: str) -> Counted:
    """Return the calls, tools and runs of a capture's spans."""
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
    return count_traces(spans)


def count_capture(name: str) -> dict[str, int]:
    """Return what counting makes of a capture's spans."""
    counted = count_calls(name)
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


def table_rows() -> list[dict[str, str]]:
    """Return what docs/dialects.md says of each capture: the library, what is right, what its emitter never sends."""
    rows: list[dict[str, str]] = []
    for name in CAPTURES:
        meta, excuses = read_document(name, "meta"), EXCUSED.get(name, {})
        versions = [str(version) for version in meta["versions"]]
        library = str(meta.get("library") or versions[0].partition("==")[0] or meta["description"])
        first = library.partition("+")[0]
        own = [version for version in versions if version.startswith((f"{first}==", f"{first}-"))]
        right = [figure for figure in read_truth(name) if figure not in excuses]
        figures: dict[str, list[str]] = {}
        for figure, excuse in excuses.items():
            figures.setdefault(f"{excuse['trap']}, {excuse['why']}", []).append(figure)
        rows.append(
            {
                "library": library,
                "version": own[0].rpartition("==")[2] if own else "",
                "capture": name,
                "right": "all" if not excuses else ", ".join(right),
                "otherwise": "; ".join(f"{', '.join(those)}: {why}" for why, those in figures.items()),
            }
        )
    return sorted(rows, key=lambda row: (row["library"].lstrip("@"), row["version"], row["capture"]))


def excuses_now() -> dict[str, dict[str, dict[str, Any]]]:
    """Return every figure that differs from the truth with its trap, `?` where nobody has named one yet."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for name in CAPTURES:
        true, shown = read_truth(name), count_capture(name)
        for figure in true:
            if true[figure] != shown[figure]:
                known = EXCUSED.get(name, {}).get(figure, {"trap": "?", "why": f"{true[figure]} in truth"})
                found.setdefault(name, {})[figure] = {**known, "shown": shown[figure]}
    return found


@pytest.mark.parametrize("name", CAPTURES)
def test_capture_counts_what_happened(name: str) -> None:
    excused = {figure: excuse["shown"] for figure, excuse in EXCUSED.get(name, {}).items()}
    assert count_capture(name) == {**read_truth(name), **excused}


def test_every_excuse_names_a_figure_that_differs_a_trap_and_a_reason() -> None:
    for name, excuses in EXCUSED.items():
        truth = read_truth(name)
        for figure, excuse in excuses.items():
            assert truth[figure] != excuse["shown"], (name, figure)
            assert excuse["trap"] in TRAPS, (name, figure)
            assert excuse["why"].strip(), (name, figure)


@pytest.mark.parametrize("trap", TRAPS)
def test_every_trap_is_proved_by_a_capture_or_a_test_that_is_there(trap: str) -> None:
    assert TRAPS[trap]["says"] and TRAPS[trap]["shown"] and TRAPS[trap]["proof"]
    for proof in TRAPS[trap]["proof"]:
        path, _, test = proof.rpartition("::")
        if proof.rpartition("::")[2].startswith("test_"):
            module = path.removesuffix(".py").replace("/", ".") or "tests.collector.dialects.test_traps"
            assert hasattr(importlib.import_module(module), test), proof
        else:
            assert proof in CAPTURES, proof


@pytest.mark.parametrize("name", CARRIED)
def test_an_excused_count_is_what_the_bodies_carry(name: str) -> None:
    calls = count_calls(name).llm_calls
    for kind, (least, most) in CARRIED[name].items():
        tokens = calls[f"{kind}_tokens"]
        reported = tokens.filter(calls["usage_source"] == "reported")
        assert 0.99 * least <= (tokens.sum() or 0), kind
        assert (reported.sum() or 0) <= 1.005 * most, kind


def test_the_table_of_captures_is_current() -> None:
    assert msgspec.json.decode(TABLE.read_bytes()) == table_rows()


if __name__ == "__main__":
    EXCUSED = excuses_now()
    EXCUSES.write_bytes(msgspec.json.format(msgspec.json.encode(EXCUSED), indent=1) + b"\n")
    TABLE.write_bytes(msgspec.json.format(msgspec.json.encode(table_rows()), indent=1) + b"\n")

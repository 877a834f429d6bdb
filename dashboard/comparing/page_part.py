"""The part of the page of a trace that shows it beside another one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast

import streamlit as st

from dashboard.address import read_values
from dashboard.charts.outcomes import WORDS
from dashboard.comparing.alignment import STEPS, Pair, align_steps, align_texts, list_steps
from dashboard.components import (
    Badge,
    Column,
    Fact,
    Headline,
    Line,
    Sides,
    cell,
    show_heading,
    show_headline,
    show_notice,
    show_sides,
    show_table,
)
from dashboard.data import Trace, read_arguments, read_span, read_trace
from dashboard.filters import Link
from dashboard.formats import (
    GAP,
    NO_PRICE,
    format_count,
    format_duration,
    format_instant,
    format_signed,
    format_usd,
    shorten,
)
from dashboard.span_detail import build_detail
from dashboard.states import show_failure

Row = dict[str, Any]
OUTCOME_TONES: Final = {"success": "good", "failure": "error", "escalated": "warning"}
LINE_CHARACTERS: Final = 2_000


def link_diff(first: str, second: str, step: str = "") -> Link:
    """Return the address of two traces side by side, with one step open."""
    query = {"id": [first], "with": [second], **({"step": [step]} if step else {})}
    return Link("trace", query)


def show_diff(first: Trace, other_id: str) -> bool:
    """Draw two traces side by side; say why where the other cannot be shown, and return False."""
    reading = read_trace(other_id)
    if not show_failure(reading, key="other_failure"):
        return False
    if reading.value is None:
        show_notice(f"No span of the trace {other_id[:64]} is known.", tone="error", key="other_unknown")
        return False
    second = reading.value
    left, right = st.columns(2, gap="small")
    for place, name, trace in ((left, "A", first), (right, "B", second)):
        with place:
            show_headline(build_head(name, trace), key=f"head_{name}")
    ways = [("Swap", link_diff(second.trace_id, first.trace_id))]
    ways += [
        (f"Only {name}", Link("trace", {"id": [t.trace_id]})) for name, t in (("A", first), ("B", second))
    ]
    _show_figures(first, second, ways)
    _show_steps(first, second)
    return True


def build_head(name: str, trace: Trace) -> Headline:
    """Return the head of one of the two."""
    run: Row = trace.runs.row(0, named=True) if trace.runs.height else {}
    root = trace.spans.row(0, named=True)
    outcome = run.get("outcome")
    badges = [
        Badge(name, "accent"),
        *([Badge(WORDS[outcome], OUTCOME_TONES[outcome])] if outcome in OUTCOME_TONES else []),
    ]
    facts = [Fact(format_instant(root["started_at"], with_seconds=True, with_zone=True))]
    facts += [
        Fact(f"{label} {run[column]}"[:120])
        for label, column in (("version", "agent_version"), ("user", "user_id"))
        if run.get(column)
    ]
    facts.append(Fact(trace.trace_id, "trace", is_id=True))
    return Headline(run.get("agent") or run.get("workflow") or root["name"], badges, facts)


Say = Callable[[Any], str]


def sum_run(trace: Trace) -> dict[str, float | None]:
    """Return the figures of a trace that are compared; None where nothing of it is known."""
    spans, runs = trace.spans, trace.runs
    start = spans["started_at"]
    ends = (start - start.min()).dt.total_microseconds() / 1e3 + spans["duration_ms"].fill_null(0)

    def total(name: str) -> float | None:
        known = runs[name].drop_nulls()
        return float(cast(Any, known.sum())) if len(known) else None

    return {
        "duration_ms": float(cast(Any, ends.max())),
        **{name: total(name) for name in ("cost_usd", "llm_calls", "tool_calls", "tool_failures", "retries",
                                          "input_tokens", "output_tokens", "unpriced_calls")},
    }  # fmt: skip


_FIGURES: Final[tuple[tuple[str, str, Say], ...]] = (
    ("Duration", "duration_ms", format_duration),
    ("Cost", "cost_usd", format_usd),
    ("Model calls", "llm_calls", format_count),
    ("Tool calls", "tool_calls", format_count),
    ("Failed tool calls", "tool_failures", format_count),
    ("Retries", "retries", format_count),
    ("Input tokens", "input_tokens", format_count),
    ("Output tokens", "output_tokens", format_count),
    ("Calls without a price", "unpriced_calls", format_count),
)


def _show_figures(first: Trace, second: Trace, ways: Sequence[tuple[str, Link]]) -> None:
    a, b = sum_run(first), sum_run(second)
    lines = [
        Line(
            key,
            [cell(title), say_figure(key, say, a), say_figure(key, say, b), say_change(a[key], b[key], say)],
        )
        for title, key, say in _FIGURES
    ]  # fmt: skip
    show_heading("Figures", ways, key="diff_ways")
    columns = [
        Column("Figure"),
        Column("A", "number", "end"),
        Column("B", "number", "end"),
        Column("B against A", "number", "end"),
    ]
    show_table(columns, lines, key="diff_figures", caption="Figures of both runs", nothing="")


def say_figure(key: str, say: Say, of: Mapping[str, float | None]) -> dict[str, object]:
    """Return the cell of a figure; a cost that lacks calls without a price is “at least”."""
    value = of[key]
    if key == "cost_usd":
        return cell(format_usd(value, at_least=bool(of["unpriced_calls"])), is_quiet=value is None)
    return cell(say(value), is_quiet=value is None)


def say_change(a: float | None, b: float | None, say: Say) -> dict[str, object] | None:
    """Return what B has more or less than A; one run against another proves nothing, so it has no colour."""
    if a is None or b is None:
        return None
    if a == b:
        return cell("the same", is_quiet=True)
    sign = "+" if b > a else "\u2212"
    share = f" ({format_signed((b / a - 1) * 100, 0)}{GAP}%)" if a else ""
    return cell(f"{sign}{say(abs(b - a))}{share}")


def _show_steps(first: Trace, second: Trace) -> None:
    pairs = align_steps(list_steps(first.spans.to_dicts()), list_steps(second.spans.to_dicts()))
    asked = next(iter(read_values("step")), "")
    chosen = next((pair for pair in pairs if pair.either["span_id"] == asked), None)
    said = {**(read_arguments(first.trace_id).value or {}), **(read_arguments(second.trace_id).value or {})}
    alone = sum(pair.left is None or pair.right is None for pair in pairs)
    note = f"{format_count(len(pairs))} steps, {format_count(alone)} of them in one run only; a row shows its words."
    if max(first.span_count, second.span_count) > STEPS:
        note += f" The first {format_count(STEPS)} steps of each run are compared."
    show_heading("Steps", key="diff_steps_head", note=note)
    numbers = ("Time A", "Time B", "Tokens A", "Tokens B", "Cost A", "Cost B")
    columns = [Column("Step"), Column("In both", "badge"), Column("What it was about")]
    columns += [Column(name, "number", "end") for name in numbers]
    lines = [step_line(pair, said, first.trace_id, second.trace_id) for pair in pairs]
    if chosen is not None:
        _show_said(chosen, first, second)
    show_table(
        columns, lines, key="diff_steps", caption="Steps of both runs", nothing="Neither run has a step."
    )


_NUMBERS: Final[tuple[tuple[str, Say], ...]] = (
    ("duration_ms", format_duration), ("tokens", format_count), ("cost_usd", format_usd),
)  # fmt: skip


def step_line(pair: Pair, said: Mapping[str, Row], first: str, second: str) -> Line:
    """Return the row of a step: what is the same, what differs, and its numbers in both runs."""
    step = pair.either
    words, tone = describe_pair(pair, said)
    name = step["name"] or step["kind"]
    models = {span["model"] for span in (pair.left, pair.right) if span is not None and span["model"]}
    arguments = [
        said.get(span["span_id"], {}).get("arguments") or "" for span in (pair.left, pair.right) if span
    ]
    shown = " → ".join(dict.fromkeys(shorten(" ".join(text.split()), 60) for text in arguments if text))
    shown = shown or (" → ".join(sorted(models)) if len(models) > 1 else "")

    def number(span: Row | None, key: str, say: Say) -> dict[str, object] | None:
        if span is not None and key == "cost_usd" and span["cost_status"] and span[key] is None:
            return cell(NO_PRICE, is_quiet=True)
        return None if span is None or span[key] is None else cell(say(span[key]))

    return Line(
        step["span_id"],
        [
            cell(shorten(name, 80), title=name),
            cell(words, tone=tone),
            None if not shown else cell(shown, title="\n".join(arguments)),
            *(number(span, key, say) for key, say in _NUMBERS for span in (pair.left, pair.right)),
        ],
        link_diff(first, second, step["span_id"]),
    )


def describe_pair(pair: Pair, said: Mapping[str, Row]) -> tuple[str, str]:
    """Return in a word or two how a step differs, and its tone."""
    if pair.right is None:
        return "only in A", "warning"
    if pair.left is None:
        return "only in B", "warning"
    a, b = pair.left, pair.right
    if (a["status"] == "error") != (b["status"] == "error"):
        return f"failed in {'A' if a['status'] == 'error' else 'B'}", "error"
    if a["model"] != b["model"]:
        return "other model", "volume"
    one, other = said.get(a["span_id"], {}), said.get(b["span_id"], {})
    if one.get("arguments") != other.get("arguments"):
        return "other arguments", "volume"
    if one.get("result") != other.get("result"):
        return "other result", "volume"
    return ("failed in both", "error") if a["status"] == "error" else ("same step", "agent")


def _show_said(pair: Pair, first: Trace, second: Trace) -> None:
    """Draw what was said in a step of both runs, the lines that differ marked."""
    texts = [_tell(span, trace) for span, trace in ((pair.left, first), (pair.right, second))]
    parts = [
        Sides(title, [(row.left, row.right, row.is_same) for row in align_texts(texts[0][at], texts[1][at])])
        for at, title in ((0, "What went in"), (1, "What came out"))
    ]
    show_sides(pair.either["name"] or pair.either["kind"], parts, key="said")


def _tell(span: Row | None, trace: Trace) -> tuple[str, str]:
    if span is None:
        return "", ""
    reading = read_span(trace.trace_id, span["span_id"])
    if reading.value is None:
        return reading.failure or "not readable just now", ""
    start: datetime = trace.spans["started_at"].min()  # pyright: ignore[reportAssignmentType]
    detail = build_detail(reading.value, start, height="0")
    messages = cast("Sequence[Mapping[str, Any]]", detail["messages"])
    sides = {
        direction: "\n".join(_write(m) for m in messages if m["direction"] == direction)
        for direction in ("input", "output")
    }
    failure = str(detail["failure"])
    return sides["input"], "\n".join(text for text in (sides["output"], failure) if text)


def _write(message: Mapping[str, Any]) -> str:
    lines = [str(message["role"]) + ":"]
    for part in message["parts"]:
        head = f"[{part['kind']} {part['name']}]".replace(" ]", "]") if part["kind"] != "text" else ""
        lines += [head] if head else []
        lines += [line[:LINE_CHARACTERS] for line in str(part["text"]).splitlines()]
    return "\n".join(lines)

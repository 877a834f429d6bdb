"""The page of docs/ that lists the dialects, written from their declarations."""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from collector.dialects.engine.declaration import Dialect
from collector.dialects.engine.registry import PACKAGE, known_dialects

_HEAD = """# Dialects

A span is read by every dialect that recognises it, in this order; the first answer to a field wins. What no dialect
names is still kept: `attributes` holds every attribute as sent. A dialect is one file in `collector/dialects/`; adding
one touches nothing else.

Counts are made inclusive: `input_tokens` holds cached parts, `output_tokens` reasoning. `usage_note` says
`exclusive_input` where cached parts were added, because the emitter is known to leave them out or because the numbers
prove it (input below its cached parts, a total that equals the sum of all parts), and `inconsistent` where no reading
explains the numbers, which are then kept as sent.

| layer | dialect | of |
|---|---|---|
"""


_JOINS = """
## What joins spans

* Spans of one run: their trace and the ids of their parents. A parent that is not there is waited for, however late.
* Two views of one call, in one trace or two: equal response ids (of tools: call ids) at overlapping times; without ids
  the same place, time and figures from two libraries, or a span alone in its trace within such a one of another trace.
* Log records and a span: trace id and span id. Records and counters of agents without spans: their session.
* A run that a library scatters over many traces stays several runs. They share a session where any of their spans names
  it: `gen_ai.conversation.id`, `session.id`, a thread, session or conversation id in the association properties,
  metadata or context of its dialect. Links between spans join nothing.
"""
_CAPTURES = """
## Captures

What the tests hold every capture of a real library to: tokens by class, runs, tools and failures, against what its
model server answered and its script did. Right is what equals that truth; the rest is what the emitter never sends, or
says otherwise, with the trap (below) and the reason.

| library | version | capture | right | otherwise |
|---|---|---|---|---|
"""
_TRAPS = """
## Traps

What real emitters do that a plain reading gets wrong, what is made of it, and what proves it: captures, and tests on
made-up spans (`tests/collector/dialects/test_traps.py`). T are traps of Python's libraries, J of JavaScript's, L what
is lost or said otherwise on the way.

| | what emitters do | what is shown | proof |
|---|---|---|---|
"""
_CORPUS = Path(__file__).parents[2] / "tests" / "data" / "corpus"


def render_dialects() -> str:
    """Return the page: the order of the dialects, what each one knows, and what tests say of real captures."""
    dialects = known_dialects().dialects
    rows = "".join(f"| {one.layer.name.lower()} | `{one.name}` | {one.about} |\n" for one in dialects)
    return (
        _HEAD
        + rows
        + "".join(_describe(one) for one in dialects)
        + _CAPTURES
        + "".join(_capture_rows())
        + _TRAPS
        + "".join(_trap_rows())
    )


def _capture_rows() -> Iterator[str]:
    for row in msgspec.json.decode((_CORPUS / "table.json").read_bytes(), type=list[dict[str, str]]):
        cells = (row["library"], row["version"], f"`{row['capture']}`", row["right"], row["otherwise"])
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _trap_rows() -> Iterator[str]:
    for name, trap in tomllib.loads((_CORPUS / "traps.toml").read_text(encoding="utf-8")).items():
        proofs = ", ".join(f"`{proof.rpartition('::')[2]}`" for proof in trap["proof"])
        yield f"| {name} | {trap['says']} | {trap['shown']} | {proofs} |\n"


def _describe(dialect: Dialect) -> str:
    text = importlib.import_module(f"{PACKAGE}.{dialect.name}").__doc__ or ""
    return f"\n## {dialect.name}\n\n{text.strip()}\n"

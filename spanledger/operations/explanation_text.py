"""An explanation in words, the same on the command line and on the trace page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def tell_span(report: Mapping[str, Any]) -> str:
    """Return what `explain` found, in lines for people."""
    lines = [
        f"{report['trace_id']}-{report['span_id']}  {report['name']}",
        "",
        f"read as {report['dialect'] or 'no dialect'}; asked in this order:",
        *(f"  {one['dialect']:24} {one['by']}" for one in report["recognised"]),
        "",
        "facts",
        *(_tell_fact(fact) for fact in report["facts"]),
        *_tell_records(report["told"]),
        "",
        "counting",
        *(_tell_verdict(verdict) for verdict in report["counting"]),
    ]
    run, cost = report["run"], report["cost"]
    if run is not None:
        reason = f": {run['outcome_reason']}" if run["outcome_reason"] else ""
        lines.append(f"  run      {run['run_id']} {run['outcome'] or 'not ended'}{reason}")
    if cost is not None:
        amount = "no cost" if cost["cost_usd"] is None else f"{cost['cost_usd']} USD"
        model = f" as {cost['price_model']}" if cost["price_model"] else ""
        lines.append(f"  cost     {amount}, {cost['cost_status']}{model}")
    if report["ignored"]:
        lines += ["", "left aside, though they look like facts"]
        lines += [f"  {one['key']} = {one['value']}  ({one['why']})" for one in report["ignored"]]
    return "\n".join("".join(c if c.isprintable() else "�" for c in line) for line in lines)


def _tell_fact(fact: Mapping[str, Any]) -> str:
    origin = f"{fact['dialect']}: {fact['source']}" if fact["dialect"] else fact["source"]
    sent = f" = {_cut(fact['sent'])}" if fact["sent"] is not None and fact["sent"] != fact["value"] else ""
    note = f"  ({fact['note']})" if fact["note"] else ""
    return f"  {fact['field']:22} {_cut(fact['value']):<28} {origin}{sent}{note}"


def _tell_records(told: Mapping[str, str]) -> list[str]:
    if not told:
        return []
    said = (f"  {name:22} {_cut(value)}" for name, value in told.items())
    return ["", "told by log records, taken where the span itself says nothing", *said]


def _cut(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _tell_verdict(verdict: Mapping[str, Any]) -> str:
    other = f" ({verdict['other']})" if verdict["other"] else ""
    return f"  {verdict['subject']:8} {verdict['says']}{other}  [{verdict['rule']}]"

"""Why an alarm was raised: what, since when, how much, where, and the runs that show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import log
from typing import Any, Final

import numpy as np
import polars as pl

from analytics.drift.facts import ENOUGH_EVENTS
from analytics.drift.naming import WHOLE_AGENT, say_change, say_value
from analytics.drift.segments import Segment, Split, list_members, scan_segments, split_change
from analytics.figures import format_share
from store import Store
from store.errors import NotFound

BEFORE: Final = timedelta(days=7)
MOST_ROWS: Final = 40_000
"""Runs or calls looked at on either side, the newest."""
EXAMPLES: Final = 5
LEAST_SHARE: Final = 0.1
"""Of a change, what a segment must account for to be named."""
SUSPECT_WITHIN: Final = timedelta(hours=12)
_MONTH: Final = timedelta(days=28)
_NEVER: Final = pl.lit(False)
_HAPPENED: Final[Mapping[str, str]] = {
    "agent_version": "first seen: agent version",
    "prompt_version": "first seen: prompt version",
    "model": "first seen: model",
    "configuration": "first seen:",
    "price": "price of",
    "deploy": "deployed",
}
DIMENSIONS: Final = (
    "model", "tool", "agent_version", "prompt_version", "tenant", "user_id", "failure_class",
)  # fmt: skip
_SOURCES: Final[Mapping[str, str]] = {"tool": "drift/explained_tools", "llm": "drift/explained_models"}


@dataclass(frozen=True)
class Explanation:
    """What is known about one alarm."""

    alarm: Mapping[str, Any]
    segments: list[Segment] = field(default_factory=list[Segment])
    split: Split | None = None
    """Rate and mix parts of the change by the dimension of the first segment."""
    runs_a_month: float | None = None
    """More runs or calls a month with what increased."""
    usd_a_month: float | None = None
    """More dollars a month."""
    suspects: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    examples: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    rows: int = 0
    counted: str = "runs or calls"
    """What became more frequent, in words; segments say how frequent it is."""
    behaviour: str | None = None
    """Of a whole agent, the metric by which its runs before and since were compared."""
    direction: str | None = None
    """Which way that went."""

    @property
    def is_hint(self) -> bool:
        """Return whether too few runs or calls were seen since the change to be sure where it is."""
        return self.rows < ENOUGH_EVENTS

    def say_where(self) -> str | None:
        """Return where the change is and what happened then, for a message; None when nothing is known."""
        return (
            "; ".join(text for text in (*self.say_segments()[:1], say_suspects(self.suspects)) if text)
            or None
        )

    def say_segments(self, *, marks_hints: bool = True) -> list[str]:
        """Return in words where the change is, the likeliest first."""
        by = f"{say_change(self.behaviour, self.direction or '')}: " if self.behaviour else ""
        is_hint = marks_hints and self.is_hint
        return [f"{by}{say_segment(segment, self.counted, is_hint=is_hint)}" for segment in self.segments]


def explain_alarm(store: Store, alarm_id: str) -> Explanation:
    """Return the explanation of an alarm.

    Raises:
        NotFound: No alarm has this id.
    """
    found = store.select("drift/alarm", {"alarm_id": alarm_id})
    if found.is_empty():
        raise NotFound(f"no drift alarm has the id {alarm_id!r}; `spanledger drift list` shows them")
    return explain_row(store, found.row(0, named=True))


def explain_row(store: Store, alarm: Mapping[str, Any]) -> Explanation:
    """Return the explanation of an alarm given as its row."""
    changed_at = alarm["changed_at"] or alarm["raised_at"]
    until = alarm["last_raised_at"]
    suspects = _find_suspects(store, alarm, changed_at)
    rows = _read_rows(store, alarm, changed_at, until)
    if rows.is_empty() or alarm["kind"] == "volume":
        return Explanation(alarm, suspects=suspects)
    after = rows["started_at"] >= changed_at
    if after.all() or not after.any():
        return Explanation(alarm, suspects=suspects)
    rows = rows.with_columns(after=after)
    is_whole = alarm["metric"] == WHOLE_AGENT
    subject = _find_behaviour(rows, alarm) if is_whole else alarm
    if subject is None:
        return Explanation(alarm, suspects=suspects)
    marked, counted = _mark_hits(rows, subject)
    members = {
        (dimension, value): membership
        for dimension in DIMENSIONS
        if dimension in marked.columns and not _is_its_own_cause(dimension, subject)
        for value, membership in list_members(marked[dimension]).items()
    }
    hit, is_after = marked["hit"].to_numpy(), marked["after"].to_numpy()
    found = scan_segments(hit, is_after, members)
    first, *others = (one for one in found if not one.labels or one.share >= LEAST_SHARE)
    segments = [first, *(segment for segment in others[:2] if segment.score > 0)]
    top = segments[0].labels
    split = (
        split_change(marked.with_columns(y=pl.col("hit").cast(pl.Float64)), next(iter(top))) if top else None
    )
    runs, usd = _measure_loss(marked, subject, changed_at)
    return Explanation(
        alarm,
        segments,
        split,
        runs,
        usd,
        suspects,
        _pick_examples(marked, top),
        int(is_after.sum()),
        counted,
        *((subject["metric"], subject["direction"]) if is_whole else ()),
    )


def say_suspects(suspects: Sequence[Mapping[str, Any]]) -> str | None:
    """Return the known events near the start of a change, in one sentence."""
    if not suspects:
        return None
    named = [f"{_HAPPENED.get(row['kind'], row['kind'])} {row['label']}" for row in suspects[:3]]
    return f"at that time {', '.join(named)}"


def say_segment(segment: Segment, counted: str, *, is_hint: bool) -> str:
    """Return a segment in words; `counted` is what became more frequent in it."""
    name = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in segment.labels.items())
    new = ", not seen before" if segment.before is None else ""
    where = f"in {name}{new}: {counted}" if name else f"everywhere alike: {counted}"
    if segment.kind == "mix":
        where = f"more traffic goes to {name}{new}:"
    change = f" {format_share(segment.after)}" if segment.after is not None else ""
    if segment.before is not None:
        change = f" from {format_share(segment.before)} to{change}"
    text = f"{where}{change}, which is {format_share(segment.share)} of the change"
    return f"a hint: {text}" if is_hint else text


def _is_its_own_cause(dimension: str, alarm: Mapping[str, Any]) -> bool:
    """A class of failure explains failures as little as a tool explains itself."""
    of_failures = ("success_rate", "tool_failure_rate", "llm_error_rate", "failure_classes")
    own = {"tool_mix": "tool", "model_mix": "model"}
    return (dimension == "failure_class" and alarm["metric"] in of_failures) or own.get(
        alarm["metric"]
    ) == dimension


def _subject_of(metric: str) -> str:
    if metric.startswith("tool_"):
        return "tool"
    return "llm" if metric.startswith(("llm_", "model_", "finish_")) else "run"


def _read_rows(store: Store, alarm: Mapping[str, Any], changed_at: datetime, until: datetime) -> pl.DataFrame:
    query = _SOURCES.get(_subject_of(alarm["metric"]), "drift/explained_runs")
    scope = {"services": [alarm["service"] or ""], "agents": [alarm["agent"] or ""], "max_rows": MOST_ROWS}
    sides = [
        store.select(query, {"since": _utc(first), "until": _utc(last), **scope})
        for first, last in ((changed_at - BEFORE, changed_at), (changed_at, until))
    ]
    rows = pl.concat(sides, how="vertical_relaxed")
    rows = rows.filter(pl.col("environment").eq_missing(pl.lit(alarm["environment"], pl.String)))
    if alarm["tool"] is not None and "tool" in rows.columns:
        rows = rows.filter(pl.col("tool") == alarm["tool"])
    labels = _labels(alarm)
    if "model" in labels and "model" in rows.columns:
        rows = rows.filter(pl.col("model") == labels["model"])
    if query == "drift/explained_runs" and not rows.is_empty():
        rows = _add_parts(store, rows, scope, changed_at - BEFORE, until)
    return rows


def _add_parts(
    store: Store, rows: pl.DataFrame, scope: Mapping[str, Any], since: datetime, until: datetime
) -> pl.DataFrame:
    """Add to runs the model that most of their calls were of, and the tool: one that failed, else the most called."""
    params = {"since": _utc(since), "until": _utc(until), **scope, "max_rows": 4 * MOST_ROWS}
    models = store.select("drift/explained_models", params).filter(pl.col("model").is_not_null())
    tools = store.select("drift/explained_tools", params).filter(pl.col("tool").is_not_null())
    model = models.group_by("run_id").agg(pl.col("model").mode().sort().first())
    tool = (
        tools.sort(pl.col("outcome") == "error", "tool", descending=[True, False])
        .group_by("run_id", maintain_order=True)
        .agg(pl.col("tool").first())
    )
    return rows.join(model, on="run_id", how="left").join(tool, on="run_id", how="left")


_COLUMNS: Final[Mapping[str, str]] = {
    "run_ms": "duration_ms", "llm_ms": "duration_ms", "tool_ms": "duration_ms", "llm_ttft_ms": "ttft_ms",
    "run_cost_usd": "cost_usd", "run_input_tokens": "input_tokens", "run_output_tokens": "output_tokens",
    "run_steps": "steps", "run_confidence": "confidence",
}  # fmt: skip
_CATEGORY_COLUMNS: Final[Mapping[str, str]] = {
    "tool_mix": "tool", "model_mix": "model", "finish_reasons": "finish_reason", "failure_classes": "failure_class",
}  # fmt: skip


def _mark_hits(rows: pl.DataFrame, alarm: Mapping[str, Any]) -> tuple[pl.DataFrame, str]:
    """Return the rows with `hit`, whether a row has what became more frequent, and what that is in words."""
    metric, kind = alarm["metric"], alarm["kind"]
    hit, noun = _NEVER, "runs" if _subject_of(metric) == "run" else "calls"
    counted = f"{noun} of that sort"
    if kind == "rate":
        wanted, sort = {
            "escalation_rate": ("escalated", "escalated"),
            "success_rate": ("failure", "failed"),
        }.get(metric, ("error", "failed"))
        hit, counted = pl.col("outcome") == wanted, f"{sort} {noun}"
        if metric == "satisfaction":
            rows = rows.filter(pl.col("feedback").is_not_null())
            hit, counted = pl.col("feedback") <= 0, "runs that were not liked"
    elif kind == "value" and metric in _COLUMNS:
        column = _COLUMNS[metric]
        rows = rows.filter(pl.col(column).is_not_null() & pl.col(column).cast(pl.Float64).is_finite())
        before = rows.filter(~pl.col("after"))[column]
        if before.len():
            is_up = alarm["direction"] == "up"
            edge = before.quantile(0.75 if is_up else 0.25)
            hit = pl.col(column) > edge if is_up else pl.col(column) < edge
            assert edge is not None
            counted = f"{noun} {'above' if is_up else 'below'} {say_value(metric, float(edge))}"
    elif kind == "category" and metric in _CATEGORY_COLUMNS:
        column, category = _CATEGORY_COLUMNS[metric], alarm["category"] or ""
        names = category.split(": ", 1)[1].split(", ") if ": " in category else [category]
        is_down = alarm["direction"] == "down"
        hit = pl.col(column).fill_null("none").is_in(names)
        hit = ~hit if is_down else hit
        counted = f"{noun} with {'other than ' if is_down else ''}{', '.join(names)}"
    return rows.with_columns(hit=hit.fill_null(False)), counted


def _find_behaviour(rows: pl.DataFrame, alarm: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the alarm of a whole agent as one of what its runs changed most in; None where no run shows a change."""
    wanted = [("rate", "success_rate", "down"), ("rate", "escalation_rate", "up")]
    wanted += [
        ("value", metric, direction)
        for metric in _COLUMNS
        if metric.startswith("run_")
        for direction in ("up", "down")
    ]
    found: list[tuple[float, Mapping[str, Any]]] = []
    for kind, metric, direction in wanted:
        subject = {**alarm, "kind": kind, "metric": metric, "direction": direction}
        marked, _ = _mark_hits(rows, subject)
        is_after = marked["after"].to_numpy()
        if is_after.any() and not is_after.all():
            found.append((scan_segments(marked["hit"].to_numpy(), is_after, {})[0].score, subject))
    score, subject = max(found, key=lambda pair: pair[0], default=(0.0, None))
    return subject if score > log(len(wanted)) else None


def _measure_loss(
    rows: pl.DataFrame, alarm: Mapping[str, Any], changed_at: datetime
) -> tuple[float | None, float | None]:
    """Return how many more runs or calls a month, and how many more dollars, at the present pace."""
    after = rows.filter(pl.col("after"))
    before = rows.filter(~pl.col("after"))
    lasted = max(alarm["last_raised_at"] - changed_at, timedelta(hours=1))
    a_month = after.height * (_MONTH / lasted)
    more = float(after["hit"].mean() or 0.0) - float(before["hit"].mean() or 0.0)  # type: ignore[arg-type]
    costs = [part["cost_usd"].drop_nulls() for part in (before, after)]
    if not costs[0].len() or not costs[1].len():
        return more * a_month, None
    means = [float(np.mean(part.to_numpy())) for part in costs]
    if alarm["kind"] == "value":
        return more * a_month, (means[1] - means[0]) * a_month
    # Of rates: what the additional failed runs cost.
    return more * a_month, more * a_month * means[1]


def _find_suspects(store: Store, alarm: Mapping[str, Any], changed_at: datetime) -> list[Mapping[str, Any]]:
    first = (alarm["earliest_at"] or changed_at) - SUSPECT_WITHIN
    last = (alarm["latest_at"] or changed_at) + timedelta(hours=1)
    markers = store.select("drift/markers", {"since": _utc(first), "until": _utc(last)})
    return [
        row
        for row in markers.iter_rows(named=True)
        if all(row[key] is None or row[key] == alarm[key] for key in ("service", "environment", "agent"))
    ]


def _pick_examples(rows: pl.DataFrame, labels: Mapping[str, str]) -> list[Mapping[str, Any]]:
    chosen = rows.filter(pl.col("after") & pl.col("hit"))
    for key, value in labels.items():
        chosen = chosen.filter(pl.col(key).cast(pl.String) == value)
    columns = ["run_id", "trace_id", "started_at", "outcome"]
    return list(
        chosen.sort("started_at", descending=True).head(EXAMPLES).select(columns).iter_rows(named=True)
    )


def _labels(alarm: Mapping[str, Any]) -> dict[str, str]:
    return {entry["key"]: entry["value"] for entry in alarm["labels"] or []}


def _utc(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)

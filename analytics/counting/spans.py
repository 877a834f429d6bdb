"""The spans of whole traces in canonical order, with what the counting rules ask of them as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from analytics.counting.tree import Bools, Ints, Tree

_UNITS: Final = pl.List(pl.Struct({"key": pl.String, "value": pl.Float64}))

SPAN_COLUMNS: Final[dict[str, pl.DataType]] = {
    "load_seq": pl.Int64(),
    "trace_id": pl.String(),
    "span_id": pl.String(),
    "parent_span_id": pl.String(),
    "service": pl.String(),
    "environment": pl.String(),
    "tenant": pl.String(),
    "agent": pl.String(),
    "agent_version": pl.String(),
    "purpose": pl.String(),
    "scope_name": pl.String(),
    "name": pl.String(),
    "kind": pl.String(),
    "otel_kind": pl.String(),
    "started_at": pl.Datetime("us"),
    "ended_at": pl.Datetime("us"),
    "duration_ms": pl.Float64(),
    "status": pl.String(),
    "status_message": pl.String(),
    "error_type": pl.String(),
    "session_id": pl.String(),
    "user_id": pl.String(),
    "workflow": pl.String(),
    "operation": pl.String(),
    "provider": pl.String(),
    "request_model": pl.String(),
    "response_model": pl.String(),
    "response_id": pl.String(),
    "prompt_name": pl.String(),
    "prompt_version": pl.String(),
    "finish_reason": pl.String(),
    "service_tier": pl.String(),
    "streamed": pl.Boolean(),
    "ttft_ms": pl.Float64(),
    "input_tokens": pl.Int64(),
    "cache_read_tokens": pl.Int64(),
    "cache_write_tokens": pl.Int64(),
    "cache_write_1h_tokens": pl.Int64(),
    "output_tokens": pl.Int64(),
    "reasoning_tokens": pl.Int64(),
    "other_units": _UNITS,
    "usage_scope": pl.String(),
    "usage_source": pl.String(),
    "usage_note": pl.String(),
    "reported_cost_usd": pl.Decimal(18, 12),
    "retries": pl.Int64(),
    "tool": pl.String(),
    "tool_call_id": pl.String(),
    "outcome": pl.String(),
    "outcome_reason": pl.String(),
    "confidence": pl.Float64(),
    "feedback": pl.Float64(),
    "is_pending": pl.Boolean(),
    "content_hash": pl.UInt64(),
    "attribute_count": pl.Int64(),
    "judgements": pl.String(),
    "links": pl.String(),
    "input": pl.String(),
    "output": pl.String(),
}
"""What the counting rules read of ledger.spans; `input` and `output` are the texts behind the span's keys."""

_KINDS: Final = ("agent", "workflow", "llm", "embedding", "tool", "chain")


@dataclass(frozen=True, slots=True)
class TraceSet:
    """Whole traces. Index order is (trace, start, span id), so that ties never depend on arrival order."""

    frame: pl.DataFrame
    trace: Ints  # dense number of the trace
    tree: Tree  # parents as sent
    home: Tree  # the same, with orphans put below a root of their trace
    is_orphan: Bools  # names a parent that is not there
    is_agent: Bools
    is_workflow: Bools
    is_call: Bools  # model or embedding span
    is_embedding: Bools
    is_tool: Bools
    is_chain: Bools
    is_error: Bools
    has_usage: Bools  # tokens or other units above zero, of its own
    started_us: Ints
    ended_us: Ints  # the start while open

    @property
    def size(self) -> int:
        """Number of spans; also the index that stands for "none"."""
        return self.frame.height


def arrange_spans(spans: pl.DataFrame) -> TraceSet:
    """Bring spans into canonical order and link them; of two rows with one id, the fuller one is kept."""
    frame = _drop_cumulative_usage(_one_row_per_span(spans)).sort(
        "trace_id", "started_at", "span_id", maintain_order=True
    )
    trace = frame["trace_id"].rle_id().cast(pl.Int64).to_numpy()
    parent = _parents(frame, trace)
    pending = frame["is_pending"].to_numpy()
    kind = _mask_by_kind(frame, pending)
    tree = Tree(parent)
    orphan = frame["parent_span_id"].is_not_null().to_numpy() & (parent == frame.height)
    started = frame["started_at"].to_physical().to_numpy()
    ended = frame.select(pl.coalesce("ended_at", "started_at").to_physical()).to_series().to_numpy()
    return TraceSet(
        frame=frame,
        trace=trace,
        tree=tree,
        home=_adopt_orphans(frame, tree, orphan, trace),
        is_orphan=orphan,
        is_agent=kind["agent"],
        is_workflow=kind["workflow"],
        is_call=kind["llm"] | kind["embedding"],
        is_embedding=kind["embedding"],
        is_tool=kind["tool"],
        is_chain=kind["chain"],
        is_error=(frame["status"] == "error").to_numpy(),
        has_usage=_usage(frame) & ~pending,
        started_us=started,
        ended_us=ended,
    )


def rank_context(spans: TraceSet) -> Ints:
    """How much stands around each span: 2 with an agent at or above it, 0 below a root that is a model span."""
    agents = spans.is_agent | spans.is_workflow
    in_agent = agents | (spans.home.nearest(agents) < spans.size)
    return np.where(in_agent, 2, np.where(spans.is_call[spans.home.root], 0, 1))


def _one_row_per_span(spans: pl.DataFrame) -> pl.DataFrame:
    doubled = spans.select(pl.struct("trace_id", "span_id").is_duplicated()).to_series()
    if not doubled.any():
        return spans
    fuller = spans.sort(
        pl.col("is_pending"),
        pl.col("ended_at").is_null(),
        pl.col("ended_at"),
        pl.col("attribute_count"),
        pl.col("content_hash"),
        descending=[False, False, True, True, True],
        nulls_last=True,
        maintain_order=True,
    )
    return fuller.unique(["trace_id", "span_id"], keep="first", maintain_order=True)


def _parents(frame: pl.DataFrame, trace: Ints) -> Ints:
    ids = frame.select("span_id", "parent_span_id", trace=pl.Series(trace)).with_row_index("index")
    parents = ids.select("trace", "parent_span_id").join(
        ids.select("trace", "span_id", "index"),
        left_on=["trace", "parent_span_id"],
        right_on=["trace", "span_id"],
        how="left",
        maintain_order="left",
    )
    return parents["index"].fill_null(frame.height).cast(pl.Int64).to_numpy()


def _mask_by_kind(frame: pl.DataFrame, pending: Bools) -> dict[str, Bools]:
    """Kinds of the spans that count; a pending copy is nothing but a node of the tree."""
    kinds = frame.select(
        pl.col("kind").replace_strict(_KINDS, range(1, len(_KINDS) + 1), default=0, return_dtype=pl.UInt8)
    ).to_series()
    code = np.where(pending, 0, kinds.to_numpy())
    return {kind: code == number for number, kind in enumerate(_KINDS, start=1)}


def _drop_cumulative_usage(frame: pl.DataFrame) -> pl.DataFrame:
    """Usage over the life of an agent object tells nothing of this call or run."""
    cumulative = frame["usage_scope"].eq_missing("cumulative")
    if not cumulative.any():
        return frame
    return frame.with_columns(
        pl.when(~cumulative).then(pl.col(name)).alias(name)
        for name in frame.columns
        if name.endswith("_tokens") or name == "other_units"
    )


def _usage(frame: pl.DataFrame) -> Bools:
    positive = (
        (pl.col("input_tokens").fill_null(0) > 0)
        | (pl.col("output_tokens").fill_null(0) > 0)
        | (pl.col("other_units").list.len().fill_null(0) > 0)
    )
    return frame.select(positive).to_series().to_numpy()


def _adopt_orphans(frame: pl.DataFrame, tree: Tree, orphan: Bools, trace: Ints) -> Tree:
    """Put orphans below a root of their trace: a span between them was lost, is still to come, or never was.

    Of several roots it is the last one that had begun: in a conversation of one trace that is the turn. A server or
    consumer span has its parent elsewhere by nature and counts as a root.
    """
    if not bool(orphan.any()):
        return tree
    remote = orphan & frame["otel_kind"].is_in(["server", "consumer"]).to_numpy()
    roots = np.flatnonzero((tree.parent == tree.size) & (~orphan | remote))
    first_root = np.full(int(trace[-1]) + 1, tree.size, dtype=np.int64)
    first_root[trace[roots][::-1]] = roots[::-1]
    lost = np.flatnonzero(orphan & ~remote)
    before = np.append(roots, tree.size)[np.searchsorted(roots, lost) - 1]
    is_own = np.append(trace, -1)[before] == trace[lost]
    parent = tree.parent.copy()
    parent[lost] = np.where(is_own, before, first_root[trace[lost]])
    return Tree(parent)

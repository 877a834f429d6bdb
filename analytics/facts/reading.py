"""Which spans a derivation needs: the new ones, the older ones of their traces, and twins in other traces."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from analytics.facts.recent import RecentKeys, hash_texts

if TYPE_CHECKING:
    from store import Store

_MAX_TRACES: Final = 4_000_000
_MAX_RESPONSES: Final = 2_000_000
_RESPONSE_WINDOW: Final = timedelta(hours=1)
"""Twins tell of one request and are received together."""
_TWIN_ROUNDS: Final = 4
"""A twin's trace may have twins of its own; a trace of client spans has none."""
_NO_TRACES: Final = pl.DataFrame(schema={"trace_id": pl.String})


@dataclass(frozen=True, slots=True)
class Touched:
    """Whole traces that new spans touched."""

    spans: pl.DataFrame
    known: pl.DataFrame
    """Column `trace_id`: the traces of which rows may have been derived before."""
    first_load: int
    """Rows derived before carry at least this load."""
    last_load: int


@dataclass
class SpanReader:
    """Reads touched traces; remembers what it saw, so that only traces with a past are searched for."""

    store: Store
    lookback: timedelta
    traces: RecentKeys = field(default_factory=lambda: RecentKeys(_MAX_TRACES))
    responses: RecentKeys = field(default_factory=lambda: RecentKeys(_MAX_RESPONSES))
    horizon: datetime | None = None
    """What was received since is remembered; None before warming up."""

    def warm_up(self, now: datetime) -> None:
        """Remember what was received within the lookback; needed once, before the first read."""
        since = now - self.lookback
        seen = self.store.select("facts/recent_traces", {"since": since, "max_rows": _MAX_TRACES}).reverse()
        self.traces.add(hash_texts(seen["trace_id"]), seen["load_seq"].to_numpy())
        self.traces.has_forgotten = seen.height == _MAX_TRACES
        named = self.store.select(
            "facts/recent_responses", {"since": now - _RESPONSE_WINDOW, "max_rows": _MAX_RESPONSES}
        )
        self.responses.add(hash_texts(named["response_id"]), _numbers(named["trace_id"]))
        self.horizon = since.replace(tzinfo=None)

    def read(self, first: int, last: int, asked: pl.DataFrame | None = None) -> Touched:
        """Return all spans, up to the load `last`, of the traces that loads `first` to `last` touched.

        `asked`, a frame of trace ids, restricts them.
        """
        bounds = {"first": first, "last": last}
        if asked is None:
            spans = self.store.select("facts/spans_of_loads", bounds)
        else:
            spans = self.store.select("facts/spans_of_traces", bounds, {"asked": asked})
        past = self._look_back(spans, first)
        if not past.is_empty():
            spans = pl.concat([spans, self._read_older(past, first)])
        spans, twins = self._add_twins(spans, last)
        past = pl.concat([past, twins])
        self._remember(spans)
        begin = past["load_seq"].min()
        return Touched(
            spans=spans,
            known=past.select("trace_id").unique(),
            first_load=begin if isinstance(begin, int) else first,
            last_load=last,
        )

    def _look_back(self, spans: pl.DataFrame, first: int) -> pl.DataFrame:
        """Traces with a past, and the load it may begin at: 0 where nothing but a search can tell."""
        ids = spans["trace_id"].unique(maintain_order=True)
        position, load_seq = self.traces.find(hash_texts(ids))
        seen = pl.DataFrame({"trace_id": ids.gather(position), "load_seq": load_seq})
        unsure = self._unsure_traces(spans, seen).select("trace_id", load_seq=pl.lit(0, pl.Int64))
        return (
            pl.concat([seen, unsure])
            .group_by("trace_id")
            .agg(pl.col("load_seq").min().clip(upper_bound=first))
        )

    def _unsure_traces(self, spans: pl.DataFrame, seen: pl.DataFrame) -> pl.DataFrame:
        """Traces whose past may lie beyond what is remembered.

        They were received long ago (and written anew since), have a span longer than the memory, or bring
        feedback or an outcome for a span that is not among them.
        """
        long = pl.col("duration_ms").fill_null(0.0) > self.lookback.total_seconds() * 1000
        judged = pl.col("feedback").is_not_null() | pl.col("outcome").is_not_null()
        certain = spans.filter(long | (pl.col("received_at") < self.horizon)).select("trace_id")
        searched = spans if self.traces.has_forgotten else spans.filter(judged)
        orphans = searched.filter(pl.col("parent_span_id").is_not_null()).join(
            spans.select("trace_id", "span_id"),
            left_on=["trace_id", "parent_span_id"],
            right_on=["trace_id", "span_id"],
            how="anti",
        )
        unsure = pl.concat([certain, orphans.select("trace_id")]).unique()
        return unsure.join(seen.select("trace_id"), on="trace_id", how="anti")

    def _read_older(self, past: pl.DataFrame, first: int) -> pl.DataFrame:
        bounds = {"first": past["load_seq"].min(), "last": first - 1}
        return self.store.select("facts/spans_of_traces", bounds, {"asked": past.select("trace_id")})

    def _add_twins(self, spans: pl.DataFrame, last: int) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Add the traces in which another library tells of the same responses, with the load they begin at."""
        added = [pl.DataFrame(schema={"trace_id": pl.String, "load_seq": pl.Int64})]
        fresh = spans
        for _ in range(_TWIN_ROUNDS):
            found = self._find_twins(fresh, last).join(spans, on="trace_id", how="anti")
            if found.is_empty():
                break
            begin = self._begin(_numbers(found["trace_id"]))
            fresh = self.store.select(
                "facts/spans_of_traces", {"first": begin, "last": last}, {"asked": found}
            )
            spans = pl.concat([spans, fresh])
            added.append(found.with_columns(load_seq=pl.lit(begin, pl.Int64)))
        return spans, pl.concat(added)

    def _find_twins(self, spans: pl.DataFrame, last: int) -> pl.DataFrame:
        named = spans.filter(pl.col("response_id").is_not_null()).select(
            "response_id", "trace_id", scope_name=pl.col("scope_name").fill_null("")
        )
        position, trace = self.responses.find(hash_texts(named["response_id"]))
        elsewhere = trace != _numbers(named["trace_id"])[position]
        if not bool(elsewhere.any()):
            return _NO_TRACES
        asked = named[np.unique(position[elsewhere])]
        begin = self._begin(np.unique(trace[elsewhere]))
        return self.store.select("facts/twin_traces", {"first": begin, "last": last}, {"asked": asked})

    def _begin(self, traces: np.ndarray) -> int:
        """First load of the traces of these numbers, 0 when one is forgotten."""
        position, load_seq = self.traces.find(traces.view(np.uint64))
        return int(load_seq.min()) if len(np.unique(position)) == len(traces) else 0

    def _remember(self, spans: pl.DataFrame) -> None:
        seen = spans.group_by("trace_id").agg(pl.col("load_seq").min())
        self.traces.add(hash_texts(seen["trace_id"]), seen["load_seq"].to_numpy())
        named = spans.filter(pl.col("response_id").is_not_null()).select("response_id", "trace_id").unique()
        self.responses.add(hash_texts(named["response_id"]), _numbers(named["trace_id"]))


def _numbers(traces: pl.Series) -> np.ndarray:
    return hash_texts(traces).view(np.int64)

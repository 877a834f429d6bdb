"""Which spans a derivation needs: the new ones, the older ones of their traces, and twins in other traces."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from analytics.counting import name_likeness
from analytics.facts.counters import CounterSessions
from analytics.facts.past import PastTraces
from analytics.facts.recent import Keys, RecentKeys, hash_texts
from analytics.facts.told import add_told

if TYPE_CHECKING:
    from store import Store

_MAX_TRACES: Final = 4_000_000
_MAX_RESPONSES: Final = 2_000_000
_WARM_SPANS: Final = 2_000_000
"""At least so many of the newest spans are remembered at the start, however old."""
_MAX_PAST_SPANS: Final = 200_000
"""Older spans held at once. Traces that do not fit (an emitter with one trace id for all) are counted in pieces."""
_RESPONSE_WINDOW: Final = timedelta(hours=1)
"""Twins tell of one request and are received together; of one that is received later than this, all are searched."""
_RECORD_WINDOW: Final = timedelta(seconds=1)
"""What tells of a call may begin when it is over."""
_TWIN_ROUNDS: Final = 4
"""A twin's trace may have twins of its own; a trace of client spans has none."""
_NO_LIMIT: Final = 1 << 40
_NO_TRACES: Final = pl.DataFrame(schema={"trace_id": pl.String})


@dataclass(frozen=True, slots=True)
class Touched:
    """Whole traces that new spans touched."""

    spans: pl.DataFrame
    known: pl.DataFrame
    """Column `trace_id`: the traces of which rows may have been derived before."""
    in_pieces: pl.DataFrame
    """Column `trace_id`: traces too large to be seen as a whole; only their new spans are here."""
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
    lonely: RecentKeys = field(default_factory=lambda: RecentKeys(_MAX_RESPONSES))
    """Likeness of calls that stand alone in their trace."""
    embedded: RecentKeys = field(default_factory=lambda: RecentKeys(_MAX_RESPONSES))
    """Likeness of the other calls."""
    past: PastTraces | None = None
    """Traces beyond what is remembered; None while everything is."""
    horizon: datetime = datetime.max  # noqa: DTZ901 (times in frames have no zone)
    """What was received since is remembered."""
    oversized: set[str] = field(default_factory=set[str])
    """Traces that are counted in pieces."""
    max_past_spans: int = _MAX_PAST_SPANS
    counters: CounterSessions = field(default_factory=CounterSessions)
    """Sessions that counters tell of."""
    is_told: bool = True
    """Whether any log record tells of spans."""

    def warm_up(self, now: datetime) -> None:
        """Remember what was received within the lookback; needed once, before the first read."""
        since = now - self.lookback
        floor = int(self.store.select("loading/span_loads", {"enough": _WARM_SPANS})["floor"][0])
        seen = self.store.select(
            "facts/recent_traces", {"since": since, "floor": floor, "max_rows": _MAX_TRACES}
        ).reverse()
        self.traces.add(hash_texts(seen["trace_id"]), seen["load_seq"].to_numpy())
        if floor:
            begin = seen["load_seq"].min()
            self._recall(begin if isinstance(begin, int) else floor + 1)
        calls = self.store.select(
            "facts/recent_calls", {"since": now - _RESPONSE_WINDOW, "max_rows": _MAX_RESPONSES}
        )
        self._remember_calls(calls.with_columns(likeness=name_likeness(calls)), in_doubt=True)
        self.counters.warm_up(self.store, since)
        self.is_told = not self.store.select("facts/any_told").is_empty()
        self.horizon = since.replace(tzinfo=None) if floor else datetime.min  # noqa: DTZ901

    def _recall(self, begin: int) -> None:
        """Know of the traces before a load that they are there, and of those that go on after it where they begin."""
        earlier = self.store.select("facts/past_loads", {"floor": begin})
        self.traces.add(hash_texts(earlier["trace_id"]), earlier["load_seq"].to_numpy())
        self.past = PastTraces.read(self.store)

    def read(self, first: int, last: int, asked: pl.DataFrame | None = None) -> Touched:
        """Return all spans, up to the load `last`, of the traces that loads `first` to `last` touched.

        `asked`, a frame of trace ids, restricts them.
        """
        ids = self._read_told(first, last, asked)
        fresh = self._read_fresh(first, last, asked)
        ids = pl.concat([fresh.select("trace_id"), ids]).unique(maintain_order=True)
        seen = self._find_seen(ids["trace_id"], first)
        spans = pl.concat([fresh, self._read(seen, first - 1, fresh.clear())])
        unsure = self._find_unsure(fresh, spans, seen, ids, first)
        if not unsure.is_empty():
            older = self._read(unsure, first - 1, fresh.clear())
            new = spans.filter(
                (pl.col("load_seq") >= first) | ~pl.col("trace_id").is_in(unsure["trace_id"].implode())
            )
            spans = pl.concat([new, older])
        spans, twins = self._add_twins(spans, last)
        spans, counted = self._add_counters(spans, last)
        return self._gather(spans, pl.concat([seen, unsure, twins, counted]), first, last)

    def read_again(self, traces: pl.DataFrame, last: int) -> Touched:
        """Return all spans, up to the load `last`, of traces that something other than a span touched.

        `traces`: trace_id and since_load. Twins are searched for among all spans: the traces may be old.
        """
        # What was read again may tell of spans for the first time.
        self.is_told = self.is_told or not self.store.select("facts/any_told").is_empty()
        begin = traces.select("trace_id", load_seq="since_load")
        nothing = self.store.select("facts/spans_of_loads", {"first": 0, "last": -1})
        spans = self._read(begin, last, nothing)
        if spans.is_empty():
            return self._gather(spans, begin.clear(), last, last)
        spans, twins = self._add_twins(spans, last, is_old=True)
        spans, counted = self._add_counters(spans, last)
        return self._gather(spans, pl.concat([begin, twins, counted]), last, last)

    def read_piece(self, traces: pl.DataFrame, first: int, last: int) -> Touched:
        """Return what loads `first` to `last` wrote of traces that are too large to be seen as a whole."""
        self.oversized.update(traces["trace_id"])
        spans = self._read_fresh(first, last, traces.select("trace_id"))
        nothing = pl.DataFrame(schema={"trace_id": pl.String, "load_seq": pl.Int64})
        return self._gather(spans, nothing, first, last)

    def _gather(self, spans: pl.DataFrame, past: pl.DataFrame, first: int, last: int) -> Touched:
        self._remember(spans)
        begin = past["load_seq"].min()
        large = pl.DataFrame({"trace_id": sorted(self.oversized)}, schema={"trace_id": pl.String})
        return Touched(
            spans=spans,
            known=past.select("trace_id").unique().join(large, on="trace_id", how="anti"),
            in_pieces=large.join(spans, on="trace_id", how="semi"),
            first_load=begin if isinstance(begin, int) else first,
            last_load=last,
        )

    def _read_fresh(self, first: int, last: int, asked: pl.DataFrame | None) -> pl.DataFrame:
        bounds = {"first": first, "last": last}
        if asked is None:
            return self._add_told(self.store.select("facts/spans_of_loads", bounds))
        limit = {"max_rows": _NO_LIMIT}
        return self._add_told(self.store.select("facts/spans_of_traces", bounds | limit, {"asked": asked}))

    def _read_told(self, first: int, last: int, asked: pl.DataFrame | None) -> pl.DataFrame:
        """Traces of which log records of these loads tell; where to look for their spans the spans say."""
        told = self.store.select("facts/told_traces", {"first": first, "last": last})
        self.is_told |= not told.is_empty()
        return told if asked is None else told.join(asked, on="trace_id", how="semi")

    def _add_told(self, spans: pl.DataFrame) -> pl.DataFrame:
        return add_told(self.store, spans) if self.is_told else spans

    def _read(self, traces: pl.DataFrame, last: int, nothing: pl.DataFrame) -> pl.DataFrame:
        """Spans of traces up to a load, from the load on at which the first of them may begin."""
        traces = traces.filter(~pl.col("trace_id").is_in(self.oversized))
        if traces.is_empty():
            return nothing
        bounds = {"first": traces["load_seq"].min(), "last": last}
        limit = {"max_rows": self.max_past_spans + 1}
        spans = self.store.select(
            "facts/spans_of_traces", bounds | limit, {"asked": traces.select("trace_id")}
        )
        if spans.height <= self.max_past_spans:
            return self._add_told(spans)
        sizes = self.store.select("facts/sizes_of_traces", bounds, {"asked": traces.select("trace_id")})
        fitting = sizes["spans"].cum_sum() <= self.max_past_spans
        self.oversized.update(sizes.filter(~fitting)["trace_id"])
        return self._read(traces, last, nothing)

    def _find_seen(self, ids: pl.Series, first: int) -> pl.DataFrame:
        """Traces that were seen before these loads, and the load they begin at."""
        position, load_seq = self.traces.find(hash_texts(ids))
        seen = pl.DataFrame({"trace_id": ids.gather(position), "load_seq": load_seq})
        return seen.group_by("trace_id").agg(pl.col("load_seq").min().clip(upper_bound=first))

    def _find_unsure(
        self, fresh: pl.DataFrame, spans: pl.DataFrame, seen: pl.DataFrame, ids: pl.DataFrame, first: int
    ) -> pl.DataFrame:
        """Traces whose past may lie beyond what is remembered: nothing but a search can tell.

        They were received long ago (and written anew since), have a span longer than the memory, bring feedback
        or an outcome for a span that is not among them, or were counted and are not remembered.
        """
        long = pl.col("duration_ms").fill_null(0.0) > self.lookback.total_seconds() * 1000
        judged = pl.any_horizontal(
            pl.col(name).is_not_null() for name in ("feedback", "judgements", "outcome")
        )
        orphans = (
            spans.filter(judged)
            .filter(pl.col("parent_span_id").is_not_null())
            .join(
                spans,
                left_on=["trace_id", "parent_span_id"],
                right_on=["trace_id", "span_id"],
                how="anti",
            )
        )
        unsure = [
            fresh.filter(pl.col("received_at") < self.horizon),
            fresh.filter(long).join(seen, on="trace_id", how="anti"),
            orphans,
        ]
        traces = pl.concat([rows.select("trace_id") for rows in unsure]).unique()
        searched = traces.with_columns(load_seq=pl.lit(0, pl.Int64))
        # At the start, what is not counted yet is remembered, too.
        earlier = seen.filter(pl.col("load_seq") < first)
        return pl.concat([searched, self._find_forgotten(ids, pl.concat([earlier, searched]))])

    def _find_forgotten(self, ids: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
        """Traces that are not remembered and yet were counted: their last span came long ago."""
        if self.past is None:
            if not self.traces.has_forgotten:
                return found.clear()
            self.past = PastTraces.read(self.store)
        new = ids.join(found, on="trace_id", how="anti")
        return self.past.find(new)

    def _add_twins(
        self, spans: pl.DataFrame, last: int, *, is_old: bool = False
    ) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Add the traces in which another library tells of the same responses, with the load they begin at.

        What is remembered says where to look; twins of old calls are searched for in all loads.
        """
        added = [pl.DataFrame(schema={"trace_id": pl.String, "load_seq": pl.Int64})]
        fresh = spans
        for _ in range(_TWIN_ROUNDS):
            found = self._find_twins(fresh, last, is_old=is_old).join(spans, on="trace_id", how="anti")
            if found.is_empty():
                break
            found = found.with_columns(load_seq=pl.lit(self._begin(found), pl.Int64))
            fresh = self._read(found, last, spans.clear())
            spans = pl.concat([spans, fresh])
            added.append(found)
        return spans, pl.concat(added)

    def _add_counters(self, spans: pl.DataFrame, last: int) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Add the counters of sessions that the spans tell calls of: they count no longer."""
        found = self.counters.find(spans).join(spans, on="trace_id", how="anti")
        if found.is_empty():
            return spans, pl.DataFrame(schema={"trace_id": pl.String, "load_seq": pl.Int64})
        found = found.with_columns(load_seq=pl.lit(self._begin(found), pl.Int64))
        return pl.concat([spans, self._read(found, last, spans.clear())]), found

    def _find_twins(self, spans: pl.DataFrame, last: int, *, is_old: bool) -> pl.DataFrame:
        """Traces that may hold twins: by response id, or by likeness where one of two spans stands alone."""
        calls = _list_calls(spans)
        late = pl.lit(value=True) if is_old else pl.col("received_at") > pl.col("ended_at") + _RESPONSE_WINDOW
        old, recent = calls.filter(late), calls.filter(~late)
        found = [
            self._select("twin_traces", old.filter(pl.col("response_id").is_not_null()), 0, last),
            self._select("similar_traces", old.filter(pl.col("likeness").is_not_null()), 0, last),
        ]
        named = recent.filter(pl.col("response_id").is_not_null())
        alike = recent.filter(pl.col("likeness").is_not_null())
        found.append(self._search("twin_traces", self.responses, named, "response_id", last))
        for memory, asked in (
            (self.embedded, alike.filter("is_lonely")),
            (self.lonely, alike.filter(~pl.col("is_lonely"))),
        ):
            found.append(self._search("similar_traces", memory, asked, "likeness", last))
        return pl.concat(found).unique()

    def _search(
        self, query: str, memory: RecentKeys, calls: pl.DataFrame, key: str, last: int
    ) -> pl.DataFrame:
        position, trace = memory.find(_keys(calls[key]))
        elsewhere = trace != _numbers(calls["trace_id"])[position]
        if not bool(elsewhere.any()):
            return _NO_TRACES
        begin = self._begin_of(np.unique(trace[elsewhere]).view(np.uint64))
        return self._select(query, calls[np.unique(position[elsewhere])], begin, last)

    def _select(self, query: str, calls: pl.DataFrame, first: int, last: int) -> pl.DataFrame:
        if calls.is_empty():
            return _NO_TRACES
        bounds = calls.select(
            since=pl.col("started_at").min() - _RESPONSE_WINDOW,
            until=pl.col("ended_at").max() + _RESPONSE_WINDOW,
        ).row(0, named=True)
        asked = calls.drop("is_lonely", "likeness", "received_at").with_columns(
            pl.col("started_at") - _RECORD_WINDOW, pl.col("ended_at") + _RECORD_WINDOW
        )
        return self.store.select(f"facts/{query}", {"first": first, "last": last, **bounds}, {"asked": asked})

    def _begin(self, traces: pl.DataFrame) -> int:
        """First load of some traces, 0 when nobody knows."""
        begin = self._begin_of(hash_texts(traces["trace_id"]))
        if begin or self.past is None:
            return begin
        found = self.past.find(traces.select("trace_id"))["load_seq"]
        least = found.min()
        return least if isinstance(least, int) and len(found) == len(traces) else 0

    def _begin_of(self, traces: Keys) -> int:
        position, load_seq = self.traces.find(traces)
        return int(load_seq.min()) if len(np.unique(position)) == len(traces) else 0

    def _remember(self, spans: pl.DataFrame) -> None:
        self.counters.remember(spans)
        seen = spans.group_by("trace_id").agg(pl.col("load_seq").min())
        self.traces.add(hash_texts(seen["trace_id"]), seen["load_seq"].to_numpy())
        if self.past is not None:
            self.past.add(seen["trace_id"])
        self._remember_calls(_list_calls(spans))

    def _remember_calls(self, calls: pl.DataFrame, *, in_doubt: bool = False) -> None:
        """Remember ids and likeness of calls; in doubt both as standing alone and as not."""
        named = calls.filter(pl.col("response_id").is_not_null())
        self.responses.add(hash_texts(named["response_id"]), _numbers(named["trace_id"]))
        alike = calls.filter(pl.col("likeness").is_not_null())
        for memory, is_lonely in ((self.lonely, True), (self.embedded, False)):
            fitting = alike if in_doubt else alike.filter(pl.col("is_lonely") == is_lonely)
            memory.add(_keys(fitting["likeness"]), _numbers(fitting["trace_id"]))


def _list_calls(spans: pl.DataFrame) -> pl.DataFrame:
    """Model spans, and chains that tell of them, with what twins of them would share.

    A call is lonely when its trace's roots are model spans.
    """
    telling = (pl.col("kind") == "chain") & (pl.col("output_tokens") > 0)
    calls = spans.filter(pl.col("kind").is_in(["llm", "embedding"]) | telling)
    others = spans.filter(~pl.col("kind").is_in(["llm", "embedding"]) & pl.col("parent_span_id").is_null())
    return calls.select(
        "trace_id",
        "received_at",
        "response_id",
        "kind",
        "started_at",
        "status",
        "input_tokens",
        "output_tokens",
        ended_at=pl.coalesce("ended_at", "started_at"),
        service=pl.col("service").fill_null(""),
        scope_name=pl.col("scope_name").fill_null(""),
        likeness=name_likeness(calls),
        is_lonely=~pl.col("trace_id").is_in(others["trace_id"].unique().implode()),
    )


def _numbers(traces: pl.Series) -> np.ndarray:
    return hash_texts(traces).view(np.int64)


def _keys(values: pl.Series) -> Keys:
    """Ids as hashes; a likeness is one already."""
    return values.to_numpy() if values.dtype == pl.UInt64 else hash_texts(values)

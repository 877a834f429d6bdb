"""One row per span: which version of a span wins, in a batch and against the store."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

import numpy as np
import polars as pl

from collector.decode.nesting import Flags
from collector.decode.values import Hashes, hash_column
from collector.loading.seen import SeenKeys
from store.port import Replacement, Store

_ID: Final = ("trace_id", "span_id")
# The fuller version wins, whatever came first: ended before open, later end, more attributes, then content.
_MERITS: Final = ("ended_at", "attribute_count", "content_hash")
REMEMBERED_SPANS: Final = 1 << 20
_MAX_WINDOWS: Final = 16
_WINDOW_GAP: Final = timedelta(minutes=10)
# Unknown to senders, so that nobody can choose ids that meet in one slot of the table.
_SEED: Final = random.SystemRandom().getrandbits(63)


@dataclass(frozen=True, slots=True)
class Winners:
    """Which spans of a batch are written, and which rows of the store give way to them."""

    masks: list[Flags]
    """Per piece, which of its spans."""
    keys: Hashes
    """Identities of the spans that are written."""
    replacing: list[Replacement]


class SpanIdentities:
    """Finds earlier versions of spans.

    The last million spans or more are remembered by a hash of their id and looked up by load. Older rows are
    searched by start time: a version of a span that is older than that, and claims another start, stays a row
    of its own.
    """

    def __init__(self, store: Store, remembered_spans: int = REMEMBERED_SPANS) -> None:
        self._store = store
        self._seen = _warm_up(store, remembered_spans)

    def choose(self, pieces: Sequence[pl.DataFrame]) -> Winners:
        """Return which of the spans are new, or better than what the store has."""
        if not pieces:
            return Winners([], np.empty(0, dtype=np.uint64), [])
        spans = pl.concat([piece.select(*_ID, "started_at", *_MERITS) for piece in pieces])
        keys = hash_identities(spans)
        is_kept = _best_of_batch(spans, keys)
        rivals = self._find_rivals(spans, keys, is_kept)
        replacing: list[Replacement] = []
        if not rivals.is_empty():
            is_kept, replacing = _settle(spans, is_kept, rivals)
        masks = np.split(is_kept, np.cumsum([len(piece) for piece in pieces])[:-1])
        return Winners(masks, keys[is_kept], replacing)

    def remember(self, winners: Winners, load_seq: int) -> None:
        """Remember spans that were written."""
        self._seen.add(winners.keys, load_seq)

    def _find_rivals(self, spans: pl.DataFrame, keys: Hashes, is_kept: Flags) -> pl.DataFrame:
        loads = self._seen.find(keys)
        found: list[pl.DataFrame] = []
        hits = np.flatnonzero((loads > 0) & is_kept)
        if len(hits):
            met = loads[hits]
            found.append(
                self._select("loading/spans_of_loads", spans[hits], first=int(met.min()), last=int(met.max()))
            )
        if self._seen.floor:
            unmet = spans.filter(pl.Series((loads == 0) & is_kept))
            found += [
                self._select("loading/older_spans", window, first=low, last=high, floor=self._seen.floor)
                for window, low, high in _split_windows(unmet)
            ]
        return pl.concat(found).unique() if found else pl.DataFrame()

    def _select(self, query: str, candidates: pl.DataFrame, **bounds: int | datetime) -> pl.DataFrame:
        return self._store.select(query, bounds, {"candidates": candidates.select(_ID)})


def hash_identities(spans: pl.DataFrame) -> Hashes:
    """Return a hash per span over trace and span id, of this process."""
    return hash_column(spans["trace_id"].hash(_SEED).to_numpy(), spans["span_id"], _SEED)


def _settle(spans: pl.DataFrame, is_kept: Flags, rivals: pl.DataFrame) -> tuple[Flags, list[Replacement]]:
    """Return which spans are still kept beside their rivals in the store, and the deletion of beaten rivals."""
    own = spans.select(*_ID, *_MERITS).with_row_index("row").filter(pl.Series(is_kept))
    best = rivals.sort(_MERITS, descending=True, nulls_last=True).unique(
        _ID, keep="first", maintain_order=True
    )
    verdicts = own.join(best, on=_ID, suffix="_rival").select("row", *_ID, _is_better().alias("wins"))
    is_kept = is_kept.copy()
    is_kept[verdicts.filter(~pl.col("wins"))["row"].to_numpy()] = False
    beaten = rivals.join(verdicts.filter("wins"), on=_ID, how="semi")
    return is_kept, [] if beaten.is_empty() else [_deletion(beaten)]


def _best_of_batch(spans: pl.DataFrame, keys: Hashes) -> Flags:
    is_kept = np.ones(len(spans), dtype=np.bool_)
    ordered = np.sort(keys)
    if not (ordered[1:] == ordered[:-1]).any():
        return is_kept
    ranked = (
        spans.select(*_ID, *_MERITS)
        .with_row_index("row")
        .sort(*_MERITS, "row", descending=[True] * len(_MERITS) + [False], nulls_last=True)
    )
    is_kept[:] = False
    is_kept[ranked.unique(_ID, keep="first", maintain_order=True)["row"].to_numpy()] = True
    return is_kept


def _is_better() -> pl.Expr:
    """Return whether a span is better than its rival; of two equal ones the earlier stays."""
    verdict = pl.lit(value=False)
    for name in reversed(_MERITS):
        own, rival = pl.col(name), pl.col(f"{name}_rival")
        more = (own.is_not_null() & rival.is_null()) | (own > rival).fill_null(value=False)
        verdict = more | (own.eq_missing(rival) & verdict)
    return verdict


def _deletion(beaten: pl.DataFrame) -> Replacement:
    # The load is part of the key because the engine finds rows by it without reading the others.
    starts = beaten["started_at"].sort()
    within = {"started_at": (starts[0], starts[-1])}
    return Replacement("spans", beaten.select("load_seq", *_ID), pl.DataFrame(), within)


def _split_windows(spans: pl.DataFrame) -> Iterator[tuple[pl.DataFrame, datetime, datetime]]:
    """Yield the spans in a few groups of neighbouring starts, so that a stray time widens no search."""
    ordered = spans.select(*_ID, "started_at").sort("started_at")
    if ordered.is_empty():
        return
    gaps = ordered["started_at"].diff()[1:]
    wide = (gaps > _WINDOW_GAP).arg_true().to_numpy()
    widest = wide[np.argsort(gaps.gather(wide).to_physical().to_numpy())[-(_MAX_WINDOWS - 1) :]]
    edges = [0, *(int(edge) + 1 for edge in np.sort(widest)), len(ordered)]
    for first, last in pairwise(edges):
        window = ordered[first:last]
        yield window, window["started_at"][0], window["started_at"][-1]


def _warm_up(store: Store, remembered_spans: int) -> SeenKeys:
    loads = store.select("loading/span_loads", {"enough": remembered_spans // 4})
    floor = int(loads["floor"][0] or 0)
    seen = SeenKeys(remembered_spans, floor)
    recent = store.select("loading/spans_since", {"floor": floor}).sort("load_seq")
    for (load_seq,), spans in recent.group_by("load_seq", maintain_order=True):
        seen.add(np.unique(hash_identities(spans)), int(str(load_seq)))
    return seen

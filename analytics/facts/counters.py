"""Usage that counters tell: counted only for sessions of which no span or log record tells single calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from store import Store

_MAX_SESSIONS: Final = 200_000
_WINDOW: Final = timedelta(days=1)
"""Calls and counters of one session are no further apart."""
_IDS: Final = ("trace_id", "span_id")
_MUTED: Final = (
    "input_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_1h_tokens",
    "output_tokens",
    "reasoning_tokens",
    "other_units",
    "reported_cost_usd",
)


@dataclass
class CounterSessions:
    """Traces of counters by session, and by service where a counter names no session."""

    traces: dict[str, set[str]] = field(default_factory=dict[str, set[str]])

    def warm_up(self, store: Store, since: datetime) -> None:
        """Remember the counters received since a moment."""
        self._add(store.select("facts/counter_sessions", {"since": since, "max_rows": _MAX_SESSIONS}))

    def remember(self, spans: pl.DataFrame) -> None:
        """Remember the counters among spans."""
        self._add(spans.filter(_is_counter()).select("trace_id", "session_id", "service").unique())

    def find(self, spans: pl.DataFrame) -> pl.DataFrame:
        """Return the traces of counters (column trace_id) whose sessions the spans tell calls of."""
        found: set[str] = set()
        if self.traces:
            calls = spans.filter(pl.col("usage_scope") == "call").select("session_id", "service").unique()
            for session_id, service in calls.iter_rows():
                found.update(
                    self.traces.get(_key(session_id, None), ()), self.traces.get(_key(None, service), ())
                )
        return pl.DataFrame({"trace_id": sorted(found)}, schema={"trace_id": pl.String})

    def _add(self, rows: pl.DataFrame) -> None:
        for trace_id, session_id, service in rows.select("trace_id", "session_id", "service").iter_rows():
            self.traces.setdefault(_key(session_id, service), set()).add(trace_id)
        while len(self.traces) > _MAX_SESSIONS:
            self.traces.pop(next(iter(self.traces)))


def mute_counters(store: Store, spans: pl.DataFrame) -> pl.DataFrame:
    """Return the spans, those of counters without usage where something else tells of the same calls."""
    counters = spans.filter(_is_counter())
    if counters.is_empty():
        return spans
    first, last = counters["started_at"].min(), counters["ended_at"].max()
    assert isinstance(first, datetime) and isinstance(last, datetime)
    bounds = {"first": (first - _WINDOW).replace(tzinfo=UTC), "last": (last + _WINDOW).replace(tzinfo=UTC)}
    asked = counters.select("session_id", "service").unique()
    told_at = pl.col("started_at").dt.truncate("1h").alias("told_at")
    told = pl.concat(
        [
            store.select("facts/told_sessions", bounds, {"asked": asked}),
            spans.filter(pl.col("usage_scope") == "call").select("session_id", "service", told_at),
        ]
    ).unique()
    muted = spans.join(_find_told(counters, told), on=_IDS, how="left", maintain_order="left")["is_told"]
    is_heard = muted.is_null()
    return spans.with_columns(
        *(pl.when(is_heard).then(pl.col(name)).alias(name) for name in _MUTED),
        kind=pl.when(is_heard).then("kind").otherwise(pl.lit("other")),
    )


def _find_told(counters: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Return the ids of the counters of which calls tell within a day; what is counted with them must not matter."""
    own = counters.select(
        *_IDS,
        "session_id",
        "service",
        since=(pl.col("started_at") - _WINDOW).dt.truncate("1h"),
        until=pl.max_horizontal("started_at", "ended_at") + _WINDOW,
    )
    found = [
        own.join(told, on="session_id"),
        own.filter(pl.col("session_id").is_null()).join(told, on="service"),
    ]
    near = pl.concat(
        [rows.filter(pl.col("told_at").is_between("since", "until")).select(_IDS) for rows in found]
    )
    return near.unique().with_columns(is_told=pl.lit(value=True))


def _is_counter() -> pl.Expr:
    return pl.col("usage_scope").eq_missing("counter")


def _key(session_id: str | None, service: str | None) -> str:
    return f"service {service}" if session_id is None else f"session {session_id}"

"""What log records tell of spans, put where the spans themselves say nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from analytics.counting import SPAN_COLUMNS
from store.terms import LOGGED_FACTS

if TYPE_CHECKING:
    from store import Store

_WINDOW: Final = timedelta(hours=1)
"""A record is written while its span lasts, or soon after."""
_IDS: Final = ("trace_id", "span_id")
_TEXTS: Final = ("input", "output")
_USAGE: Final = tuple(
    name for name in LOGGED_FACTS if name.endswith("_tokens") or name in ("usage_source", "usage_note")
)
_FACTS: Final = tuple(name for name in LOGGED_FACTS if name not in ("kind", "status", *_USAGE))
_SHAPE: Final = pl.Struct({name: SPAN_COLUMNS[name] for name in LOGGED_FACTS})


def add_told(store: Store, spans: pl.DataFrame) -> pl.DataFrame:
    """Return the spans with what log records tell of them: facts one by one, usage as a whole, messages as texts.

    What a span says itself comes first; of several records the earliest that says something.
    """
    return fill_told(spans, _read_records(store, spans))


def fill_told(spans: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Return the spans with what some log records tell of them (columns of the query facts/told_facts)."""
    if records.is_empty():
        return spans
    near = _keep_near(records, spans)
    return spans if near.is_empty() else _fill(spans, _sum_up(near))


def list_told(store: Store, span: pl.DataFrame) -> dict[str, str]:
    """Return what log records tell of one span by fact, whether the span says it itself or not."""
    records = _read_records(store, span)
    if records.is_empty():
        return {}
    told = _sum_up(records).join(span, on=_IDS, how="semi").drop(_IDS).to_dicts()
    return {
        name.removeprefix("told_"): str(value)
        for row in told
        for name, value in row.items()
        if value is not None
    }


def _read_records(store: Store, spans: pl.DataFrame) -> pl.DataFrame:
    first = spans["started_at"].min()
    last = spans.select(pl.max_horizontal("started_at", "ended_at").max()).item()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return pl.DataFrame()
    bounds = {"since": (first - _WINDOW).replace(tzinfo=UTC), "until": (last + _WINDOW).replace(tzinfo=UTC)}
    return store.select("facts/told_facts", bounds, {"asked": spans.select("trace_id").unique()})


def _keep_near(records: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """Return the records of each span's own time: which other spans are counted with it must not matter."""
    times = spans.group_by(_IDS).agg(
        since=pl.col("started_at").min() - _WINDOW,
        until=pl.max_horizontal("started_at", "ended_at").max() + _WINDOW,
    )
    near = records.join(times, on=_IDS).filter(pl.col("logged_at").is_between("since", "until"))
    return near.drop("since", "until")


def _sum_up(records: pl.DataFrame) -> pl.DataFrame:
    """Return one row per span, each column named `told_` and its fact."""
    told = records.with_columns(pl.col("span_facts").str.json_decode(_SHAPE)).unnest("span_facts")
    has_usage = pl.any_horizontal(pl.col("input_tokens", "output_tokens").is_not_null())
    singly = [name for name in LOGGED_FACTS if name not in _USAGE]
    return (
        told.sort(*_IDS, "logged_at", "record_number", *_TEXTS)
        .group_by(_IDS, maintain_order=True)
        .agg(
            *(pl.col(name).drop_nulls().first().alias(f"told_{name}") for name in singly),
            *(pl.col(name).filter(has_usage).first().alias(f"told_{name}") for name in _USAGE),
            *(_joined(name).alias(f"told_{name}") for name in _TEXTS),
        )
    )


def _joined(name: str) -> pl.Expr:
    """The messages of several records as one array."""
    inner = pl.col(name).drop_nulls().str.slice(1).str.strip_suffix("]").str.join(",")
    return pl.when(pl.col(name).is_not_null().any()).then(pl.concat_str(pl.lit("["), inner, pl.lit("]")))


def _fill(spans: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    silent = pl.all_horizontal(pl.col("input_tokens", "output_tokens", "other_units").is_null())
    tells_usage = pl.any_horizontal(pl.col("told_input_tokens", "told_output_tokens").is_not_null())
    takes_usage = silent & tells_usage
    filled = spans.join(told, on=_IDS, how="left", maintain_order="left").with_columns(
        *(pl.coalesce(name, f"told_{name}").alias(name) for name in (*_FACTS, *_TEXTS)),
        *(pl.when(takes_usage).then(f"told_{name}").otherwise(name).alias(name) for name in _USAGE),
        usage_scope=pl.when(takes_usage).then(pl.lit("call")).otherwise("usage_scope"),
        # A span that nobody knows, around the request that a record tells of, is that request.
        kind=pl.when((pl.col("kind") == "other") & tells_usage)
        .then(pl.coalesce("told_kind", "kind"))
        .otherwise("kind"),
        status=pl.when(pl.col("status") == "unset")
        .then(pl.coalesce("told_status", "status"))
        .otherwise("status"),
    )
    return filled.select(pl.col(name).cast(dtype) for name, dtype in spans.schema.items())

"""Two instrumentations that tell of one call without being nested in each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from analytics.counting.spans import TraceSet, rank_context
from analytics.counting.tree import Ints

CLOCK_SLACK_US: Final = 5_000
"""Two libraries read the clock at different moments, and some round to milliseconds."""


RECORD_SLACK_US: Final = 1_000_000
"""A span without length is a record that a library writes when a stream is over."""
_COUNTS: Final = r"^\d+/\d+$"
"""Figures that are an input and an output: two calls seldom agree on both."""
STREAM_SLACK_US: Final = 60_000_000
"""A client that was never used before takes its time, but no more than a request may last."""
_ROUNDS: Final = 4
"""Parallel calls with the same numbers whose spans lost their context that are told apart."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """One row per counted thing: its span, the nearest agent, tool or workflow above, and what identifies it."""

    index: Ints
    above: Ints
    scope: pl.Series
    identity: pl.Series  # response id or call id; null when unknown
    figures: pl.Series  # what both must agree on; null when there is nothing to compare
    answers: pl.Series  # what is left to agree on where one of them knows less; null: nothing
    is_part: pl.Series  # knows less
    uncached: pl.Series  # what is left to agree on where one leaves cached tokens out; null: nothing
    holds_cache: pl.Series  # names cached tokens
    likeness: pl.Series  # hash that a lonely span and its twin in another trace share; null: never paired so


@dataclass(frozen=True, slots=True)
class Twins:
    """Spans that tell of one thing."""

    of: Ints
    """For each span the span that represents its twins, itself for most."""
    pairs: pl.DataFrame
    """first, second, rule: which two were taken for one, and by what."""


def merge_twins(spans: TraceSet, found: Candidates) -> Twins:
    """Return which of the candidates are one.

    Equal ids are one call when the spans overlap: within one trace, across traces from two libraries, or from one
    that says a call twice (then both start at one instant). Without ids, siblings of two libraries that overlap and
    agree are one call, also where one lacks some figures; so are a span that stands alone in its trace (its library
    lost the context) and one of another library, in a richer trace, that encloses it.
    """
    frame = pl.DataFrame(
        {
            "index": found.index,
            "trace": spans.trace[found.index],
            "above": found.above,
            "parent": spans.tree.parent[found.index],
            "scope": found.scope.fill_null(""),
            "identity": found.identity,
            "figures": found.figures,
            "answers": found.answers,
            "is_part": found.is_part,
            "uncached": found.uncached,
            "holds_cache": found.holds_cache,
            "likeness": found.likeness,
            "context": rank_context(spans)[found.index],
            "start": spans.started_us[found.index],
            "end": np.maximum(spans.ended_us[found.index], spans.started_us[found.index]),
        }
    ).sort("start", "index")
    by_place = _pairs_by_place(frame)
    by_rule = {
        "twin_id": _pairs_by_identity(frame),
        "twin_place": _add_pairs_in_part(frame, by_place).drop("parts_differ"),
        "twin_trace": _pairs_of_lonely(frame),
    }
    pairs = pl.concat([rows.with_columns(rule=pl.lit(rule)) for rule, rows in by_rule.items()])
    if pairs.is_empty():
        return Twins(np.arange(spans.size), pairs)
    first, second = pairs["first"].to_numpy(), pairs["second"].to_numpy()
    return Twins(_unite(spans.size, first, second), pairs)


def name_likeness(spans: pl.DataFrame) -> pl.Series:
    """Hash of what two spans of one call agree on when neither id nor place link them; null when that is too little.

    A chain that gives out a model's answer is one of them: it may stand in a trace of its own.

    Equal within this process only.
    """
    failed = (
        (pl.col("status") == "error") & pl.col("input_tokens").is_null() & pl.col("output_tokens").is_null()
    )
    model = pl.when(failed).then(pl.coalesce("request_model", "response_model"))
    enough = (pl.col("output_tokens") > 0) & pl.col("kind").is_in(["llm", "chain"])
    enough = enough | ((pl.col("kind") == "llm") & model.is_not_null())
    facts = pl.struct("service", "input_tokens", "output_tokens", model.alias("model"))
    return spans.select(pl.when(enough).then(facts.hash(seed=20_261_121))).to_series()


def _overlap(at_least: pl.Expr | None = None) -> pl.Expr:
    """Whether two spans have some time in common, or at most a slack between them."""
    lengths = pl.min_horizontal(
        pl.col("end") - pl.col("start"), pl.col("end_second") - pl.col("start_second")
    )
    slack = pl.when(lengths == 0).then(RECORD_SLACK_US).otherwise(CLOCK_SLACK_US)
    if at_least is not None:
        slack = pl.max_horizontal(slack, at_least)
    return (pl.col("start_second") <= pl.col("end") + slack) & (
        pl.col("start") <= pl.col("end_second") + slack
    )


def _pairs_by_identity(frame: pl.DataFrame) -> pl.DataFrame:
    """Neighbours in time with one response id or call id."""
    named = frame.filter(pl.col("identity").is_not_null() & (pl.col("identity") != ""))
    named = named.filter(pl.col("identity").is_duplicated()).with_columns(
        end=pl.col("end").cum_max().over("identity")
    )
    columns = ("index", "trace", "scope", "start", "end")
    pairs = named.select(
        "identity",
        *columns,
        *(pl.col(column).shift(-1).over("identity").alias(f"{column}_second") for column in columns),
    ).filter(pl.col("index_second").is_not_null())
    one_trace = pl.col("trace") == pl.col("trace_second")
    two_scopes = pl.col("scope") != pl.col("scope_second")
    at_once = pl.col("start") == pl.col("start_second")
    return pairs.filter(_overlap() & (one_trace | two_scopes | at_once)).select(
        first=pl.col("index"), second=pl.col("index_second")
    )


def _add_pairs_in_part(frame: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Add siblings of which one says less of the call: the answer only, or the input without its cache."""
    for figures, differing in (("answers", "is_part"), ("uncached", "holds_cache")):
        if not frame[differing].any():
            continue
        left = frame.filter(~pl.col("index").is_in(pl.concat([found["first"], found["second"]]).implode()))
        found = pl.concat([found, _pairs_by_place(left, figures, differing).filter("parts_differ")])
    return found


def _pairs_by_place(
    frame: pl.DataFrame, figures: str = "figures", differing: str = "is_part"
) -> pl.DataFrame:
    """Siblings of different scopes that agree, the first of one scope with the first of the other, and so on."""
    place = ("trace", "above", figures)
    nothing = pl.DataFrame(schema={"first": pl.Int64, "second": pl.Int64, "parts_differ": pl.Boolean})
    if frame["scope"].n_unique() < 2:
        return nothing
    siblings = frame.filter(pl.col(figures).is_not_null())
    siblings = siblings.filter(pl.col("scope").n_unique().over(place) > 1)
    if siblings.is_empty():
        return nothing
    ranked = siblings.with_columns(turn=pl.int_range(pl.len()).over(*place, "scope"))
    keys = (*place, "turn")
    columns = ("index", "identity", differing, "parent", "start", "end")
    pairs = ranked.select(
        *columns,
        pl.col(figures).cast(pl.String).str.contains(_COUNTS).alias("is_counted"),
        *(pl.col(column).shift(-1).over(keys).alias(f"{column}_second") for column in columns),
    ).filter(pl.col("index_second").is_not_null())
    agree = pl.col("identity").is_null() | pl.col("identity_second").is_null()
    # A library whose span ends as soon as it hands out a stream is done before the request begins.
    slack = pl.when(pl.col("is_counted") & (pl.col("parent") == pl.col("parent_second"))).then(
        STREAM_SLACK_US
    )
    return pairs.filter(_overlap(slack) & agree).select(
        first=pl.col("index"),
        second=pl.col("index_second"),
        parts_differ=pl.col(differing) != pl.col(f"{differing}_second"),
    )


def _pairs_of_lonely(frame: pl.DataFrame) -> pl.DataFrame:
    alike = frame.filter(pl.col("likeness").is_not_null())
    lonely = alike.filter(pl.col("context") == 0)
    others = alike.filter(pl.col("context") > 0)
    nothing = pl.DataFrame(schema={"first": pl.Int64, "second": pl.Int64})
    if lonely.is_empty() or others.is_empty():
        return nothing
    lonely = lonely.with_columns(begin=pl.col("start") + CLOCK_SLACK_US)
    others = others.with_columns(begin="start")
    found: list[pl.DataFrame] = []
    for _ in range(_ROUNDS):
        pairs = lonely.join_asof(
            others,
            on="begin",
            by="likeness",
            suffix="_second",
            check_sortedness=False,
        ).filter(
            pl.col("trace") != pl.col("trace_second"),
            pl.col("scope") != pl.col("scope_second"),
            pl.col("identity").is_null() | pl.col("identity_second").is_null(),
            pl.col("end") <= pl.col("end_second") + CLOCK_SLACK_US,
        )
        pairs = pairs.unique("index_second", keep="first", maintain_order=True)
        if pairs.is_empty():
            break
        found.append(pairs.select(first="index", second="index_second"))
        lonely = lonely.join(pairs, on="index", how="anti")
        others = others.join(pairs, left_on="index", right_on="index_second", how="anti")
    return pl.concat(found) if found else nothing


def _unite(size: int, first: Ints, second: Ints) -> Ints:
    """Lowest index of each connected set."""
    label = np.arange(size)
    while True:
        low = np.minimum(label[first], label[second])
        further = label.copy()
        np.minimum.at(further, first, low)
        np.minimum.at(further, second, low)
        np.minimum.at(further, label[first], low)
        np.minimum.at(further, label[second], low)
        further = further[further]
        if np.array_equal(further, label):
            return label
        label = further

"""Scores that spans carry, and scores from elsewhere that follow their run to its new id."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import msgspec
import polars as pl

from analytics.facts.judged import Places, find_places
from store.port import Replacement

if TYPE_CHECKING:
    from analytics.counting import Counted
    from analytics.facts.aliases import Aliases
    from analytics.facts.reading import Touched
    from store import Store

_ROWS: Final = {
    "load_seq": pl.Int64,
    "score_id": pl.String,
    "target": pl.String,
    "target_id": pl.String,
    "trace_id": pl.String,
    "span_id": pl.String,
    "run_id": pl.String,
    "name": pl.String,
    "value": pl.Float64,
    "label": pl.String,
    "source": pl.String,
    "explanation": pl.String,
    "scored_at": pl.Datetime("us"),
}
_PEOPLE: Final = ("user", "human")
_SOURCES: Final = (*_PEOPLE, "evaluator")


def collect_scores(store: Store, touched: Touched, counted: Counted, aliases: Aliases) -> list[Replacement]:
    """Return how to replace the feedback of the touched spans, and to move what was said of a run's earlier id."""
    given = _carried_scores(store, touched.spans, counted)
    if given.is_empty() and touched.known.is_empty():
        return []
    old = _read_old(store, touched)
    changes: list[Replacement] = []
    carried = given.select("trace_id", "span_id").clear()
    if not old.is_empty():
        carried = old.filter(pl.col("span_id").is_not_null()).select("trace_id", "span_id").unique()
        changes += _move(old.filter(pl.col("span_id").is_null()), aliases)
    if not given.is_empty() or not carried.is_empty():
        changes.append(Replacement("scores", keys=carried, rows=given))
    return changes


def _read_old(store: Store, touched: Touched) -> pl.DataFrame:
    if touched.known.is_empty():
        return pl.DataFrame(schema=_ROWS)
    return store.select("facts/old_scores", {"first": touched.first_load}, {"asked": touched.known})


def _carried_scores(store: Store, spans: pl.DataFrame, counted: Counted) -> pl.DataFrame:
    """Return a row per judgement that the spans carry, plain feedback being one of a user's."""
    judging = pl.col("judgements").is_not_null() | pl.col("feedback").is_not_null()
    carriers = spans.filter(judging & ~pl.col("is_pending")).unique(["trace_id", "span_id"], keep="any")
    if carriers.is_empty():
        return pl.DataFrame(schema=_ROWS)
    places = find_places(store, carriers, spans, counted)
    rows = [
        _score(carrier, judgement, places, number)
        for carrier in carriers.iter_rows(named=True)
        for number, judgement in enumerate(_judgements(carrier))
    ]
    return pl.DataFrame(rows, schema=_ROWS).sort("trace_id", "span_id", "score_id")


def _judgements(carrier: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what was judged; feedback that no judgement tells stands beside them."""
    told = _decode(carrier["judgements"])
    feedback = carrier["feedback"]
    is_told = any(one.get("source") in _PEOPLE and one.get("value") == feedback for one in told)
    if feedback is None or is_told:
        return told
    said = {"name": "feedback", "value": feedback, "source": "user"}
    return [*told, {**said, "explanation": carrier["outcome_reason"]}]


def _decode(judgements: str | None) -> list[dict[str, Any]]:
    try:
        return msgspec.json.decode(judgements or "[]", type=list[dict[str, Any]])
    except msgspec.DecodeError:
        return []


def _score(carrier: dict[str, Any], judgement: dict[str, Any], places: Places, number: int) -> dict[str, Any]:
    target = places.target(judgement.get("about") or "span", carrier)
    own = judgement.get("identifier") or number
    said = (carrier["trace_id"], carrier["span_id"], target.target, judgement["name"], str(own))
    return {
        "load_seq": carrier["load_seq"],
        "score_id": hashlib.blake2b("\x1f".join(said).encode(), digest_size=16).hexdigest(),
        "target": target.target,
        "target_id": target.target_id,
        "trace_id": carrier["trace_id"],
        "span_id": carrier["span_id"],
        "run_id": target.run_id,
        "name": judgement["name"],
        "value": judgement.get("value"),
        "label": judgement.get("label"),
        "source": judgement["source"] if judgement.get("source") in _SOURCES else "evaluator",
        "explanation": judgement.get("explanation"),
        "scored_at": carrier["ended_at"] or carrier["started_at"],
    }


def _move(scores: pl.DataFrame, aliases: Aliases) -> list[Replacement]:
    moved = scores.join(
        aliases.now.select("old_run_id", new_run_id="run_id"), left_on="run_id", right_on="old_run_id"
    )
    if moved.is_empty():
        return []
    rows = moved.with_columns(
        target_id=pl.when(pl.col("target") == "run").then("new_run_id").otherwise("target_id"),
        run_id="new_run_id",
    )
    return [
        Replacement(
            "scores",
            keys=moved.select("score_id"),
            rows=rows.select(scores.columns),
        )
    ]

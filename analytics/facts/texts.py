"""What runs were asked and answered, read off their model calls where no agent's span says it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from analytics.counting import Counted
    from analytics.facts.reading import Touched
    from store import Store

_IDS: Final = ("trace_id", "span_id")


def add_texts_of_calls(store: Store, touched: Touched, counted: Counted) -> Counted:
    """Fill the input of runs from the first of their model calls, the output from the last one that answered.

    Counting reads no content of model spans: there is too much of it, and most agents' spans have their own.
    """
    runs = counted.runs
    lacking = runs.filter(
        (pl.col("input").is_null() | pl.col("output").is_null()) & (pl.col("llm_calls") > 0)
    )
    if lacking.is_empty():
        return counted
    calls = (
        counted.llm_calls.filter(pl.col("operation").ne_missing("embeddings"))
        .join(lacking, on="run_id", how="semi")
        .sort("run_id", "started_at", *_IDS)
    )
    answered = calls.filter(pl.col("output_tokens") > 0)
    sides = {
        "input": calls.unique("run_id", keep="first", maintain_order=True).select("run_id", *_IDS),
        "output": answered.unique("run_id", keep="last", maintain_order=True).select("run_id", *_IDS),
    }
    asked = pl.concat(sides.values()).select(_IDS).unique()
    bounds = {"first": touched.spans["load_seq"].min(), "last": touched.last_load}
    texts = (
        store.select("facts/texts_of_spans", bounds, {"asked": asked})
        .sort(*_IDS, "attribute_count", "content_hash", descending=[False, False, True, True])
        .unique(_IDS, keep="first", maintain_order=True)
    )
    for side, of_runs in sides.items():
        said = of_runs.join(texts, on=_IDS).select("run_id", said=side)
        runs = runs.join(said, on="run_id", how="left", maintain_order="left").with_columns(
            pl.coalesce(side, "said").alias(side)
        ).drop("said")  # fmt: skip
    return replace(counted, runs=runs)

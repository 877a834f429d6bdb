"""What a person says of a run, written where the metrics read it."""

from __future__ import annotations

from datetime import UTC, datetime
from math import isfinite
from typing import TYPE_CHECKING, Final

import polars as pl

from analytics.touching import run_traces, touched_rows
from store.errors import ConfigError, NotFound

if TYPE_CHECKING:
    from store import Store

_SCHEMA: Final = {
    "load_seq": pl.Int64,
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


def label_run(
    store: Store,
    run_id: str,
    now: datetime,
    *,
    name: str = "review",
    value: float | None = None,
    label: str | None = None,
    explanation: str | None = None,
) -> None:
    """Write a person's judgement on a run, and have what follows from it derived again.

    Raises:
        NotFound: No such run.
        ConfigError: There is neither a number nor a label.
    """
    if (value is None) == (label is None) or (value is not None and not isfinite(value)):
        raise ConfigError("a judgement is a number or a label; give one of them")
    found = store.select("golden/run", {"run_id": run_id})
    if found.is_empty():
        raise NotFound(f"no run is called {run_id!r}; `spanledger review sample` lists some")
    row = {
        "load_seq": int(found["load_seq"][0]),
        "target": "run",
        "target_id": run_id,
        "trace_id": found["trace_id"][0],
        "span_id": None,
        "run_id": run_id,
        "name": name,
        "value": value,
        "label": label,
        "source": "human",
        "explanation": explanation,
        "scored_at": now.astimezone(UTC).replace(tzinfo=None),
    }
    touched = touched_rows(run_traces([run_id]), reason="score")
    store.replace(appends={"scores": pl.DataFrame([row], schema=_SCHEMA), **touched})

"""What a person says of a run, written where the metrics read it."""

from __future__ import annotations

from datetime import datetime
from math import isfinite
from typing import TYPE_CHECKING

from analytics.feedback import Judgement, record_judgements
from store.errors import ConfigError, NotFound

if TYPE_CHECKING:
    from store import Store


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
    judgement = Judgement("run", found["run_id"][0], name, value, label, "human", explanation, now)
    record_judgements(store, [judgement], now)

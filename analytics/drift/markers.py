"""Known events, found in the data: a version, prompt or model seen for the first time. They are suspects.

At a known event evidence starts from a hundredth of the threshold instead of from nothing, so that a change that
begins there is told when it is a hundred times likelier than none: an anchored e-test with an error of 1 %.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, timedelta

import polars as pl

from analytics.drift.catalogue import Catalogue, Series
from analytics.drift.panel import Panel
from analytics.drift.seasons import hour_number, hour_start
from store import Store

LOOKED_BACK = timedelta(days=28)
"""A version that was not seen for so long is new again."""
SETTLED = timedelta(days=3)
"""Time an agent must have been known before what it shows is new."""
_KEYS = ("service", "environment", "agent")


def find_markers(store: Store, first: int, until: int) -> pl.DataFrame:
    """Return the events of hours [first, until), in the columns of `ledger.markers`."""
    since = hour_start(first).replace(tzinfo=UTC) - LOOKED_BACK
    seen = store.select("drift/first_seen", {"since": since, "until": hour_start(until).replace(tzinfo=UTC)})
    known = seen.filter(pl.col("kind") == "agent").select(*_KEYS, known_at=pl.col("marked_at"))
    return (
        seen.filter((pl.col("kind") != "agent") & (pl.col("marked_at") >= hour_start(first)))
        .join(known, on=_KEYS, nulls_equal=True)
        .filter(pl.col("marked_at") >= pl.col("known_at") + SETTLED)
        .select("marked_at", "kind", *_KEYS, pl.col("label").str.strip_chars())
        .sort("marked_at", "kind", "label", *_KEYS)
    )


def anchor(panels: Mapping[str, Panel], catalogue: Catalogue, markers: pl.DataFrame) -> None:
    """Tell the panels from which hours on the series of an agent are suspected."""
    for kind, panel in panels.items():
        for marked in markers.iter_rows(named=True):
            hour = hour_number(marked["marked_at"])
            for row, series in enumerate(catalogue.series[kind]):
                if _is_about(series, marked):
                    panel.anchors.setdefault(hour, set()).add(row)


def _is_about(series: Series, marked: Mapping[str, object]) -> bool:
    return all(series.labels.get(key) == marked[key] for key in _KEYS)

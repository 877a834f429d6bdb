"""The state of the detectors as rows of the store, and back, to the last bit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

import numpy as np
import polars as pl

from analytics.drift.agents import find_agents, measure_unlikeness
from analytics.drift.catalogue import KINDS, Catalogue, Series
from analytics.drift.panel import Panel
from analytics.drift.seasons import hour_start

Latest = dict[str, tuple[str, datetime]]
"""By series: its latest alarm, and when that was raised last."""

_SCHEMA = {
    "hour_at": pl.Datetime("us"),
    "series": pl.String,
    "kind": pl.String,
    "metric": pl.String,
    "labels": pl.List(pl.Struct({"key": pl.String, "value": pl.String})),
    "closeness": pl.Float64,
    "is_learning": pl.Boolean,
    "statistics": pl.String,
    "doubtful": pl.String,
    "alarm_id": pl.String,
    "last_raised_at": pl.Datetime("us"),
}


def write_state(panels: Mapping[str, Panel], catalogue: Catalogue, hour: int, latest: Latest) -> pl.DataFrame:
    """Return one row a series and one an agent; `hour` is the one after the last that was taken in."""
    rows: list[tuple[object, ...]] = []
    for kind in KINDS:
        panel = panels[kind]
        closeness, is_learning = panel.measure_closeness(), panel.is_learning
        doubts: dict[int, list[tuple[int, int | None]]] = {}
        for row, first, until in panel.doubtful:
            doubts.setdefault(row, []).append((first, until))
        for row, first in panel.find_suspected().items():
            doubts.setdefault(row, []).append((first, None))
        state = panel.statistics
        for row, series in enumerate(catalogue.series[kind][: panel.size]):
            numbers = b"".join(part[row].tobytes() for part in (state.totals, state.runs, state.since)).hex()
            told = float(closeness[row]), bool(is_learning[row]), numbers, json.dumps(doubts.get(row, []))
            rows.append(_row_of(series, hour, latest, *told))
    agents = find_agents(catalogue)
    for agent, unlikeness in zip(agents, measure_unlikeness(agents, panels), strict=True):
        is_new = all(bool(panels[kind].is_learning[of_kind].all()) for kind, of_kind in agent.rows.items())
        rows.append(_row_of(agent.series, hour, latest, unlikeness, is_new, "", "[]"))
    return pl.DataFrame(rows, _SCHEMA, orient="row")


def _row_of(series: Series, hour: int, latest: Latest, *told: object) -> tuple[object, ...]:
    labels = [{"key": key, "value": value} for key, value in series.labels.items()]
    alarm = latest.get(series.name, (None, None))
    return (hour_start(hour), series.name, series.kind, series.metric, labels, *told, *alarm)


def read_state(frame: pl.DataFrame, panels: Mapping[str, Panel], catalogue: Catalogue) -> Latest:
    """Put the rows of a state into panels that have seen nothing; return the latest alarms."""
    latest: Latest = {}
    for values in frame.iter_rows(named=True):
        if values["alarm_id"] is not None:
            latest[values["series"]] = (values["alarm_id"], values["last_raised_at"])
        if values["kind"] not in panels:
            continue
        panel = panels[values["kind"]]
        row = catalogue.row_of(Series(values["kind"], values["metric"], _to_dict(values["labels"])))
        panel.resize(row + 1)
        changes = len(panel.bank.changes)
        numbers = bytes.fromhex(values["statistics"])
        if len(numbers) == 3 * 8 * changes:
            floats = np.frombuffer(numbers, "<f8", 2 * changes)
            panel.statistics.totals[row], panel.statistics.runs[row] = floats[:changes], floats[changes:]
            panel.statistics.since[row] = np.frombuffer(numbers, "<i8", changes, 2 * 8 * changes)
        panel.suspected = panel.suspected or {}
        for first, until in json.loads(values["doubtful"]):
            if until is None:
                panel.suspected[row] = first
            else:
                panel.doubtful.append((row, first, until))
    return latest


def _to_dict(labels: object) -> dict[str, str]:
    if isinstance(labels, Mapping):
        return {str(key): str(value) for key, value in labels.items()}
    assert isinstance(labels, list)
    return {entry["key"]: entry["value"] for entry in labels}

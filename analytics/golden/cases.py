"""Choosing runs, and writing them as the cases of an evaluation dataset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from analytics.golden.redaction import Redaction
from store.errors import ConfigError, NotFound

if TYPE_CHECKING:
    from store import Store

KINDS: Final = ("random", "failed", "worst", "low", "new", "drifted", "picked")
"""How runs are chosen: at random; failed; with trouble of any kind; lowest scores first; newest; of agents that
drifted, since they did; by their ids."""


def choose_runs(
    store: Store,
    kind: str,
    start: datetime,
    end: datetime,
    *,
    count: int,
    agents: Sequence[str] = (),
    services: Sequence[str] = (),
    run_ids: Sequence[str] = (),
    seed: int = 0,
) -> pl.DataFrame:
    """Return up to `count` production runs with their input, chosen in one of KINDS; one seed draws the same ones.

    Raises:
        ConfigError: No such kind, or nothing is picked.
        NotFound: A run that is picked is none of these.
    """
    if kind not in KINDS:
        raise ConfigError(f"runs are not chosen by {kind!r}; use one of {', '.join(KINDS)}")
    if kind == "picked" and not run_ids:
        raise ConfigError("no run is picked; name some by their ids")
    asked: dict[str, object] = {
        "kind": kind,
        "start": start,
        "until": end,
        "agents": list(agents) or ["*"],
        "services": list(services) or ["*"],
        "run_ids": list(run_ids) or [""],
        "max_rows": count,
        "seed": str(seed),
    }
    if kind == "drifted":
        return _choose_drifted(store, asked, start, end, count)
    found = store.select("golden/choices", asked)
    if kind == "picked" and (lacking := set(run_ids).difference(found["run_id"])):
        raise NotFound(
            f"no production run with an input is called {', '.join(sorted(lacking)[:3])} in this time; "
            "look further back, or correct the id"
        )
    return found


def _choose_drifted(
    store: Store, asked: dict[str, object], start: datetime, end: datetime, count: int
) -> pl.DataFrame:
    """Runs with trouble of each agent that drifted, since its change."""
    alarms = store.select("golden/drifted", {"start": start, "until": end})
    frames = [
        store.select(
            "golden/choices",
            asked | {"kind": "worst", "agents": [agent], "start": max(start, _aware(since, start))},
        )
        for agent, since in alarms.select("agent", "since").iter_rows()
    ]
    nothing = store.select("golden/choices", asked | {"kind": "picked", "max_rows": 1, "run_ids": [""]})
    return pl.concat([nothing.clear(), *frames]).unique("run_id", maintain_order=True).head(count)


def _aware(moment: datetime, like: datetime) -> datetime:
    return moment.replace(tzinfo=like.tzinfo)


CASE: Final = {
    "case_id": pl.String, "input": pl.String, "expected_outcome": pl.String, "expected_tools": pl.List(pl.String),
    "reference_output": pl.String, "observed_outcome": pl.String, "observed_reason": pl.String,
    "observed_output": pl.String, "failure_class": pl.String, "score": pl.Float64, "service": pl.String,
    "agent": pl.String, "agent_version": pl.String, "prompt_name": pl.String, "prompt_version": pl.String,
    "started_at": pl.String,
}  # fmt: skip
"""Columns of a case: the same in every dataset, whatever is known of its runs."""


def export_cases(store: Store, runs: pl.DataFrame, redaction: Redaction) -> list[Mapping[str, Any]]:
    """Return a case per run: what was asked, the tools and outcome to expect, and where it comes from.

    Only a run that succeeded says which tools and answer to expect.
    """
    if runs.is_empty():
        return []
    first, last = runs["started_at"].min(), runs["started_at"].max()
    assert isinstance(first, datetime)
    assert isinstance(last, datetime)
    window = {"start": first, "until": last + timedelta(days=1)}
    used = store.select("golden/tools_of_runs", window, {"asked": runs.select("run_id")})
    tools: dict[str, list[str | None]] = {}
    for run_id, tool in used.iter_rows():
        tools.setdefault(run_id, []).append(tool)
    return [_write_case(row, tools.get(row["run_id"], []), redaction) for row in runs.iter_rows(named=True)]


def _write_case(
    row: Mapping[str, Any], tools: Sequence[str | None], redaction: Redaction
) -> Mapping[str, Any]:
    is_good = row["outcome"] == "success"
    return {
        "case_id": row["run_id"],
        "input": redaction.clean(row["input"]),
        "expected_outcome": "success",
        "expected_tools": list(tools) if is_good else None,
        "reference_output": redaction.clean(row["output"]) if is_good else None,
        "observed_outcome": row["outcome"],
        "observed_reason": redaction.clean(row["outcome_reason"]),
        "observed_output": None if is_good else redaction.clean(row["output"]),
        "failure_class": row["failure_class"],
        "score": row["lowest_score"],
        "service": row["service"],
        "agent": row["agent"],
        "agent_version": row["agent_version"],
        "prompt_name": row["prompt_name"],
        "prompt_version": row["prompt_version"],
        "started_at": row["started_at"].isoformat() + "Z",
    }

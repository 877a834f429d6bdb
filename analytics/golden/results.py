"""Results of an evaluation suite: taken in, and compared between versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from store.errors import ConfigError, NotFound

if TYPE_CHECKING:
    from store import Store

_SCHEMA: Final = {
    "suite": pl.String,
    "case_id": pl.String,
    "version": pl.String,
    "passed": pl.Boolean,
    "value": pl.Float64,
    "explanation": pl.String,
    "evaluated_at": pl.Datetime("us"),
}
_WORDS: Final = {
    "pass": True,
    "passed": True,
    "true": True,
    "1": True,
    "fail": False,
    "failed": False,
    "false": False,
    "0": False,
}


@dataclass(frozen=True)
class Regressions:
    """What became of the cases of a suite from one version to another."""

    versions: tuple[str, str]
    cases: int
    """Judged in both."""
    passed: tuple[int, int]
    broken: pl.DataFrame
    """Cases that passed before and do not now: case_id, explanation, passes (now) of how many tries."""
    mended: int
    missing: int
    """Judged before and not now."""
    scored: int
    """Have scores in both."""
    scores: tuple[float | None, float | None]
    """Their means."""


def import_results(
    store: Store, suite: str, version: str, rows: Iterable[Mapping[str, Any]], now: datetime
) -> int:
    """Keep the results of a suite's run and return how many; running it again adds, the last one counts.

    A row has case_id, and passed (true, "pass" …) or score, and perhaps explanation and evaluated_at.

    Raises:
        ConfigError: There is no row, or one has no case, or neither result.
    """
    kept = [_read_row(row, position, suite, version, now) for position, row in enumerate(rows, start=1)]
    if not kept:
        raise ConfigError(f"there are no results of {suite} {version}; write one object a line")
    store.replace(appends={"evaluations": pl.DataFrame(kept, schema=_SCHEMA)})
    return len(kept)


def find_regressions(store: Store, suite: str, before: str, after: str) -> Regressions:
    """Return which cases of a suite passed in one version and fail in the other.

    Raises:
        NotFound: The suite has no results of one of the versions.
    """
    results = store.select("golden/results", {"suite": suite})
    sides = [results.filter(pl.col("version") == version) for version in (before, after)]
    for version, side in zip((before, after), sides, strict=True):
        if side.is_empty():
            known = ", ".join(results["version"].unique().sort()) or "none"
            raise NotFound(f"the suite {suite!r} has no results of version {version!r}; there are {known}")
    judged = [
        side.drop_nulls("passed").select("case_id", "passed", "explanation", "passes", "tries")
        for side in sides
    ]
    scored = sides[0].join(sides[1], on="case_id", suffix="_after").drop_nulls(["value", "value_after"])
    both = judged[0].join(judged[1], on="case_id", how="inner", suffix="_after").sort("case_id")
    broken = both.filter(pl.col("passed") & ~pl.col("passed_after"))
    return Regressions(
        (before, after),
        both.height,
        (int(both["passed"].sum()), int(both["passed_after"].sum())),
        broken.select("case_id", explanation="explanation_after", passes="passes_after", tries="tries_after"),
        both.filter(~pl.col("passed") & pl.col("passed_after")).height,
        judged[0].join(judged[1], on="case_id", how="anti").height,
        scored.height,
        (_mean(scored["value"]), _mean(scored["value_after"])),
    )


def find_new_regressions(store: Store, start: datetime, end: datetime) -> dict[str, Regressions]:
    """Return by suite what became of its cases in the version that a window evaluated last, after the one before."""
    versions = store.select("golden/suites", {"until": end})
    first = start.astimezone(UTC).replace(tzinfo=None)
    found: dict[str, Regressions] = {}
    for (suite,), rows in versions.group_by("suite", maintain_order=True):
        if rows.height > 1 and rows["last_at"][-1] >= first:
            found[str(suite)] = find_regressions(store, str(suite), *rows["version"][-2:])
    return found


def _mean(values: pl.Series) -> float | None:
    return None if values.is_empty() else float(values.to_numpy().mean())


def _read_row(
    row: Mapping[str, Any], position: int, suite: str, version: str, now: datetime
) -> dict[str, Any]:
    case_id = row.get("case_id")
    passed, value = row.get("passed"), row.get("score", row.get("value"))
    if not isinstance(passed, bool):
        passed = _WORDS.get(str(passed).strip().lower())
    if not isinstance(case_id, str) or not case_id:
        raise ConfigError(f"result {position} has no case_id; name the case it is of")
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        value = None
    if not isinstance(passed, bool) and value is None:
        raise ConfigError(f"result {position} ({case_id}) has neither passed nor score; give one of them")
    explanation = row.get("explanation")
    return {
        "suite": suite,
        "case_id": case_id[:500],
        "version": str(row.get("version") or version),
        "passed": passed if isinstance(passed, bool) else None,
        "value": None if value is None else float(value),
        "explanation": None if explanation is None else str(explanation)[:10_000],
        # Of a case that is there twice the later one in the file is the last.
        "evaluated_at": _read_time(row.get("evaluated_at"), now + timedelta(microseconds=position)),
    }


def _read_time(text: object, now: datetime) -> datetime:
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else now
    except ValueError:
        at = now
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at

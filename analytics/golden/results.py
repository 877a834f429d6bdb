"""Results of an evaluation suite: taken in, and compared between versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
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
_WORDS: Final = {"pass": True, "passed": True, "true": True, "fail": False, "failed": False, "false": False}


@dataclass(frozen=True)
class Regressions:
    """What became of the cases of a suite from one version to another."""

    versions: tuple[str, str]
    cases: int
    """Judged in both."""
    passed: tuple[int, int]
    broken: pl.DataFrame
    """Cases that passed before and do not now: case_id, explanation."""
    mended: int
    missing: int
    """Judged before and not now."""


def import_results(
    store: Store, suite: str, version: str, rows: Iterable[Mapping[str, Any]], now: datetime
) -> int:
    """Keep the results of a suite's run and return how many; running it again adds, the last one counts.

    A row has case_id, and passed (true, "pass" …) or score, and perhaps explanation and evaluated_at.

    Raises:
        ConfigError: A row has no case, or neither result.
    """
    kept = [_read_row(row, position, suite, version, now) for position, row in enumerate(rows, start=1)]
    if kept:
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
    judged = [side.drop_nulls("passed").select("case_id", "passed", "explanation") for side in sides]
    both = judged[0].join(judged[1], on="case_id", how="inner", suffix="_after").sort("case_id")
    broken = both.filter(pl.col("passed") & ~pl.col("passed_after"))
    return Regressions(
        (before, after),
        both.height,
        (int(both["passed"].sum()), int(both["passed_after"].sum())),
        broken.select("case_id", explanation="explanation_after"),
        both.filter(~pl.col("passed") & pl.col("passed_after")).height,
        judged[0].join(judged[1], on="case_id", how="anti").height,
    )


def _read_row(
    row: Mapping[str, Any], position: int, suite: str, version: str, now: datetime
) -> dict[str, Any]:
    case_id = row.get("case_id")
    passed, value = row.get("passed"), row.get("score", row.get("value"))
    if isinstance(passed, str):
        passed = _WORDS.get(passed.strip().lower())
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
        "evaluated_at": _read_time(row.get("evaluated_at"), now),
    }


def _read_time(text: object, now: datetime) -> datetime:
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else now
    except ValueError:
        at = now
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at

"""Judgements that come late: feedback and outcomes of runs and sessions, told by API or file."""

from __future__ import annotations

import csv
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from analytics.cases import STATED_OUTCOMES
from analytics.touching import number_touch, run_traces, touched_rows
from store.errors import RejectedData

if TYPE_CHECKING:
    from store import Store

_SOURCES: Final = ("user", "evaluator", "human")
_WORDS: Final = {"up": 1.0, "positive": 1.0, "good": 1.0, "down": -1.0, "negative": -1.0, "bad": -1.0}
_LONGEST: Final = 10_000
_SCHEMA: Final = {
    "load_seq": pl.Int64,
    "score_id": pl.String,
    "target": pl.String,
    "target_id": pl.String,
    "trace_id": pl.String,
    "run_id": pl.String,
    "name": pl.String,
    "value": pl.Float64,
    "label": pl.String,
    "source": pl.String,
    "explanation": pl.String,
    "scored_at": pl.Datetime("us"),
}


@dataclass(frozen=True)
class Judgement:
    """What somebody says of a run or a session."""

    target: str
    """run or session."""
    target_id: str
    name: str
    value: float | None
    label: str | None
    source: str
    explanation: str | None
    scored_at: datetime


def read_judgement(fields: Mapping[str, Any], now: datetime) -> Judgement:
    """Read a judgement from the fields of a JSON object or a line of CSV.

    Fields: run_id or session_id; name (feedback when left out); value (-1 to 1, or up and down) or label;
    source, explanation, scored_at.

    Raises:
        RejectedData: A field is missing or cannot be read.
    """
    given = {key: str(value).strip() for key, value in fields.items() if value not in (None, "")}
    targets = [key for key in ("run_id", "session_id") if key in given]
    if len(targets) != 1:
        raise RejectedData("a judgement names either run_id or session_id; add one of them")
    name = given.get("name", "feedback")
    value, label = _read_value(given.get("value")), given.get("label")
    if value is None and label is None:
        raise RejectedData(f"the judgement {name!r} says nothing; add value or label")
    if name == "outcome" and (label or "").lower() not in STATED_OUTCOMES:
        raise RejectedData(f"the outcome {label!r} is not known; write one of {', '.join(STATED_OUTCOMES)}")
    if name == "feedback" and value is not None and abs(value) > 1:
        raise RejectedData(f"the feedback {value:g} is beyond the scale; write -1 to 1, up or down")
    source = given.get("source", "user")
    if source not in _SOURCES:
        raise RejectedData(f"the source {source!r} is not known; write one of {', '.join(_SOURCES)}")
    return Judgement(
        "run" if targets[0] == "run_id" else "session",
        given[targets[0]],
        name[:200],
        value,
        label,
        source,
        given.get("explanation", "")[:_LONGEST] or None,
        _read_instant(given.get("scored_at"), now),
    )


def read_judgements(file: Path) -> list[Judgement]:
    """Read a CSV file of judgements; its first line names the fields.

    A line without scored_at is as old as the file, so that the same file taken twice says nothing new.

    Raises:
        RejectedData: The file or a line of it cannot be read; nothing of it is taken then.
    """
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            rows = list(csv.DictReader(lines))
        written_at = datetime.fromtimestamp(file.stat().st_mtime, tz=UTC)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RejectedData(f"{file} cannot be read as CSV: {error}; pass another file") from error
    found: list[Judgement] = []
    for number, row in enumerate(rows, start=2):
        try:
            found.append(read_judgement(row, written_at))
        except RejectedData as error:
            raise RejectedData(f"{file}, line {number}: {error}") from error
    return found


def record_judgements(store: Store, judgements: Sequence[Judgement], now: datetime) -> int:
    """Write judgements; their sessions and cases are derived again by the data jobs. The same one twice counts once."""
    conversations = _conversations_of(store, judgements)
    given = [_row_of(one, conversations.get(one.target_id, one.target_id)) for one in judgements]
    rows = pl.DataFrame(given, schema=_SCHEMA, orient="row").unique("score_id", maintain_order=True)
    known = store.select("sessions/known_scores", frames={"given": rows.select("score_id")})
    new = rows.join(known, on="score_id", how="anti")
    if new.is_empty():
        return 0
    of_runs = new.filter(pl.col("target") == "run")["target_id"].unique()
    found = store.select("sessions/sessions_of_runs", frames={"asked": of_runs.to_frame("run_id")})
    named = new.filter(pl.col("target") == "session")["target_id"].unique()
    sessions = pl.concat([found["session_id"], named]).unique().to_frame("session_id")
    touched = sessions.with_columns(
        load_seq=pl.lit(number_touch(), pl.Int64), started_at=pl.lit(None, pl.Datetime("us"))
    )
    store.replace(
        appends={
            "scores": new,
            "touched_sessions": touched,
            **(touched_rows(run_traces(of_runs), reason="score") if of_runs.len() else {}),
        }
    )
    return new.height


def _conversations_of(store: Store, judgements: Sequence[Judgement]) -> dict[str, str]:
    """Judgements on a later session of a conversation are kept as of the conversation: their time says which."""
    named = [one.target_id for one in judgements if one.target == "session"]
    asked = pl.DataFrame({"session_id": named}, schema={"session_id": pl.String})
    return dict(store.select("sessions/conversations_of", frames={"asked": asked}).rows())


def _row_of(one: Judgement, target_id: str) -> tuple[Any, ...]:
    is_run = one.target == "run"
    moment = one.scored_at.astimezone(UTC).replace(tzinfo=None)
    said = (one.target, target_id, one.name, repr(one.value), one.label or "", one.source, moment.isoformat())
    score_id = hashlib.blake2b("\x1f".join(said).encode(), digest_size=16).hexdigest()
    return (
        0, score_id, one.target, target_id, target_id[:32] if is_run else None, target_id if is_run else None,
        one.name, one.value, one.label, one.source, one.explanation, moment,
    )  # fmt: skip


def _read_value(text: str | None) -> float | None:
    if text is None:
        return None
    word = _WORDS.get(text.lower())
    if word is not None:
        return word
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise RejectedData(f"the value {text!r} is no number; write -1 to 1, up or down")
    return value


def _read_instant(text: str | None, now: datetime) -> datetime:
    if text is None:
        return now
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise RejectedData(f"scored_at {text!r} is no instant; write 2026-10-01T12:00:00Z") from None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment

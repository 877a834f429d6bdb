"""What the rollups need before facts are deleted: rows of their own for what goes, so that no hour loses it.

An hour is added up again from its facts whenever one of them changes. What was deleted would then be missing; so it
is moved into rows of the same hour that carry `expired_load`, which no job touches again. The sum stays what it was.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import polars as pl

from store.figures import SUBJECTS, compose_rollup, compose_rollup_buckets
from store.port import Replacement, Store, find_bounds, lie_within

_HOUR: Final = timedelta(hours=1)
_BY_LOAD: Final = ("t.load_seq <= $load_seq", "t.load_seq > $load_seq")
_NO_LOAD: Final = pl.lit(None, pl.Int64)


def keep_expiring(store: Store, load_seq: int) -> list[Replacement]:
    """Return what to write with the deletion of all loads up to `load_seq`."""
    hours = store.select("retention/expiring_hours", {"load_seq": load_seq})
    kept: list[Replacement] = []
    for (subject,), of_subject in hours.group_by("subject", maintain_order=True):
        if not SUBJECTS[str(subject)].is_rolled_up:
            continue
        moved = _move(store, str(subject), of_subject, _BY_LOAD, load_seq, {})
        expired = of_subject.with_columns(expired_load=pl.lit(load_seq, pl.Int64))
        for table, (going, staying) in moved.items():
            kept.append(_replace_hours(table, of_subject.with_columns(expired_load=_NO_LOAD), staying))
            # By its number too, so that a step that died on an engine without transactions can be repeated.
            kept.append(_replace_hours(table, expired, going))
    return [*kept, _mark_expired(hours), _keep_runs(store, load_seq)]


def delete_orphans(store: Store, load_seq: int) -> None:
    """Delete closed sessions without runs and cases without sessions; the rollups keep them.

    Args:
        store: Where they are.
        load_seq: Up to which loads were deleted.
    """
    for subject, table, key, at, begin in (
        ("session", "sessions", "session_id", "started_at", "started_at"),
        ("case", "cases", "case_id", "closed_at", "opened_at"),
    ):
        orphans = store.select(f"retention/orphaned_{table}")
        if orphans.is_empty():
            continue
        going = orphans.select(key)
        hours = (
            orphans.select(subject=pl.lit(subject), hour_at=pl.col(at).dt.truncate("1h"))
            .drop_nulls()
            .unique()
        )
        which = f"IN (SELECT g.{key} FROM going AS g)"
        conditions = (f"t.{key} {which}", f"t.{key} NOT {which}")
        moved = _move(store, subject, hours, conditions, load_seq, {"going": going})
        unmarked = hours.with_columns(expired_load=_NO_LOAD)
        store.replace(
            *(_replace_hours(name, unmarked, staying) for name, (_, staying) in moved.items()),
            _mark_expired(hours),
            Replacement(table, keys=going, rows=going.clear(), within=lie_within(begin, orphans[begin])),
            appends={name: rows for name, (rows, _) in moved.items()},
        )


def _move(
    store: Store,
    subject: str,
    hours: pl.DataFrame,
    conditions: tuple[str, str],
    load_seq: int,
    frames: dict[str, pl.DataFrame],
) -> dict[str, tuple[pl.DataFrame, pl.DataFrame]]:
    """Return by table the rows of what goes, and of what stays."""
    bounds = find_bounds(hours["hour_at"])
    if bounds is None:
        return {}
    first, last = bounds
    params = {"first": first, "until": last + _HOUR, "load_seq": load_seq}
    asked = {**frames, "hours": hours.select("hour_at")}
    moved: dict[str, tuple[pl.DataFrame, pl.DataFrame]] = {}
    for table, compose in (("hourly", compose_rollup), ("hourly_buckets", compose_rollup_buckets)):
        queries = [compose(subject, condition) for condition in conditions]
        found = [store.select(query, params, asked) for query in queries if query is not None]
        if found:
            going, staying = found
            moved[table] = going.with_columns(expired_load=pl.lit(load_seq, pl.Int64)), staying
    return moved


def _replace_hours(table: str, keys: pl.DataFrame, rows: pl.DataFrame) -> Replacement:
    return Replacement(table, keys=keys, rows=rows, within=lie_within("hour_at", keys["hour_at"]))


def _keep_runs(store: Store, load_seq: int) -> Replacement:
    """Sessions that go on need what they lost as a fact: what is left of them changes with late data and prices."""
    gone = store.select("retention/expiring_runs", {"load_seq": load_seq})
    gone = gone.with_columns(expired_load=pl.lit(load_seq, pl.Int64))
    return Replacement(
        "expired_runs", keys=gone.select("conversation_id", "expired_load").unique(), rows=gone
    )


def _mark_expired(hours: pl.DataFrame) -> Replacement:
    marked = hours.select("subject", "hour_at")
    return Replacement("expired_hours", keys=marked, rows=marked)

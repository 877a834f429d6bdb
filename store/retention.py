"""Deletes the oldest telemetry, by age and by size, in small steps between which ingest goes on.

Age counts from when the data was loaded, not from when it happened: an import of last year's telemetry would otherwise
be deleted on the day it came. Loads are numbered in the order they were written, so that a step touches the oldest
blocks only. Rollups (`store.keeping`), prices, alarms and markers stay: small, they are the memory of what was deleted.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import polars as pl

from store.clock import Clock, utc_now
from store.keeping import delete_orphans, keep_expiring
from store.port import Replacement, Store
from store.settings import StoreSettings, parse_size

STEP_RECORDS: Final = 200_000
"""Records one step deletes at most, unless a single load has more: what a step holds up ingest for."""

_ROUNDS: Final = 5
"""Times a sweep deletes for size: the size of what goes is an estimate, known only after a checkpoint."""

_TARGET: Final = 0.95
"""Part of the size limit a sweep stops at, so that the next one has nothing to do for a while."""


@dataclass(frozen=True, slots=True)
class RetentionReport:
    """What a sweep deleted: records in how many steps, and the time up to which loads are gone."""

    records: int = 0
    steps: int = 0
    deleted_until: datetime | None = None
    load_seq: int = 0
    """Loads up to this one are gone."""


Apart = Callable[[], AbstractContextManager[None]]
"""Keeps the data jobs from running meanwhile: they would write again what is being deleted."""


def apply_retention(
    store: Store, settings: StoreSettings, *, clock: Clock = utc_now, apart: Apart = nullcontext
) -> RetentionReport:
    """Delete what is older than `settings.retention`, then the oldest of what is above `settings.max_size`."""
    report = RetentionReport()
    if settings.retention is not None:
        expired = _list_loads(store, clock() - settings.retention)
        report = _delete_loads(store, expired, clock(), report, apart)
    if settings.max_size is not None:
        report = _shrink(store, parse_size(settings.max_size), clock(), report, apart)
    for load_seq in store.select("retention/orphaned_until")["load_seq"]:
        with apart():
            delete_orphans(store, load_seq)
            store.expire_orphans()
            store.replace(_note_orphans(None, clock()))
    return report


def _note_orphans(load_seq: int | None, now: datetime) -> Replacement:
    """Written with the deletion: a sweep that dies before it has deleted orphans leaves them to the next one."""
    row = {"job": "retention", "load_seq": load_seq, "updated_at": now.astimezone(UTC).replace(tzinfo=None)}
    rows = pl.DataFrame([row], {"job": pl.String, "load_seq": pl.Int64, "updated_at": pl.Datetime("us")})
    return Replacement("watermarks", keys=rows.select("job"), rows=rows.drop_nulls())


def _list_loads(store: Store, before: datetime) -> pl.DataFrame:
    return store.select("retention/loads", {"before": before})


def _delete_loads(
    store: Store, loads: pl.DataFrame, now: datetime, report: RetentionReport, apart: Apart
) -> RetentionReport:
    pending = 0
    rows = loads.rows()
    for position, (load_seq, loaded_at, records) in enumerate(rows):
        pending += records
        is_last = position + 1 == len(rows)
        if is_last or pending + rows[position + 1][2] > STEP_RECORDS:
            with apart():
                store.expire(load_seq, *keep_expiring(store, load_seq), _note_orphans(load_seq, now))
            report = RetentionReport(
                report.records + pending, report.steps + 1, loaded_at.replace(tzinfo=UTC), load_seq
            )
            pending = 0
    return report


def _shrink(
    store: Store, max_bytes: int, now: datetime, report: RetentionReport, apart: Apart
) -> RetentionReport:
    for _ in range(_ROUNDS):
        used = store.size().used_bytes
        if used <= max_bytes:
            break
        total = store.select("retention/totals")["records"][0]
        excess = int(total * (1 - _TARGET * max_bytes / used))
        loads = _list_loads(store, now)
        # The newest load stays: it is what the next one is numbered after.
        loads = loads.head(max(loads.height - 1, 0))
        oldest = loads.filter(pl.col("records").cum_sum().shift(1, fill_value=0) < excess)
        if oldest.is_empty():
            break
        report = _delete_loads(store, oldest, now, report, apart)
        if not store.checkpoint():
            break
    return report

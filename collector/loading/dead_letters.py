"""What could not be loaded, on its way to ledger.dead_letters."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

import polars as pl

from collector.decode.times import to_microseconds
from collector.loading.units import Unit, list_records
from collector.log import Body, Damage

_MAX_RECORD_BYTES: Final = 48 << 10
"""Bytes of a record that are kept: 64 KiB in base64."""
_MAX_DETAIL_CHARS: Final = 1000
_SCHEMA: Final = {
    "received_at": pl.Datetime("us"),
    "signal": pl.String,
    "reason": pl.String,
    "detail": pl.String,
    "body_sha256": pl.String,
    "trace_id": pl.String,
    "span_id": pl.String,
    "record": pl.String,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """One row of ledger.dead_letters."""

    received_at: datetime
    signal: str
    reason: str
    detail: str
    body_sha256: str | None = None
    trace_id: str | None = None
    span_id: str | None = None
    record: str | None = None


def reject_body(body: Body, error: BaseException) -> DeadLetter:
    """Return the letter of a body that holds no request."""
    return _letter(body, "undecodable", str(error), body.data)


def reject_unit(unit: Unit, reason: str, error: BaseException) -> DeadLetter:
    """Return the letter of a request that failed."""
    return _letter(unit.body, reason, f"{type(error).__name__}: {error}", unit.data)


def reject_records(units: Sequence[Unit], rejected: pl.DataFrame) -> list[DeadLetter]:
    """Return the letters of the records that decoding refused; `rejected` is as REJECT_SCHEMA says."""
    letters: list[DeadLetter] = []
    for (number,), refused in rejected.group_by("body", maintain_order=True):
        unit = units[int(str(number))]
        records = list_records(unit) if unit.body.signal != "metrics" else []
        letters += [
            DeadLetter(
                received_at=unit.body.received_at,
                signal=unit.body.signal,
                reason=row["reason"],
                detail=row["detail"],
                body_sha256=unit.body.sha256.hex(),
                trace_id=row["trace_id"],
                span_id=row["span_id"],
                record=_encode(records[row["record"]].SerializeToString()) if records else None,
            )
            for row in refused.iter_rows(named=True)
        ]
    return letters


def report_damage(damage: Damage, noticed_at: datetime) -> DeadLetter:
    """Return the letter of a damaged part of the log."""
    return DeadLetter(
        received_at=noticed_at,
        signal="unknown",
        reason="log_damaged",
        detail=f"{damage.length} bytes from offset {damage.offset} of log segment {damage.segment} are lost:"
        f" {damage.reason}",
    )


def letter_rows(letters: Sequence[DeadLetter]) -> pl.DataFrame:
    """Return the letters as rows of ledger.dead_letters."""
    rows = [asdict(letter) for letter in letters]
    received = to_microseconds([letter.received_at for letter in letters])
    return pl.DataFrame(
        {name: [row[name] for row in rows] for name in list(_SCHEMA)[1:]}, schema_overrides=_SCHEMA
    ).with_columns(received.alias("received_at"))


def _letter(body: Body, reason: str, detail: str, data: bytes) -> DeadLetter:
    return DeadLetter(
        received_at=body.received_at,
        signal=body.signal,
        reason=reason,
        detail=detail[:_MAX_DETAIL_CHARS],
        body_sha256=body.sha256.hex(),
        record=_encode(data),
    )


def _encode(data: bytes) -> str:
    return base64.b64encode(data[:_MAX_RECORD_BYTES]).decode()

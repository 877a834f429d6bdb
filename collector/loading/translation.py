"""Requests to rows, with what fails narrowed down to the record."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import polars as pl

from collector.decode.batch import RecordBatch, SpanBatch
from collector.decode.logs import decode_logs
from collector.decode.metrics import decode_metrics
from collector.decode.schema import request_class
from collector.decode.times import to_microseconds
from collector.decode.traces import decode_traces
from collector.dialects import (
    Registry,
    derive_from_counters,
    derive_from_logs,
    normalise,
    read_log_facts,
    read_log_messages,
)
from collector.loading.dead_letters import DeadLetter, reject_records, reject_unit
from collector.loading.units import LISTS, Unit, split_records
from collector.log import Body
from store.clock import utc_now
from store.errors import RejectedData, SpanledgerError

_log = logging.getLogger(__name__)

_DECODERS: Final[dict[str, Callable[[Sequence[bytes], Sequence[datetime]], RecordBatch]]] = {
    "logs": decode_logs,
    "metrics": decode_metrics,
}
_DERIVATIONS: Final[dict[str, Callable[[RecordBatch, Registry], SpanBatch | None]]] = {
    "logs": derive_from_logs,
    "metrics": derive_from_counters,
}


class TranslationBroken(SpanledgerError):
    """Translation itself is at fault, not what was sent: nothing may be written off."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of one signal, their attributes beside them."""

    signal: str
    rows: pl.DataFrame
    """Columns of the signal's table, except load_seq, record_number and attributes."""
    attributes: pl.DataFrame
    """row, key (Categorical), value; `row` counts the rows from 0."""
    resources: pl.DataFrame
    """resource_id, key, value."""
    is_derived: bool = False
    """Made of records of another signal, which are kept too."""


def translate(units: Sequence[Unit], registry: Registry) -> tuple[list[Piece], list[DeadLetter]]:
    """Return the rows of units of one signal, and the letters of what cannot be translated.

    When the units fail together they are halved, down to the one record that fails alone.

    Raises:
        TranslationBroken: Not even a plain record can be translated, so the fault is not in the units.
    """
    try:
        pieces, letters = _translate_together(units, registry)
    except (TranslationBroken, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 (whatever a body does, a panic of a library included, ends here)
        return _translate_apart(units, registry, error)
    return pieces, letters


def _translate_apart(
    units: Sequence[Unit], registry: Registry, error: BaseException
) -> tuple[list[Piece], list[DeadLetter]]:
    parts = units if len(units) > 1 else split_records(units[0])
    if len(parts) < 2:
        reason = "undecodable" if isinstance(error, RejectedData) else "untranslatable"
        _prove_health(units[0].body.signal, registry)
        _log.warning("a %s record goes to the dead letters: %s", units[0].body.signal, error)
        return [], [reject_unit(units[0], reason, error)]
    middle = len(parts) // 2
    pieces: list[Piece] = []
    letters: list[DeadLetter] = []
    for half in (parts[:middle], parts[middle:]):
        more_pieces, more_letters = translate(half, registry)
        pieces += more_pieces
        letters += more_letters
    return pieces, letters


def _prove_health(signal: str, registry: Registry) -> None:
    body = Body(signal, "protobuf", "identity", utc_now(), bytes(32), _plain_request(signal))
    try:
        _translate_together([Unit(body, body.data)], registry)
    except Exception as error:
        raise TranslationBroken(
            f"no {signal} can be translated, {type(error).__name__}: {error}; what was acknowledged stays in the log"
        ) from error


def _plain_request(signal: str) -> bytes:
    """Return a request with one record that nothing is special about."""
    request = request_class(signal)()
    by_resource, by_scope, records = LISTS[signal]
    owner = getattr(request, by_resource).add()
    record = getattr(getattr(owner, by_scope).add(), records).add()
    if signal == "traces":
        now_ns = int(utc_now().timestamp() * 1e9)
        record.trace_id, record.span_id = b"\1" * 16, b"\1" * 8
        record.name, record.start_time_unix_nano, record.end_time_unix_nano = "plain", now_ns, now_ns
    return request.SerializeToString()


def _translate_together(units: Sequence[Unit], registry: Registry) -> tuple[list[Piece], list[DeadLetter]]:
    signal = units[0].body.signal
    payloads = [unit.data for unit in units]
    received = [unit.body.received_at for unit in units]
    if signal == "traces":
        spans = decode_traces(payloads, received)
        rows = normalise(spans, registry).with_columns(
            pl.lit(to_microseconds(received)).gather("body").alias("received_at")
        )
        piece = Piece(signal, rows.drop("row", "body"), spans.attributes, spans.resources)
        return [piece], reject_records(units, spans.rejected)
    batch = _DECODERS[signal](payloads, received)
    rows = batch.records.drop("body")
    if signal == "logs":
        rows = rows.rename({"body_text": "body"}).with_columns(
            *read_log_messages(batch),
            read_log_facts(batch, registry),
        )
    pieces = [
        Piece(signal, rows, batch.attributes, batch.resources),
        *_derive_pieces(signal, batch, registry),
    ]
    return pieces, reject_records(units, batch.rejected)


def _derive_pieces(signal: str, batch: RecordBatch, registry: Registry) -> list[Piece]:
    """Return the spans that log records or counters stand for, as a piece of their own."""
    spans = _DERIVATIONS[signal](batch, registry)
    if spans is None:
        return []
    rows = normalise(spans, registry).drop("row", "body")
    return [Piece("traces", rows, spans.attributes, spans.resources, is_derived=True)]

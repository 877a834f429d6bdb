"""Writes bodies into the store: each once, in one transaction, whatever is in them."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock
from typing import Final

from collector.dialects import Registry, known_dialects
from collector.loading.batches import Batch, halve
from collector.loading.bodies import LoadedBodies
from collector.loading.dead_letters import DeadLetter, reject_body, reject_unit
from collector.loading.identity import REMEMBERED_SPANS, SpanIdentities, Winners
from collector.loading.resources import KnownResources
from collector.loading.rows import load_rows, number_rows, telemetry_rows
from collector.loading.statistics import LoadReport, Tally
from collector.loading.translation import Piece, TranslationBroken, translate
from collector.loading.units import Opened, open_bodies, split_pieces
from collector.log import Body, Position
from store.clock import Clock, utc_now
from store.errors import RejectedData, StoreUnavailable
from store.port import Frame, Store

_log = logging.getLogger(__name__)

PIECE_BYTES: Final = 8 << 20
"""Bytes that are decoded at a time; larger pieces cost page faults."""

MAX_OPEN_BYTES: Final = 64 << 20
"""Decompressed bytes that make a transaction at most, but for one body more: small bodies can grow a lot."""


class Intake:
    """The one way of bodies into a store, read by the dialects of a registry.

    It numbers the loads, so all who load into a store at a time share one. Safe to use from several threads; they
    take turns.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock = utc_now,
        *,
        registry: Registry | None = None,
        remembered_spans: int = REMEMBERED_SPANS,
        max_open_bytes: int = MAX_OPEN_BYTES,
    ) -> None:
        self._store = store
        self._registry = registry or known_dialects()
        self._clock = clock
        self._max_open_bytes = max_open_bytes
        self._turn = Lock()
        self._last_load = int(store.select("loading/progress")["last_load"][0])
        self._spans = SpanIdentities(store, remembered_spans)
        self._bodies = LoadedBodies(store, clock())
        self._resources = KnownResources(store)

    @property
    def registry(self) -> Registry:
        """The dialects that spans are read by."""
        return self._registry

    def adopt(self, registry: Registry) -> None:
        """Read by other dialects from the next load on."""
        with self._turn:
            self._registry = registry

    @property
    def store(self) -> Store:
        """Where it writes."""
        return self._store

    @contextmanager
    def paused(self) -> Generator[None]:
        """Keep everybody from loading while the block replaces rows of spans."""
        with self._turn:
            yield

    def load(
        self,
        bodies: Sequence[Body],
        *,
        batch_id: str,
        position: Position | None = None,
        letters: Sequence[DeadLetter] = (),
        is_import: bool = False,
    ) -> LoadReport:
        """Write what is new in the bodies, and the position in the log behind them.

        What cannot be loaded goes to the dead letters with the reason.

        Raises:
            StoreUnavailable: The store cannot be written now; load the same bodies again later.
            TranslationBroken: Nothing can be translated.
        """
        with self._turn:
            fresh, repeated = self._bodies.split(bodies)
            groups = open_bodies(fresh, self._max_open_bytes)
            report, opened = None, next(groups)
            for number, following in enumerate(groups):
                early = _batch(opened, batch_id=f"{batch_id}.{number}", is_import=is_import)
                report, opened = _add(report, self._write(early)), following
            last = _batch(opened, batch_id=batch_id, is_import=is_import)
            last = replace(last, position=position, repeated=repeated, letters=[*last.letters, *letters])
            return _add(report, self._write(last))

    def _write(self, batch: Batch) -> LoadReport:
        """Write a batch; when that fails write its halves, down to the record that fails alone."""
        try:
            return self._write_together(batch)
        except (StoreUnavailable, TranslationBroken, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # noqa: BLE001 (nothing in a body may stop the loader, no library's panic either)
            _log.warning("batch %s cannot be written together: %s", batch.batch_id, error)
            halves = halve(batch)
            if halves is None:
                return self._write_off(batch, error)
        return self._write(halves[0]) + self._write(halves[1])

    def _write_off(self, batch: Batch, error: BaseException) -> LoadReport:
        letters = [*batch.letters, *(reject_unit(unit, "unwritable", error) for unit in batch.units)]
        try:
            return self._write_together(replace(batch, units=(), letters=letters))
        except Exception as second:
            # Without its dead letter the record would be lost: keep it in the log and try again.
            raise StoreUnavailable(f"batch {batch.batch_id} cannot be written: {second}") from second

    def _write_together(self, batch: Batch) -> LoadReport:
        pieces, letters = _translate_all(batch, self._registry)
        winners = self._spans.choose([piece.rows for piece in pieces if piece.signal == "traces"])
        rows = telemetry_rows(pieces, winners.masks)
        tally = _count(batch, pieces, letters, winners)
        resources = self._resources.select_new([piece.resources for piece in pieces])
        loaded_at = self._clock()
        tables: dict[str, Frame] = {**rows, **load_rows(batch, letters, resources, tally, loaded_at)}
        load_seq = self._last_load + 1
        expired = self._bodies.expire(loaded_at)
        try:
            self._store.append(batch.batch_id, number_rows(tables, load_seq), [*winners.replacing, *expired])
        except RejectedData as error:
            # A table lacks a column: no fault of the records.
            raise StoreUnavailable(str(error)) from error
        self._last_load = load_seq
        self._spans.remember(winners, load_seq)
        self._bodies.remember(batch.bodies, load_seq)
        self._resources.remember(resources)
        return LoadReport(
            load_seq=load_seq,
            bodies=len(batch.bodies),
            read_bytes=sum(len(body.data) for body in (*batch.bodies, *batch.repeated)),
            records=tally.records,
            duplicates=tally.duplicates.total(),
            rejected=Counter(letter.reason for letter in letters),
        )


def _batch(opened: Opened, *, batch_id: str, is_import: bool) -> Batch:
    letters = [reject_body(body, error) for body, error in opened.refused]
    return Batch(
        batch_id=batch_id, units=opened.units, bodies=opened.bodies, letters=letters, is_import=is_import
    )


def _add(earlier: LoadReport | None, report: LoadReport) -> LoadReport:
    return report if earlier is None else earlier + report


def _translate_all(batch: Batch, registry: Registry) -> tuple[list[Piece], list[DeadLetter]]:
    pieces: list[Piece] = []
    letters = list(batch.letters)
    for units in split_pieces(batch.units, PIECE_BYTES):
        more_pieces, more_letters = translate(units, registry)
        pieces += more_pieces
        letters += more_letters
    return pieces, letters


def _count(batch: Batch, pieces: Sequence[Piece], letters: Sequence[DeadLetter], winners: Winners) -> Tally:
    tally = Tally()
    masks = iter(winners.masks)
    for piece in pieces:
        dropped = int((~next(masks)).sum()) if piece.signal == "traces" else 0
        if not piece.is_derived:
            tally.records[piece.signal] += len(piece.rows) - dropped
            tally.duplicates[piece.signal] += dropped
    tally.duplicates.update(body.signal for body in batch.repeated)
    tally.rejected.update(letter.signal for letter in letters)
    return tally

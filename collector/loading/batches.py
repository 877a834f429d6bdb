"""Requests that are written together, and their halves when that fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from collector.loading.dead_letters import DeadLetter
from collector.loading.units import Unit, split_records
from collector.log import Body, Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Requests to be written in one transaction."""

    batch_id: str
    units: Sequence[Unit]
    bodies: Sequence[Body]
    """Bodies that are done with this batch."""
    repeated: Sequence[Body] = ()
    """Bodies that are left out because they came before."""
    letters: Sequence[DeadLetter] = ()
    position: Position | None = None
    is_import: bool = False


def halve(batch: Batch) -> tuple[Batch, Batch] | None:
    """Return two batches that are the batch when written one after another; None for a single record.

    A batch of one body falls into records. Their batch ids come from the body alone, so that a repetition after a crash
    falls into the same ones, and those that were written are known.
    """
    if len(batch.bodies) > 1:
        middle = len(batch.bodies) // 2
        first = {id(body) for body in batch.bodies[:middle]}
        units = [unit for unit in batch.units if id(unit.body) in first]
        rest = [unit for unit in batch.units if id(unit.body) not in first]
        return (
            _first_half(batch, f"{batch.batch_id}/0", units, batch.bodies[:middle]),
            replace(
                batch,
                batch_id=f"{batch.batch_id}/1",
                units=rest,
                bodies=batch.bodies[middle:],
                letters=_letters_of(batch, batch.bodies[:middle], other=True),
            ),
        )
    units, batch_id = batch.units, batch.batch_id
    if len(units) == 1:
        units, batch_id = split_records(units[0]), units[0].body.sha256.hex()
    if len(units) < 2:
        return None
    middle = len(units) // 2
    return (
        _first_half(batch, f"{batch_id}/0", units[:middle], ()),
        replace(batch, batch_id=f"{batch_id}/1", units=units[middle:]),
    )


def _first_half(batch: Batch, batch_id: str, units: Sequence[Unit], bodies: Sequence[Body]) -> Batch:
    """Return the half that ends nothing: the position and what was left out come with the other one."""
    letters = _letters_of(batch, bodies)
    return Batch(batch_id=batch_id, units=units, bodies=bodies, letters=letters, is_import=batch.is_import)


def _letters_of(batch: Batch, bodies: Sequence[Body], *, other: bool = False) -> list[DeadLetter]:
    """Return the letters about the bodies, or all others: a body that is done must have its letter written."""
    names = {body.sha256.hex() for body in bodies}
    return [letter for letter in batch.letters if (letter.body_sha256 in names) != other]

"""Stars and notes as the control state has them now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.reading import remembered
from dashboard.services import current
from store.control import marks
from store.control.marks import Note, Star


@dataclass(frozen=True)
class Marks:
    """All stars, the latest first, and all notes, oldest first."""

    stars: Sequence[Star]
    notes: Sequence[Note]

    def starred(self) -> frozenset[str]:
        """Return the runs that have a star."""
        return frozenset(star.run_id for star in self.stars)

    def noted(self) -> frozenset[str]:
        """Return the runs that have a note."""
        return frozenset(note.run_id for note in self.notes)


@remembered(ttl_s=5, entries=1)
def read_marks() -> Marks:
    """Return what people marked."""
    with current().control.read() as connection:
        return Marks(marks.list_stars(connection), marks.list_notes(connection))

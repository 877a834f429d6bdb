"""Which conversations were seen before, without asking the database about all of history each time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from analytics.known_names import KnownNames

if TYPE_CHECKING:
    from store import Store

READ_AT_ONCE = timedelta(days=7)


def read_known_conversations(store: Store) -> KnownNames:
    """Return the conversations of all sessions in the store, read some days at a time."""
    extent = store.select("sessions/extent").row(0, named=True)
    known = KnownNames(2 * int(extent["sessions"]))
    first = extent["first_at"]
    while first is not None and first <= extent["last_end_at"]:
        until = first + READ_AT_ONCE
        names = store.select("sessions/conversations", {"first": first, "until": until})
        known.add(names["conversation_id"].unique())
        first = until
    return known

"""How closely rows lie in time: whether to read what lies between two times or to ask again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from store import Store

_LONGEST: Final = timedelta(days=3650)


def find_length(store: Store, rows_of: Literal["facts", "buckets"], rows: int) -> timedelta:
    """Return the time that as many rows fill, in hours that have any.

    Counted by such hours and not between the first and the last: one span of a wrong clock lies years away.
    """
    for name, total, hours in store.select("rollups/density").iter_rows():
        if name == rows_of and total:
            return min(timedelta(hours=1) * (hours * rows / total), _LONGEST)
    return _LONGEST

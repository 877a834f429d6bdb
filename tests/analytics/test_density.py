"""How closely rows lie is told by the hours that have any."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from analytics.density import find_length
from store import Store
from tests.analytics.building import NOON, a_run

HOUR = timedelta(hours=1)


def test_one_run_of_a_wrong_clock_makes_no_row_lie_further_from_the_next(
    store: Store, write: Callable[..., None]
) -> None:
    for number in range(10):
        write("runs", a_run(f"t{number}-1", started_at=NOON))
    write("touched_hours", {"load_seq": 1, "subject": "run", "hour_at": NOON})
    assert find_length(store, "facts", 10) == HOUR
    long_ago = datetime(2001, 1, 1, tzinfo=UTC)
    write("runs", a_run("t10-1", started_at=long_ago))
    write("touched_hours", {"load_seq": 1, "subject": "run", "hour_at": long_ago})
    assert find_length(store, "facts", 11) == 2 * HOUR

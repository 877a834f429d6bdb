"""Bodies that came before: retries after a lost answer, and repeated imports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, cast

import numpy as np
import polars as pl

from collector.decode.times import to_microseconds
from collector.decode.values import Hashes
from collector.loading.seen import SeenKeys
from collector.log import Body
from store.port import Replacement, Store

MEMORY: Final = timedelta(hours=24)
"""How long a body is remembered after it was received."""
_REMEMBERED_BODIES: Final = 1 << 21
_CLEAN_EVERY: Final = timedelta(minutes=10)


class LoadedBodies:
    """Finds bodies that were loaded within a day. Only a hit in memory asks the store."""

    def __init__(self, store: Store, now: datetime) -> None:
        self._store = store
        self._cleaned_at = now
        self._seen = SeenKeys(_REMEMBERED_BODIES)
        known = store.select("loading/bodies_since", {"since": now - MEMORY})
        self._remember_hex(known["body_sha256"].to_list(), 1)

    def split(self, bodies: Sequence[Body]) -> tuple[list[Body], list[Body]]:
        """Return the new bodies, and those that were loaded within a day before or stand in the sequence twice."""
        met = self._find_met(bodies)
        fresh: list[Body] = []
        repeated: list[Body] = []
        taken: set[bytes] = set()
        for body in bodies:
            is_repeated = body.sha256 in taken or _is_repeated(body, met.get(body.sha256.hex()))
            (repeated if is_repeated else fresh).append(body)
            taken.add(body.sha256)
        return fresh, repeated

    def remember(self, bodies: Sequence[Body], load_seq: int) -> None:
        """Remember bodies that were loaded."""
        self._remember_hex([body.sha256.hex() for body in bodies], load_seq)

    def expire(self, now: datetime) -> list[Replacement]:
        """Return the deletion of rows that are older than a day, if it is time for one."""
        if now - self._cleaned_at < _CLEAN_EVERY:
            return []
        self._cleaned_at = now
        until = now - MEMORY
        expired = self._store.select("loading/expired_bodies", {"until": until})
        if expired.is_empty():
            return []
        first = cast("datetime", expired["received_at"].min()).replace(tzinfo=UTC)
        return [Replacement("loaded_bodies", expired, pl.DataFrame(), {"received_at": (first, until)})]

    def _find_met(self, bodies: Sequence[Body]) -> dict[str, datetime]:
        if not bodies:
            return {}
        names = pl.Series("body_sha256", [body.sha256.hex() for body in bodies])
        # Once something was forgotten every body has to be looked up; the table holds a day at most.
        asked = names if self._seen.floor else names.filter(pl.Series(self._seen.find(_keys(names)) > 0))
        if asked.is_empty():
            return {}
        rows = self._store.select("loading/loaded_bodies", frames={"candidates": asked.to_frame()})
        return dict(rows.select("body_sha256", "last_received_at").iter_rows())

    def _remember_hex(self, names: Sequence[str], load_seq: int) -> None:
        if names:
            self._seen.add(np.unique(_keys(pl.Series(names))), load_seq)


def body_rows(bodies: Sequence[Body]) -> pl.DataFrame:
    """Return the rows of ledger.loaded_bodies."""
    received = to_microseconds([body.received_at for body in bodies])
    return pl.DataFrame(
        {
            "body_sha256": pl.Series([body.sha256.hex() for body in bodies], dtype=pl.String),
            "received_at": received,
        }
    )


def _is_repeated(body: Body, last_received_at: datetime | None) -> bool:
    return last_received_at is not None and body.received_at - last_received_at.replace(tzinfo=UTC) <= MEMORY


def _keys(names: pl.Series) -> Hashes:
    raw = b"".join(bytes.fromhex(name[:16]) for name in names)
    return np.frombuffer(raw, dtype=np.uint64)

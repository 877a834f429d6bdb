"""What is dealt out in a comparison: sessions, or users where each side has its own."""

from __future__ import annotations

from typing import Final, Literal

import polars as pl

Unit = Literal["session", "user"]

FEWEST_USERS: Final = 20
"""With fewer users on a side sessions are compared: a handful of users tell nothing."""
FEWEST_SESSIONS: Final = 1.25
"""With fewer sessions a user on both sides it is all the same."""
MOST_UNKNOWN: Final = 0.05
"""Share of sessions that may lack a user."""
MOST_SHARED: Final = 0.5
"""Share of a side's sessions that may be of users who are on the other side, too."""


def choose_unit(a: pl.DataFrame, b: pl.DataFrame) -> Unit:
    """Return what hangs together, from unit_id and user_id of each side's sessions.

    A version that was given out by user differs by who its users are, too: their sessions are no independent ones.
    Where the same users are on both sides, what they are like is no difference, and sessions tell more.
    """
    by_user = [side.drop_nulls("user_id").group_by("user_id").len("sessions") for side in (a, b)]
    if all(side.height < FEWEST_SESSIONS * own.height for side, own in zip((a, b), by_user, strict=True)):
        return "session"
    for side, own, other in ((a, by_user[0], by_user[1]), (b, by_user[1], by_user[0])):
        shared = own.join(other, on="user_id", how="semi")
        if (
            own.height < FEWEST_USERS
            or own["sessions"].sum() < (1 - MOST_UNKNOWN) * side.height
            or shared["sessions"].sum() > MOST_SHARED * side.height
        ):
            return "session"
    return "user"


def name_unit(unit: Unit) -> pl.Expr:
    """Return the id by which rows with unit_id and user_id are put together."""
    return pl.coalesce("user_id", "unit_id") if unit == "user" else pl.col("unit_id")

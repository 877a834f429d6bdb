"""Who uses the agents, and how much."""

from __future__ import annotations

from typing import Final

from analytics.metrics.catalogue.shapes import count, keyed, proportion, ratio
from analytics.metrics.definitions import part

_KNOWN: Final = "users that runs of the window name"

USERS: Final = (
    count("active_users", "Active users", "Different users that runs of the window name.", part("run", "users"),
          unit="users"),
    proportion("failing_user_share", "Users with failures", "Users with at least one failed run ÷ active users.",
               part("run", "failing_users"), part("run", "users"), population=_KNOWN,
               null_means="no run of the window names a user", is_rise_bad=True),
    keyed("repeated_failure_share", "Users with repeated failures",
          "Users with at least two failed runs ÷ active users.", "run", "again", "user_id", unit="ratio",
          population=_KNOWN, null_means="no run of the window names a user"),
    keyed("user_failures_in_a_row", "Failures of one user in a row",
          "Failed runs of a user since the last one that did not fail, at the end of the window; of several users the "
          "most.", "run", "streak", "user_id", unit="runs", population="runs of known users, by their start",
          null_means="no run of the window names a user"),
    ratio("runs_per_user", "Runs per user", "Runs of known users ÷ active users.", part("run", "user_runs"),
          part("run", "users"), unit="runs/user", population=_KNOWN, null_means="no run of the window names a user"),
    count("session_count", "Sessions", "Conversations, and runs that belong to none.", part("session"),
          unit="sessions"),
    ratio("turns_per_session", "Turns per session", "Runs ÷ sessions.", part("session", "runs"), part("session"),
          unit="runs/session"),
)  # fmt: skip

"""Who uses the agents, and how much."""

from __future__ import annotations

from typing import Final

from analytics.metrics.catalogue.shapes import count, proportion, ratio
from analytics.metrics.definitions import part

_KNOWN: Final = "users that runs of the window name"

USERS: Final = (
    count("active_users", "Active users", "Different users that runs of the window name.", part("run", "users"),
          unit="users"),
    proportion("failing_user_share", "Users with failures", "Users with at least one failed run ÷ active users.",
               part("run", "failing_users"), part("run", "users"), population=_KNOWN,
               null_means="no run of the window names a user", is_rise_bad=True),
    ratio("runs_per_user", "Runs per user", "Runs of known users ÷ active users.", part("run", "user_runs"),
          part("run", "users"), unit="runs/user", population=_KNOWN, null_means="no run of the window names a user"),
    count("session_count", "Sessions", "Conversations, and runs that belong to none.", part("session"),
          unit="sessions"),
    ratio("turns_per_session", "Turns per session", "Runs ÷ sessions.", part("session", "runs"), part("session"),
          unit="runs/session"),
)  # fmt: skip

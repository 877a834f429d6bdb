"""Guards: whether an agent had better not call a tool now, and what is left of a budget; answered from memory.

The core writes a snapshot into a file now and then; the front reads it when it changed. So an answer costs no query,
and is given, with its age, while the core is busy or down. What is not known is allowed: a guard must not break what
it watches.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

import msgspec
import structlog

REFRESH_S: Final = 0.25
KINDS: Final = ("tools", "budgets")
_LONGEST_NAME: Final = 500
_MOST_BYTES: Final = 64 * 1024 * 1024

_logger = structlog.stdlib.get_logger(__name__)


class ToolGuard(msgspec.Struct, frozen=True):
    """One tool."""

    state: str
    """open, half_open or closed, as circuit breakers have it: open stops calls."""
    reason: str = ""
    since: str | None = None
    retry_at: float | None = None
    """Unix time at which an open one becomes half open."""


class BudgetGuard(msgspec.Struct, frozen=True):
    """One group of a budget."""

    labels: dict[str, str]
    unit: str
    period: str
    limit: str
    used: str | None
    share: float | None
    state: str
    """left, warning or over."""
    resets_at: str | None = None


class Snapshot(msgspec.Struct, frozen=True):
    """What the core knew at one instant."""

    written_at: float
    tools: dict[str, ToolGuard] = {}
    budgets: dict[str, list[BudgetGuard]] = {}


class Guards:
    """The snapshot in memory, and the answers from it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._snapshot = Snapshot(0.0)

    async def keep_fresh(self) -> None:
        """Read the snapshot whenever it changed, for ever."""
        while True:
            self.refresh()
            await asyncio.sleep(REFRESH_S)

    def refresh(self) -> None:
        """Read the snapshot when it changed; a broken one leaves the last good one."""
        try:
            found = self._path.stat()
            seen = (found.st_mtime_ns, found.st_size)
            if seen == self._seen or found.st_size > _MOST_BYTES:
                return
            self._seen = seen
            self._snapshot = msgspec.json.decode(self._path.read_bytes(), type=Snapshot)
        except FileNotFoundError:
            return
        except (OSError, msgspec.MsgspecError) as error:
            _logger.warning("guards_unreadable", reason=str(error))

    def answer(self, path: str, query: str) -> bytes | None:
        """Return the JSON of `/guards/tools/NAME` or `/guards/budgets/NAME?user_id=…`; None for another path.

        The path is as it was written: percent signs are resolved here, once.
        """
        parts = path.split("/", 3)
        if len(parts) != 4 or parts[1] != "guards" or parts[2] not in KINDS or not parts[3]:
            return None
        name = unquote(parts[3])[:_LONGEST_NAME]
        told = self._tell_tool(name) if parts[2] == "tools" else self._tell_budget(name, _labels(query))
        return msgspec.json.encode({**told, **self._tell_age()})

    def _tell_tool(self, name: str) -> dict[str, Any]:
        guard = self._snapshot.tools.get(name)
        if guard is None:
            return {"tool": name, "state": "closed", "allow": True, "known": False}
        wait_s = None if guard.retry_at is None else guard.retry_at - time.time()
        state = "half_open" if guard.state == "open" and wait_s is not None and wait_s <= 0 else guard.state
        told: dict[str, Any] = {"tool": name, "state": state, "allow": state != "open", "known": True}
        told |= {"reason": guard.reason, "since": guard.since}
        if state == "open" and wait_s is not None:
            told["retry_after_s"] = round(wait_s, 1)
        return told

    def _tell_budget(self, name: str, labels: Mapping[str, str]) -> dict[str, Any]:
        rows = self._snapshot.budgets.get(name)
        if rows is None:
            return {"budget": name, "state": "left", "allow": True, "known": False}
        fitting = [row for row in rows if all(row.labels.get(k) == v for k, v in labels.items())]
        if not fitting:
            # A group that has used nothing yet has no row.
            return {"budget": name, "state": "left", "allow": True, "known": True, "labels": dict(labels)}
        current = [row for row in fitting if not _is_over(row)]
        if not current:
            # The core has not looked since the period ended, and what was used of it says nothing about the next.
            return {"budget": name, "state": "left", "allow": True, "known": False, "labels": dict(labels)}
        worst = max(current, key=lambda row: row.share or 0.0)
        return {
            "budget": name,
            "state": worst.state,
            "allow": worst.state != "over",
            "known": True,
            **msgspec.to_builtins(worst),
        }

    def _tell_age(self) -> dict[str, Any]:
        written_at = self._snapshot.written_at
        return {"age_s": None if not written_at else round(max(0.0, time.time() - written_at), 3)}


def _is_over(row: BudgetGuard) -> bool:
    """Tell whether the period that the row is about has ended."""
    if row.resets_at is None:
        return False
    try:
        return datetime.fromisoformat(row.resets_at).timestamp() <= time.time()
    except ValueError:
        return False


def _labels(query: str) -> dict[str, str]:
    return dict(parse_qsl(query[:4_096], max_num_fields=20)) if query else {}

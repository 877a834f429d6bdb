"""How many messages a channel takes in a time; what is more waits and comes in one digest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from store.configuration.durations import format_duration, parse_duration
from store.configuration.section import Section

_LIMIT: Final = re.compile(r"\s*(\d{1,6})\s*/\s*(\w+)\s*")


@dataclass(frozen=True, slots=True)
class RateLimit:
    """So many messages in any stretch of `period`."""

    count: int
    period: timedelta

    @classmethod
    def read(cls, section: Section) -> Self | None:
        """Return the limit that `rate_limit` of a channel writes; None without one."""
        if "rate_limit" not in section:
            section.texts("rate_limit")
            return None
        match = _LIMIT.fullmatch(section.text("rate_limit"))
        try:
            assert match is not None
            limit = cls(int(match[1]), parse_duration(match[2]))
        except (AssertionError, ValueError):
            section.fail("rate_limit", 'is not "COUNT/DURATION"; write "20/1h"')
        if limit.count < 1 or not timedelta(seconds=10) <= limit.period <= timedelta(days=7):
            section.fail("rate_limit", "is out of range; at least 1 message, in 10s to 7d")
        return limit

    def count_free(self, sent_at: Sequence[datetime], now: datetime) -> int:
        """Return how many messages may be sent now."""
        return max(0, self.count - sum(at > now - self.period for at in sent_at))

    def find_next(self, sent_at: Sequence[datetime], now: datetime) -> datetime:
        """Return when the next message may be sent, of a limit that is reached."""
        recent = sorted(at for at in sent_at if at > now - self.period)
        return recent[-self.count] + self.period if len(recent) >= self.count else now

    def describe(self) -> str:
        """Return the limit in words."""
        return f"{self.count} messages in {format_duration(self.period)}"

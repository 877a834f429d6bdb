"""Which stored spans and log records are read again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

ANY: Final = "*"
_FOREVER: Final = timedelta(days=36_500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Spans that started in a period, of one dialect and service or of any."""

    since: datetime | None = None
    until: datetime | None = None
    dialect: str | None = None
    """Its name; empty for spans that no dialect recognises."""
    service: str | None = None

    def parameters(self) -> dict[str, object]:
        """Return the values of the queries' parameters."""
        return {
            "since": self.since or datetime(1970, 1, 1, tzinfo=UTC),
            "until": self.until or datetime(1970, 1, 1, tzinfo=UTC) + 2 * _FOREVER,
            "dialect": ANY if self.dialect is None else self.dialect,
            "service": ANY if self.service is None else self.service,
        }

    def holds(self, dialect: str | None, service: str | None, started_at: datetime) -> bool:
        """Whether a stored span is selected; its start is in UTC without a zone."""
        is_of_dialect = self.dialect is None or (dialect or "") == self.dialect
        return is_of_dialect and self._holds(service, started_at)

    def holds_record(self, service: str | None, logged_at: datetime) -> bool:
        """Whether a stored log record is selected: it is of no dialect; its time is in UTC without a zone."""
        return self.dialect is None and self._holds(service, logged_at)

    def _holds(self, service: str | None, moment: datetime) -> bool:
        at = moment.replace(tzinfo=UTC)
        return (
            (self.since is None or at >= self.since)
            and (self.until is None or at < self.until)
            and (self.service is None or (service or "") == self.service)
        )

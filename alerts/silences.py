"""Silences: for a time, alerts that match are not told; made by people, with a reason, and recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from alerts.figures import format_instant
from alerts.matchers import Matcher, all_match, make_matcher
from alerts.messages.texts import clean_line, clean_text
from store import Control
from store.control import alerting, auditing
from store.errors import ConfigError

_MOST_MATCHERS: Final = 20


@dataclass(frozen=True, slots=True)
class Silence:
    """A silence that holds now."""

    silence_id: int
    matchers: tuple[Matcher, ...]
    ends_at: datetime

    def describe(self) -> str:
        """Return which silence it is and until when."""
        return f"silenced by {self.silence_id} until {format_instant(self.ends_at)}"


def find_silence(silences: Iterable[Silence], labels: Mapping[str, str]) -> Silence | None:
    """Return the matching silence that ends last; None when the alert may be told."""
    matching = [silence for silence in silences if all_match(silence.matchers, labels)]
    return max(matching, key=lambda silence: (silence.ends_at, silence.silence_id), default=None)


def load_silences(connection: Any, now: datetime) -> list[Silence]:
    """Return the silences that hold now; one with a broken matcher silences nothing."""
    silences: list[Silence] = []
    for row in alerting.list_silences(connection, active_at=now):
        try:
            matchers = tuple(make_matcher(m["label"], m["op"], m["value"]) for m in row.matchers)
        except (ConfigError, KeyError):
            continue
        if matchers and row.silence_id is not None:
            silences.append(Silence(row.silence_id, matchers, row.ends_at))
    return silences


def add_silence(
    control: Control,
    matchers: Sequence[Matcher],
    *,
    starts_at: datetime,
    ends_at: datetime,
    author: str,
    comment: str,
    now: datetime,
) -> int:
    """Silence matching alerts, record who did it, and return the silence's id.

    Raises:
        ConfigError: It matches everything, ends before it starts or in the past, or gives no author or comment.
    """
    author, comment = clean_line(author), clean_text(comment)
    _check(matchers, starts_at, ends_at, author, comment, now)
    row = alerting.SilenceRow(
        matchers=[{"label": m.label, "op": m.op, "value": m.value} for m in matchers],
        starts_at=starts_at,
        ends_at=ends_at,
        author=author,
        comment=comment,
    )
    detail = {
        "matchers": [str(matcher) for matcher in matchers],
        "starts_at": starts_at.isoformat(),
        "ends_at": ends_at.isoformat(),
        "comment": comment,
    }
    with control.begin() as connection:
        silence_id = alerting.add_silence(connection, row)
        change = auditing.AuditRow(
            happened_at=now, actor=author, action="silence.add", subject=str(silence_id), detail=detail
        )
        auditing.record_change(connection, change)
    return silence_id


def expire_silence(control: Control, silence_id: int, *, actor: str, now: datetime) -> None:
    """End a silence now and record who did it.

    Raises:
        NotFound: There is no such silence.
    """
    with control.begin() as connection:
        alerting.expire_silence(connection, silence_id, now)
        auditing.record_change(
            connection,
            auditing.AuditRow(
                happened_at=now, actor=clean_line(actor), action="silence.expire", subject=str(silence_id)
            ),
        )


def _check(
    matchers: Sequence[Matcher],
    starts_at: datetime,
    ends_at: datetime,
    author: str,
    comment: str,
    now: datetime,
) -> None:
    if not matchers or len(matchers) > _MOST_MATCHERS:
        raise ConfigError(f"a silence needs 1 to {_MOST_MATCHERS} matchers, not {len(matchers)}")
    if all(matcher.matches({}) for matcher in matchers):
        raise ConfigError(
            "the matchers of the silence match everything; name at least one label with a value"
        )
    if ends_at <= max(starts_at, now):
        end = format_instant(ends_at)
        raise ConfigError(f"the silence would end at {end}, before it begins; give a later end")
    if not author or not comment:
        raise ConfigError("a silence needs an author and a comment; say who and why")

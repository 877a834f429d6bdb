"""What a dialect says about emitters that speak in log records and counters instead of spans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEvents:
    """Log records that become spans of their own, with the event's name and the record's attributes.

    A record of a trace becomes a child of the span it was written in. Of the others, those of one session and turn are
    one trace below the event that begins the turn; where turns have no id, a session is one trace. A record is
    written when what it tells of is over.
    """

    turns: Sequence[str] = ()
    """Events that begin a turn."""
    steps: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """Events within a turn, each with the keys of which it must have one; with none it always counts."""
    session: Sequence[str] = ()
    """Keys that tell sessions apart, in the order they are asked."""
    turn: Sequence[str] = ()
    """Keys that tell the turns of a session apart."""
    length_ms: Sequence[str] = ()
    """Keys with the length of what the record tells of."""
    is_of_span: bool = False
    """The record repeats the span it names: it stands for that span for as long as the span is not here."""

    def names(self) -> tuple[str, ...]:
        """Return the names of all events."""
        return (*self.turns, *self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """Counters of tokens and cost that become one span per session, model and interval.

    The points of one interval are put together: each stands in the span's attributes under the name of its metric, and
    `.` the value of the key `by` where it has one. A cumulative counter is one interval from its start on, whose last
    point counts. What counters say is counted only for sessions of which nothing else tells.
    """

    metrics: Sequence[str]
    by: str = ""
    session: Sequence[str] = ()
    """Keys that tell sessions apart, in the order they are asked."""

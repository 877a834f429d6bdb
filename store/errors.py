"""The one tree of errors.

SpanledgerError
├── ConfigError         a setting, file or command-line value is wrong: the user changes it
├── RejectedData        what a client sent is unusable: it must not send the same again
├── Overloaded          a bound is reached: the client tries again later
├── StoreUnavailable    the database cannot be reached, opened or written now
│   ├── StoreInUse      another process has it
│   └── SchemaMismatch  it was written by another version
├── QueryRejected       an ad-hoc query is not a single SELECT over the views, or broke a limit
├── NotFound            nothing is known by that id
└── DeliveryFailed      a notification did not reach its channel
"""

from __future__ import annotations


class SpanledgerError(Exception):
    """What happened, the value, and the remedy, in one sentence."""


class ConfigError(SpanledgerError):
    """A setting is unknown, of a wrong type, or contradicts another."""


class RejectedData(SpanledgerError):
    """A client sent what cannot be used; sending it again will not help."""


class Overloaded(SpanledgerError):
    """A bound is reached; the same request may succeed after `retry_after_s` seconds."""

    def __init__(self, message: str, *, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class StoreUnavailable(SpanledgerError):
    """The database cannot be reached, opened or written now."""


class StoreInUse(StoreUnavailable):
    """Another process has the database open."""


class SchemaMismatch(StoreUnavailable):
    """The database was written by a version that this one cannot read."""


class QueryRejected(SpanledgerError):
    """An ad-hoc query is not one SELECT over the views, or went over a limit."""


class NotFound(SpanledgerError):
    """Nothing is known by that id."""


class DeliveryFailed(SpanledgerError):
    """A notification did not reach its channel; `retry` says whether trying again can help."""

    def __init__(self, message: str, *, retry: bool, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry = retry
        self.retry_after_s = retry_after_s

"""What one evaluation saw of one group: a verdict and the figures behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a condition stands; the last three say in different ways that it could not be judged."""

    BREACH = "breach"
    BETWEEN = "between"
    """Past the recovery threshold, but not past the alert's: keeps what is, starts nothing."""
    CLEAR = "clear"
    NO_DATA = "no_data"
    """The group was looked at, and there was nothing, or too little, to judge by."""
    MISSING = "missing"
    """The group was there before and is not part of the answer any more."""
    ERROR = "error"
    """The question could not be answered."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A verdict, the value, the threshold it was held against, and one sentence that says so."""

    verdict: Verdict
    reason: str
    value: float | None = None
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """An observation of the group that `labels` name."""

    labels: Mapping[str, str]
    observation: Observation

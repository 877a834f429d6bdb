"""What a user may set about the analytics; every value has a default that suits most installations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from store.figures.dimensions import MAX_KEY_CHARS

MOST_DIMENSIONS: Final = 20


@dataclass(frozen=True)
class AnalyticsSettings:
    """Time-outs, windows and bounds of the data jobs."""

    session_timeout: timedelta = timedelta(hours=72)
    """A session with a conversation id closes after this much silence."""
    run_close: timedelta = timedelta(minutes=5)
    """A run without a conversation id is closed this long after its end."""
    reopen_window: timedelta = timedelta(days=7)
    """The same user back in the same conversation within this time reopens the case."""
    outcome_signals: tuple[str, ...] = ("outcome", "feedback")
    """What decides how a case ended: `outcome` (attributes, and labels called outcome), `feedback` (of users), and
    names of scores: 0.5 and more is resolved, less is failed, a label is the outcome itself."""
    lookback: timedelta = timedelta(hours=24)
    """Spans of a trace are expected within this time of each other."""
    session_tick: timedelta = timedelta(minutes=1)
    """How often sessions whose deadline passed are looked for."""
    dimensions: tuple[str, ...] = ()
    """Attributes of spans or resources that runs and calls keep as dimensions, named `attributes.KEY` in filters;
    at most 20, from then on."""
    rollup_share: float = 0.10
    """Share of the time that rolling up may take; between two rollups it waits accordingly."""
    drift_false_alarms: float = 1.0
    """False drift alarms that the whole installation may raise a month (28 days), divided over its series."""
    job_runs_kept: timedelta = timedelta(days=7)
    """Successful rows of job_runs older than this are deleted."""
    job_errors_kept: timedelta = timedelta(days=30)
    """Failed rows of job_runs older than this are deleted."""

    def __post_init__(self) -> None:
        """Refuse what would make every row carry a copy of its span."""
        if len(self.dimensions) > MOST_DIMENSIONS:
            raise ValueError(
                f"dimensions has {len(self.dimensions)} attributes; keep at most {MOST_DIMENSIONS}"
            )
        for key in self.dimensions:
            if not 0 < len(key) <= MAX_KEY_CHARS:
                raise ValueError(f"dimensions has an attribute of {len(key)} characters; name it as spans do")

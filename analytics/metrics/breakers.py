"""Circuit breakers of tools as seen from outside: a function of what happened, so that a restart forgets nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from analytics.figures import format_share

CLOSED, HALF_OPEN, OPEN = 0, 1, 2


@dataclass(frozen=True)
class Breaker:
    """When a tool's breaker opens."""

    failures_in_a_row: int = 5
    """So many failures of a tool one after the other open its breaker."""
    failure_share: float = 0.5
    """So large a share of failures among `least_calls` or more opens it as well, while the last call failed."""
    least_calls: int = 20
    """Calls within `window` from which the share counts."""
    window: timedelta = timedelta(minutes=10)
    """How far back failures count."""
    cool_down: timedelta = timedelta(minutes=1)
    """After this long without a failure an open breaker is half open: some call may try."""


_in_force = Breaker()


def use_breaker(breaker: Breaker) -> None:
    """Have this process judge tools by `breaker`: what `[guards]` says, which agents that ask are answered by."""
    global _in_force
    _in_force = breaker


def breaker_in_force() -> Breaker:
    """Return what tools are judged by."""
    return _in_force


def say_breaker(breaker: Breaker) -> str:
    """Return in a sentence when it opens and half opens."""
    minutes, cool_s = breaker.window.total_seconds() / 60, breaker.cool_down.total_seconds()
    return (
        f"It opens after {breaker.failures_in_a_row} failures in a row within {minutes:g} minutes, or when "
        f"{format_share(breaker.failure_share)} of at least {breaker.least_calls} calls failed, the last one too; "
        f"{cool_s:g} s after the last failure it is half open."
    )


def judge_breakers(now: pl.Expr, breaker: Breaker) -> pl.Expr:
    """Return the state of rows of `key_events`, `failures`, `streak` and `failed_at`: 0 closed, 1 half open, 2 open.

    >>> calls = {"key_events": [9, 9, 40], "failures": [9, 4, 20], "streak": [9, 4, 1]}
    >>> rows = pl.DataFrame(calls).with_columns(failed_at=pl.datetime(2026, 11, 2, 12))
    >>> rows.select(judge_breakers(pl.datetime(2026, 11, 2, 12, 0, 30), Breaker()).alias("state"))["state"].to_list()
    [2, 0, 2]
    """
    is_row = pl.col("streak") >= breaker.failures_in_a_row
    is_share = (
        (pl.col("key_events") >= breaker.least_calls)
        & (pl.col("failures") >= breaker.failure_share * pl.col("key_events"))
        & (pl.col("streak") > 0)
    )
    is_fresh = now < pl.col("failed_at") + breaker.cool_down
    return pl.when(~(is_row | is_share)).then(CLOSED).when(is_fresh).then(OPEN).otherwise(HALF_OPEN)

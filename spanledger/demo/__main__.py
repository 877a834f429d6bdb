"""Plays the simulation against a running Spanledger; `spanledger demo` starts it."""

from __future__ import annotations

import argparse
import os
import random
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from opentelemetry._logs import SeverityNumber

from spanledger.api.wire import ask
from spanledger.demo.faults import FAULTS, Period
from spanledger.demo.playing import Player
from spanledger.demo.telemetry import Telemetry
from store.clock import Clock, utc_now
from store.configuration.durations import parse_duration
from store.errors import SpanledgerError

_BACKFILL_SPANS = 200_000
_SPANS_PER_RUN = 6.65
_FLUSH_EVERY_RUNS = 4_000
_FAILED_LOUDLY = 0.25
_VISIBLE_WITHIN_S = 600
_JOBS = ("facts", "sessions", "rollups", "days")
"""What all figures of the pages come from."""


class Simulation:
    """Plays history first, then the present, until it is stopped."""

    def __init__(self, telemetry: Telemetry, dice: random.Random, clock: Clock = utc_now) -> None:
        self._telemetry = telemetry
        self._player = Player(telemetry, dice)
        self._dice = dice
        self._clock = clock
        self._stop = threading.Event()

    def pause(self, seconds: float) -> bool:
        """Wait; return whether it was stopped."""
        return self._stop.wait(seconds)

    def stop(self, *_: object) -> None:
        """Let the present run end and play no more."""
        self._stop.set()

    def backfill(self, history: timedelta) -> int:
        """Play the past up to now; return the number of runs. Acknowledged when it returns."""
        now, count = self._clock(), 0
        for count in self._player.history(now - history, now, round(_BACKFILL_SPANS / _SPANS_PER_RUN)):
            if self._stop.is_set():
                break
            if count % _FLUSH_EVERY_RUNS == 0:
                self._telemetry.flush()
        self._telemetry.flush()
        return count

    def live(self, runs_per_s: float) -> None:
        """Play runs that end about now, until stopped."""
        while not self.pause(self._dice.expovariate(runs_per_s)):
            now = self._clock()
            started = now - timedelta(seconds=self._dice.uniform(5, 20))
            duration_s = self._player.play(started, now)
            self._telemetry.runs.add(1)
            self._telemetry.run_duration.record(duration_s)
            if self._dice.random() < _FAILED_LOUDLY / runs_per_s:
                self._telemetry.logger.emit(
                    severity_number=SeverityNumber.INFO,
                    severity_text="INFO",
                    body=f"played a run of {duration_s:.1f} s",
                )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGTERM, SIGINT or the end of the supervisor."""
    options = _parse(arguments)
    if options.life is not None:
        threading.Thread(target=_watch_supervisor, args=(options.life,), daemon=True).start()
    telemetry = Telemetry(http=options.http, grpc=options.grpc)
    simulation = Simulation(telemetry, random.Random(options.seed))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, simulation.stop)
    if options.backfill:
        _fill(simulation, options)
    simulation.live(options.speed)
    telemetry.close()
    return 0


def _fill(simulation: Simulation, options: argparse.Namespace) -> None:
    started, now = time.monotonic(), utc_now()
    print(f"Playing {options.backfill} of history …", flush=True)  # noqa: T201
    runs = simulation.backfill(parse_duration(options.backfill))
    spans, is_settled = wait_until_queryable(options.data, runs, simulation.pause)
    state = "are queryable" if is_settled else "are sent; figures are still being added up"
    print(  # noqa: T201
        f"{spans:,} spans of {runs:,} runs {state} after {time.monotonic() - started:.0f} s."
        " Look for:\n"
        + "".join(f"  · {fault.agent}: {fault.what}, {_say(fault.period(now), now)}\n" for fault in FAULTS)
        + f"Open {options.dashboard}",
        flush=True,
    )


def wait_until_queryable(data_dir: Path, runs: int, pause: Callable[[float], bool]) -> tuple[int, bool]:
    """Return the number of spans once all runs played are in the views and sums, and whether they are.

    `pause` waits for so many seconds and says whether nobody waits any longer.
    """
    deadline, spans = time.monotonic() + _VISIBLE_WITHIN_S, 0
    while time.monotonic() < deadline:
        try:
            status: Any = ask(data_dir, "status", {})
        except SpanledgerError:
            status = {"rows": {"runs": 0, "spans": 0}, "jobs": []}
        spans = status["rows"]["spans"]
        waiting = [
            job for job in status["jobs"] if job["name"] in _JOBS and (job["is_due"] or job["is_running"])
        ]
        if status["rows"]["runs"] >= runs and not waiting:
            return spans, True
        if pause(0.5):
            break
    return spans, False


def _watch_supervisor(life: int) -> None:
    """End at once when the supervisor is gone: exporters would go on trying, and reach whoever listens there next."""
    select.select([life], [], [])
    os._exit(1)


def _say(period: Period, now: datetime) -> str:
    start, until = (f"{at:%a} {at.day} {at:%b %H:%M}" for at in period)
    return f"{start} to {until} UTC" if period[1] <= now else f"since {start} UTC"


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="spanledger.demo")
    parser.add_argument("--http", required=True)
    parser.add_argument("--grpc", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--dashboard", default="")
    parser.add_argument("--backfill")
    parser.add_argument("--life", type=int)
    parser.add_argument("--speed", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=20261121)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())

"""Drift detection: false alarms and delay, against the oracle and against what others run.

`python -m benchmarks drift` or `python benchmarks/drift.py` prints the table and the targets (minutes, one process);
`python benchmarks/drift.py --traffic FILE.parquet --test-from 2026-03-02T00:00:00Z` tries other traffic: every alarm is
a JSON line. Nothing is tuned to a file.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from analytics.drift.seasons import Floats, hour_number, hour_start
from benchmarks.drift_causes import SINGLE, measure_causes
from benchmarks.drift_measure import count_false, find_alarms, measure_clean, measure_delays, measure_step
from benchmarks.drift_model import (
    TOOLS,
    Sample,
    Stream,
    choice,
    cost,
    draw_runs,
    failing,
    latency,
    moved,
    sample,
    slower_tail,
    times,
    tokens,
)
from benchmarks.drift_oracle import Oracle
from benchmarks.drift_others import HOURLY, ONLY_VALUES, Figures, calibrate, delays, river_delays
from benchmarks.drift_public import measure_spikes
from benchmarks.drift_traffic import replay_file
from benchmarks.figures import Figure, write_table
from store.errors import ConfigError, SpanledgerError

SUCCESS, TOOL = failing(0.04), failing(0.02)
MIX, MODELS = choice(*TOOLS), choice(0.7, 0.3)


@dataclass(frozen=True)
class Case:
    """A fault, and what is asked of its detection."""

    stream: Stream
    times_oracle: float | None = None
    missed: float | None = None


def _fault(name: str, kind: str, before: object, after: object, fault: str, **more: object) -> Stream:
    return Stream(name, kind, before, after, fault=fault, **more)  # type: ignore[arg-type]


CASES = (
    Case(_fault("success", "rate", SUCCESS, failing(0.04, 0.03), "-3 pp")),
    Case(_fault("success", "rate", SUCCESS, failing(0.04, 0.05), "-5 pp"), 1.5, 0.05),
    Case(_fault("success", "rate", SUCCESS, failing(0.04, 0.10), "-10 pp"), 1.75),
    Case(_fault("tool failures", "rate", TOOL, failing(0.02, 0.06), "2 to 8 %", per_hour=180.0), 1.8, 0.05),
    Case(_fault("tool failures", "rate", TOOL, failing(0.02, 0.02), "2 to 4 %", per_hour=180.0)),
    Case(_fault("latency", "value", latency, times(latency, 1.5), "p95 x1.5 (all)"), 2.8, 0.05),
    Case(_fault("latency", "value", latency, slower_tail(latency, 0.15, 3.0), "p95 x1.5 (tail)"), 2.0, 0.20),
    Case(_fault("cost", "value", cost, times(cost, 1.3), "cost x1.3"), 1.6, 0.05),
    Case(_fault("tokens", "value", tokens, times(tokens, 1.2), "tokens +20 %"), 1.6, 0.05),
    Case(_fault("tool mix", "category", MIX, choice(*moved(TOOLS, 0.10)), "10 pp move", per_hour=180.0), 2.2),
    Case(_fault("tool mix", "category", MIX, choice(*moved(TOOLS, 0.05)), "5 pp move", per_hour=180.0), 2.2),
    Case(_fault("model", "category", MODELS, choice(0.63, 0.27, 0.10), "10 % to a new one", per_hour=180.0)),
)
PULSE = _fault("success", "rate", SUCCESS, failing(0.04, 0.10), "pulse", lasts=1)
QUIET = tuple({case.stream.name: replace(case.stream, after=None, fault="") for case in CASES}.values())
NOISY = (replace(QUIET[0], day_noise=0.1), replace(QUIET[2], day_noise=0.03))
SLOW = replace(QUIET[0], per_hour=10.0)


def measure_drift(series: int = 60, months: int = 900) -> list[Figure]:
    """Run everything and return the figures with their targets; the table of detectors is printed."""
    figures, limits = _measure_quiet(months)
    rows: list[list[str]] = []
    for number, case in enumerate(CASES):
        figures += _measure_case(case, series, limits, rows, seed=100 + number)
    pulse = sample(PULSE, 4 * series, 3, 77)
    found = measure_delays(find_alarms(pulse), pulse.faults)
    figures.append(Figure("a one-hour -10 pp pulse pages", float(np.mean(found <= 24)), "", at_most=0.15))
    added, optimum = (0.03, 0.05, 0.10), (736.0, 327.0, 112.0)
    between, ratios = measure_clean(added, optimum)
    figures.append(Figure("clean runs between false alarms", between, "runs", at_least=403_200))
    for more, ratio in zip(added, ratios, strict=True):
        figures.append(Figure(f"clean -{more:.0%}: delay over the exact optimum", ratio, "x", at_most=1.10))
    for runs, least in ((300, 0.80), (1_500, 0.95)):
        right = measure_causes(runs, 20)
        single = float(np.mean([right[cause] for cause in SINGLE]))
        figures.append(Figure(f"cause named first, one segment, {runs} runs", single, "", at_least=least))
        figures += [Figure(f"  {cause}, {runs} runs", share, "") for cause, share in right.items()]
    samples = [sample(stream, 20, 1, 9) for stream in (QUIET[0], QUIET[2], QUIET[5], QUIET[1])]
    milliseconds, size = measure_step(samples, 50_000)
    figures.append(Figure("50,000 series stepped by an hour", milliseconds, "ms CPU", at_most=100))
    figures.append(Figure("memory of one series", size, "bytes"))
    _print_table(rows)
    return figures


def _measure_quiet(months: int) -> tuple[list[Figure], dict[tuple[str, str], float]]:
    """Return the figures of false alarms, and the limits at which others raise as many as wanted."""
    figures: list[Figure] = []
    limits: dict[tuple[str, str], float] = {}
    pooled, pooled_months = 0, 0.0
    streams = [*QUIET, SLOW]
    each = max(10, months // (2 * len(streams)) + 1)
    for number, stream in enumerate(streams):
        quiet = sample(stream, each, 56, number)
        count, seen = count_false(find_alarms(quiet), quiet)
        pooled, pooled_months = pooled + count, pooled_months + seen
        name = f"{stream.name} at {stream.per_hour:g}/h"
        figures.append(Figure(f"false alarms a series-month: {name} ({seen:.0f})", count / seen, ""))
        if stream is not SLOW and stream.kind != "category":
            for detector, statistic in HOURLY.items():
                if stream.kind == "value" or detector not in ONLY_VALUES:
                    limits[detector, stream.name] = calibrate(statistic(Figures(quiet)), 28 * 24)
        print(f"  quiet {name}: {count} in {seen:.0f} series-months", flush=True)
    figures.append(
        Figure(
            f"false alarms a series-month, pooled ({pooled_months:.0f})",
            pooled / pooled_months,
            "",
            at_most=0.10,
        )
    )
    for number, stream in enumerate(NOISY):
        noisy = sample(stream, each, 56, 50 + number)
        count, seen = count_false(find_alarms(noisy), noisy)
        name = f"false alarms with days of their own: {stream.name} ({seen:.0f})"
        figures.append(Figure(name, count / seen, "", at_most=0.15))
    return figures, limits


def _measure_case(
    case: Case, series: int, limits: dict[tuple[str, str], float], rows: list[list[str]], seed: int
) -> list[Figure]:
    stream = case.stream
    hit = sample(stream, series, 14, seed)
    ours = measure_delays(find_alarms(hit), hit.faults)
    oracle = Oracle(stream, seed)
    oracle.calibrate(200, seed + 1)
    best = np.array(
        [oracle.delay(*draw_runs(stream, 14, np.random.default_rng((seed, n)))) for n in range(series)]
    )
    label = f"{stream.name} {stream.fault}"
    row = [label, _show(best, None), _show(ours, best)]
    row += _measure_others(stream, hit, limits, best, seed)
    rows.append(row)
    print(f"  {label}: {row[2]} (oracle {row[1]})", flush=True)
    figures = [
        Figure(f"{label}: mean delay", _mean(ours), "h", "oracle", _mean(best), at_most=case.times_oracle),
    ]
    if case.missed is not None:
        figures.append(
            Figure(f"{label}: missed after 24 h", float(np.mean(ours > 24)), "", at_most=case.missed)
        )
    return figures


def _measure_others(
    stream: Stream, hit: Sample, limits: dict[tuple[str, str], float], best: Floats, seed: int
) -> list[str]:
    cells: list[str] = []
    figures = Figures(hit) if stream.kind != "category" else None
    for detector, statistic in HOURLY.items():
        limit = limits.get((detector, stream.name))
        found = None if limit is None or figures is None else delays(statistic(figures), limit, hit)
        cells.append("-" if found is None else _show(found, best))
    quiet = replace(stream, after=None)
    for name in ("ADWIN", "Page-Hinkley"):
        is_asked = stream.fault in ("-5 pp", "-10 pp", "p95 x1.5 (all)", "cost x1.3")
        found = river_delays(name, stream, quiet, months=20, series=15, seed=seed) if is_asked else None
        cells.append("-" if found is None else _show(found, best))
    return cells


def _mean(hours: Floats) -> float:
    """Return the mean delay; what was never found counts as two weeks."""
    return float(np.minimum(hours, 336.0).mean())


def _show(hours: Floats, best: Floats | None) -> str:
    median = float(np.median(hours))
    middle = f"{median:.1f}" if np.isfinite(median) and median < 336 else "miss"
    return middle if best is None else f"{middle} ({_mean(hours) / _mean(best):.2f})"


def _print_table(rows: list[list[str]]) -> None:
    head = [
        "median hours (mean over oracle's)",
        "oracle",
        "Spanledger",
        *HOURLY,
        "ADWIN (river)",
        "Page-Hinkley (river)",
    ]
    table = [head, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    print()
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print(
        "Every column but ours is calibrated to 0.1 false alarms a series-month on the same traffic.\n",
        flush=True,
    )


def main() -> int:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description="Measure drift detection.")
    parser.add_argument(
        "--traffic", type=Path, metavar="FILE.parquet", help="a row per run: series, kind, at, …"
    )
    parser.add_argument(
        "--test-from", metavar="TIME", help="what lies before is history, as 2026-03-02T00:00:00Z"
    )
    parser.add_argument("--series", type=int, default=60, help="series of each fault")
    parser.add_argument("--months", type=int, default=900, help="series-months without a fault")
    parser.add_argument(
        "--public", type=Path, metavar="DIRECTORY", help="labelled CSV series, for the spike monitor"
    )
    arguments = parser.parse_args()
    if (arguments.traffic is None) != (arguments.test_from is None):
        parser.error("--traffic and --test-from belong together")
    if arguments.public is not None:
        print(write_table(measure_spikes(arguments.public)))
        return 0
    if arguments.traffic is None:
        print(write_table(measure_drift(arguments.series, arguments.months)))
        return 0
    try:
        _print_alarms(arguments.traffic, arguments.test_from)
    except SpanledgerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _print_alarms(path: Path, test_from: str) -> None:
    try:
        begin = datetime.fromisoformat(test_from)
    except ValueError as error:
        raise ConfigError(
            f"--test-from {test_from!r} is no time; pass one such as 2026-03-02T00:00:00Z"
        ) from error
    # A test that begins within an hour begins with the next whole one.
    for raised in replay_file(path, hour_number(begin + timedelta(seconds=3599))):
        line = {"series": raised.series, "fired_at": f"{hour_start(raised.hour + 1).isoformat()}Z"}
        print(json.dumps(line, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""`python -m benchmarks [NAME …] [--repeat N]`: measure, and print every figure with its yardstick and target.

Ratios within one run are results; absolute numbers tell about the machine. Nothing else should run meanwhile:
what other processes took is printed with each benchmark.
"""

from __future__ import annotations

import argparse
import importlib
import os
import resource
import sys
import time
import traceback
from collections.abc import Callable

from benchmarks.figures import Figure, take_medians, write_table
from benchmarks.processes import read_machine_cpu_s

BENCHMARKS = {
    "ingest": ("benchmarks.floor", "measure_ingest"),
    "dialects": ("benchmarks.dialects", "measure_dialects"),
    "ack": ("benchmarks.ack", "measure_ack"),
    "whole": ("benchmarks.whole", "measure_whole"),
    "freshness": ("benchmarks.freshness", "measure_freshness"),
    "alerts": ("benchmarks.alerts", "measure_alerts"),
    "guards": ("benchmarks.guards", "measure_guards"),
    "idle": ("benchmarks.idle", "measure_idle"),
    "jobs": ("benchmarks.jobs", "measure_jobs"),
    "queries": ("benchmarks.queries", "measure_queries"),
    "pages": ("benchmarks.pages", "measure_pages"),
    "start": ("benchmarks.start", "measure_start"),
    "repricing": ("benchmarks.repricing", "measure_repricing"),
    "drift": ("benchmarks.drift", "measure_drift"),
    "peers": ("benchmarks.peers", "measure_peers"),
}


def main() -> int:
    """Run the benchmarks that are named, all without names."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure, as ratios within one run."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--repeat", type=int, default=1, help="run each so often and take medians")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    figures: list[Figure] = []
    failed: list[str] = []
    for name in arguments.names or BENCHMARKS:
        module, function = BENCHMARKS[name]
        measure: Callable[[], list[Figure]] = getattr(importlib.import_module(module), function)
        runs: list[list[Figure]] = []
        for turn in range(arguments.repeat):
            print(f"--- {name}, {turn + 1} of {arguments.repeat}", flush=True)
            try:
                runs.append(_watch_others(measure))
            except Exception:  # noqa: BLE001 - the others are still measured
                traceback.print_exc()
                failed.append(name)
        figures += take_medians(runs)
    print(f"\n{write_table(figures)}")
    if failed:
        print(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def _watch_others(measure: Callable[[], list[Figure]]) -> list[Figure]:
    """Measure, and say how busy processes that are not ours kept the machine."""
    began, busy_s, own_s = time.monotonic(), read_machine_cpu_s(), _own_cpu_s()
    figures = measure()
    seconds = time.monotonic() - began
    others_s = read_machine_cpu_s() - busy_s - (_own_cpu_s() - own_s)
    share = max(0.0, others_s) / seconds / (os.cpu_count() or 1)
    print(f"took {seconds:.0f} s; other processes used {share:.0%} of the machine meanwhile", flush=True)
    return figures


def _own_cpu_s() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    sys.exit(main())

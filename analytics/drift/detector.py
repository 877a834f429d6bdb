"""The sequential test: a bank of Shiryaev–Roberts e-detectors, one for each size of change worth a message.

Source: Shin, Ramdas, Rinaldo, "E-detectors: a nonparametric framework for sequential change detection" (2022): with a
correct baseline the mean time between false alarms is at least the threshold, whatever the traffic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.drift.baseline import Baseline, Floats, Ints, group_of

HOURS_BETWEEN_FALSE_ALARMS = 6_720.0
"""0.1 alarms in 28 days and series."""
RUN_FAILURE_STEPS = (0.02, 0.03, 0.05, 0.10, 0.20, 0.40)
TOOL_FAILURE_STEPS = (0.01, 0.02, 0.04, 0.08, 0.20, 0.40)
_HIGHEST_RATE = 0.99
# exp overflows at 709; far below, the alarm has long been raised.
_LARGEST_LOG = 300.0


@dataclass(frozen=True)
class Alarm:
    """The statistic crossed its threshold at the end of an hour."""

    at: int
    """Index of the hour."""
    changed: int
    """Index of the hour in which the change most likely began."""
    evidence: float
    """Statistic over threshold."""


def log_evidence(
    baseline: Baseline, hours: Ints, events: Floats, failures: Floats, steps: Sequence[float]
) -> Floats:
    """Return how much each hour speaks for each change, shape (hours, steps), in nats.

    It is the log-likelihood ratio of the raised rate to the normal one, divided by the dispersion.
    """
    normal = baseline.rates[group_of(hours)][:, None]
    raised = np.minimum(normal + np.asarray(steps)[None, :], _HIGHEST_RATE)
    successes = (events - failures)[:, None]
    gain = failures[:, None] * np.log(raised / normal) + successes * np.log((1 - raised) / (1 - normal))
    return gain / baseline.dispersion


def step(statistics: Floats, gain: Floats) -> Floats:
    """Take one hour's evidence in; both arrays end in the axis of steps, further axes are series.

    >>> step(np.zeros(2), np.log([3.0, 0.5]))
    array([3. , 0.5])
    """
    return np.exp(np.minimum(np.log(statistics + 1.0) + gain, _LARGEST_LOG))


def find_alarms(gain: Floats, statistics: Floats) -> tuple[list[Alarm], Floats]:
    """Run the test over hours; after an alarm it begins anew.

    Returns the alarms in order and the statistics after the last hour. `statistics` are those before the first hour.
    """
    alarms: list[Alarm] = []
    begun = 0
    for hour in range(gain.shape[0]):
        statistics = step(statistics, gain[hour])
        evidence = float(statistics.mean()) / HOURS_BETWEEN_FALSE_ALARMS
        if evidence >= 1.0:
            alarms.append(Alarm(hour, _locate(gain, begun, hour), evidence))
            statistics, begun = np.zeros_like(statistics), hour + 1
    return alarms, statistics


def _locate(gain: Floats, begun: int, hour: int) -> int:
    """Return the start that makes the evidence up to `hour` largest, over all steps: the maximum-likelihood one."""
    backward = np.cumsum(gain[begun : hour + 1][::-1], axis=0)[::-1]
    return begun + int(np.unravel_index(np.argmax(backward), backward.shape)[0])

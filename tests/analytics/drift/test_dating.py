"""When a change began: the interval holds the true hour as often as it says."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.drift.facts import date_change
from analytics.drift.rates import rate_gain


@pytest.mark.parametrize(("rate", "raised", "hours"), [(0.04, 0.09, 12), (0.04, 0.14, 6), (0.02, 0.08, 6)])
def test_the_interval_of_the_start_covers_it_in_nineteen_of_twenty(
    rate: float, raised: float, hours: int
) -> None:
    dice, before, tries = np.random.default_rng(2), 40, 600
    covered = width = 0
    for _ in range(tries):
        seen = dice.poisson(60, before + hours).astype(np.float64)
        is_changed = np.arange(seen.size) >= before
        failed = dice.binomial(seen.astype(np.int64), np.where(is_changed, raised, rate)).astype(np.float64)
        gain = rate_gain(seen, failed, np.full(seen.size, rate), 0.0, np.array([raised - rate]))[:, 0]
        _, earliest, latest = date_change(gain, 0)
        covered += earliest <= before <= latest
        width += latest - earliest + 1
    assert covered >= 0.95 * tries
    assert width / tries <= hours, "narrower than what is known"

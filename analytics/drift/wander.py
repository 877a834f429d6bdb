"""How far the level of a series wanders over days: by how much stretches of days vary more than their hours explain.

A training day is taken for the sum of three: what its hours explain; a mood of its own; and a slow part, whose days
hang together (autoregressive). How large the latter two are and how long the slow part lasts is not chosen but averaged
over its posterior, the level of the window being unknown (restricted likelihood, Patterson and Thompson 1971). So a
month that happened to be calm does not hide a wander, and series whose days are all alike pay next to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from analytics.drift.seasons import Floats

FEWEST_DAYS = 7
_MOODS = np.array([0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 16.0, 64.0, 256.0])
"""Variance of days' moods over what hours explain."""
_SLOW = np.array([0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 16.0, 64.0, 256.0])
"""Variance of the slow part over the same."""
_LASTING = (0.5, 0.7, 0.85, 0.93)
"""Correlation of one day's slow part with the next: half-lives of one day to ten."""
_NO_MOODS, _NOT_SLOW = 0.6, 0.6
"""Probabilities, before the data, that there are none."""


def measure_wander(days: Floats, lengths: Sequence[int]) -> Floats:
    """Return by what factor stretches of so many days vary beyond their hours, shape (lengths, columns).

    `days` holds in each row the surprise of one day over what its hours explain, as a standard deviation.

    >>> dice = np.random.default_rng(0)
    >>> calm = dice.normal(size=(28, 400))
    >>> measure_wander(calm, (1, 2, 4, 7)).mean(axis=1).round(1)  # 1 if there were nothing else
    array([1.1, 1.2, 1.3, 1.5])
    >>> measure_wander(calm + 2 * np.sin(np.arange(28) / 4)[:, None], (1, 2, 4, 7)).mean(axis=1).round()
    array([ 4.,  6., 10., 15.])
    """
    chances: list[Floats] = []
    for lasting in _LASTING:
        parts, precision, prior = _list_models(days.shape[0], lasting)
        chances.append(prior[:, None] - 0.5 * precision @ (parts @ days) ** 2)
    chance = np.concatenate(chances)
    chance = np.exp(chance - chance.max(axis=0))
    return _list_growths(tuple(lengths)) @ (chance / chance.sum(axis=0))


def measure_level(surprise: Floats, explained: Floats) -> float:
    """Return by what factor the level of all days varies beyond their hours; arrays are by day, `explained` variances.

    >>> round(measure_level(np.array([1.0, -1.0] * 14), np.ones(28)), 1)
    1.2
    """
    if surprise.size < FEWEST_DAYS:
        return max(1.0, float(np.sum(surprise**2)) / max(float(explained.sum()), 1e-12))
    days = surprise / np.sqrt(np.maximum(explained, 1e-12))
    return float(measure_wander(days[:, None], (surprise.size,))[0, 0])


@cache
def _list_models(count: int, lasting: float) -> tuple[Floats, Floats, Floats]:
    """Return what days are split into, contrasts by their slowness, and of each model their precision and its prior.

    The prior holds the determinant of the model's covariance, so that it needs only the fit to become a posterior.
    """
    contrasts = np.linalg.qr(np.column_stack([np.ones(count), np.eye(count)[:, 1:]]))[0][:, 1:]
    distance = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
    sizes, vectors = np.linalg.eigh(contrasts.T @ (lasting**distance) @ contrasts)
    variance = 1 + _MOODS[:, None, None] + _SLOW[None, :, None] * np.maximum(sizes, 0.0)
    variance = variance.reshape(-1, sizes.size)
    moods = np.where(_MOODS == 0, _NO_MOODS, (1 - _NO_MOODS) / (_MOODS.size - 1))
    slow = np.where(_SLOW == 0, _NOT_SLOW, (1 - _NOT_SLOW) / (_SLOW.size - 1))
    prior = np.log(np.outer(moods, slow)).ravel() - 0.5 * np.log(variance).sum(axis=1)
    return (contrasts @ vectors).T, 1 / variance, prior


@cache
def _list_growths(lengths: tuple[int, ...]) -> Floats:
    """Return by what factor stretches of so many days vary in each model, shape (lengths, models)."""
    growths: list[Floats] = []
    for lasting in _LASTING:
        slow = np.outer(_SLOW, [_grow(lasting, length) for length in lengths])
        growths.append((1 + _MOODS[:, None, None] + slow[None, :, :]).reshape(-1, len(lengths)))
    return np.concatenate(growths).T


def _grow(lasting: float, length: int) -> float:
    """Return the variance of the sum of a slow part over so many days, over that of as many independent ones."""
    apart = np.arange(1, length)
    return float(1 + 2 * np.sum((1 - apart / length) * lasting**apart))

"""Point estimates with 95% percentile bootstrap intervals, and the exact McNemar test. Seeded: always the same.

Variants of one question are not independent, so whole families of them are resampled. A statistic takes the
weights of a resample (how often each item was drawn), shape (resamples, items), and gives one value for each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

SEED = 20260126
RESAMPLES = 2000
_BLOCK = 250
_DIGITS = 6
"""Estimates are rounded to this many places, below which sums may differ from one machine to another."""

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], Floats]


class Estimate(BaseModel):
    """A value with its 95% interval, over n items. All None where there is nothing to measure."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    value: float | None
    low: float | None
    high: float | None
    n: int


class Bootstrap:
    """The same resamples of a list of items for every statistic, so that metrics can be compared."""

    def __init__(self, families: Sequence[str]) -> None:
        self._size = len(families)
        order = {family: n for n, family in enumerate(dict.fromkeys(families))}
        self._family = np.array([order[family] for family in families], dtype=np.intp)
        self._families = len(order)

    def estimate(self, statistic: Statistic, n: int) -> Estimate:
        """The statistic over all items once, and the middle 95% of its values over the resamples."""
        if not n:
            return Estimate(value=None, low=None, high=None, n=0)
        with np.errstate(invalid="ignore", divide="ignore"):  # a resample without any of the items
            value = statistic(np.ones((1, self._size)))[0]
            resampled = np.concatenate([statistic(weights.astype(np.float64)) for weights in self._resamples])
        known = resampled[~np.isnan(resampled)]
        if math.isnan(value) or not known.size:
            return Estimate(value=None, low=None, high=None, n=n)
        low, high = np.percentile(known, (2.5, 97.5))
        return Estimate(
            value=round(float(value), _DIGITS),
            low=round(float(low), _DIGITS),
            high=round(float(high), _DIGITS),
            n=n,
        )

    def mean(self, values: Sequence[float | bool | None]) -> Estimate:
        """The mean of the values that there are."""
        known, filled = _split(values)
        return self.estimate(lambda weights: (weights @ filled) / (weights @ known), int(known.sum()))

    def total(self, values: Sequence[float | None]) -> Estimate:
        """The sum of the values that there are."""
        known, filled = _split(values)
        return self.estimate(lambda weights: weights @ filled, int(known.sum()))

    def ratio(self, numerator: Sequence[float], denominator: Sequence[float]) -> Estimate:
        """One sum over another, n being the latter."""
        above, below = np.array(numerator, dtype=float), np.array(denominator, dtype=float)
        return self.estimate(
            lambda weights: (weights @ above) / (weights @ below), int(np.count_nonzero(below))
        )

    def percentile(self, values: Sequence[float | None], q: float) -> Estimate:
        """The smallest value that at least q percent of the values do not exceed (nearest rank)."""
        at = [n for n, value in enumerate(values) if value is not None]
        at.sort(key=lambda n: values[n] or 0.0)
        ordered = np.array([values[n] for n in at], dtype=float)

        def statistic(weights: Floats) -> Floats:
            reached = np.cumsum(weights[:, at], axis=1)
            wanted = np.maximum(np.ceil(reached[:, -1:] * q / 100), 1)
            found: Floats = ordered[np.argmax(reached >= wanted, axis=1)]
            found[reached[:, -1] == 0] = np.nan
            return found

        return self.estimate(statistic, len(at))

    def auroc(self, scores: Sequence[float | None], labels: Sequence[bool]) -> Estimate:
        """The chance that a positive has a higher score than a negative; ties count half (Mann-Whitney)."""
        positive = [n for n, score in enumerate(scores) if score is not None and labels[n]]
        negative = [n for n, score in enumerate(scores) if score is not None and not labels[n]]
        if not positive or not negative:
            return Estimate(value=None, low=None, high=None, n=len(positive) + len(negative))
        ours = np.array([scores[n] for n in positive], dtype=float)[:, None]
        theirs = np.array([scores[n] for n in negative], dtype=float)[None, :]
        wins = (ours > theirs) + 0.5 * (ours == theirs)

        def statistic(weights: Floats) -> Floats:
            up, down = weights[:, positive], weights[:, negative]
            won: Floats = ((up @ wins) * down).sum(axis=1)
            won /= up.sum(axis=1) * down.sum(axis=1)
            return won

        return self.estimate(statistic, len(positive) + len(negative))

    @cached_property
    def _resamples(self) -> list[NDArray[np.uint16]]:
        rng = np.random.default_rng(SEED)
        even = np.full(self._families, 1 / self._families)
        return [
            rng.multinomial(self._families, even, size=_BLOCK)[:, self._family].astype(np.uint16)
            for _ in range(RESAMPLES // _BLOCK)
        ]


def _split(values: Sequence[float | bool | None]) -> tuple[Floats, Floats]:
    known = np.array([value is not None for value in values], dtype=float)
    return known, np.array([value or 0.0 for value in values], dtype=float)


def mcnemar(fixed: int, broken: int) -> float:
    """Two-sided exact p that `fixed` against `broken` changes come from a fair coin."""
    changes = fixed + broken
    tail = sum(math.comb(changes, k) for k in range(min(fixed, broken) + 1))
    return float(min(1.0, 2 * tail / 2**changes))

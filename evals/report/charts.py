"""What the charts of a report draw, as plain numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from evals.report.labels import milliseconds

STEPS = 20
"""Bars of the latency histogram."""


class Bar(NamedTuple):
    """One type of question in the chart."""

    label: str
    value: float
    low: float
    high: float
    n: int


class Bin(NamedTuple):
    """Answers of about the same confidence: its mean, and the share that was right."""

    confidence: float
    right: float
    n: int
    radius: float


class Mark(NamedTuple):
    """A line in the histogram, `at` being a share of its width."""

    at: float
    label: str


class Latency(NamedTuple):
    """The histogram: counts of equal steps from 0 to `end` milliseconds, and the highest of them."""

    counts: list[int]
    most: int
    end: float
    marks: list[Mark]


def calibration(answers: Sequence[tuple[float, bool]], bins: int = 8) -> list[Bin]:
    """Confidence against being right, in bins of about as many answers each."""
    ordered = sorted(answers)
    found = []
    for i in range(bins):
        part = ordered[len(ordered) * i // bins : len(ordered) * (i + 1) // bins]
        if part:
            mean = sum(confidence for confidence, _ in part) / len(part)
            right = sum(correct for _, correct in part) / len(part)
            found.append(Bin(mean, right, len(part), round(3 + 6 * math.sqrt(len(part) / len(ordered)), 1)))
    return found


def latency(times: Sequence[float], bins: int = STEPS) -> Latency | None:
    """How the times are spread, up to about the 98th of a hundred; the last bin holds the slower ones too."""
    if not times:
        return None
    ordered = sorted(times)
    end = _round_up(max(quantile(ordered, 0.98), 1e-3))
    counts = [0] * bins
    for time in ordered:
        counts[min(bins - 1, int(time / end * bins))] += 1
    marks = [
        Mark(min(1.0, at / end), f"{name} {milliseconds(at)}")
        for name, at in (("中央値", quantile(ordered, 0.5)), ("95%", quantile(ordered, 0.95)))
    ]
    return Latency(counts, max(counts), end, marks)


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value that this share of the sorted values does not exceed."""
    return ordered[min(len(ordered) - 1, max(0, math.ceil(share * len(ordered)) - 1))]


def _round_up(value: float) -> float:
    """To 1, 1.5, 2, 3, 5 or 7 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.5, 2, 3, 5, 7, 10) if value <= step * power * (1 + 1e-9))

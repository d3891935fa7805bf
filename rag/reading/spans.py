"""Which run of pieces answers best, given a score for each piece to begin and to end the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rag.reading.encoding import Pieces
from rag.types import ScoredSpan

LONGEST = 64
"""Pieces of the longest answer that is found; of 31,715 in JaQuAD one is longer."""

Logits = NDArray[np.float32]


class PieceSpan(NamedTuple):
    """First and last piece of an answer, and the sum of their logits."""

    first: int
    last: int
    score: float


class ReadWindow(NamedTuple):
    """What the model said of one window. `starts`, `ends`: one logit a piece; `nothing`: of "no answer here"."""

    pieces: Pieces
    starts: Logits
    ends: Logits
    nothing: float
    relevance: float
    answerable: float


@dataclass(frozen=True)
class PassageReading:
    """What the model made of one passage, window by window; there is at least one."""

    windows: tuple[ReadWindow, ...]

    @property
    def relevance(self) -> float:
        """Whether the passage is about what is asked: the best of its windows."""
        return max(window.relevance for window in self.windows)

    @property
    def answerable(self) -> float:
        """Whether the passage holds an answer: the best of its windows."""
        return max(window.answerable for window in self.windows)

    def best(self, start: int, end: int) -> ScoredSpan | None:
        """The best span inside of `text[start:end]`, or None where no whole word is."""
        found = [span for window in self.windows if (span := _best_within(window, start, end))]
        return max(found, key=lambda span: span.score, default=None)


def _best_within(window: ReadWindow, start: int, end: int) -> ScoredSpan | None:
    first = int(np.searchsorted(window.pieces.starts, start))
    stop = int(np.searchsorted(window.pieces.ends, end, "right"))
    if first >= stop:
        return None
    span = best_span(window.starts[first:stop], window.ends[first:stop])
    return ScoredSpan(
        int(window.pieces.starts[first + span.first]),
        int(window.pieces.ends[first + span.last]),
        span.score - window.nothing,
    )


def best_span(start: Logits, end: Logits, longest: int = LONGEST) -> PieceSpan:
    """The best run of at most `longest` pieces; both arrays have one logit a piece and are not empty.

    The earliest of equally good runs. Takes time in proportion to pieces times `longest`.
    """
    count = len(start)
    longest = min(longest, count)
    padded = np.full(count + longest - 1, -np.inf, np.float32)
    padded[:count] = end
    ends = np.lib.stride_tricks.sliding_window_view(padded, longest)
    last = ends.argmax(1)
    totals = start + ends[np.arange(count), last]
    first = int(totals.argmax())
    return PieceSpan(first, first + int(last[first]), float(totals[first]))

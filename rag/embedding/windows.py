"""Long texts: cut into pieces for the tokenizer, and token ids into windows for the model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from rag.types import Vector, Vectors

SLICE = 20_000
"""Characters that are tokenized at once; bounds memory (a token costs about 100 bytes while tokenizing)."""

_BREAK = re.compile(r"[\s。!?.]")


def slices(text: str, size: int = SLICE) -> Iterator[str]:
    """Consecutive parts of at most `size` characters, cut after white space or a sentence end if possible."""
    start = 0
    while len(text) - start > size:
        end = _last_break(text, start + size // 2, start + size)
        yield text[start:end]
        start = end
    yield text[start:]


def halve(text: str) -> tuple[str, str]:
    """Two parts of a text of at least two characters, cut near the middle as in `slices`."""
    middle = (len(text) + 1) // 2
    cut = _last_break(text, max(1, middle // 2), middle)
    return text[:cut], text[cut:]


def _last_break(text: str, start: int, end: int) -> int:
    """Where to cut in `[start, end)`: after the last break, or at `end` if there is none."""
    breaks = [match.end() for match in _BREAK.finditer(text, start, end)]
    return breaks[-1] if breaks else end


def windows(ids: NDArray[np.int64], size: int) -> list[NDArray[np.int64]]:
    """Consecutive runs of nearly equal length, at most `size`; one empty run for no ids.

    Equal lengths keep a text of 511 tokens from giving one token a window, and a say, of its own.
    """
    count = max(1, -(-len(ids) // size))
    edges = [len(ids) * number // count for number in range(count + 1)]
    return [ids[start:end] for start, end in pairwise(edges)]


def pool(vectors: Vectors, lengths: list[int]) -> Vector:
    """Mean of window vectors, shape (n, dimension), weighted by their lengths in tokens, at unit length."""
    if len(vectors) == 1:
        return np.asarray(vectors[0])
    mean = np.asarray(lengths, np.float64) @ vectors
    norm = np.linalg.norm(mean)
    # Opposite windows could cancel out; a unit vector is promised all the same.
    return np.asarray(mean / norm if norm > 0 else vectors[0], np.float32)

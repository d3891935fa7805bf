"""The reader in plain numpy float32: what the built model is compared with."""

from __future__ import annotations

import numpy as np

from rag.reading.encoding import Input

from .reader_weights import ReaderWeights
from .reference import Reference
from .weights import Dense, FloatArray


class ReaderReference:
    """Reads one passage at a time, slowly and plainly."""

    def __init__(self, weights: ReaderWeights) -> None:
        self._weights = weights
        self._encoder = Reference(weights.encoder)

    def read(self, one: Input) -> tuple[FloatArray, FloatArray]:
        """Logits of all tokens to begin and end the answer, (n, 2), and the two of the passage, (2,)."""
        x = self._encoder.hidden(one.ids.tolist(), self._weights.segments[one.segments])
        return _apply(x, self._weights.span), _apply(x[0], self._weights.passage)


def _apply(x: FloatArray, dense: Dense) -> FloatArray:
    return np.asarray(x @ dense.weight.floats().T + dense.bias, np.float32)

"""The span reader as a reranker: whether a passage is about the question is the second thing it was trained to say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rag.protocols import Reader
from rag.types import Passage


class ReadingReranker:
    """Orders by a reader's `relevance`. As quick, as exact and as safe to share as the reader."""

    def __init__(self, reader: Reader, model_id: str) -> None:
        self._reader = reader
        self.model_id = model_id

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """How relevant each text is, 0 to 1 (the sigmoid of the reader's logit)."""
        readings = self._reader.read(question, [Passage(text) for text in texts])
        return [float(1 / (1 + np.exp(-reading.relevance))) for reading in readings]

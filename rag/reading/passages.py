"""Read passages with any engine: cut into windows what is too long, and lead logits back to places in the text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from rag.reading.encoding import Input, Pieces, assemble, pieces, room, windows
from rag.reading.spans import PassageReading, ReadWindow
from rag.types import Passage

if TYPE_CHECKING:
    from tokenizers import Tokenizer

OVERLAP = 96
"""Pieces that neighbouring windows of a long passage share, more than any answer has."""


class ReadingEngine(Protocol):
    """A reader's network: for each pair of ids and segments the logits of its tokens and of the passage."""

    def run(self, inputs: Sequence[Sequence[NDArray[np.int64]]]) -> Sequence[Sequence[NDArray[np.float32]]]:
        """For each input of n tokens two arrays: begin and end, (n, 2); relevance and answerable, (2,)."""


class PassageReader:
    """An engine with the tokenizer it was trained with, made for whole words."""

    def __init__(self, engine: ReadingEngine, tokenizer: Tokenizer) -> None:
        self._engine = engine
        self._tokenizer = tokenizer

    def read(self, question: str, passages: Sequence[Passage]) -> list[PassageReading]:
        """One reading a passage, in order."""
        asked = pieces(question, self._tokenizer)
        cut = [self._inputs(asked, passage) for passage in passages]
        flat = [one for inputs in cut for one, _ in inputs]
        outputs = self._engine.run([(one.ids, one.segments) for one in flat])
        edges = accumulate((len(inputs) for inputs in cut), initial=0)
        return [
            PassageReading(
                tuple(
                    _window(one, part, spans, judged)
                    for (one, part), (spans, judged) in zip(inputs, outputs[start:end], strict=True)
                )
            )
            for inputs, (start, end) in zip(cut, pairwise(edges), strict=True)
        ]

    def _inputs(self, asked: Pieces, passage: Passage) -> list[tuple[Input, Pieces]]:
        """The passage in windows of equal length, each with the question and the title in front."""
        title = pieces(passage.title, self._tokenizer)
        body = pieces(passage.text, self._tokenizer)
        runs = windows(len(body.ids), room(asked.ids, title.ids), OVERLAP)
        parts = [body.part(start, end) for start, end in runs]
        return [(assemble(asked.ids, title.ids, part.ids), part) for part in parts]


def _window(one: Input, part: Pieces, spans: NDArray[np.float32], judged: NDArray[np.float32]) -> ReadWindow:
    inside = slice(one.first, one.first + len(part.ids))
    starts, ends = spans[inside].T
    return ReadWindow(part, starts, ends, float(spans[0].sum()), float(judged[0]), float(judged[1]))

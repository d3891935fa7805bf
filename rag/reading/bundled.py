"""The trained reader in 4 bits, shipped with the package: one pass finds the span, ranks and doubts.

Built by `scripts/build_reader_model.py`; where it comes from and what it reaches is in `docs/reader-model.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np

from rag.errors import ReadingError
from rag.inference import ModelFolder, PerProcess, available_cores
from rag.reading.encoding import END, START, Input, Pieces, assemble, pieces, room, whole_words, windows
from rag.reading.spans import PassageReading, ReadWindow
from rag.types import Passage

MODEL_FOLDER = Path(__file__).parent / "model"
TEXT_RULES = 1
"""Goes into the model id. Raise it when pieces, windows or the form of the input change."""

OVERLAP = 96
"""Pieces that neighbouring windows of a long passage share, more than any answer has."""

_SHORTEST = (np.array([START, END, END], np.int64), np.zeros(3, np.int64))


class BundledReader:
    """Reads with the model in the package; safe to share between threads and to use after a fork.

    `threads`: how many passages are read at the same time, None for one per available core; it changes no
    result. Construction is cheap. The first call (or `load`) reads the files and compares their SHA-256; it
    raises ReadingError when one is missing or damaged.
    """

    def __init__(self, folder: Path = MODEL_FOLDER, *, threads: int | None = None) -> None:
        count = threads or available_cores()
        self._files = ModelFolder(
            folder, "同梱の読解モデル", "python scripts/build_reader_model.py", ReadingError
        )
        self._model = PerProcess(lambda: self._files.load(lambda: _Model(self._files, count)))

    @property
    def model_id(self) -> str:
        """Name and hash of the model files and text rules; equal ids give equal readings."""
        return f"{self._files.manifest['model']}@{self._files.revision(TEXT_RULES)}"

    def read(self, question: str, passages: Sequence[Passage]) -> list[PassageReading]:
        """One reading a passage, in order. Passages too long for the model are read in overlapping windows."""
        return self._model.get().read(question, passages) if passages else []

    def load(self) -> None:
        """Read and verify the model now instead of at the first call."""
        self._model.get()


class _Model:
    """Tokenizer and engine of one process."""

    def __init__(self, files: ModelFolder, threads: int) -> None:
        with ThreadPoolExecutor(1) as aside:
            tokenizer = aside.submit(files.tokenizer)
            self._engine = files.engine(threads, _SHORTEST)
            self._tokenizer = whole_words(tokenizer.result())

    def read(self, question: str, passages: Sequence[Passage]) -> list[PassageReading]:
        """One reading a passage, in order."""
        asked = self._pieces(question)
        cut = [self._inputs(asked, passage) for passage in passages]
        flat = [one for inputs in cut for one, _ in inputs]
        outputs = self._engine.run([(one.ids, one.segments) for one in flat])
        edges = list(accumulate((len(inputs) for inputs in cut), initial=0))
        readings = []
        for inputs, (start, end) in zip(cut, pairwise(edges), strict=True):
            read = zip(inputs, outputs[start:end], strict=True)
            readings.append(
                PassageReading(
                    tuple(_window(one, part, spans, judged) for (one, part), (spans, judged) in read)
                )
            )
        return readings

    def _inputs(self, asked: Pieces, passage: Passage) -> list[tuple[Input, Pieces]]:
        """The passage in windows of nearly equal length, each with the question and the title in front."""
        title = self._pieces(passage.title)
        body = self._pieces(passage.text)
        runs = windows(len(body.ids), room(asked.ids, title.ids), OVERLAP)
        parts = [body.part(start, end) for start, end in runs]
        return [(assemble(asked.ids, title.ids, part.ids), part) for part in parts]

    def _pieces(self, text: str) -> Pieces:
        return pieces(text, self._tokenizer)


def _window(one: Input, part: Pieces, spans: np.ndarray, judged: np.ndarray) -> ReadWindow:
    inside = slice(one.first, one.first + len(part.ids))
    nothing = float(spans[0].sum())
    start, end = spans[inside].T
    return ReadWindow(part, start, end, nothing, float(judged[0]), float(judged[1]))

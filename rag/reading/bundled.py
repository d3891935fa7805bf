"""The trained reader in 8 bits, shipped with the package: one pass finds the span, ranks and doubts.

Built by `scripts/build_reader_model.py`; where it comes from and what it reaches is in `docs/reader-model.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from rag.errors import ReadingError
from rag.inference import ModelFolder, PerProcess, available_cores
from rag.reading.encoding import END, START, whole_words
from rag.reading.passages import PassageReader
from rag.reading.spans import PassageReading
from rag.types import Passage

MODEL_FOLDER = Path(__file__).parent / "model"
TEXT_RULES = 1
"""Goes into the model id. Raise it when pieces, windows or the form of the input change."""

_SHORTEST = (np.array([START, END, END], np.int64), np.zeros(3, np.int64))
_NAME = ("同梱の読解モデル", "the reading model in the package")


class BundledReader:
    """Reads with the model in the package; safe to share between threads and to use after a fork.

    `threads`: how many passages are read at the same time, None for one per available core; it changes no
    result. Construction is cheap. The first call (or `load`) reads the files and compares their SHA-256; it
    raises ReadingError when one is missing or damaged.
    """

    def __init__(self, folder: Path = MODEL_FOLDER, *, threads: int | None = None) -> None:
        self._threads = threads or available_cores()
        self._files = ModelFolder(folder, _NAME, "python scripts/build_reader_model.py", ReadingError)
        self._model = PerProcess(lambda: self._files.load(self._make))

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

    def _make(self) -> PassageReader:
        with ThreadPoolExecutor(1) as aside:
            tokenizer = aside.submit(self._files.tokenizer)
            engine = self._files.engine(self._threads, _SHORTEST)
            return PassageReader(engine, whole_words(tokenizer.result()))

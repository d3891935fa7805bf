"""The default embedder: multilingual-e5-small for Japanese and English in 4 bits, shipped with the package.

Every text is run by itself on one thread: nothing is padded, so a vector depends neither on the other texts
of a call nor on the number of threads. Several texts run side by side, one a core.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.embedding.windows import pool, slices, windows
from rag.errors import EmbeddingError
from rag.inference import Engine, ModelFolder, PerProcess, available_cores
from rag.model_text import clean
from rag.types import Vectors

MODEL_FOLDER = Path(__file__).parent / "model"
MAX_TOKENS = 512
_NAME = ("同梱の埋め込みモデル", "the embedding model in the package")
DIMENSION = 384
TEXT_RULES = 1
"""Goes into the model id. Raise it when cleaning, prefixes or windows change."""

_START, _END = 0, 2
_SHORTEST = (np.array([_START, _END], np.int64),)
_QUERY, _DOCUMENT = "query:", "passage:"
_TEXTS_AT_ONCE = 64
_WORTH_THREADS = 16
"""Windows in one call from which on a second engine is worth its half second of loading."""


class BundledEmbedder:
    """Embeds with the model in the package; safe to share between threads and to use after a fork.

    `threads`: how many texts are embedded at the same time, None for one per available core; it changes no
    vector. Construction is cheap. The first call (or `load`) reads the files and compares their SHA-256; it
    raises EmbeddingError when one is missing or damaged.
    """

    def __init__(self, folder: Path = MODEL_FOLDER, *, threads: int | None = None) -> None:
        self._threads = threads or available_cores()
        script = "python scripts/build_bundled_model.py"
        self._files = ModelFolder(folder, _NAME, script, EmbeddingError)
        self._model = PerProcess(lambda: self._files.load(lambda: _Model(self._files, self._threads)))

    @property
    def model_id(self) -> str:
        """Name and hash of the model files and text rules; equal ids give equal vectors."""
        return f"{self._files.manifest['model']}@{self._files.revision(TEXT_RULES)}"

    @property
    def dimension(self) -> int:
        """Length of a vector: 384."""
        return DIMENSION

    @property
    def unrelated_cosine(self) -> float:
        """e5 vectors of unrelated texts have a cosine of about .70 to .76; counted from the lower end."""
        return 0.70

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of passages, shape (len(texts), 384). Long texts are embedded window by window."""
        return self._embed(texts, _DOCUMENT)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of questions, shape (len(texts), 384)."""
        return self._embed(texts, _QUERY)

    def load(self) -> None:
        """Read and verify the model now instead of at the first call."""
        self._loaded()

    def _embed(self, texts: Sequence[str], prefix: str) -> Vectors:
        vectors = np.empty((len(texts), DIMENSION), np.float32)
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            part = texts[start : start + _TEXTS_AT_ONCE]
            vectors[start : start + len(part)] = self._loaded().embed(part, prefix)
        return vectors

    def _loaded(self) -> _Model:
        return self._model.get()


class _Model:
    """Tokenizer and engine of one process."""

    def __init__(self, files: ModelFolder, threads: int) -> None:
        self._files = files
        self._threads = threads
        self._wide_lock = threading.Lock()
        self._wide: Engine | None = None
        with ThreadPoolExecutor(1) as aside:
            tokenizer = aside.submit(files.tokenizer)
            self._narrow = files.engine(1, _SHORTEST)
            self._tokenizer = tokenizer.result()
        self._prefixes = {prefix: self._ids(prefix) for prefix in (_QUERY, _DOCUMENT)}

    def embed(self, texts: Sequence[str], prefix: str) -> Vectors:
        """Unit vectors of the texts, shape (len(texts), 384)."""
        windows_of = [self._windows(clean(text), prefix) for text in texts]
        sequences = [(ids,) for windows_ in windows_of for ids in windows_]
        flat = np.stack([vector for (vector,) in self._engine_for(len(sequences)).run(sequences)])
        ends = np.cumsum([len(windows_) for windows_ in windows_of])
        parts = np.split(flat, ends[:-1])
        return np.stack(
            [pool(part, [len(ids) for ids in own]) for part, own in zip(parts, windows_of, strict=True)]
        )

    def _engine_for(self, count: int) -> Engine:
        """One thread loads faster, and a question needs no more; documents get all of them."""
        if self._threads == 1 or count < (2 if self._wide else _WORTH_THREADS):
            return self._narrow
        with self._wide_lock:
            self._wide = self._wide or self._files.engine(self._threads, _SHORTEST)
            return self._wide

    def _windows(self, text: str, prefix: str) -> list[NDArray[np.int64]]:
        """Token ids of each window: <s>, prefix, a part of the text, </s>."""
        start = [_START, *self._prefixes[prefix]]
        room = MAX_TOKENS - len(start) - 1
        ids = np.concatenate([np.array(self._ids(part), np.int64) for part in slices(text)])
        return [np.concatenate([start, part, [_END]]).astype(np.int64) for part in windows(ids, room)]

    def _ids(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=False).ids

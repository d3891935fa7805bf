"""The default embedder: multilingual-e5-small for Japanese and English in 4 bits, shipped with the package.

Every text is run by itself on one thread: nothing is padded, so a vector depends neither on the other texts
of a call nor on the number of threads. Several texts run side by side, one a core.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from rag.embedding.openvino_engine import OpenVinoEngine, damaged, read_manifest, verify
from rag.embedding.text import clean
from rag.embedding.windows import pool, slices, windows
from rag.types import Vectors

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MODEL_FOLDER = Path(__file__).parent / "model"
MAX_TOKENS = 512
DIMENSION = 384
TEXT_RULES = 1
"""Goes into the model id. Raise it when cleaning, prefixes or windows change."""

_START, _END = 0, 2
_QUERY, _DOCUMENT = "query:", "passage:"
_TEXTS_AT_ONCE = 64
_WORTH_THREADS = 24
"""Windows in one call from which on a second engine is worth its half second of loading."""


class BundledEmbedder:
    """Embeds with the model in the package; safe to share between threads and to use after a fork.

    `threads`: how many texts are embedded at the same time, None for one per available core; it changes no
    vector. Construction is cheap. The first call (or `load`) reads the files and compares their SHA-256; it
    raises EmbeddingError when one is missing or damaged.
    """

    def __init__(self, folder: Path = MODEL_FOLDER, *, threads: int | None = None) -> None:
        self._folder = folder
        self._threads = threads or _available_cores()
        self._manifest = read_manifest(folder)
        self._model: _Model | None = None
        self._lock = threading.Lock()
        self._pid = os.getpid()

    @property
    def model_id(self) -> str:
        """Name and hash of the model files and text rules; equal ids give equal vectors."""
        digests = [str(entry["sha256"]) for _, entry in sorted(self._manifest["files"].items())]
        revision = hashlib.sha256(f"{TEXT_RULES}:{':'.join(digests)}".encode()).hexdigest()[:12]
        return f"{self._manifest['model']}@{revision}"

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
        if self._pid != os.getpid():
            # A forked child has none of the engine's threads, and a lock that may be held for ever.
            self._lock, self._model, self._pid = threading.Lock(), None, os.getpid()
        with self._lock:
            if self._model is None:
                with ThreadPoolExecutor(1) as aside:  # hashing takes 40 ms of the second core
                    verified = aside.submit(verify, self._folder, self._manifest)
                    try:
                        model = _Model(self._folder, self._threads)
                    finally:
                        verified.result()  # names the damaged file, whatever the engine made of it
                self._model = model
            return self._model


class _Model:
    """Tokenizer and engine of one process."""

    def __init__(self, folder: Path, threads: int) -> None:
        self._file = folder / "model.xml"
        self._threads = threads
        self._wide_lock = threading.Lock()
        self._wide: OpenVinoEngine | None = None
        with ThreadPoolExecutor(1) as aside:
            tokenizer = aside.submit(_read_tokenizer, folder / "tokenizer.json")
            self._narrow = OpenVinoEngine(self._file, 1)
            self._tokenizer = tokenizer.result()
        self._prefixes = {prefix: self._ids(prefix) for prefix in (_QUERY, _DOCUMENT)}

    def embed(self, texts: Sequence[str], prefix: str) -> Vectors:
        """Unit vectors of the texts, shape (len(texts), 384)."""
        windows_of = [self._windows(clean(text), prefix) for text in texts]
        sequences = [ids for windows_ in windows_of for ids in windows_]
        flat = self._engine_for(len(sequences)).embed(sequences)
        ends = np.cumsum([len(windows_) for windows_ in windows_of])
        parts = np.split(flat, ends[:-1])
        return np.stack(
            [pool(part, [len(ids) for ids in own]) for part, own in zip(parts, windows_of, strict=True)]
        )

    def _engine_for(self, count: int) -> OpenVinoEngine:
        """One thread loads faster, and a question needs no more; documents get all of them."""
        if self._threads == 1 or count < _WORTH_THREADS:
            return self._narrow
        with self._wide_lock:
            self._wide = self._wide or OpenVinoEngine(self._file, self._threads)
            return self._wide

    def _windows(self, text: str, prefix: str) -> list[NDArray[np.int64]]:
        """Token ids of each window: <s>, prefix, a part of the text, </s>."""
        start = [_START, *self._prefixes[prefix]]
        room = MAX_TOKENS - len(start) - 1
        ids = np.concatenate([np.array(self._ids(part), np.int64) for part in slices(text)])
        return [np.concatenate([start, part, [_END]]).astype(np.int64) for part in windows(ids, room)]

    def _ids(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=False).ids


def _read_tokenizer(path: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises nothing more precise
        raise damaged(path) from error


def _available_cores() -> int:
    if hasattr(os, "sched_getaffinity"):  # containers often allow fewer cores than there are
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

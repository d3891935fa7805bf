"""Embeddings kept on disk, so that a text is embedded once however often the benchmark runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.protocols import Embedder
from rag.types import Vectors, sha256

_AT_ONCE = 256

Progress = Callable[[str, int, int], None]


class CachedEmbedder:
    """An `Embedder` that looks texts up in a folder first; vectors of another model are never mixed in."""

    def __init__(self, embedder: Embedder, folder: Path, progress: Progress | None = None) -> None:
        self.embedder = embedder
        self.model_id = embedder.model_id
        self.dimension = embedder.dimension
        self.unrelated_cosine = embedder.unrelated_cosine
        self._folder = folder / re.sub(r"[^\w.-]", "_", embedder.model_id)
        self._progress = progress or (lambda what, done, total: None)
        self._known: dict[str, dict[str, NDArray[np.float32]]] = {}

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Embeddings of passages, shape (len(texts), dimension)."""
        return self._embed("passages", texts, self.embedder.embed_documents)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Embeddings of questions, shape (len(texts), dimension)."""
        return self._embed("questions", texts, self.embedder.embed_queries)

    def _embed(self, kind: str, texts: Sequence[str], embed: Callable[[Sequence[str]], Vectors]) -> Vectors:
        if kind not in self._known:
            self._known[kind] = self._read(kind)
        known = self._known[kind]
        keys = [sha256(text) for text in texts]
        new = list({key: text for key, text in zip(keys, texts, strict=True) if key not in known}.items())
        for start in range(0, len(new), _AT_ONCE):
            part = new[start : start + _AT_ONCE]
            known.update(zip([key for key, _ in part], embed([text for _, text in part]), strict=True))
            self._progress(kind, start + len(part), len(new))
        if len(new) >= _AT_ONCE:
            self._write(kind)
        return np.stack([known[key] for key in keys]) if keys else np.empty((0, self.dimension), np.float32)

    def _read(self, kind: str) -> dict[str, NDArray[np.float32]]:
        path = self._folder / f"{kind}.npz"
        if not path.exists():
            return {}
        with np.load(path, allow_pickle=False) as stored:
            return dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))

    def _write(self, kind: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        known = self._known[kind]
        temporary = self._folder / f"{kind}.tmp.npz"
        np.savez(temporary, keys=np.array(list(known)), vectors=np.stack(list(known.values())))
        temporary.replace(self._folder / f"{kind}.npz")

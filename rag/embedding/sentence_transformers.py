"""Any sentence-transformers model, by hub name or local folder. Needs the extra `sentence-transformers`."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rag.embedding.calibration import unrelated_cosine
from rag.embedding.vectors import unit_rows
from rag.embedding.windows import halve, pool
from rag.errors import EmbeddingError, MissingExtra
from rag.model_text import clean, defuse
from rag.types import Vectors


class Prompts(NamedTuple):
    """What is put in front of questions and documents."""

    query: str
    document: str


_FAMILIES = (
    (r"e5.*-instruct", Prompts("Instruct: Given a question, retrieve passages that answer it\nQuery: ", "")),
    (r"\be5\b|glucose-base-ja-v2", Prompts("query: ", "passage: ")),
    (r"ruri-v3", Prompts("検索クエリ: ", "検索文書: ")),
    (r"ruri", Prompts("クエリ: ", "文章: ")),
)
"""Families whose models were trained with prompts; the first pattern found in the model's name counts."""

_DOCUMENT_NAMES = ("document", "passage", "corpus")


class SentenceTransformersEmbedder:
    """Embeds with a sentence-transformers model; safe to share between threads.

    `model`: hub name or folder. `query_prompt`, `document_prompt`: None takes the prompts in the model's own
    configuration, else those its family is known to need, else none. `device`: as PyTorch names it, None for
    the best there is. `offline`: never ask the hub.

    Vectors of one text in different batches agree to about 1e-5, not to the bit, as batches are padded.
    Raises MissingExtra without the package, EmbeddingError when the model cannot be loaded.
    """

    def __init__(
        self,
        model: str | Path,
        query_prompt: str | None = None,
        document_prompt: str | None = None,
        *,
        device: str | None = None,
        batch_size: int = 32,
        offline: bool = False,
    ) -> None:
        self._name = str(model)
        self._model = _load(self._name, device, offline)
        own = _prompts(self._name, self._model.prompts or {})
        self._prompts = Prompts(
            own.query if query_prompt is None else query_prompt,
            own.document if document_prompt is None else document_prompt,
        )
        self._batch_size = batch_size
        self._dimension = int(self._model.get_embedding_dimension())
        self._revision = _revision(self._model, self._prompts)
        # Fast tokenizers refuse to be used by two threads at once ("Already borrowed").
        self._lock = threading.Lock()

    @property
    def model_id(self) -> str:
        """Name and hash of weights, tokenizer, modules and prompts."""
        return f"sentence-transformers:{Path(self._name).name}@{self._revision}"

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._dimension

    @cached_property
    def unrelated_cosine(self) -> float:
        """The cosine that unrelated texts have under this model, measured with a few sentences."""
        return unrelated_cosine(self.embed_queries, self.embed_documents)

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of passages, shape (len(texts), dimension). Long texts are embedded part by part."""
        return self._embed(texts, self._prompts.document)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of questions, shape (len(texts), dimension)."""
        return self._embed(texts, self._prompts.query)

    def _embed(self, texts: Sequence[str], prompt: str) -> Vectors:
        vectors = np.empty((len(texts), self._dimension), np.float32)
        for start in range(0, len(texts), self._batch_size):
            part = texts[start : start + self._batch_size]
            with self._lock:
                vectors[start : start + len(part)] = self._embed_batch(part, prompt)
        return vectors

    def _embed_batch(self, texts: Sequence[str], prompt: str) -> Vectors:
        room = self._room(prompt)
        parts_of = [self._parts(defuse(clean(text), self._special_tokens()), room) for text in texts]
        flat = [part for parts in parts_of for part in parts]
        values = self._model.encode(flat, prompt=prompt, batch_size=self._batch_size, show_progress_bar=False)
        rows = unit_rows(values, len(flat), self._dimension, self._name)
        splits = np.split(rows, np.cumsum([len(parts) for parts in parts_of])[:-1])
        lengths = [[max(1, self._count(part)) for part in parts] for parts in parts_of]
        return np.stack([pool(own, weights) for own, weights in zip(splits, lengths, strict=True)])

    def _parts(self, text: str, room: int | None) -> list[str]:
        """The text in consecutive parts of at most `room` tokens."""
        if room is None or len(text) <= 1 or self._count(text) <= room:
            return [text]
        return [part for half in halve(text) for part in self._parts(half, room)]

    def _room(self, prompt: str) -> int | None:
        """Tokens that the model takes besides the prompt and special tokens; None if it has no limit."""
        limit = self._model.max_seq_length
        if not limit or self._tokenizer() is None:
            return None
        special = len(self._tokenizer()("")["input_ids"])
        return max(1, int(limit) - special - self._count(prompt) - 1)

    def _count(self, text: str) -> int:
        tokenizer = self._tokenizer()
        if tokenizer is None:
            return len(text)
        return len(tokenizer(text, add_special_tokens=False, truncation=False, verbose=False)["input_ids"])

    def _tokenizer(self) -> Any:
        tokenizer = getattr(self._model, "tokenizer", None)
        return tokenizer if callable(tokenizer) else None

    def _special_tokens(self) -> list[str]:
        return list(getattr(self._tokenizer(), "all_special_tokens", []))


def _load(name: str, device: str | None, offline: bool) -> Any:
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise MissingExtra(
            "sentence-transformers が入っていません。",
            'pip install "rag[sentence-transformers]"',
            en=("sentence-transformers is not installed.", 'pip install "rag[sentence-transformers]"'),
        ) from error
    try:
        return SentenceTransformer(name, device=device, local_files_only=offline)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise EmbeddingError(
            f"埋め込みモデル {name} を読み込めません: {error}",
            "モデル名かフォルダーを確かめてください。ネットワークがない場合は、保存済みのフォルダーを指定してください。",
            en=(
                f"The embedding model {name} cannot be loaded: {error}",
                "Check the name or folder of the model. Without a network, name a folder that holds it.",
            ),
        ) from error


def _prompts(name: str, configured: dict[str, str]) -> Prompts:
    document = next((configured[key] for key in _DOCUMENT_NAMES if configured.get(key)), "")
    if configured.get("query") or document:
        return Prompts(configured.get("query", ""), document)
    known = (prompts for pattern, prompts in _FAMILIES if re.search(pattern, Path(name).name.lower()))
    return next(known, Prompts("", ""))


def _revision(model: Any, prompts: Prompts) -> str:
    """First 12 digits of a SHA-256 over all that decides what vector a text gets."""
    import torch

    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    tokenizer: Any = getattr(model, "tokenizer", None)
    vocabulary = tokenizer.get_vocab() if hasattr(tokenizer, "get_vocab") else {}
    rest = [repr(model), model.max_seq_length, list(prompts), sorted(vocabulary.items())]
    digest.update(json.dumps(rest, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:12]

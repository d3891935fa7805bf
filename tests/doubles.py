"""Stand-ins for tests: an embedder without a model, and articles made to measure."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rag.answering.extractive import ExtractiveAnswerer
from rag.assistant import Assistant
from rag.backends import manifest
from rag.chunking import chunk
from rag.corpus import article_paths, read_article
from rag.protocols import Store
from rag.store.local import LocalStore
from rag.types import Article, Vectors

CORPUS = Path(__file__).parent.parent / "corpus"
FIDX = "fidx-generative-ai-weekly-2026-01-w4"
INFOQ = "infoq-stargate-openai-for-countries"


Opener = Callable[[], Assistant]


class HashEmbedder:
    """A vector is a pure function of its text: counts of its character bigrams, hashed. Notes what it embedded."""

    model_id = "hash-test"
    dimension = 64
    unrelated_cosine = 0.0

    def __init__(self) -> None:
        self.documents: list[str] = []

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        self.documents.extend(texts)
        return np.stack([vector_of(text) for text in texts])

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return np.stack([vector_of(text) for text in texts])


def vector_of(text: str) -> np.ndarray:
    counts = np.zeros(HashEmbedder.dimension, np.float32)
    for pair in zip(text, text[1:] + "\n", strict=True):
        counts[zlib.crc32("".join(pair).encode("utf-8", "surrogatepass")) % HashEmbedder.dimension] += 1
    counts[0] += 0.01  # no text has no direction
    return counts / np.linalg.norm(counts)


def open_assistant(home: Path, embedder: HashEmbedder | None = None) -> Assistant:
    """What `Assistant.open` does, with the hash embedder."""
    embedder = embedder or HashEmbedder()
    store = LocalStore(home / "index", manifest(embedder))
    try:
        assistant = Assistant(home / "corpus", home / "index", embedder, store, ExtractiveAnswerer(embedder))
        assistant.update()
    except BaseException:
        store.close()
        raise
    return assistant


def make_article(
    article_id: str, text: str = "駅前の図書館は四月に開館しました。", **fields: object
) -> Article:
    known: dict[str, object] = {"url": f"https://example.com/{article_id}", "title": f"題名{article_id}"}
    return Article.model_validate({"id": article_id, "text": text} | known | fields)


def corpus_file(text: str = "駅前の図書館は四月に開館しました。", **fields: str) -> str:
    front = {"url": "https://example.com/a", "title": "題名"} | fields
    return "\n".join(["---", *(f"{name}: {value}" for name, value in front.items()), "---", text])


def assert_in_step(corpus: Path, store: Store) -> None:
    """The store holds exactly the articles of the folder, each whole and with all of its chunks."""
    wanted = [read_article(path) for path in article_paths(corpus)]
    assert store.articles() == sorted(wanted, key=lambda article: article.id)
    assert store.content_hashes() == {article.id: article.content_hash for article in wanted}
    chunks = [piece for article in wanted for piece in chunk(article)]
    assert store.chunks([piece.id for piece in chunks]) == chunks
    assert store.count() == len(chunks)


def files_below(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def ids(found: Iterable[object]) -> list[str]:
    return [hit.chunk.id for hit in found]  # type: ignore[attr-defined]


class Run(NamedTuple):
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Runner = Callable[..., Run]

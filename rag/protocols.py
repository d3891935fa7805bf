"""Protocols of the parts that can be swapped, each over the values of `rag.types`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from rag.types import (
    Article,
    Chunk,
    Filter,
    Hit,
    IndexedArticle,
    Listing,
    Overview,
    Passage,
    Reply,
    Scored,
    ScoredSpan,
    Statement,
    Vector,
    Vectors,
)


class Embedder(Protocol):
    """Turns texts into unit vectors. Questions and documents are encoded differently."""

    @property
    def model_id(self) -> str:
        """Name and revision; equal ids give equal vectors."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    @property
    def unrelated_cosine(self) -> float:
        """The cosine that unrelated texts have under this model (e5: about .70); fusion counts from there."""

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Embeddings of passages, shape (len(texts), dimension); does not depend on how texts are batched."""

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Embeddings of questions, shape (len(texts), dimension)."""


class Store(Protocol):
    """Keeps articles, chunks, tokens and vectors, and searches them. It neither embeds nor fuses.

    Every method is safe to call from several threads. Writes are atomic and durable when they return.
    """

    def upsert(self, articles: Sequence[IndexedArticle]) -> None:
        """Add the articles or replace those with the same id, in one commit."""

    def delete(self, article_ids: Sequence[str]) -> int:
        """Remove articles with their chunks, in one commit; returns how many there were."""

    def articles(self, article_ids: Sequence[str] | None = None) -> list[Article]:
        """The articles with these ids, in that order, without the unknown ones; all by id when None."""

    def listing(
        self, limit: int, offset: int = 0, where: Filter | None = None, title: str = "", newest: bool = False
    ) -> Listing:
        """A page of the articles that pass the filter and have `title` in theirs, compared folded.

        By id; `newest`: the latest date first, those without a date last. Costs do not grow with the texts of
        articles on other pages.
        """

    def overview(self) -> Overview:
        """How many articles there are, and of which publishers and languages, without reading any."""

    def chunks(self, chunk_ids: Sequence[str]) -> list[Chunk]:
        """The chunks with these ids, in that order, without the unknown ones."""

    def content_hashes(self) -> dict[str, str]:
        """`Article.content_hash` by article id."""

    def vectors(self, embedded_text_sha256s: Sequence[str]) -> dict[str, Vector]:
        """Stored vectors by the hash of the text that was embedded; unknown ones are left out."""

    def dense(self, vector: Vector, k: int, where: Filter | None = None) -> list[Scored]:
        """The k nearest chunks by cosine, best first; ties by chunk id."""

    def lexical(self, tokens: Sequence[str], k: int, where: Filter | None = None) -> list[Scored]:
        """The k best chunks by BM25 with at least one of the tokens, best first; ties by chunk id.

        A token given n times counts n-fold, as BM25 has it.
        """

    def count(self) -> int:
        """How many chunks there are."""

    def flush(self) -> None:
        """Write derived search structures to disk, so that the next open is fast."""

    def close(self) -> None:
        """Release files; the store cannot be used afterwards."""


class Reranker(Protocol):
    """Orders what was found by reading question and text together. Safe to call from several threads."""

    @property
    def model_id(self) -> str:
        """Name of the model."""

    def scores(self, question: str, texts: Sequence[str]) -> Sequence[float]:
        """How well each text answers, 0 to 1, in order; none depends on the other texts."""


class Reading(Protocol):
    """What a reader makes of one passage. All values are logits: any real number, 0 is undecided."""

    @property
    def relevance(self) -> float:
        """Whether the passage is about what is asked; orders passages."""

    @property
    def answerable(self) -> float:
        """Whether the passage holds an answer."""

    def best(self, start: int, end: int) -> ScoredSpan | None:
        """The best span inside of `passage.text[start:end]`, or None where no whole word is."""


class Reader(Protocol):
    """Reads passages with a question in mind. Safe to call from several threads."""

    @property
    def model_id(self) -> str:
        """Name and revision; equal ids read alike."""

    def read(self, question: str, passages: Sequence[Passage]) -> Sequence[Reading]:
        """One reading a passage, in order; none depends on the other passages."""


class Answerer(Protocol):
    """Reads hits and composes a reply; every statement it returns is verified."""

    def answer(self, question: str, hits: Sequence[Hit]) -> Reply:
        """An answer with citations, or an abstention."""

    def stream(self, question: str, hits: Sequence[Hit]) -> Iterator[Statement | Reply]:
        """Each statement as soon as it is verified, and last the whole reply, which is what counts."""

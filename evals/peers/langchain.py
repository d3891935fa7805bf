"""A peer to compare with: the pipeline that LangChain's tutorials build, asked the same questions.

`RecursiveCharacterTextSplitter` (1000 characters, 200 of overlap, offsets), its FAISS store with the default
distance, and the embedding of this project, so that the vectors are no part of the difference. The nearest chunk
is the answer and its own citation; there is no language model, and nothing makes the pipeline abstain. Needs the
extra `peers`; nothing else does. `docs/eval-peer.md` holds a measured comparison.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import sha256
from importlib import metadata
from typing import Any, NamedTuple

from evals.items import EvalError
from evals.metrics import Source, Sources
from rag import Article, Assistant, Filter
from rag.errors import MissingExtra
from rag.protocols import Embedder

CHUNK_SIZE, CHUNK_OVERLAP = 1000, 200
HITS = 5
"""As many as `rag ask` returns, so that R@5 compares. LangChain's own default is 4; only the first one answers."""

PACKAGES = ("langchain-text-splitters", "langchain-community", "langchain-core")


class Passage(NamedTuple):
    """A chunk that was found. `start` is the splitter's `start_index`: -1 where it did not find its own chunk."""

    article_id: str
    url: str
    title: str
    start: int
    text: str
    cosine: float


Search = Callable[[str, int, Filter | None], list[Passage]]
"""The nearest passages to a question, best first."""


class PeerEngine:
    """The peer pipeline over the articles of an assistant, as an engine of `evals.runner`.

    `search` stands in for LangChain's in tests.

    Raises:
        MissingExtra: LangChain is not installed.
        EvalError: there is no article.
    """

    name = "peer"

    def __init__(self, assistant: Assistant, search: Search | None = None) -> None:
        self._articles = assistant.articles()
        if not self._articles:
            raise EvalError("比べる記事がありません。", "「rag ingest ファイルかURL」で取り込んでください。")
        self._search = search or langchain_search(self._articles, assistant.embedder)
        self.model = f"{assistant.embedder.model_id}; {'; '.join(_versions())}"

    def ask(self, question: str, where: Filter | None = None) -> dict[str, Any]:
        """The nearest chunk as a wire reply."""
        start = time.perf_counter()
        found = self._search(question, HITS, where)
        return reply(question, found, (time.perf_counter() - start) * 1000)

    def sources(self) -> Sources:
        """The articles that were split."""
        return {article.id: Source(text=article.text, url=article.url) for article in self._articles}


class EmbeddingAdapter:
    """This project's embedder with the two methods that LangChain calls."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector a text."""
        vectors: list[list[float]] = self._embedder.embed_documents(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question."""
        vector: list[float] = self._embedder.embed_queries([text])[0].tolist()
        return vector


def langchain_search(articles: Sequence[Article], embedder: Embedder) -> Search:
    """Split, embed and index the articles with LangChain's defaults.

    Raises:
        MissingExtra: LangChain is not installed.
    """
    try:
        with warnings.catch_warnings():  # the package says at import that nobody maintains it any more
            warnings.filterwarnings("ignore", "`langchain-community` is being sunset", DeprecationWarning)
            from langchain_community.vectorstores import FAISS
            from langchain_core.documents import Document
            from langchain_core.embeddings import Embeddings
            from langchain_text_splitters import RecursiveCharacterTextSplitter
    except ImportError as error:
        raise MissingExtra(
            f"比較相手(LangChain)が入っていません({error.name})。",
            'pip install "rag[peers]"',
            en=(
                f"What is compared with (LangChain) is not installed ({error.name}).",
                'pip install "rag[peers]"',
            ),
        ) from error
    Embeddings.register(EmbeddingAdapter)
    splitter = RecursiveCharacterTextSplitter(
        chunk_size=CHUNK_SIZE, chunk_overlap=CHUNK_OVERLAP, add_start_index=True
    )
    chunks = splitter.split_documents(
        [
            Document(
                page_content=article.text,
                metadata={"id": article.id, "url": article.url, "title": article.title},
            )
            for article in articles
        ]
    )
    store = FAISS.from_documents(chunks, EmbeddingAdapter(embedder))

    def search(question: str, k: int, where: Filter | None) -> list[Passage]:
        # The store filters what it fetched, 20 unless told, so it has to fetch everything.
        found = store.similarity_search_with_score(question, k, filter=only(where), fetch_k=len(chunks))
        return [passage(chunk.page_content, chunk.metadata, float(distance)) for chunk, distance in found]

    return search


def passage(text: str, about: dict[str, Any], distance: float) -> Passage:
    """A found chunk. The store's distance is the squared one of unit vectors: 2 - 2 · cosine."""
    return Passage(
        about["id"], about["url"], about["title"], int(about["start_index"]), text, 1 - distance / 2
    )


def only(where: Filter | None) -> Callable[[dict[str, Any]], bool] | None:
    """The filter in LangChain's form: a test of a chunk's metadata.

    Raises:
        EvalError: it asks for something else than articles.
    """
    if where is None or where == Filter():
        return None
    ids = where.article_ids
    if ids is None or where != Filter(article_ids=ids):
        raise EvalError(
            "比較相手は、記事の id でしか絞り込めません。", "Filter(article_ids=…) を使ってください。"
        )
    return lambda about: about["id"] in ids


def reply(question: str, found: Sequence[Passage], took_ms: float) -> dict[str, Any]:
    """The wire reply: the first passage, whole, is the only statement and its own quote.

    The offsets are the splitter's and are not mended here: whether the quote is verbatim there is for the metrics.
    """
    top = found[:1]
    return {
        "id": None,
        "question": question,
        "standalone_question": None,
        "status": "answered" if top else "abstained",
        "answer": top[0].text if top else "",
        "statements": [{"text": best.text, "citations": [1]} for best in top],
        "citations": [_citation(best) for best in top],
        "hits": [_hit(one, rank) for rank, one in enumerate(found, 1)],
        "reason": None if top else "no_evidence",
        "confidence": None,
        "suggestions": [],
        "dropped": [],
        "engine": "peer",
        "notice": None,
        "usage": None,
        "timings_ms": {"total": round(took_ms, 3)},
    }


def _citation(best: Passage) -> dict[str, Any]:
    return {
        "n": 1,
        **_place(best),
        "publisher": None,
        "published": None,
        "quote": best.text,
        "quote_sha256": sha256(best.text.encode("utf-8", "surrogatepass")).hexdigest(),
        "deep_link": best.url,
        "answer_span": None,
    }


def _hit(one: Passage, rank: int) -> dict[str, Any]:
    return {
        **_place(one),
        "heading_path": [],
        "text": one.text,
        "score": one.cosine,
        "rank": rank,
        "dense": one.cosine,
        "dense_rank": rank,
        "lexical": 0.0,
        "lexical_rank": None,
        "reader": None,
        "matched_terms": [],
    }


def _place(one: Passage) -> dict[str, Any]:
    return {
        "chunk_id": f"{one.article_id}:{one.start}",
        "article_id": one.article_id,
        "url": one.url,
        "title": one.title,
        "start": one.start,
        "end": one.start + len(one.text),
    }


def _versions() -> list[str]:
    found = []
    for name in PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            found.append(f"{name} {metadata.version(name)}")
    return found

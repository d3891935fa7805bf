"""Our retrieval with the defaults a user gets, and its parts, to tell what each contributes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from evals.bench.retrieval.sets import RankingSet
from evals.peers.ranking.material import DEPTH
from rag.answering.extractive import ExtractiveAnswerer
from rag.assistant import Assistant
from rag.backends import open_store
from rag.protocols import Embedder, Store
from rag.terms import question_terms
from rag.types import Article, Scored

DEFAULT = "rag"
"""The pipeline that `Assistant.search` is."""

_RRF = 60
"""The usual constant of reciprocal rank fusion."""
_CHUNKS = 3 * DEPTH
"""A passage may be cut into several chunks; the first found stands for it."""
_CANDIDATES = 100

Ranking = Callable[[str], Iterable[str]]


class Run(NamedTuple):
    """Passage ids, best first, by question id; and the median time of one ranking, embedding included."""

    rankings: dict[str, list[str]]
    p50_ms: float


def rank_all(material: RankingSet, embedder: Embedder, folder: Path) -> dict[str, Run]:
    """Every pipeline of ours over an index in `folder`, which is made (or brought up to date) first."""
    with _opened(material, embedder, folder) as (assistant, store):

        def dense(question: str) -> list[Scored]:
            return store.dense(embedder.embed_queries([question])[0], _CANDIDATES)

        def lexical(question: str) -> list[Scored]:
            return store.lexical(question_terms(question), _CANDIDATES)

        pipelines: dict[str, Ranking] = {
            DEFAULT: lambda question: (hit.article.id for hit in assistant.search(question, _CHUNKS)),
            "rag, words only": lambda question: _articles(store, lexical(question)),
            "rag, vectors only": lambda question: _articles(store, dense(question)),
            "rag, RRF": lambda question: _articles(
                store, reciprocal_ranks(dense(question), lexical(question))
            ),
        }
        return {name: _run(material, pipeline) for name, pipeline in pipelines.items()}


def reciprocal_ranks(*rankings: Sequence[Scored]) -> list[Scored]:
    """Reciprocal rank fusion (Cormack et al. 2009), for comparison."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking, 1):
            scores[row.chunk_id] = scores.get(row.chunk_id, 0.0) + 1 / (_RRF + rank)
    return sorted((Scored(*row) for row in scores.items()), key=lambda row: (-row.score, row.chunk_id))


@contextmanager
def _opened(material: RankingSet, embedder: Embedder, folder: Path) -> Iterator[tuple[Assistant, Store]]:
    corpus, index = folder / "corpus", folder / "index"
    corpus.mkdir(parents=True, exist_ok=True)
    store = open_store(index, embedder)
    with Assistant(corpus, index, embedder, store, ExtractiveAnswerer(embedder)) as assistant:
        assistant.update()
        present = {article.id for article in assistant.articles()}
        articles = [
            Article(
                id=passage.id,
                url=f"https://example.org/{quote(passage.id)}",
                title=passage.title,
                text=passage.text,
            )
            for passage in material.passages
            if passage.id not in present
        ]
        if articles:
            assistant.ingest(articles)
        yield assistant, store


def _articles(store: Store, ranking: Sequence[Scored]) -> list[str]:
    return [chunk.article_id for chunk in store.chunks([row.chunk_id for row in ranking[:_CHUNKS]])]


def _run(material: RankingSet, pipeline: Ranking) -> Run:
    rankings, milliseconds = {}, []
    for question in material.questions:
        start = time.perf_counter()
        found = list(pipeline(question.text))
        milliseconds.append((time.perf_counter() - start) * 1000)
        rankings[question.id] = list(dict.fromkeys(found))[:DEPTH]
    return Run(rankings, sorted(milliseconds)[len(milliseconds) // 2])

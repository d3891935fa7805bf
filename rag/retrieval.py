"""Find the chunks for a question: dense and lexical search, fused by a weighted sum of exact scores.

fused = w · clip((cosine − c0) / (1 − c0), 0, 1) + (1 − w) · bm25 / max(bm25), over the union of both candidate
lists, where c0 is the cosine of unrelated texts under the embedding model. Rank fusion (RRF) is worse than
lexical search alone on public Japanese data; the weight is a broad optimum (.4 to .6).

score = (1 − a) · fused + a · agreement, where the agreement of the best few candidates is how much of the question
stands in one of their sentences (`rag.agreement`); that of the others, which stay behind them, is 0.

A name that stands nowhere in the corpus as it is written is searched by what the corpus calls it: chunks with a name
of the same sound are looked up, and what they really call it joins the terms (オープンエーアイ: openai), and so do its
other names by `synonyms.tsv`. No list of names is kept, and any store can do it. For names that are there as written,
other names found less, not more, on JaQuAD.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple, TypeVar

from rag.agreement import sentence_agreement
from rag.chunking import indexed_text
from rag.english import is_glossed
from rag.japanese import fold, tokens, words
from rag.names import listed_in, names, sounds, spellings, variants
from rag.protocols import Embedder, Reranker, Store
from rag.terms import MARKS, PAIR, matched_words, question_terms
from rag.timing import Timer
from rag.types import Article, Chunk, Filter, Hit, Scored, Vector

T = TypeVar("T", Article, Chunk)

CANDIDATES = 50
"""How many chunks each search contributes to the union; with 100 no first place of JSQuAD-valid was another."""

DENSE_WEIGHT = 0.5

AGREEING = 20
"""How many of the best candidates are compared sentence by sentence."""

AGREEMENT_WEIGHT = 1 / 6

RERANKED = 10
"""How many candidates a reranker reads, at least; each costs it as much as the whole search costs."""

FOUND_COUNTS = 15.0
"""What a search score of 1 counts beside a reranker's logit, chosen on held-out JaQuAD for the reader in the package."""

_FETCHED = 5
_LOOKED_AT = 3
_HEARD = 20
"""How many chunks with names of the same sound are looked through for each name of the question."""


class Fused(NamedTuple):
    """One row of a fused ranking."""

    chunk_id: str
    score: float
    dense: float
    lexical: float


def search(
    question: str,
    embedder: Embedder,
    store: Store,
    k: int = 10,
    where: Filter | None = None,
    timer: Timer | None = None,
    reranker: Reranker | None = None,
) -> list[Hit]:
    """The k best chunks for a question, best first; fewer when the filter or the corpus has fewer.

    With a reranker, the best `RERANKED` of them (k, if that is more) are ordered by it and by how well they were
    found; their `score` is its, lowered for those that were found less well than the first.

    Raises:
        ValueError: if k is not positive.
    """
    if k <= 0:
        raise ValueError(f"k must be positive, not {k}")
    timer, candidates = timer or Timer(), max(CANDIDATES, k)
    with ThreadPoolExecutor(1) as aside:  # the words are searched for while another core embeds
        embedded = aside.submit(_embedded, question, embedder, timer)
        with timer("terms"):
            others = _other_names(question, store, where)
            terms = [*question_terms(question), *(term for name in others for term in 2 * tokens(name))]
        with timer("lexical"):
            lexical = store.lexical(terms, candidates, where)
        with timer("fetch"):  # what will most likely be looked at, for as long as there is nothing else to do
            chunks, articles = dict[str, Chunk](), dict[str, Article]()
            likely = [row.chunk_id for row in lexical[:AGREEING]]
            for start in range(0, len(likely), _FETCHED):
                if not embedded.done():
                    _fetched(chunks, likely[start : start + _FETCHED], store.chunks)
                    _fetched(articles, [chunk.article_id for chunk in chunks.values()], store.articles)
        vector = embedded.result()
    with timer("dense"):
        dense = store.dense(vector, candidates, where)
    with timer("fuse"):
        dense_only, lexical_only = _difference(dense, lexical), _difference(lexical, dense)
        exact_dense = [*dense, *_each(lexical_only, partial(store.dense, vector))]
        exact_lexical = [*lexical, *_each(dense_only, partial(store.lexical, terms))]
        fused = fuse(exact_dense, exact_lexical, embedder.unrelated_cosine)
    depth = max(k, RERANKED) if reranker else k
    with timer("agree"):
        best = fused[: max(AGREEING, depth)]
        _fetched(chunks, [row.chunk_id for row in best], store.chunks)
        ranking = _agreed(best, terms, chunks)[:depth]
    with timer("explain"):
        ids = [chunks[row.chunk_id].article_id for row in ranking if row.chunk_id in chunks]
        found = _found(ranking, chunks, _fetched(articles, ids, store.articles))
        matched = matched_words(
            [question, *others], terms, [indexed_text(each.article, each.chunk) for each in found]
        )
        hits = _hits(found, matched, dense, lexical)
    if reranker:
        with timer("rerank"):
            hits = _reranked(question, hits, reranker)[:k]
    return hits


def _embedded(question: str, embedder: Embedder, timer: Timer) -> Vector:
    with timer("embed"):
        vector: Vector = embedder.embed_queries([fold(question)])[
            0
        ]  # width and case must not change anything
        return vector


def _fetched(
    known: dict[str, T], ids: Sequence[str], read: Callable[[Sequence[str]], Iterable[T]]
) -> dict[str, T]:
    """`known` with the values that have the other ids besides, where there are any."""
    missing = [id_ for id_ in dict.fromkeys(ids) if id_ not in known]
    if missing:
        known.update((value.id, value) for value in read(missing))
    return known


def _other_names(question: str, store: Store, where: Filter | None) -> list[str]:
    """What the chunks searched call the things that the question names as they never do."""
    spelled = [name.text for name in names(fold(question)) if not _has_other_words(name.text)]
    listed = listed_in(question)
    absent = {name: not _stands_in(name, store, where) for name in dict.fromkeys([*spelled, *listed])}
    found = [other for name in spelled if absent[name] for other in _spelled(name, store, where)]
    known = [other for name in listed if absent[name] for other in variants(name)]
    return list(dict.fromkeys([*found, *known]))


def _stands_in(name: str, store: Store, where: Filter | None) -> bool:
    """Whether a chunk has the name as it is written; the few that share most of its letters are looked at."""
    chunks = _nearest(tokens(name), _LOOKED_AT, store, where)
    if any(name in fold(chunk.text) for chunk in chunks):
        return True  # nearly always, and then their articles need not be read
    return any(name in text for text in _texts(chunks, store))


def _spelled(name: str, store: Store, where: Filter | None) -> list[str]:
    return spellings(name, "\n".join(_texts(_nearest(sounds(name), _HEARD, store, where), store)))


def _nearest(terms: Sequence[str], count: int, store: Store, where: Filter | None) -> list[Chunk]:
    """The best chunks for some terms."""
    ranking = store.lexical(terms, count, where)
    return store.chunks([row.chunk_id for row in ranking]) if ranking else []


def _texts(chunks: Sequence[Chunk], store: Store) -> list[str]:
    """The folded texts of chunks, with what stands above them."""
    articles = {article.id: article for article in store.articles([*{chunk.article_id for chunk in chunks}])}
    return [fold(indexed_text(articles[c.article_id], c)) for c in chunks if c.article_id in articles]


def _has_other_words(name: str) -> bool:
    """Whether the dictionary or the glossary leads from this word to the other language already."""
    parsed = words(name)
    return len(parsed) == 1 and bool(is_glossed(name) if name.isascii() else parsed[0].key.isascii())


def _difference(one: Sequence[Scored], other: Sequence[Scored]) -> frozenset[str]:
    """Which chunks the first ranking has and the other has not."""
    return frozenset(row.chunk_id for row in one) - {row.chunk_id for row in other}


def _each(chunk_ids: frozenset[str], search: Callable[[int, Filter], list[Scored]]) -> list[Scored]:
    """The scores that a search gives these chunks; a score does not depend on which chunks are searched."""
    return search(len(chunk_ids), Filter(chunk_ids=chunk_ids)) if chunk_ids else []


def fuse(
    dense: Sequence[Scored], lexical: Sequence[Scored], unrelated_cosine: float, weight: float = DENSE_WEIGHT
) -> list[Fused]:
    """Both rankings of the same candidates in one, best first; ties by chunk id.

    A candidate without a lexical score shares no word with the question, so 0 is its exact score.
    """
    cosines = dict(dense)
    bm25 = dict(lexical)
    highest = max(bm25.values(), default=0.0) or 1.0
    fused: list[tuple[float, str, float, float]] = []
    for chunk_id in cosines.keys() | bm25.keys():
        cosine, words = cosines.get(chunk_id, 0.0), bm25.get(chunk_id, 0.0)
        nearness = min(max((cosine - unrelated_cosine) / (1 - unrelated_cosine), 0.0), 1.0)
        score = weight * nearness + (1 - weight) * words / highest
        fused.append((-score, chunk_id, cosine, words))
    fused.sort()
    return [Fused(chunk_id, -score, cosine, words) for score, chunk_id, cosine, words in fused]


def _agreed(fused: Sequence[Fused], terms: Sequence[str], chunks: Mapping[str, Chunk]) -> list[Fused]:
    best = fused[:AGREEING]
    texts = [chunks[row.chunk_id].text if row.chunk_id in chunks else "" for row in best]
    compared = [term.lstrip(PAIR) for term in terms if term[0] not in MARKS or term[0] == PAIR]
    agreed = [
        row._replace(score=(1 - AGREEMENT_WEIGHT) * row.score + AGREEMENT_WEIGHT * share)
        for row, share in zip(best, sentence_agreement(compared, texts), strict=True)
    ]
    rest = [row._replace(score=(1 - AGREEMENT_WEIGHT) * row.score) for row in fused[AGREEING:]]
    return [*sorted(agreed, key=lambda row: (-row.score, row.chunk_id)), *rest]


def _reranked(question: str, hits: Sequence[Hit], reranker: Reranker) -> list[Hit]:
    scores = reranker.scores(question, [indexed_text(hit.article, hit.chunk) for hit in hits])
    lost = [FOUND_COUNTS * (hits[0].score - hit.score) for hit in hits]
    changed = [_lowered(score, by) for score, by in zip(scores, lost, strict=True)]
    ordered = sorted(zip(changed, hits, strict=True), key=lambda pair: (-pair[0], pair[1].rank))
    return [hit.model_copy(update={"score": score, "rank": n}) for n, (score, hit) in enumerate(ordered, 1)]


def _lowered(probability: float, log_odds: float) -> float:
    """A probability with its log-odds lowered."""
    odds = probability * math.exp(-log_odds)
    return odds / (odds + 1 - probability)


class _Found(NamedTuple):
    row: Fused
    chunk: Chunk
    article: Article


def _found(
    ranking: Sequence[Fused], chunks: Mapping[str, Chunk], articles: Mapping[str, Article]
) -> list[_Found]:
    """The ranking with what it is about, without what another process has removed since the search."""
    present = [(row, chunks[row.chunk_id]) for row in ranking if row.chunk_id in chunks]
    return [
        _Found(row, chunk, articles[chunk.article_id])
        for row, chunk in present
        if chunk.article_id in articles
    ]


def _hits(
    found: Sequence[_Found],
    matched: Sequence[tuple[str, ...]],
    dense: Sequence[Scored],
    lexical: Sequence[Scored],
) -> list[Hit]:
    dense_rank = {row.chunk_id: rank for rank, row in enumerate(dense, 1)}
    lexical_rank = {row.chunk_id: rank for rank, row in enumerate(lexical, 1)}
    return [
        Hit(
            chunk=chunk,
            article=article,
            rank=rank,
            score=row.score,
            dense=row.dense,
            lexical=row.lexical,
            dense_rank=dense_rank.get(row.chunk_id),
            lexical_rank=lexical_rank.get(row.chunk_id),
            matched_terms=words_found,
        )
        for rank, ((row, chunk, article), words_found) in enumerate(zip(found, matched, strict=True), 1)
    ]

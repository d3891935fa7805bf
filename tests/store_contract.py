"""Data for store tests, and an independent brute force over plain dicts to compare every store with."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from rag.types import Article, Chunk, Filter, IndexedArticle, IndexedChunk, IndexManifest, Scored, sha256

DIMENSION = 24
MANIFEST = IndexManifest(embedding_model="test-1", dimension=DIMENSION, tokenizer="test-1", chunker="test-1")
WORDS = [f"語{i}" for i in range(60)]
PUBLISHERS = [None, "日経", "InfoQ", "朝日"]
DATES = [None, "2025", "2025-07", "2026-01-26", "2026"]


def unit(seed: int | str) -> np.ndarray:
    """A unit vector, the same for the same seed; all of them share a direction, as real embeddings do."""
    values = np.random.default_rng(int(sha256(str(seed))[:12], 16)).standard_normal(DIMENSION)
    values = values / np.linalg.norm(values)
    values[0] += 1.5
    return (values / np.linalg.norm(values)).astype(np.float32)


def make_article(article_id: str, seed: int, chunks: int = 4, same: int = 0) -> IndexedArticle:
    """An article of `chunks` chunks; the first `same` of them do not depend on the seed."""
    rng = random.Random(f"{article_id}/{seed}")
    bodies = []
    for i in range(chunks):
        words = random.Random(f"{article_id}/same/{i}") if i < same else rng
        bodies.append([words.choice(WORDS) for _ in range(words.randint(1, 12))])
    texts = ["".join(body) + "。😀" for body in bodies]
    article = Article(
        id=article_id,
        url=f"https://example.com/{seed}",
        title=f"題{seed}",
        publisher=rng.choice(PUBLISHERS),
        published=rng.choice(DATES),
        lang=rng.choice(["ja", "en"]),
        text="".join(texts),
    )
    indexed, start = [], 0
    for text, body in zip(texts, bodies, strict=True):
        end = start + len(text)
        chunk_id = f"{article_id}:{start}:{sha256(text)[:8]}"
        chunk = Chunk(
            id=chunk_id, article_id=article_id, start=start, end=end, text=text, heading_path=("見出し", "小")
        )
        indexed.append(IndexedChunk(chunk, tuple(body), sha256(text), unit(text)))
        start = end
    return IndexedArticle(article, tuple(indexed))


class Model:
    """What a store must answer, computed the slow and obvious way."""

    def __init__(self) -> None:
        self.held: dict[str, IndexedArticle] = {}

    def upsert(self, articles: Iterable[IndexedArticle]) -> None:
        self.held |= {indexed.article.id: indexed for indexed in articles}

    def delete(self, ids: Sequence[str]) -> int:
        return sum(self.held.pop(id_, None) is not None for id_ in set(ids))

    def chunks(self) -> list[IndexedChunk]:
        return [chunk for indexed in self.held.values() for chunk in indexed.chunks]

    def dense(self, vector: np.ndarray, k: int, where: Filter | None = None) -> list[Scored]:
        rows = [
            Scored(c.chunk.id, float(c.vector.astype(np.float64) @ vector))
            for c in self.chunks()
            if self.allows(c, where)
        ]
        return sorted(rows, key=lambda row: (-row.score, row.chunk_id))[:k]

    def lexical(
        self, tokens: Sequence[str], k: int, where: Filter | None = None, k1: float = 0.6, b: float = 0.6
    ) -> list[Scored]:
        chunks = self.chunks()
        bags = [Counter(chunk.tokens) for chunk in chunks]
        average = sum(len(chunk.tokens) for chunk in chunks) / max(1, len(chunks))
        rows = []
        for chunk, bag in zip(chunks, bags, strict=True):
            score = 0.0
            for token, repeats in Counter(tokens).items():
                if token not in bag:
                    continue
                df = sum(token in other for other in bags)
                idf = math.log(1 + (len(bags) - df + 0.5) / (df + 0.5))
                norm = k1 * (1 - b + b * len(chunk.tokens) / average)
                score += repeats * idf * bag[token] * (k1 + 1) / (bag[token] + norm)
            if set(tokens) & set(bag) and self.allows(chunk, where):
                rows.append(Scored(chunk.chunk.id, float(np.float32(score))))
        return sorted(rows, key=lambda row: (-row.score, row.chunk_id))[:k]

    def allows(self, indexed: IndexedChunk, where: Filter | None) -> bool:
        if where is None:
            return True
        if where.chunk_ids is not None and indexed.chunk.id not in where.chunk_ids:
            return False
        return _passes(self.held[indexed.chunk.article_id].article, where)

    def listed(self, where: Filter, title: str, newest: bool) -> list[Article]:
        found = []
        for indexed in self.held.values():
            mine = {chunk.chunk.id for chunk in indexed.chunks}
            chosen = where.chunk_ids is None or not mine.isdisjoint(where.chunk_ids)
            if chosen and title in indexed.article.title and _passes(indexed.article, where):
                found.append(indexed.article)
        found.sort(key=lambda article: article.id)
        if newest:
            found.sort(key=lambda article: article.published or "", reverse=True)
        return found


def _passes(article: Article, where: Filter) -> bool:
    sets = [
        (where.article_ids, article.id),
        (where.publishers, article.publisher),
        (where.langs, article.lang),
    ]
    if any(allowed is not None and value not in allowed for allowed, value in sets):
        return False
    return _in_range(article.published, where)


def _in_range(published: str | None, where: Filter) -> bool:
    """Compared at the precision both sides have."""
    if where.published_from is None and where.published_to is None:
        return True
    if published is None:
        return False
    low, high = where.published_from or published, where.published_to or published
    return published[: len(low)] >= low[: len(published)] and published[: len(high)] <= high[: len(published)]


def assert_same_ranking(got: Sequence[Scored], expected: Sequence[Scored], tolerance: float) -> None:
    """Equal ids and scores; neighbours whose expected scores differ by less than rounding may swap."""
    assert len(got) == len(expected)
    np.testing.assert_allclose([row.score for row in got], [row.score for row in expected], atol=tolerance)
    scores = {row.chunk_id: row.score for row in expected}
    for mine, theirs in zip(got, expected, strict=True):
        if mine.chunk_id != theirs.chunk_id:
            least = expected[-1].score
            assert abs(scores.get(mine.chunk_id, least) - theirs.score) < tolerance, (mine, theirs)
    assert list(got) == sorted(got, key=lambda row: (-row.score, row.chunk_id))


def questions(count: int, seed: int = 0) -> list[tuple[np.ndarray, list[str]]]:
    """Query vectors and tokens, some of them unknown or repeated."""
    rng = random.Random(seed)
    return [
        (unit(f"q{seed}/{i}"), [rng.choice([*WORDS, "未知"]) for _ in range(rng.randint(1, 6))])
        for i in range(count)
    ]


def random_filter(rng: random.Random, model: Model) -> Filter:
    """Any combination of conditions."""

    def maybe(values: Sequence[str]) -> frozenset[str] | None:
        return (
            frozenset(rng.sample(list(values), min(len(values), rng.randint(0, 3))))
            if rng.random() < 0.3
            else None
        )

    dates = [date for date in DATES if date] + ["2025-12", "2026-01", "2024"]
    ids = [chunk.chunk.id for chunk in model.chunks()]
    return Filter(
        chunk_ids=frozenset(rng.sample(ids, len(ids) // 2)) if rng.random() < 0.3 else None,
        article_ids=maybe([*model.held, "ない記事"]),
        publishers=maybe([publisher for publisher in PUBLISHERS if publisher]),
        langs=maybe(["ja", "en"]),
        published_from=rng.choice(dates) if rng.random() < 0.3 else None,
        published_to=rng.choice(dates) if rng.random() < 0.3 else None,
    )

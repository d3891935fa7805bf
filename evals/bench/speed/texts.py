"""Texts and corpora with the statistics of real ones, made up: the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from evals.bench.store import CHUNKS_PER_ARTICLE, TOKENS_PER_CHUNK, Floats, Synthetic
from rag.japanese import fold
from rag.names import sounds
from rag.terms import MARKS, question_terms
from rag.types import Article, Chunk, IndexedArticle, IndexedChunk, sha256

_WORDS = (
    "市役所 図書館 計画 予算 調査 人口 交通 道路 環境 技術 企業 研究 大学 学生 会議 報告 発表 地域 住民 施設 サービス "
    "システム データ エネルギー プロジェクト 支援 開発 改善 増加 減少 経済 産業 農業 観光 文化 歴史 教育 医療 福祉 防災"
).split()
_ENDINGS = (
    "を進めています。",
    "が発表されました。",
    "について議論しました。",
    "の効果を調べた。",
    "に取り組む方針です。",
)


def passages(count: int, seed: int = 1, length: int = 360) -> list[str]:
    """Japanese prose of about `length` characters each, all different."""
    rng = random.Random(seed)
    return [_passage(rng, length) for _ in range(count)]


def _passage(rng: random.Random, length: int) -> str:
    text = ""
    while len(text) < length - 20:
        subject, other, third = rng.sample(_WORDS, 3)
        year, number = rng.randint(1990, 2026), rng.randint(2, 9000)
        text += f"{year}年、{subject}の{other}は{number}件に達し、{third}{rng.choice(_ENDINGS)}"
    return text


class Corpus(Synthetic):
    """Chunks whose words follow Zipf's law, the words of given questions among them at random ranks.

    Chunks are of different lengths, 200 words on average. The text of each is prose of its own and has those words of the questions that it is indexed under.
    """

    def __init__(self, seed: int, questions: Sequence[str]) -> None:
        super().__init__(seed)
        rng = random.Random(seed)
        asked = {
            term for question in questions for term in (*question_terms(question), *sounds(fold(question)))
        }
        # From the 30th to the 30,000th most frequent, about as often in each power of ten.
        self._named = {round(30 * 10 ** (3 * rng.random())): term for term in sorted(asked)}
        self._words = {term for term in asked if term[0] not in MARKS}
        self._prose = random.Random(seed)

    def tokens(self, count: int) -> list[str]:
        """Tokens by Zipf's law; a word of the questions stands at its rank."""
        return [self._named.get(int(token[1:]), token) for token in super().tokens(count)]

    def _article(self, number: int, vectors: Floats) -> IndexedArticle:
        lengths = self.random.integers(TOKENS_PER_CHUNK // 2, TOKENS_PER_CHUNK * 3 // 2, CHUNKS_PER_ARTICLE)
        bags = [self.tokens(length) for length in lengths.tolist()]
        texts = [self._written(bag) for bag in bags]
        article = super()._article(number, vectors[:0]).article.model_copy(update={"text": "".join(texts)})
        return IndexedArticle(article, tuple(self._chunks(article, texts, bags, vectors)))

    def _chunks(
        self, article: Article, texts: Sequence[str], bags: Sequence[Sequence[str]], vectors: Floats
    ) -> Iterator[IndexedChunk]:
        start = 0
        for text, bag, vector in zip(texts, bags, vectors, strict=True):
            end = start + len(text)
            chunk = Chunk(
                id=f"{article.id}:{start}-{end}", article_id=article.id, start=start, end=end, text=text
            )
            yield IndexedChunk(chunk, tuple(bag), sha256(chunk.id), vector)
            start = end

    def _written(self, bag: Sequence[str]) -> str:
        """Sentences with the words of the questions that are in the bag, five a sentence, and others up to 320 letters."""
        asked = [term for term in dict.fromkeys(bag) if term in self._words]
        own = "".join("、".join(asked[i : i + 5]) + "について（詳細）。" for i in range(0, len(asked), 5))
        return own + _passage(self._prose, max(20, 320 - len(own)))

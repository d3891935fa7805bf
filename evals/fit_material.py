"""Questions with known answers that the reader's numbers are fitted on: JaQuAD, our own articles, the project's own."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from evals.items import load_items
from evals.written import read_written
from rag import Article
from rag.corpus import read_corpus

QUESTIONS = Path(__file__).parent / "questions.jsonl"
CORPUS = Path(__file__).parents[1] / "corpus"

TOGETHER = 8
"""So many of our own articles are searched together, about as many as speak of one subject at a company."""

Place = tuple[str, int, int]
"""Article id, start, end."""


class Gold(NamedTuple):
    """A question with the spans that answer it; `paragraphs` are what must be hidden to make it unanswerable."""

    question: str
    spans: tuple[Place, ...]
    paragraphs: tuple[Place, ...] = ()
    answer: str = ""


class Material(NamedTuple):
    """Articles that are searched together, and the questions about them."""

    articles: Sequence[Article]
    golds: Sequence[Gold]


def jaquad(path: Path, n_articles: int, n_questions: int, seed: int) -> Material:
    """Sampled articles (their first 14 paragraphs) and questions of JaQuAD, of those the span reader never saw."""
    chooser = random.Random(seed)
    data = json.loads(gzip.decompress(path.read_bytes()))["data"]
    data = [entry for entry in data if held_out(entry["title"])]
    chooser.shuffle(data)
    articles: list[Article] = []
    golds: list[Gold] = []
    for i, entry in enumerate(data[:n_articles]):
        article_id, text = f"a{i}", ""
        for paragraph in entry["paragraphs"][:14]:
            place = (article_id, len(text), len(text) + len(paragraph["context"]))
            for qa in (qa for qa in paragraph["qas"] if qa["answers"]):
                answer = qa["answers"][0]
                start = place[1] + answer["answer_start"]
                span = (article_id, start, start + len(answer["text"]))
                golds.append(Gold(qa["question"], (span,), (place,), answer["text"]))
            text += paragraph["context"] + "\n"
        articles.append(
            Article(id=article_id, url="https://ja.wikipedia.org/", title=entry["title"], text=text)
        )
    return Material(articles, chooser.sample(golds, min(n_questions, len(golds))))


def held_out(title: str) -> bool:
    """Whether training kept an article for development (`training/data.py`): every 20th by the hash of its title."""
    return int(hashlib.sha256(title.encode()).hexdigest(), 16) % 20 == 0


def development() -> Material:
    """The project's own development questions; unanswerable ones have no spans."""
    golds = [
        Gold(item.question, tuple((s.article_id, s.start, s.end) for group in item.evidence for s in group))
        for item in load_items(QUESTIONS, "dev")
    ]
    return Material(read_corpus(CORPUS), golds)


def written(n_questions: int, seed: int) -> Iterator[Material]:
    """Our own articles that the span reader never saw, some at a time, with sampled questions."""
    entries = list(read_written(held_out=True))
    every = [(n, asked) for n, entry in enumerate(entries) for asked in entry["questions"]]
    chosen = random.Random(seed).sample(every, min(n_questions, len(every)))
    for first in range(0, len(entries), TOGETHER):
        numbers = range(first, min(first + TOGETHER, len(entries)))
        articles = {n: _article(n, entries[n]) for n in numbers}
        golds = [_gold(articles[n], asked) for n, asked in chosen if n in articles]
        yield Material(list(articles.values()), golds)


def _article(number: int, entry: dict[str, Any]) -> Article:
    return Article(id=f"w{number}", url="https://example.com/", title=entry["title"], text=entry["text"])


def _gold(article: Article, asked: dict[str, str]) -> Gold:
    start = article.text.index(asked["span"])
    span = (article.id, start, start + len(asked["span"]))
    return Gold(asked["q"], (span,) if asked["span"] else ())

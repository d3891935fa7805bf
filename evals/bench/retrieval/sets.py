"""Questions with the passages they must find: what is ranked is the whole passage, under its title."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from evals.items import EvalError
from evals.suites import SUITES
from evals.suites.types import Suite, read, wrong_shape
from rag.corpus import read_article

ROOT = Path(__file__).parents[3]
ENGLISH = ROOT / "evals" / "data" / "english_questions.jsonl"


class Passage(NamedTuple):
    """What is searched: `title` and `text`; the indexed text is both, a line each."""

    id: str
    title: str
    text: str

    @property
    def indexed(self) -> str:
        """Title and text, a line each."""
        return f"{self.title}\n{self.text}"


class Question(NamedTuple):
    """A question and the passages that answer it."""

    id: str
    text: str
    relevant: frozenset[str]


class RankingSet(NamedTuple):
    """`note`: where it is from and what it can show."""

    name: str
    passages: tuple[Passage, ...]
    questions: tuple[Question, ...]
    note: str


def jsquad(data: Path) -> RankingSet:
    """All questions of JSQuAD-valid over all of its paragraphs."""
    note = (
        "JSQuAD v1.3 valid (CC BY-SA 4.0). Its questions were written with the paragraph in view and share many of its "
        "words, which flatters lexical search: see the rows of the low-overlap half and quarter."
    )
    return _from_suite("jsquad", SUITES["jsquad"](data, None), note)


def jsquad_u(data: Path) -> RankingSet:
    """The answerable questions of JSQuAD-U over its passages."""
    return _from_suite(
        "jsquad-u", SUITES["jsquad-u"](data, None), "JSQuAD-U, the 300 questions with a gold passage."
    )


def litrag(data: Path) -> RankingSet:
    """The answerable questions of LIT-RAGBench-ja, each over the chunks of all of them."""
    note = (
        "LIT-RAGBench-ja (CC BY-SA 4.0): questions that need several passages, tables or reasoning, over the positive "
        "and negative passages of all questions. Few questions: the intervals are wide."
    )
    return _from_suite("litrag", SUITES["litrag"](data, None), note)


def jaquad(data: Path, paragraphs: int = 2400, questions: int = 2000) -> RankingSet:
    """Questions of JaQuAD's training split over paragraphs of the same articles."""
    path = data / "jaquad-train.json.gz"
    try:
        articles = json.loads(gzip.decompress(path.read_bytes()))["data"]
        random.Random(0).shuffle(articles)
        passages: list[Passage] = []
        asked: list[Question] = []
        for article in articles:
            for paragraph in article["paragraphs"]:
                passage = Passage(f"jaquad-{len(passages):05}", article["title"], paragraph["context"])
                passages.append(passage)
                asked += [
                    Question(f"{passage.id}-{n}", each["question"], frozenset({passage.id}))
                    for n, each in enumerate(paragraph["qas"])
                ]
            if len(passages) >= paragraphs:
                break
        passages = passages[:paragraphs]
        known = {passage.id for passage in passages}
        asked = [question for question in asked if question.relevant <= known]
    except OSError:
        raise EvalError(
            f"{path}: 読めません。", "JaQuAD の学習用データを --data に置いてください。"
        ) from None
    except (KeyError, TypeError, ValueError) as error:
        raise wrong_shape(path, error) from None
    random.Random(1).shuffle(asked)
    note = "JaQuAD train (CC BY-SA 3.0), a sample. What we chose was chosen on it: ours is at home here."
    return RankingSet("jaquad", tuple(passages), tuple(asked[:questions]), note)


def english(data: Path) -> RankingSet:
    """English questions that we wrote on the two bundled Japanese articles, among the paragraphs of JSQuAD."""
    rows = read(ENGLISH, "evals/data/english_questions.jsonl")
    own = [passage for path in sorted((ROOT / "corpus").glob("*.md")) for passage in _lines(path)]
    others = [
        Passage(article.id, article.title, article.text) for article in SUITES["jsquad"](data, 1).articles
    ]
    asked = [Question(row["id"], row["question"], _holding(row, own)) for row in rows]
    note = (
        "English questions on the lines of two Japanese articles, among the paragraphs of JSQuAD-valid. Written by the "
        "makers of this program, before it was measured on them."
    )
    return RankingSet("english", (*own, *others), tuple(asked), note)


def _lines(path: Path) -> Iterable[Passage]:
    article = read_article(path)
    for number, line in enumerate(article.text.splitlines()):
        if len(line) >= 15:
            yield Passage(f"{article.id}-{number}", article.title, line)


def _holding(row: dict[str, Any], passages: Iterable[Passage]) -> frozenset[str]:
    found = frozenset(p.id for p in passages if p.id.startswith(row["article"]) and row["quote"] in p.text)
    if not found:
        raise EvalError(f"{ENGLISH}: {row['id']} の quote が記事にありません。", "記事の逐語にしてください。")
    return found


def _from_suite(name: str, suite: Suite, note: str) -> RankingSet:
    passages = tuple(Passage(article.id, article.title, article.text) for article in suite.articles)
    questions = [
        Question(
            item.id, item.question, frozenset(span.article_id for group in item.evidence for span in group)
        )
        for item in suite.items
    ]
    return RankingSet(name, passages, tuple(q for q in questions if q.relevant), note)


SETS: dict[str, Callable[[Path], RankingSet]] = {
    "jsquad": jsquad,
    "jsquad-u": jsquad_u,
    "litrag": litrag,
    "english": english,
    "jaquad": jaquad,
}

"""JaQuAD as the trainer takes it: paragraphs in pieces and sentences, questions with spans and hard negatives."""

from __future__ import annotations

import gzip
import hashlib
import json
import pickle
import unicodedata
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from tokenizers import Tokenizer

from rag.japanese import tokens
from rag.reading.encoding import Integers, Pieces, pieces, whole_words
from rag.sentences import sentences
from training.english import in_english
from training.questions import variants

ENCODER = Path(__file__).resolve().parent.parent / "rag" / "embedding" / "model"
"""Where training begins, and whose pieces the reader reads."""

K1, B = 0.9, 0.6
HARD = 4
"""Lexically nearest paragraphs without the answer that are kept for each question."""

DEVELOPMENT = 20
"""Every 20th article, by the hash of its title, is held out for decisions during development."""


class Paragraph(NamedTuple):
    """`pieces`: of the text, with the runs of them that are one sentence each. `title`: ids of the article's."""

    text: str
    article: int
    title: Integers
    pieces: Pieces
    sentences: tuple[tuple[int, int], ...]


class Question(NamedTuple):
    """A question with token ids of itself and of other wordings, and word by word in English (empty if that says little).

    The answer is `paragraph.text[start:end]`. `hard`: paragraphs that look right and do not hold the answer.
    """

    id: str
    text: str
    asked: tuple[Integers, ...]
    paragraph: int
    start: int
    end: int
    hard: tuple[int, ...]
    english: Integers


class Data(NamedTuple):
    """Paragraphs of all articles, questions of JaQuAD to learn from, and questions of its held-out articles."""

    paragraphs: list[Paragraph]
    articles: list[tuple[int, ...]]
    train: list[Question]
    development: list[Question]
    written: Sequence[Question] = ()
    """Our own; without an answer where `end` is 0."""

    def answer(self, question: Question) -> str:
        """The gold answer, verbatim."""
        return self.paragraphs[question.paragraph].text[question.start : question.end]


def load(source: Path, cache: Path) -> Data:
    """The data of `source` (JaQuAD's JSON, gzipped), prepared once and kept in `cache`."""
    if not cache.is_file():
        cache.parent.mkdir(parents=True, exist_ok=True)
        cache.write_bytes(pickle.dumps(prepare(source)))
    data: Data = pickle.loads(cache.read_bytes())
    return data


def prepare(source: Path) -> Data:
    """Read, split and search everything; takes minutes."""
    with gzip.open(source, "rt", encoding="utf-8") as lines:
        articles: list[dict[str, Any]] = json.load(lines)["data"]
    tokenizer = whole_words(Tokenizer.from_file(str(ENCODER / "tokenizer.json")))
    paragraphs: list[Paragraph] = []
    members: list[tuple[int, ...]] = []
    asked: list[tuple[int, bool, dict[str, Any]]] = []
    for number, article in enumerate(articles):
        title = pieces(article["title"], tokenizer).ids
        first = len(paragraphs)
        for paragraph in article["paragraphs"]:
            text = paragraph["context"]
            found = pieces(text, tokenizer)
            held_out = _held_out(article["title"])
            asked += [(len(paragraphs), held_out, question) for question in paragraph["qas"]]
            paragraphs.append(Paragraph(text, number, title, found, runs(text, found)))
        members.append(tuple(range(first, len(paragraphs))))
    titled = [f"{articles[paragraph.article]['title']}\n{paragraph.text}" for paragraph in paragraphs]
    ranked = nearest(titled, [question["question"] for _, _, question in asked])
    train: list[Question] = []
    development: list[Question] = []
    for (paragraph, held_out, raw), near in zip(asked, ranked, strict=True):
        answer = raw["answers"][0]
        wordings = (raw["question"], *variants(raw["question"]))
        hard = [n for n in near if n != paragraph and not holds(paragraphs[n].text, answer["text"])]
        question = Question(
            id=raw["id"],
            text=raw["question"],
            asked=tuple(pieces(wording, tokenizer).ids for wording in wordings),
            paragraph=paragraph,
            start=answer["answer_start"],
            end=answer["answer_start"] + len(answer["text"]),
            hard=tuple(hard[:HARD]),
            english=pieces(in_english(raw["question"]), tokenizer).ids,
        )
        (development if held_out else train).append(question)
    return Data(paragraphs, members, train, development)


def holds(text: str, answer: str) -> bool:
    """Whether a text has the answer's words, in any width and case."""
    return _folded(answer) in _folded(text)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _held_out(title: str) -> bool:
    return int(hashlib.sha256(title.encode()).hexdigest(), 16) % DEVELOPMENT == 0


def runs(text: str, found: Pieces) -> tuple[tuple[int, int], ...]:
    """Runs of pieces that are one sentence each; together they are all pieces."""
    edges = [int(np.searchsorted(found.starts, span.start)) for span in sentences(text)]
    edges = sorted({0, *edges, len(found.ids)})
    return tuple(pairwise(edges))


def nearest(paragraphs: list[str], questions: list[str], count: int = 24) -> list[list[int]]:
    """For each question the paragraphs of highest BM25, best first (k1 and b as in the product)."""
    places: dict[str, int] = {}
    counted = [Counter(tokens(text)) for text in paragraphs]
    for counts in counted:
        for token in counts:
            places.setdefault(token, len(places))
    weights = _weights(counted, places)
    result: list[list[int]] = []
    for start in range(0, len(questions), 256):
        asked = [Counter(tokens(text)) for text in questions[start : start + 256]]
        scores = np.asarray((_matrix(asked, places) @ weights.T).todense())
        result += np.argsort(-scores, axis=1, kind="stable")[:, :count].tolist()
    return result


def _matrix(counted: list[Counter[str]], places: dict[str, int]) -> Any:
    rows = [(n, places[t], c) for n, counts in enumerate(counted) for t, c in counts.items() if t in places]
    array = np.array(rows, np.int64).reshape(-1, 3)
    values = array[:, 2].astype(np.float32)
    return sparse.csr_matrix((values, (array[:, 0], array[:, 1])), shape=(len(counted), len(places)))


def _weights(counted: list[Counter[str]], places: dict[str, int]) -> Any:
    matrix = _matrix(counted, places).tocoo()
    lengths: NDArray[np.float64] = np.array([sum(counts.values()) for counts in counted], np.float64)
    document_frequency = np.bincount(matrix.col, minlength=len(places))
    idf = np.log(1 + (len(counted) - document_frequency + 0.5) / (document_frequency + 0.5))
    norm = K1 * (1 - B + B * lengths[matrix.row] / lengths.mean())
    weighted = idf[matrix.col] * matrix.data * (K1 + 1) / (matrix.data + norm)
    return sparse.csr_matrix((weighted.astype(np.float32), (matrix.row, matrix.col)), shape=matrix.shape)

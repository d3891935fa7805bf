"""JSQuAD (open reading) and JSQuAD-U (abstention): questions on paragraphs of the Japanese Wikipedia."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from evals.items import EvidenceSpan, Item
from evals.suites.types import Suite, read, sampled, span, spans, wrong_shape
from rag import Article

SEPARATOR = " [SEP] "


class Gold(NamedTuple):
    """An annotated answer and where it begins in the paragraph's text; None when that is not in the text."""

    text: str
    start: int | None = None


def jsquad(data: Path, limit: int | None = None) -> Suite:
    """Every paragraph of JSQuAD-valid is an article; the questions are asked of all of them at once.

    Raises:
        EvalError: the file is missing or has another shape.
    """
    path = data / "jsquad-valid-v1.3.json"
    source = read(path, "JGLUE(JSQuAD v1.3、CC BY-SA 4.0、GitHub: yahoojapan/JGLUE)")
    articles: list[Article] = []
    questions: list[tuple[dict[str, Any], Article, int]] = []
    try:
        for entry in source["data"]:
            for paragraph in entry["paragraphs"]:
                title, _, text = paragraph["context"].partition(SEPARATOR)
                article = _article(f"jsquad-{len(articles):04}", title, text)
                articles.append(article)
                questions += [(qa, article, len(title) + len(SEPARATOR)) for qa in paragraph["qas"]]
        items = [_jsquad_item(*row) for row in sampled(questions, limit)]
    except (KeyError, TypeError, ValueError) as error:
        raise wrong_shape(path, error) from None
    note = (
        f"JSQuAD v1.3 valid: {len(items):,} of {len(questions):,} questions, each asked of all "
        f"{len(articles):,} paragraphs; a paragraph is an article. Any annotated answer is right; the evidence is "
        "the sentence it stands in, or any sentence of the paragraph for an answer that only the title holds."
    )
    return Suite("jsquad", tuple(articles), tuple(items), note)


def jsquad_u(data: Path, limit: int | None = None) -> Suite:
    """Passages from which the gold paragraphs of half of the questions were taken out: those must be refused.

    Raises:
        EvalError: the file is missing or has another shape.
    """
    path = data / "jsquad_u.json"
    source = read(path, "JSQuAD-U(JSQuAD valid から作られた回答不能問題、CC BY-SA 4.0)")
    try:
        passages = {
            p["id"]: _article(f"jsquad-{p['id']:04}", p["title"], p["text"]) for p in source["passages"]
        }
        questions: list[dict[str, Any]] = source["questions"]
        items = [_jsquad_u_item(row, passages) for row in sampled(questions, limit)]
    except (KeyError, TypeError, ValueError) as error:
        raise wrong_shape(path, error) from None
    refused = sum(not item.answerable for item in items)
    note = (
        f"JSQuAD-U: {len(items)} of {len(questions)} questions over {len(passages)} passages. For {refused} of "
        "them the gold paragraph, and the paragraphs of the same Wikipedia article that hold the answer, are not "
        "among the passages: they must be refused. The corpus is one for all questions."
    )
    return Suite("jsquad-u", tuple(passages.values()), tuple(items), note)


def _jsquad_item(qa: dict[str, Any], article: Article, offset: int) -> Item:
    golds = []
    for answer in qa["answers"]:
        start = answer["answer_start"] - offset
        text = answer["text"]
        golds.append(Gold(text, start if start >= 0 and article.text.startswith(text, start) else None))
    return _answerable(qa["id"], qa["question"], golds, article)


def _jsquad_u_item(row: dict[str, Any], passages: dict[int, Article]) -> Item:
    if row["answerable"]:
        golds = [Gold(text) for text in row["answers"]]
        return _answerable(row["id"], row["question"], golds, passages[row["gold"]])
    return Item(id=row["id"], question=row["question"], answerable=False)


def _answerable(id_: str, question: str, golds: Sequence[Gold], article: Article) -> Item:
    texts = tuple(dict.fromkeys(gold.text for gold in golds))
    evidence = tuple(dict.fromkeys(found for gold in golds for found in _around(article, gold)))
    return Item(
        id=id_,
        question=question,
        gold=texts[0],
        accepted=(texts,),
        evidence=(evidence or tuple(spans(article, [(0, len(article.text))])),),
    )


def _around(article: Article, gold: Gold) -> list[EvidenceSpan]:
    """The sentences that hold an answer: those it was marked in, else those where its words stand."""
    starts = [gold.start] if gold.start is not None else _occurrences(article.text, gold.text)
    found = []
    for start in starts:
        inside = spans(article, [(start, start + len(gold.text))])
        if inside:
            first, last = inside[0].start, inside[-1].end
            found.append(span(article, first, last))
    return found


def _occurrences(text: str, wanted: str) -> list[int]:
    found = []
    at = text.find(wanted) if wanted else -1
    while at >= 0:
        found.append(at)
        at = text.find(wanted, at + 1)
    return found


def _article(id_: str, title: str, text: str) -> Article:
    return Article(
        id=id_, url=f"https://ja.wikipedia.org/wiki/{quote(title, safe='')}", title=title, text=text
    )

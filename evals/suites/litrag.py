"""LIT-RAGBench, Japanese: integration, reasoning, logic and tables over given chunks, and abstention."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from evals.items import EvidenceSpan, Item
from evals.suites.types import Suite, read, sampled, span, spans, wrong_shape
from rag import Article
from rag.quantities import numbers

_REFUSED = re.compile(r"回答(?:は|が)?(?:でき(?:ません|ない)|不可)|判断(?:は|が)?でき(?:ません|ない)")
_SENTENCE = re.compile(r"。|(?:です|ます|ました|ません|である|可能)$")
_LONGEST_PHRASE = 20
"""Characters; a longer answer that is a sentence will not be repeated word by word."""
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9&.\-]*(?: [A-Za-z][A-Za-z0-9&.\-]*)*")


def litrag(data: Path, limit: int | None = None) -> Suite:
    """Each question is asked of its own chunks, positive and negative; each chunk is an article.

    Raises:
        EvalError: the file is missing or has another shape.
    """
    path = data / "litragbench-ja-dev.jsonl"
    rows = read(path, "LIT-RAGBench(日本語、CC BY-SA 4.0)")
    articles: dict[str, Article] = {}
    scope: dict[str, frozenset[str]] = {}
    questions: list[tuple[str, dict[str, Any], list[Article]]] = []
    try:
        for number, row in enumerate(rows):
            for text in (*row["positive_chunk_list"], *row["negative_chunk_list"]):
                articles.setdefault(text, _article(len(articles), text))
            questions.append((f"litrag-{number:03}", row, [articles[t] for t in row["positive_chunk_list"]]))
        chosen = sampled(questions, limit)
        for id_, row, positive in chosen:
            negative = [articles[text] for text in row["negative_chunk_list"]]
            scope[id_] = frozenset(article.id for article in (*positive, *negative))
        items = [_item(*question) for question in chosen]
    except (KeyError, TypeError, ValueError) as error:
        raise wrong_shape(path, error) from None
    refused = sum(not item.answerable for item in items)
    note = (
        f"LIT-RAGBench-ja: {len(items)} of {len(rows)} questions, each asked of its own chunks (a chunk is an "
        f"article without a title); {refused} of them must be refused. An answer of a whole sentence is right when "
        "it states the numbers and Latin names of the gold answer, or, where that has none, its words: a lower bar "
        "than a person's judgement for some, and a higher one for others."
    )
    return Suite("litrag", tuple(articles.values()), tuple(items), note, scope)


def _article(number: int, text: str) -> Article:
    return Article(
        id=f"litrag-{number:03}",
        url=f"https://example.org/litrag/{number:03}",
        title="資料",
        title_is_descriptive=True,
        text=text,
    )


def _item(id_: str, row: dict[str, Any], positive: list[Article]) -> Item:
    kinds: list[str] = row["qa_type"]
    kind, question, answer = "+".join(kinds), str(row["question"]), str(row["answer"]).strip()
    if any(each.startswith("A_") for each in kinds) or _REFUSED.search(answer):
        return Item(id=id_, question=question, type=kind, answerable=False)
    facts = accepted(answer)
    evidence = tuple(found for article in positive for found in _evidence(article, facts))
    return Item(
        id=id_,
        question=question,
        type=kind,
        gold=answer,
        accepted=tuple((fact,) for fact in facts),
        evidence=(evidence,) if evidence else (),
    )


def accepted(answer: str) -> list[str]:
    """The facts that a right answer states: the parts of a phrase, or the numbers and Latin names of a sentence."""
    bare = answer.rstrip("。 ")
    if _SENTENCE.search(bare) is None or len(bare) <= _LONGEST_PHRASE:
        return list(
            dict.fromkeys(part.strip() for part in re.sub(r"です$", "", bare).split("、") if part.strip())
        )
    counted = [bare[q.start : q.end] for q in numbers(bare) if q.unit]
    named = [match.group() for match in _NAME.finditer(bare) if len(match.group()) > 3]
    return list(dict.fromkeys([*named, *counted])) or [bare]


def _evidence(article: Article, facts: list[str]) -> list[EvidenceSpan]:
    """The sentences of a positive chunk with a fact in them; the whole chunk where a fact must be worked out."""
    places = [match.span() for fact in facts for match in re.finditer(re.escape(fact), article.text)]
    whole = span(article, 0, len(article.text))
    return spans(article, places) or [whole]

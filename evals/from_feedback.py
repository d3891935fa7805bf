"""Questions for the evaluation, made of what people said of replies (`rag feedback export`).

A reply that was rated good becomes a question whose answer and evidence are those of the reply. One that was rated bad
becomes a question only when the right answer was given with it; its style says that somebody should look at it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from evals.items import EvidenceSpan, Item
from rag.english import is_english
from rag.feedback import Feedback
from rag.types import Citation

GOOD = "feedback"
REVIEW = "feedback_review"


class Made(NamedTuple):
    """The questions; how many ratings do not say what a right reply is; how many quote what is no longer there."""

    items: list[Item]
    unclear: int
    stale: int


def items_of(said: Iterable[Feedback], texts: Mapping[str, str]) -> Made:
    """One question for each that was asked, by the last that was said of it. `texts`: articles by id."""
    latest = {_question(feedback): feedback for feedback in said}
    items, unclear, stale = list[Item](), 0, 0
    for feedback in latest.values():
        if not all(_verbatim(citation, texts) for citation in feedback.citations):
            stale += 1
        elif item := _item(feedback):
            items.append(item)
        else:
            unclear += 1
    return Made(items, unclear, stale)


def _question(feedback: Feedback) -> str:
    return feedback.standalone_question or feedback.question


def _verbatim(citation: Citation, texts: Mapping[str, str]) -> bool:
    return texts.get(citation.article_id, "")[citation.start : citation.end] == citation.quote


def _item(feedback: Feedback) -> Item | None:
    question = _question(feedback)
    language = "en" if is_english(question) else "ja"
    if feedback.rating == "down":
        if not feedback.corrected_answer:
            return None
        return Item(
            id=f"feedback-{feedback.id}",
            question=question,
            language=language,
            style=REVIEW,
            gold=feedback.corrected_answer,
            accepted=((feedback.corrected_answer,),),
        )
    if feedback.status == "abstained":
        return Item(
            id=f"feedback-{feedback.id}", question=question, language=language, style=GOOD, answerable=False
        )
    if not feedback.citations:
        return None
    return Item(
        id=f"feedback-{feedback.id}",
        question=question,
        language=language,
        style=GOOD,
        gold=feedback.answer,
        accepted=_accepted(feedback.citations),
        evidence=tuple((_span(citation),) for citation in feedback.citations),
    )


def _accepted(citations: Sequence[Citation]) -> tuple[tuple[str, ...], ...]:
    """The words that answer, where the reply told them apart; else the quotes themselves."""
    words = [
        citation.quote[first - citation.start : last - citation.start]
        for citation in citations
        if citation.answer_span
        for first, last in [citation.answer_span]
    ]
    return tuple((word,) for word in words or [citation.quote for citation in citations])


def _span(citation: Citation) -> EvidenceSpan:
    return EvidenceSpan(
        article_id=citation.article_id, start=citation.start, end=citation.end, text=citation.quote
    )

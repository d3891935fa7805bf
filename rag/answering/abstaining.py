"""Whether the evidence answers the question: one calibrated number, and what is said when it does not."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.answering.answer_types import SPECIFIC
from rag.answering.conversation import about
from rag.answering.evidence import Evidence, cannot_answer
from rag.answering.parameters import Parameters
from rag.answering.question import Question
from rag.japanese import fold
from rag.quantities import numbers
from rag.types import Abstention, AbstentionReason

_MANY_SECTIONS = 3
"""A question of one common word that this many sections hold could be about any of them."""

_CLEAR_LEAD = 5.0
"""Log-odds between the two best spans that count as no doubt at all."""

_MANY_TERMS = 10
"""A question of this many terms is as specific as one can be."""


def answerability_features(question: Question, evidence: Sequence[Evidence]) -> dict[str, float]:
    """What decides whether the best evidence answers; weighted by `rag/data/reader.json`."""
    best = evidence[0]
    lead = best.score - evidence[1].score if len(evidence) > 1 else _CLEAR_LEAD
    return {
        "own_coverage": best.own_coverage,
        "word_coverage": best.word_coverage,
        "missing_name": best.missing_name,
        "rarest": best.rarest,
        "focus": best.focus,
        "untyped": float(best.typed == 0),
        "nearness": best.nearness,
        "nearest": max(item.nearness for item in evidence),
        "hit_score": best.hit.score,
        "lead": min(lead, _CLEAR_LEAD) / _CLEAR_LEAD,
        "english": float(question.english),
        "terms": min(len(question.terms), _MANY_TERMS) / _MANY_TERMS,
        "span": best.read.span,
        "relevance": best.read.relevance,
        "answerable": best.read.answerable,
        "best_span": max(item.read.span for item in evidence),
    }


def confidence(question: Question, evidence: Sequence[Evidence], weights: Parameters) -> float:
    """Probability that the best evidence answers the question, by logistic regression; 0 where a rule forbids it."""
    if not evidence or _subjectless(question, evidence):
        return 0.0
    if not question.terms:
        return float(evidence[0].typed)  # 「出典は?」: the list of sources answers, and nothing else does
    if cannot_answer(question, evidence[0]) or _other_number(question, evidence[0]):
        return 0.0
    return weights.probability(answerability_features(question, evidence))


def refusal(question: Question, evidence: Sequence[Evidence]) -> Abstention:
    """The abstention for a question whose evidence is too weak; `suggestions`: what it could mean, not yet checked."""
    reason: AbstentionReason = "no_evidence"
    message = "登録された記事には、この質問の答えが見つかりませんでした。"
    if _subjectless(question, evidence):
        reason, message = "ambiguous", "何についての質問かが決まりません。対象の名前を入れてください。"
    return Abstention(
        question=question.text,
        reason=reason,
        message=message,
        suggestions=_meanings(question, evidence) if reason == "ambiguous" else (),
    )


_POINTS = re.compile(
    r"\b(?:it|its|they|them|their|he|him|she|her)\b|(?:それ|これ|あれ)(?![ぞほ])|彼(?:ら|女|は|が|の)"
)
_FEW_TERMS = 2


def _subjectless(question: Question, evidence: Sequence[Evidence]) -> bool:
    """Whether the question names nothing: no term at all, a pronoun for what is asked about, or a common word alone."""
    if not question.terms:
        return question.type != "reference"
    if len(question.terms) <= _FEW_TERMS and not question.names and _POINTS.search(fold(question.text)):
        return True
    if len(question.terms) > 1 or question.names or question.type not in SPECIFIC:
        return False
    return (
        len({(e.hit.article.id, e.section.start) for e in evidence if e.own_coverage > 0}) >= _MANY_SECTIONS
    )


_MOST_MEANINGS = 8
_TITLE = re.compile(r"「([^「」、。]{2,30})」")


def _meanings(question: Question, evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """The question asked of each thing that the sections speak of which could answer it."""
    fitting = [item for item in evidence if item.typed == 1 or item.own_coverage > 0]
    subjects = dict.fromkeys(map(_subject, fitting or evidence))
    return tuple(about(question.text, subject) for subject in list(subjects)[:_MOST_MEANINGS])


def _subject(evidence: Evidence) -> str:
    """What a sentence introduces in 「」, else what its section is about."""
    heading = (evidence.section.heading_path or (evidence.hit.article.title,))[-1]
    title = _TITLE.search(evidence.text) or _TITLE.search(heading)
    return title[1] if title else heading


def _other_number(question: Question, evidence: Evidence) -> bool:
    """Whether the question states a number with a unit that its evidence gives another value for: 18億人 for 8億人."""
    said = [number for number in question.numbers if number.unit and number.unit not in "年月日"]
    found = numbers(evidence.hit.chunk.text)
    return any(
        number.value not in {other.value for other in found}
        and number.unit in {other.unit for other in found}
        for number in said
    )

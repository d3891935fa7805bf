"""The answerer that needs no LLM: picks the sentences, lists and source entries that answer, and quotes them whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from rag.answering.abstaining import confidence, refusal
from rag.answering.composing import MOST_QUOTED, Citations, compose, correct
from rag.answering.evidence import Evidence, find
from rag.answering.parameters import parameters
from rag.answering.parting import parts
from rag.answering.premises import FalsePremise, false_premise
from rag.answering.question import Question, Term, analyse
from rag.answering.spelling import spelled_as_in
from rag.japanese import fold
from rag.protocols import Embedder, Reader
from rag.types import Abstention, Answer, Hit, Reply, Statement

NEAR_TIE = 0.35
"""Difference of log-odds under which the second best evidence is quoted too."""

MOST_SUGGESTED = 4


class ExtractiveAnswerer:
    """Answers with whole spans of the sources; a statement's text is its quote but for list bullets and line breaks."""

    def __init__(self, embedder: Embedder, reader: Reader | None = None) -> None:
        """`reader`: finds the words that answer; without one, rules over words, types and embeddings decide."""
        self._embedder = embedder
        self._reader = reader
        self._weights = parameters("rules" if reader is None else "model")

    def answer(self, question: str, hits: Sequence[Hit]) -> Reply:
        """An answer of one to three quoted statements to each thing asked, or an abstention."""
        citations, asked = Citations(), parts(question)
        replies = [self._answer_part(part, hits, citations) for part in asked]
        if len(asked) > 1 and not any(isinstance(reply, Answer) for reply in replies):
            replies = [self._answer_part(question, hits, citations)]
        return _joined(question, replies)

    def _answer_part(self, question: str, hits: Sequence[Hit], citations: Citations) -> Reply:
        analysed, evidence, certain = self._read(question, hits)
        return self._reply(analysed, evidence, certain, hits, citations).model_copy(
            update={"confidence": certain, "hits": _with_reader_scores(hits, evidence, certain)}
        )

    def _read(self, question: str, hits: Sequence[Hit]) -> tuple[Question, list[Evidence], float]:
        """The question as it was understood, its evidence, best first, and how likely that answers."""
        analysed = spelled_as_in(analyse(question), [hit.chunk.text for hit in hits])
        evidence = find(analysed, hits, self._embedder, self._reader)
        return analysed, evidence, confidence(analysed, evidence, self._weights)

    def _reply(
        self,
        question: Question,
        evidence: Sequence[Evidence],
        certain: float,
        hits: Sequence[Hit],
        citations: Citations,
    ) -> Reply:
        premise = false_premise(question, evidence)
        if premise is not None:
            return _corrected(question, premise)
        if certain >= self._weights.threshold:
            statements = compose(question, _choose(question, evidence), citations)
            if statements:
                return Answer(question=question.text, statements=statements)
        refused = refusal(question, evidence)
        answered = (
            other for other in refused.suggestions if self._read(other, hits)[2] >= self._weights.threshold
        )
        return refused.model_copy(update={"suggestions": tuple(islice(answered, MOST_SUGGESTED))})

    def stream(self, question: str, hits: Sequence[Hit]) -> Iterator[Statement | Reply]:
        """The statements of `answer`, then the reply: they are known all at once."""
        reply = self.answer(question, hits)
        yield from reply.statements if isinstance(reply, Answer) else ()
        yield reply


def _joined(question: str, replies: Sequence[Reply]) -> Reply:
    """One reply to all that was asked; what was not found of it is said."""
    answers = [reply for reply in replies if isinstance(reply, Answer)]
    if not answers or len(replies) == 1:
        return replies[0].model_copy(update={"question": question})
    silent = [f"「{reply.question}」" for reply in replies if isinstance(reply, Abstention)]
    return answers[0].model_copy(
        update={
            "question": question,
            "statements": tuple(statement for answer in answers for statement in answer.statements),
            "confidence": min(answer.confidence or 0.0 for answer in answers),
            "notice": f"{'、'.join(silent)}の答えは、登録された記事に見つかりませんでした。"
            if silent
            else None,
        }
    )


def _corrected(question: Question, premise: FalsePremise) -> Reply:
    """What the sources say instead: 「いいえ」 to a yes-no question, else the reason why the question has no answer."""
    statements = correct(question, premise.correction, premise.evidence)
    if question.type == "yes_no":
        return Answer(question=question.text, statements=statements)
    message = "質問の前提が、記事の内容と違います。"
    return Abstention(question=question.text, reason="false_premise", message=message, corrections=statements)


def _with_reader_scores(hits: Sequence[Hit], evidence: Sequence[Evidence], certain: float) -> tuple[Hit, ...]:
    """The hits with their best evidence's share of the best score overall, scaled by the confidence."""
    best: dict[str, float] = {}
    for item in evidence:
        best[item.hit.chunk.id] = max(
            best.get(item.hit.chunk.id, 0.0), item.score
        )  # log-odds: 0 where negative
    top = max(best.values(), default=0.0) or 1.0
    return tuple(
        hit.model_copy(update={"reader": round(certain * best.get(hit.chunk.id, 0.0) / top, 4)})
        for hit in hits
    )


def _choose(question: Question, evidence: Sequence[Evidence]) -> list[Evidence]:
    """The best evidence and, where the question wants more than one thing, the best for each; or a near tie.

    Several names (「CoworkとALCCはそれぞれ…」) are wanted one by one, else both articles are.
    """
    best = evidence[0]
    if not question.terms:
        return [e for e in evidence if e.typed == 1][:MOST_QUOTED]
    if not question.wants_both:
        return [best, *[e for e in evidence[1:2] if best.score - e.score < NEAR_TIE]]
    named = [next((e for e in evidence if _mentions(e, name)), None) for name in question.names]
    if len(named) > 1 and len({id(e) for e in named}) > 1:
        return [e for e in named if e is not None][:MOST_QUOTED]
    return [best, *[e for e in evidence if e.hit.article.id != best.hit.article.id][:1]]


def _mentions(evidence: Evidence, name: Term) -> bool:
    return any(form in fold(evidence.text) for form in name.forms)

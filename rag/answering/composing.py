"""From the chosen evidence to cited statements: the short answer first, then the sentences that prove it."""

from __future__ import annotations

from collections.abc import Sequence

from rag.answering.context import antecedent, spans
from rag.answering.evidence import Evidence
from rag.answering.question import Question
from rag.answering.short_answers import ShortAnswer, read_answer, short_answer
from rag.chunking import chunk
from rag.citations import cite, verify
from rag.japanese import Span
from rag.structure import is_list_item
from rag.types import Chunk, Citation, Hit, Statement
from rag.verification import stance

MOST_QUOTED = 3
_YES, _NO = ("はい。", "Yes."), ("いいえ。", "No.")


class Citations:
    """The citations of one reply: each span of an article once, numbered in the order of use."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, Span], Citation] = {}

    def __contains__(self, place: tuple[str, Span]) -> bool:
        return place in self._made

    def __len__(self) -> int:
        return len(self._made)

    def of(self, hit: Hit, span: Span, answer_span: tuple[int, int] | None = None) -> Citation:
        """The verified citation of a span of the hit's article."""
        key = (hit.article.id, span)
        if key not in self._made:
            citation = cite(hit.article, chunk_at(hit, span.start), span, len(self._made) + 1)
            verify(citation, hit.article)
            self._made[key] = citation.model_copy(update={"answer_span": answer_span})
        return self._made[key]


def compose(question: Question, chosen: Sequence[Evidence], citations: Citations) -> tuple[Statement, ...]:
    """At most `MOST_QUOTED` quoted statements, led by the short answer where there is a clear one.

    What `citations` holds already is not quoted again.
    """
    statements: list[Statement] = []
    for evidence in chosen:
        for span in spans(question, evidence):
            if (evidence.hit.article.id, span) in citations or len(statements) >= MOST_QUOTED:
                continue
            statements += _statements(question, evidence, span, citations, lead=not statements)
    if question.type == "yes_no" and (
        said := _yes_or_no(question, [s.citations[0].quote for s in statements])
    ):
        statements.insert(0, Statement(text=said, citations=statements[0].citations))
    return tuple(statements)


def correct(question: Question, instead: str, evidence: Evidence) -> tuple[Statement, ...]:
    """What is true instead of what a question takes for granted, and the sentence that says so."""
    citation = Citations().of(evidence.hit, evidence.span)
    texts = [_NO[question.english]] if question.type == "yes_no" else []
    texts += [text for text in (instead, readable(citation.quote)) if text]
    return tuple(Statement(text=text, citations=(citation,)) for text in dict.fromkeys(texts))


def _yes_or_no(question: Question, quotes: Sequence[str]) -> str | None:
    """はい or いいえ where one of the quoted sentences says so and none says the opposite."""
    found = {stance(question.text, quote) for quote in quotes} - {"unknown"}
    if len(found) != 1:
        return None
    return (_YES if found.pop() == "entails" else _NO)[question.english]


def _statements(
    question: Question, evidence: Evidence, span: Span, citations: Citations, *, lead: bool
) -> list[Statement]:
    hit = evidence.hit
    quote = hit.article.text[span.start : span.end]
    short = _short(question, evidence, span, quote) if lead else None
    answer_span = (span.start + short.span.start, span.start + short.span.end) if short else None
    proof = [citations.of(hit, span, answer_span)]
    named = antecedent(question, evidence, span)
    if named is not None:
        proof.append(citations.of(hit, named))
    made = [Statement(text=readable(quote), citations=tuple(proof))]
    return [Statement(text=short.text, citations=tuple(proof)), *made] if short else made


_SURE = 0.6
"""The reader's score of a span (`Read.span`) from which its words are said by themselves."""


def _short(question: Question, evidence: Evidence, span: Span, quote: str) -> ShortAnswer | None:
    """The words that answer: by their form where that is clear, else what the span reader is sure of."""
    read = evidence.read.place
    inside = read is not None and span.start <= read.start and read.end <= span.end
    found = short_answer(question, quote)
    if found or read is None or not inside or evidence.read.span < _SURE:
        return found
    return read_answer(question, quote, Span(read.start - span.start, read.end - span.start))


def chunk_at(hit: Hit, position: int) -> Chunk:
    """The chunk of the hit's article in which a quote begins: the hit, or another one of the article."""
    if hit.chunk.start <= position < hit.chunk.end:
        return hit.chunk
    return next(piece for piece in chunk(hit.article) if piece.start <= position < piece.end)


def readable(quote: str) -> str:
    """A quote as running text: list items one a line, other line breaks as spaces."""
    lines = [line.strip() for line in quote.splitlines() if line.strip()]
    return "\n".join(lines) if any(is_list_item(line) for line in lines[1:]) else " ".join(lines)

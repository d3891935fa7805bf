"""The answerer that needs no LLM: picks the sentences, lists and source entries that answer, and quotes them whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag.answering.abstaining import confidence, refusal, threshold
from rag.answering.evidence import Evidence, find, read_units
from rag.answering.question import Question, Term, analyse
from rag.chunking import chunk
from rag.citations import cite, verify
from rag.japanese import Span, fold
from rag.structure import Unit, is_list_item
from rag.types import Answer, Chunk, Citation, Embedder, Hit, Reply, Statement

MOST_STATEMENTS = 3

_EXCEPTION = re.compile(r"ただし|もっとも|なお|しかし")

NEAR_TIE = 0.35
"""Difference of log-odds under which the second best evidence is quoted too. Of 43 such ties on the development
questions this brings the right sentence in 9, and a superfluous one beside it in 17."""


class ExtractiveAnswerer:
    """Answers with whole spans of the sources; a statement's text is its quote but for list bullets and line breaks."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def answer(self, question: str, hits: Sequence[Hit]) -> Reply:
        """An answer of one to three statements, or an abstention when the evidence is weak."""
        analysed = analyse(question)
        evidence = find(analysed, hits, self._embedder)
        certain = confidence(analysed, evidence)
        read = _with_reader_scores(hits, evidence, certain)
        if certain < threshold():
            return refusal(analysed, evidence, read).model_copy(update={"confidence": certain})
        chosen = _choose(analysed, evidence)
        statements = _statements(analysed, chosen)
        return Answer(question=question, statements=statements, confidence=certain, hits=read)

    def stream(self, question: str, hits: Sequence[Hit]) -> Iterator[Statement | Reply]:
        """The statements of `answer`, then the reply: they are known all at once."""
        reply = self.answer(question, hits)
        yield from reply.statements if isinstance(reply, Answer) else ()
        yield reply


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
        return [e for e in evidence if e.typed == 1][:MOST_STATEMENTS]
    if not question.wants_both:
        return [best, *[e for e in evidence[1:2] if best.score - e.score < NEAR_TIE]]
    named = [next((e for e in evidence if _mentions(e, name)), None) for name in question.names]
    if len(named) > 1 and len({id(e) for e in named}) > 1:
        return [e for e in named if e is not None][:MOST_STATEMENTS]
    return [best, *[e for e in evidence if e.hit.article.id != best.hit.article.id][:1]]


def _mentions(evidence: Evidence, name: Term) -> bool:
    return any(form in fold(evidence.text) for form in name.forms)


def _statements(question: Question, chosen: Sequence[Evidence]) -> tuple[Statement, ...]:
    made: dict[tuple[str, Span], Citation] = {}
    statements: list[Statement] = []
    for evidence in chosen:
        for span in _spans(question, evidence):
            key = (evidence.hit.article.id, span)
            if key in made or len(statements) == MOST_STATEMENTS:
                continue
            piece = _chunk_at(evidence.hit, span.start)
            citation = cite(evidence.hit.article, piece, span, len(made) + 1)
            verify(citation, evidence.hit.article)
            made[key] = citation
            statements.append(Statement(text=_readable(citation.quote), citations=(citation,)))
    return tuple(statements)


def _chunk_at(hit: Hit, position: int) -> Chunk:
    """The chunk of the hit's article in which a quote begins: the hit, or the one before or after it."""
    if hit.chunk.start <= position < hit.chunk.end:
        return hit.chunk
    return next(piece for piece in chunk(hit.article) if piece.start <= position < piece.end)


def _spans(question: Question, evidence: Evidence) -> list[Span]:
    """What to quote for one evidence: the unit, a whole list, or the unit with the exception beside it."""
    parts = next(u for s, u in read_units(evidence.hit.article) if s.start == evidence.section.start)
    at = next(i for i, unit in enumerate(parts) if unit.start == evidence.unit.start)
    items = [unit for unit in parts if unit.lead_in == evidence.span]
    if items and question.type in ("list", "what", "definition"):
        return [Span(evidence.unit.start, items[-1].end)]
    lead_in = evidence.unit.lead_in
    if lead_in and question.type == "list":
        items = [unit for unit in parts if unit.lead_in == lead_in]
        return [Span(lead_in.start, items[-1].end)]
    if question.type == "yes_no":
        return [Span(unit.start, unit.end) for unit in _with_exception(evidence.hit.article.text, parts, at)]
    return [evidence.span]


def _with_exception(text: str, parts: Sequence[Unit], at: int) -> Sequence[Unit]:
    """A unit with the exception (「ただし…」) next to it: a yes or no without it would mislead."""
    first, last = at, at + 1
    if at > 0 and _EXCEPTION.match(text, parts[at - 1].start):
        first -= 1
    if at + 1 < len(parts) and _EXCEPTION.match(text, parts[at + 1].start):
        last += 1
    return parts[first:last]


def _readable(quote: str) -> str:
    """A quote as running text: list items one a line, other line breaks as spaces."""
    lines = [line.strip() for line in quote.splitlines() if line.strip()]
    return "\n".join(lines) if any(is_list_item(line) for line in lines[1:]) else " ".join(lines)

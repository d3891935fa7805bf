"""The spans of the hits that could answer a question, each with the features that say how well."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from rag.answering.answer_types import SPECIFIC, has_type
from rag.answering.close_reading import UNREAD, Place, Read, read_closely, read_units
from rag.answering.embedding_memory import embed_remembered
from rag.answering.matching import match, token_set
from rag.answering.parameters import Engine, parameters
from rag.answering.question import Question
from rag.answering.unknown_names import has_unknown_name
from rag.japanese import Span, fold
from rag.protocols import Embedder, Reader
from rag.structure import Unit
from rag.types import Hit, Section

_EMBEDDED = 16
"""How many candidates, the best by words, are compared by embedding too; 16 chose no better."""


_READ = 5
"""How many units, the best so far, the span reader reads."""


class Evidence(NamedTuple):
    """A unit of an article as a possible answer, and the features that say how well it answers.

    Shares are of the question's terms, by their weight and rarity. `score` is comparable within one question only.
    """

    hit: Hit
    unit: Unit
    section: Section
    own_coverage: float
    """Share found in the unit itself."""
    coverage: float
    """Share found in the unit or, counting less, in its headings, title, publisher and the two sentences before."""
    missing_name: float
    """Share of the names found nowhere in or around the unit."""
    word_coverage: float
    """Share of the terms that are no names, found in or around the unit: names are everywhere in their article."""
    rarest: float
    """Whether the rarest term was found: 1, or less where it was found around or in part."""
    focus: float
    """Whether the unit itself has what is wanted of the rest (`Question.focus`); ½ where nothing is."""
    typed: float
    """1 with something of the type asked for, 0 without it, ½ where the type has no form to look for."""
    nearness: float
    """Cosine of unit and question, 0 for unrelated texts and 1 for the same."""
    read: Read
    """What the span reader makes of it."""
    score: float

    @property
    def span(self) -> Span:
        """The unit's span in the article."""
        return Span(self.unit.start, self.unit.end)

    @property
    def text(self) -> str:
        """The unit's text."""
        return self.hit.article.text[self.unit.start : self.unit.end]


class _Candidate(NamedTuple):
    hit: Hit
    unit: Unit
    section: Section
    own: frozenset[str]
    around: frozenset[str]


def find(
    question: Question, hits: Sequence[Hit], embedder: Embedder, reader: Reader | None = None
) -> list[Evidence]:
    """The units of the hits most like the question as evidence, best first."""
    candidates = _candidates(question, hits)
    if not candidates:
        return []
    rarity = _rarity(question, candidates)
    drafts = [_draft(question, candidate, rarity) for candidate in candidates]
    drafts.sort(key=lambda evidence: -evidence.score)
    near = drafts[:_EMBEDDED]
    scored = [
        draft._replace(nearness=nearness)
        for draft, nearness in zip(near, _nearness(question, near, embedder), strict=True)
    ]
    ordered = in_order(question, _scored(scored, "rules"))
    return in_order(question, _scored(_read(question, ordered, reader), "model")) if reader else ordered


def _scored(evidence: Sequence[Evidence], engine: Engine) -> list[Evidence]:
    weights = parameters(engine)
    return [item._replace(score=weights.score(ranking_features(item))) for item in evidence]


def _read(question: Question, ordered: Sequence[Evidence], reader: Reader) -> list[Evidence]:
    """The evidence, with what the span reader makes of the best."""
    best = ordered[:_READ]
    places = [Place(item.hit.article, item.section, item.unit) for item in best]
    readings = read_closely(question.text, places, reader)
    return [
        *(item._replace(read=read) for item, read in zip(best, readings, strict=True)),
        *ordered[_READ:],
    ]


def in_order(question: Question, scored: Sequence[Evidence]) -> list[Evidence]:
    """Best first; what cannot answer, for want of a name or of the form asked for, stands behind what can."""
    return sorted(scored, key=lambda e: (cannot_answer(question, e), -e.score, e.hit.rank, e.unit.start))


def cannot_answer(question: Question, evidence: Evidence) -> bool:
    """Whether a text lacks a name of the question, the form asked for, or the noun whose number is asked for."""
    if question.strict and evidence.typed == 0:
        return True
    if question.counted and not match(question.counted, token_set(evidence.text)):
        return True
    return has_unknown_name(question, evidence.hit.article)


_ABOUT_THE_ARTICLE = re.compile(
    r"(?:記事|article).*(?:作成|作られ|書|執筆|支援|生成|written|made|generated)|ai(?:の)?利用について"
)
"""Questions that a note about the article itself may answer."""


def _candidates(question: Question, hits: Sequence[Hit]) -> list[_Candidate]:
    found: dict[tuple[str, int], _Candidate] = {}
    about_article = _ABOUT_THE_ARTICLE.search(fold(question.text)) is not None
    for hit in hits:
        if hit.chunk.kind == "notice" and not about_article:
            continue  # a note about the article is never quoted as news
        if hit.chunk.kind == "references" and question.type != "reference":
            continue
        for section, parts in read_units(hit.article):
            if section.end <= hit.chunk.start or section.start >= hit.chunk.end:
                continue
            for i, unit in enumerate(parts):
                key = (hit.article.id, unit.start)
                if hit.chunk.start <= unit.start < hit.chunk.end and key not in found:
                    found[key] = _candidate(hit, section, parts, i)
    return list(found.values())


def _candidate(hit: Hit, section: Section, parts: Sequence[Unit], i: int) -> _Candidate:
    text, unit = hit.article.text, parts[i]
    around = [hit.article.title, hit.article.publisher or "", *section.heading_path]
    around += [text[part.start : part.end] for part in parts[max(0, i - 2) : i]]
    if unit.lead_in:
        around.append(text[unit.lead_in.start : unit.lead_in.end])
    own = token_set(text[unit.start : unit.end])
    return _Candidate(hit, unit, section, own, frozenset().union(*map(token_set, around)))


def _rarity(question: Question, candidates: Sequence[_Candidate]) -> dict[str, float]:
    """Weight of each term of the question: its own, times how rare it is among the candidates."""
    n = len(candidates)
    weights = {}
    for term in question.terms:
        share = sum(match(term, candidate.own) for candidate in candidates)
        weights[term.text] = term.weight * math.log(1 + n / (0.5 + share))
    return weights


_NAME_AROUND = 0.9
_WORD_AROUND = 0.5
"""What a term counts that stands around a unit and not in it: Japanese names its subject once, then leaves it out."""


def _draft(question: Question, candidate: _Candidate, rarity: dict[str, float]) -> Evidence:
    total = sum(rarity.values()) or 1.0
    own = covered = lost = names = others = 0.0
    heaviest = rarest = 0.0
    for term in question.terms:
        weight = rarity[term.text]
        inside = match(term, candidate.own)
        context = _NAME_AROUND if term.is_name else _WORD_AROUND
        anywhere = max(inside, context * match(term, candidate.around))
        own += weight * inside
        covered += weight * anywhere
        names += weight * term.is_name
        others += weight * anywhere * (not term.is_name)
        lost += weight * (term.is_name and anywhere == 0)
        if weight > heaviest:
            heaviest, rarest = weight, anywhere
    text = candidate.hit.article.text[candidate.unit.start : candidate.unit.end]
    found = has_type(question, text, candidate.section)
    typed = float(found) if question.type in SPECIFIC else 0.5 + 0.5 * found * (question.type != "what")
    return Evidence(
        hit=candidate.hit,
        unit=candidate.unit,
        section=candidate.section,
        own_coverage=own / total,
        coverage=covered / total,
        missing_name=lost / names if names else 0.0,
        word_coverage=others / (total - names) if total > names else covered / total,
        rarest=rarest,
        focus=match(question.focus, candidate.own) if question.focus else 0.5,
        typed=typed,
        nearness=0.0,
        read=UNREAD,
        score=covered / total + 0.25 * typed + 0.3 * candidate.hit.score,
    )


def _nearness(question: Question, near: Sequence[Evidence], embedder: Embedder) -> list[float]:
    """Cosine of each unit, headed by its last heading, with the question, rescaled."""
    vector = embedder.embed_queries([question.text])[0]
    texts = ["\n".join([*evidence.section.heading_path[-1:], evidence.text]) for evidence in near]
    floor = embedder.unrelated_cosine
    return [
        max(0.0, (float(cosine) - floor) / (1 - floor))
        for cosine in embed_remembered(texts, embedder) @ vector
    ]


def ranking_features(evidence: Evidence) -> dict[str, float]:
    """What orders the evidence of one question; weighted by `rag/data/reader.json`."""
    return {
        "own_coverage": evidence.own_coverage,
        "coverage": evidence.coverage,
        "missing_name": evidence.missing_name,
        "word_coverage": evidence.word_coverage,
        "focus": evidence.focus,
        "typed": evidence.typed,
        "nearness": evidence.nearness,
        "hit_score": evidence.hit.score,
        "span": evidence.read.span,
    }

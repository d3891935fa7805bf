"""Polarity, direction, modality and extent of a statement against its quotes, word by word.

Each content word of the statement is compared with the places of the quotes that speak of the same: the places
that agree with it must fit its surroundings at least as well as the places that contradict it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag.verification import reading_en
from rag.verification.marks import Mark
from rag.verification.places import Place, Places
from rag.verification.problems import Kind, Problem, problem
from rag.verification.reading import Reading
from rag.verification.reading_ja import HEDGES, IMPLICIT

_DOUBT = 1.0
"""How much better the place of a word that contradicts must fit than a place of the word that agrees."""


def problems(said: Reading, quotes: Sequence[Reading]) -> Iterator[Problem]:
    """Words of the statement that its quotes deny, oppose or only plan."""
    seen = set()
    searched = [Places(said, quote) for quote in quotes]
    plans = {mark.sentence: at for at, mark in enumerate(said.marks) if mark.forms & HEDGES}
    for at, mark in enumerate(said.marks):
        # The sentence may go on to a plan: 連携を強め、地域を支えることを目指す.
        planned = mark.hedged or plans.get(mark.sentence, -1) > at
        for found in _of_mark(at, said, searched, planned):
            if found[:2] not in seen:
                seen.add(found[:2])
                yield found
    yield from _bare_negation(said, quotes, searched)
    yield from _unmatched(said, quotes)
    yield from _extent(said, quotes)


def _of_mark(at: int, said: Reading, searched: Sequence[Places], planned: bool) -> Iterator[Problem]:
    mark = said.marks[at]
    places = [place for quote in searched for place in quote.of(at)]
    agreeing = [place for place in places if _agrees(mark, place)]
    against = [place for place in places if not _agrees(mark, place)]
    best = max((place.fit for place in agreeing), default=-1.0)
    worst = max(against, key=lambda place: place.fit, default=None)
    same_word = worst is not None and not worst.opposite and any(not place.opposite for place in agreeing)
    if worst is not None and worst.fit > best + _DOUBT * same_word:
        kind: Kind = "direction" if worst.opposite else "polarity"
        yield problem(kind, mark.text, said.english, worst.mark.text)
        return
    same = [place for place in agreeing if not place.opposite and place.fit >= best]
    if same and not any(_same_modality(mark, planned, place.mark) for place in same):
        yield problem("modality", mark.text, said.english)


def _agrees(mark: Mark, place: Place) -> bool:
    other = place.mark
    if mark.negated is None or other.negated is None:
        return not place.opposite or mark.negated != other.negated
    if not place.opposite:
        return mark.negated == other.negated
    if place.complement:
        return mark.negated != other.negated
    return mark.negated and not other.negated


def _same_modality(mark: Mark, planned: bool, other: Mark) -> bool:
    if not mark.verbal or mark.forms & HEDGES:
        return True
    if other.hedged and not planned:
        return False
    if not other.verbal:
        return True
    if mark.past and other.plain:
        return other.hedged and mark.hedged
    return not (mark.hedged and not other.hedged and other.past)


def _bare_negation(said: Reading, quotes: Sequence[Reading], searched: Sequence[Places]) -> Iterator[Problem]:
    """A negation where the quotes have nothing negative at all."""
    if said.english and reading_en.negations(said.text) > sum(_denials(quote) for quote in quotes):
        yield problem("polarity", said.source, said.english)
    if any(quote.denies for quote in quotes):
        return
    for mark in said.marks:
        if mark.negated and not any(quote.opposed(mark) for quote in searched):
            yield problem("polarity", mark.text, said.english)


def _unmatched(said: Reading, quotes: Sequence[Reading]) -> Iterator[Problem]:
    """Predicates in other words than the quotes': denied where the part of the quotes that fits best denies nothing
    that the statement does not also deny in the same words."""
    if said.english or not quotes or any(quote.english for quote in quotes):
        return
    known = frozenset[str]().union(*(quote.forms for quote in quotes))
    sides = {side for quote in quotes for mark in quote.marks for side in mark.sides}
    for mark in said.marks:
        if mark.negated and not mark.forms & known and not mark.sides & sides:
            clause = _best_clause(mark, said, quotes)
            if clause and not any(_is_denial(other) and not other.forms & said.forms for other in clause):
                yield problem("polarity", mark.text, said.english)


def _is_denial(mark: Mark) -> bool:
    return mark.negated is not False or bool(mark.forms & IMPLICIT)


_BESIDE = 3
"""What the word right before a predicate weighs among those around it: most often its object."""


def _best_clause(mark: Mark, said: Reading, quotes: Sequence[Reading]) -> list[Mark]:
    """The words of the quotes' clause that shares most with the clause of a word of the statement."""
    around = [near for near in said.marks if near.clause == mark.clause and near is not mark]
    before = frozenset[str]().union(*[near.forms for near in around if near.end <= mark.start][-1:])
    ranked = [
        (
            sum(bool(near.forms & forms) for near in around) + _BESIDE * bool(before & forms),
            [other for other in quote.marks if other.clause == number],
        )
        for quote in quotes
        for number, forms in enumerate(quote.clauses)
    ]
    shared, clause = max(ranked, key=lambda each: each[0], default=(0, []))
    return clause if shared else []


def _denials(quote: Reading) -> int:
    """How many words of a quote are denied, or deny by what they mean."""
    words = sum(mark.negated is not False or bool(mark.forms & IMPLICIT) for mark in quote.marks)
    return max(words, int(quote.denies))


_EXTENTS = {
    "all": r"全て|すべて|全員|全部|全(?:社員|従業員|店|国民|利用者|ユーザー|製品|会員|世帯|加盟国|参加者|学年|企業|自治体|地域)|あらゆる|\ball\b|\bevery(?:one|body|thing)?\b|\bentire",
    "only": r"のみ|だけ|しか|限ら|限る|限り|限定|唯一|専用|\bonly\b|\bsolely\b|\bexclusive",
    "always": r"必ず|常に|つねに|いつも|絶対|\balways\b|\bcertainly\b|\bguarantee",
}
_PATTERNS = {name: re.compile(pattern) for name, pattern in _EXTENTS.items()}
_NOT_ONLY = re.compile(r"(?:だけ|のみ)(?:で|に)(?:は|も)?な[くい]|のみならず|に限らず|\bnot only\b")
_PART = re.compile(r"(?:一部|数)の|\bsome\b|\bpart of\b|\bseveral\b|\bcertain\b|一部|部分")


def _extent(said: Reading, quotes: Sequence[Reading]) -> Iterator[Problem]:
    """全て, のみ or 必ず that no quote says, and 一部の left out."""
    text = _NOT_ONLY.sub("", said.text)
    for pattern in _PATTERNS.values():
        found = pattern.search(text)
        if found and not any(pattern.search(_NOT_ONLY.sub("", quote.text)) for quote in quotes):
            yield problem("quantifier", found.group(), said.english)
    if not _PART.search(said.text):
        yield from _whole_for_part(said, quotes)


def _whole_for_part(said: Reading, quotes: Sequence[Reading]) -> Iterator[Problem]:
    for quote in quotes:
        for match in re.finditer(r"一部の", quote.text):
            noun = next((mark for mark in quote.marks if mark.start >= match.end()), None)
            if noun is None or len(re.findall(re.escape(noun.text), quote.text)) > 1:
                continue
            again = next((mark for mark in said.marks if mark.forms & noun.forms), None)
            if again is not None:
                yield problem("quantifier", again.text, said.english)

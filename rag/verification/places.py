"""Where quotes speak of the same as a word of a statement, or of its opposite, and how well each place fits.

A statement may be long: words are looked up, not compared one by one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from rag.verification.antonyms import Opposition, opposed
from rag.verification.marks import Mark
from rag.verification.reading import Reading

_AND = re.compile(r"(?:と|や|及び|および)[\d.,]*(?:[万億兆]?[人名社件台個]?)?(?:以上|以下)?の?")
"""Between two that both are meant, and each may have its number."""


class Place(NamedTuple):
    """A word of a quote that speaks of the same as a word of the statement, or of its opposite."""

    mark: Mark
    fit: float
    opposite: bool
    complement: bool


class _Around(NamedTuple):
    """What each word of a statement adds to the fit of a place, by where it stands; summed by clause and in all."""

    values: tuple[int, ...]
    by_clause: dict[int, int]
    total: int


class _Index:
    """The words of a reading by what another word can have in common with them."""

    def __init__(self, reading: Reading) -> None:
        self._found: defaultdict[object, list[int]] = defaultdict(list)
        for at, mark in enumerate(reading.marks):
            for key in _keys(mark):
                self._found[key].append(at)

    def related(self, mark: Mark) -> list[int]:
        """The words that may be the same as another one or opposed to it, in order."""
        return sorted({at for key in _keys(mark) for at in self._found.get(key, ())})

    def sharing(self, forms: frozenset[str]) -> set[int]:
        """The words with one of these forms."""
        return {at for form in forms for at in self._found.get(form, ())}


def _keys(mark: Mark) -> Iterator[object]:
    """Two words that share none of these are neither the same nor opposed (see `antonyms.opposed`)."""
    yield from mark.forms
    yield from (side.group for side in mark.sides)
    yield from enumerate(mark.text if len(mark.text) == 2 else ())


class Places:
    """The places of one quote for the words of one statement."""

    def __init__(self, said: Reading, quote: Reading) -> None:
        self._said = said
        self._quote = quote
        self._in_said = _Index(said)
        self._in_quote = _Index(quote)
        self._around: dict[tuple[int, int], _Around] = {}

    def opposed(self, mark: Mark) -> bool:
        """Whether the quote has a word that excludes this one."""
        there = self._in_quote.related(mark)
        return any(_opposed(mark, self._quote.marks[at]) for at in there)

    def of(self, at: int) -> Iterator[Place]:
        """The places for the statement's word number `at`, in the order of the quote."""
        mark, alone = self._said.marks[at], len(self._said.marks) == 1
        for there in self._in_quote.related(mark):
            other = self._quote.marks[there]
            same = bool(mark.forms & other.forms) or bool(mark.sides & other.sides)
            how = None if same else _opposed(mark, other)
            if same or (
                how is not None and not other.forms & self._said.forms and not self._listed(mark, other)
            ):
                fit = self._fit(at, there)
                if same or fit > 0 or alone or self._said.english != self._quote.english:
                    yield Place(other, fit, not same, how == "complement")

    def _listed(self, mark: Mark, other: Mark) -> bool:
        """Whether the quote has the word itself beside its opposite: 教師と生徒."""
        for at in self._in_quote.sharing(mark.forms):
            one, two = sorted((self._quote.marks[at], other), key=lambda each: each.start)
            if _AND.fullmatch(self._quote.text, one.end, two.start):
                return True
        return False

    def _fit(self, at: int, there: int) -> float:
        """How many words around a word of the statement stand around the word of the quote: clause, then sentence.

        Right beside it counts once more.
        """
        mark, other = self._said.marks[at], self._quote.marks[there]
        around = self._standing(other)
        halves = around.total + around.by_clause.get(mark.clause, 0)
        for near in {at, *self._in_said.sharing(mark.forms | other.forms)}:
            halves -= around.values[near] * (1 + (self._said.marks[near].clause == mark.clause))
        beside = 0
        for step in (-1, 1):
            if 0 <= at + step < len(self._said.marks) and 0 <= there + step < len(self._quote.marks):
                beside += bool(self._said.marks[at + step].forms & self._quote.marks[there + step].forms)
        return halves / 2 + beside

    def _standing(self, other: Mark) -> _Around:
        """How the statement's words stand around a word of the quote."""
        key = (other.clause, other.sentence)
        if key not in self._around:
            clause, sentence = self._quote.clauses[other.clause], self._quote.sentences[other.sentence]
            values = tuple(
                2 if mark.forms & clause else int(bool(mark.forms & sentence)) for mark in self._said.marks
            )
            by_clause: defaultdict[int, int] = defaultdict(int)
            for mark, value in zip(self._said.marks, values, strict=True):
                by_clause[mark.clause] += value
            self._around[key] = _Around(values, dict(by_clause), sum(values))
        return self._around[key]


def _opposed(mark: Mark, other: Mark) -> Opposition | None:
    return opposed(mark.text, mark.sides, other.text, other.sides)

"""A text read for comparison: its content words, clause by clause."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from rag.english import is_english
from rag.japanese import Word, fold, words
from rag.quantities import dates
from rag.verification import reading_en, reading_ja
from rag.verification.marks import Mark


class Reading(NamedTuple):
    """A text read. `text` is its normalised copy, in which all offsets count.

    `clauses` and `sentences` hold the forms of all content words in each, by number; `forms` those of all.
    `denies`: whether anything in it is negative. `words`: its morphemes. Dates are left out of words and marks.
    """

    source: str
    text: str
    english: bool
    words: tuple[Word, ...]
    marks: tuple[Mark, ...]
    clauses: tuple[frozenset[str], ...]
    sentences: tuple[frozenset[str], ...]
    forms: frozenset[str]
    denies: bool


@lru_cache(maxsize=512)
def read(text: str) -> Reading:
    """Read a text, English or Japanese."""
    folded = fold(text)
    morphemes = tuple(words(folded))
    english = is_english(text) or _quotes_japanese(text)
    if english:
        marks, denies = reading_en.marks(folded), reading_en.denies(folded)
    else:
        marks, denies = reading_ja.marks(folded, morphemes), reading_ja.denies(folded, morphemes)
    days = [(date.start, date.end) for date in dates(folded)]
    marks = tuple(mark for mark in marks if not _within(mark.start, days))
    clauses = _grouped(marks, [mark.clause for mark in marks])
    sentences = _grouped(marks, [mark.sentence for mark in marks])
    forms = frozenset[str]().union(*sentences)
    outside = tuple(word for word in morphemes if not _within(word.start, days))
    return Reading(text, folded, english, outside, marks, clauses, sentences, forms, denies)


_QUOTED = re.compile(r"「[^」]*」")


def _quotes_japanese(text: str) -> bool:
    """Whether a text is English that shows the words of its source: 800 million people (「8億人」)."""
    rest = _QUOTED.sub("", text)
    return text[:1].isascii() and is_english(rest) and len(rest.split()) > 1


def _within(at: int, spans: Sequence[tuple[int, int]]) -> bool:
    return any(start <= at < end for start, end in spans)


def _grouped(marks: Sequence[Mark], numbers: Sequence[int]) -> tuple[frozenset[str], ...]:
    groups: list[set[str]] = [set() for _ in range(max(numbers, default=-1) + 1)]
    for mark, number in zip(marks, numbers, strict=True):
        groups[number] |= mark.forms
    return tuple(frozenset(group) for group in groups)

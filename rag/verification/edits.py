"""Words put in the place of others in what is otherwise the wording of a quote."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from rag.japanese import fold
from rag.names import variants
from rag.verification.antonyms import opposed
from rag.verification.content import FRAME
from rag.verification.marks import Mark
from rag.verification.problems import Problem, problem
from rag.verification.reading import Reading

_ALIKE = 0.6
"""The share of a statement's content words that must stand in a quote's sentence, in its order."""
_COVERED = 0.5
"""The share of that sentence's content words that the statement must have: an abridgement chooses its own words."""
_LEAST = 3

_PLANNED = frozenset(
    "予定 計画 方針 見込み 見込む 見通し 可能性 検討 予想 予測 意向 目標 目指す 恐れ おそれ 案 構想".split()
)
_HIRAGANA = re.compile(r"[ぁ-ゖ]")
"""Verbs and adjectives are put in other words too often to say that one is wrong."""
_KANJI = re.compile(r"[㐀-鿿]")


def problems(said: Reading, quotes: Sequence[Reading], context: Reading) -> Iterator[Problem]:
    """Words of a statement that is nearly a quote, where the quote has others of another meaning."""
    if said.english:
        return
    known = _Known(quotes, context)
    for quote in quotes:
        for number in range(len(quote.sentences)):
            stated = [mark for mark in quote.marks if mark.sentence == number]
            yield from _of_sentence(said, stated, known)


def _of_sentence(said: Reading, stated: Sequence[Mark], known: _Known) -> Iterator[Problem]:
    if not said.marks or not stated:
        return
    matcher = SequenceMatcher(
        None, [_key(mark) for mark in stated], [_key(mark) for mark in said.marks], False
    )
    same = sum(block.size for block in matcher.get_matching_blocks())
    if same < _LEAST or same < _ALIKE * len(said.marks) or same < _COVERED * len(stated):
        return
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind == "replace":
            yield from _replaced(stated[i:j], said.marks[k:m], known)
        elif (
            kind == "delete"
            and i
            and _is_fact(said)
            and any(mark.forms & _PLANNED and mark.clause == stated[i - 1].clause for mark in stated[i:j])
        ):
            yield problem("modality", said.source, said.english)


def _is_fact(said: Reading) -> bool:
    """Whether a statement says something as a fact, rather than only naming it (10万人以上の教師)."""
    if any(mark.forms & _PLANNED or mark.hedged for mark in said.marks):
        return False
    return any(mark.verbal for mark in said.marks) or re.search(r"[はが]", said.text) is not None


def _key(mark: Mark) -> str:
    return min(mark.forms)


def _replaced(old: Sequence[Mark], new: Sequence[Mark], known: _Known) -> Iterator[Problem]:
    for mark in new:
        contrary = next((o for o in old if opposed(mark.text, mark.sides, o.text, o.sides) is not None), None)
        if contrary is not None:
            if not mark.negated and not contrary.negated:
                yield problem("direction", mark.text, False, contrary.text)
        elif len(mark.text) == 1 or _HIRAGANA.search(mark.text) or mark.forms & FRAME or known.has(mark):
            continue
        elif not any(_near(mark, other) for other in old):
            yield problem("content", mark.text, False)


class _Known:
    """The words of quotes and context in any spelling."""

    def __init__(self, quotes: Sequence[Reading], context: Reading) -> None:
        self._forms = context.forms.union(*(quote.forms for quote in quotes))
        self._text = "\n".join((context.text, *(quote.text for quote in quotes)))

    def has(self, mark: Mark) -> bool:
        spelled = (mark.text, *variants(mark.text))  # Sam of CEOSam, for of a title in English
        return bool(mark.forms & self._forms) or any(fold(each) in self._text for each in spelled)


def _near(one: Mark, other: Mark) -> bool:
    """Whether two words may mean the same: on one side of a group, or with a kanji in common."""
    if one.forms & other.forms or one.sides & other.sides:
        return True
    return bool(set(_KANJI.findall(one.text)) & set(_KANJI.findall(other.text)))

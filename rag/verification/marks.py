"""A content word where it stands, with what is said of it."""

from __future__ import annotations

from typing import NamedTuple

from rag.verification.antonyms import Side


class Mark(NamedTuple):
    """A content word of a normalised text; `start`, `end` are offsets into that copy.

    `forms`: its search key, spellings and, for English, its Japanese. `negated` is None where it cannot be
    told (「更新を見送る」 neither affirms nor denies 更新). `hedged`: planned, possible or expected only.
    `verbal`: it is said to happen; `past`: to have happened; `plain`: a sentence ends with it in the present
    tense; `passive`: its subject undergoes it. `thing`: a noun that is no action, time or manner.
    """

    start: int
    end: int
    text: str
    forms: frozenset[str]
    clause: int
    sentence: int
    sides: frozenset[Side] = frozenset()
    negated: bool | None = False
    hedged: bool = False
    verbal: bool = False
    past: bool = False
    plain: bool = False
    passive: bool = False
    thing: bool = False

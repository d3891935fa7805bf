"""Words that exclude each other, by a small editable table: 黒字/赤字, 増/減, 許可/禁止."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple, cast

from rag.japanese import fold

TABLE = Path(__file__).parent.parent / "data" / "antonyms.tsv"


Opposition = Literal["complement", "contrary", "alternative"]
"""complement: "not A" means B (可能/不可能). contrary: A means "not B", but "not A" does not mean B (増加/減少).
alternative: A is not to be told for B, but both can be true (国内/海外)."""


class Side(NamedTuple):
    """One side of a group of words that exclude each other in the way of `Opposition`."""

    group: int
    side: int
    how: Opposition


def sides(forms: Iterable[str]) -> frozenset[Side]:
    """The sides that a word in any of its spellings is on."""
    return frozenset(side for form in forms for side in _table().get(form, ()))


def opposed(one: str, its: frozenset[Side], other: str, others: frozenset[Side]) -> Opposition | None:
    """How two words with their sides exclude each other; None if they do not.

    Words of two kanji need not be in the table when they differ in one that is (過大/過小, 社内/社外).
    """
    for a in its if others else ():
        for b in others:
            if a.group == b.group and a.side != b.side:
                return a.how
    if len(one) == len(other) == _COMPOUND and (one[0] == other[0]) != (one[1] == other[1]):
        at = int(one[0] == other[0])
        if (one[at], other[at]) in _kanji():
            return "alternative"
    return None


_COMPOUND = 2


@cache
def _kanji() -> frozenset[tuple[str, str]]:
    pairs = [line.split("\t")[1:3] for line in _lines() if line.startswith("kanji")]
    return frozenset((a, b) for one, two in pairs for a, b in ((one, two), (two, one)))


def _lines() -> list[str]:
    return [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]


@cache
def _table() -> dict[str, tuple[Side, ...]]:
    table: dict[str, tuple[Side, ...]] = {}
    for group, line in enumerate(_lines()):
        how, *columns = line.split("\t")
        if how == "kanji":
            continue
        for number, column in enumerate(columns):
            for word in map(fold, column.split()):
                table[word] = (*table.get(word, ()), Side(group, number, cast(Opposition, how)))
    return table

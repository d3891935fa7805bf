"""Words that exclude each other, by a small editable table: 黒字/赤字, 増/減, 許可/禁止."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from rag.japanese import fold

TABLE = Path(__file__).parent.parent / "data" / "antonyms.tsv"


class Side(NamedTuple):
    """One side of a group of words that exclude each other.

    `complement`: "not A" means B, as with 可能/不可能; otherwise A only means "not B", as with 増加/減少.
    """

    group: int
    side: int
    complement: bool


def sides(forms: Iterable[str]) -> frozenset[Side]:
    """The sides that a word in any of its spellings is on."""
    return frozenset(side for form in forms for side in _table().get(form, ()))


@cache
def _table() -> dict[str, tuple[Side, ...]]:
    table: dict[str, tuple[Side, ...]] = {}
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    for group, line in enumerate(line for line in lines if line and not line.startswith("#")):
        kind, *columns = line.split("\t")
        for number, column in enumerate(columns):
            for word in map(fold, column.split()):
                table[word] = (*table.get(word, ()), Side(group, number, kind == "complement"))
    return table

"""Numbers and dates of a statement that its quotes state of something else (賛成9、反対4 told as 賛成4、反対9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeVar

from rag.quantities import Date
from rag.verification.figures import figures
from rag.verification.problems import Problem, problem
from rag.verification.reading import Reading

_SKIPPED = frozenset(
    "約 およそ ほぼ 以上 以下 未満 超 程度 まで 、 「 」 ( ) は が を も と で に の や へ".split()
)


class _Item(NamedTuple):
    """A number or date of a text, with what it is worth and its unit, or how precise the date is."""

    start: int
    end: int
    value: object
    unit: str


class _Place(NamedTuple):
    """An item with the words right beside it and the nearest content words, before and after."""

    item: _Item
    text: str
    beside: tuple[str, str]
    near: tuple[frozenset[str], frozenset[str]]


def problems(said: Reading, quotes: Sequence[Reading]) -> Iterator[Problem]:
    """Numbers between words that another number stands between in the quotes, where they have none of these."""
    if said.english or any(quote.english for quote in quotes) or not any(ch.isdigit() for ch in said.text):
        return
    stated = [place for quote in quotes for place in _places(quote)]
    for place in _places(said):
        own = [_fit(place, other) for other in stated if other.item.value == place.item.value]
        rivals = [_fit(place, other) for other in stated if _is_rival(other.item, place.item)]
        if own and rivals and max(own) == 0 and max(rivals) == len(place.near):
            yield problem("misplaced", place.text, said.english)


def fits(said: Reading, quote: Reading) -> bool:
    """Whether each number of a statement stands between words that the same number stands between in the quote.

    Where the quote has no other number of the unit, there is nothing to mistake it for.
    """
    stated = _places(quote)
    for place in _places(said):
        own = [_fit(place, other) for other in stated if other.item.value == place.item.value]
        rivals = [_fit(place, other) for other in stated if _is_rival(other.item, place.item)]
        if rivals and max(own, default=0) <= max(rivals):
            return False
    return True


def _is_rival(one: _Item, other: _Item) -> bool:
    return one.unit == other.unit and one.value != other.value


def _fit(one: _Place, other: _Place) -> int:
    """On how many sides, before and after, the words around two items are the same."""
    sides = zip(one.beside, other.beside, one.near, other.near, strict=True)
    return sum(a == b != "" or bool(c & d) for a, b, c, d in sides)


@lru_cache(maxsize=512)
def _places(reading: Reading) -> tuple[_Place, ...]:
    """The places of the numbers, between words and dates, and those of the dates, between words and numbers."""
    found = figures(reading.text)
    numbers = [_Item(figure.start, figure.end, figure.value, figure.unit) for figure in found.alone]
    days = [_Item(date.start, date.end, date[2:], _precision(date)) for date, *_ in found.dates]
    taken = (*numbers, *days)
    words = [(word.start, word.end, word.surface) for word in reading.words if not _inside(word.start, taken)]
    words = [word for word in words if word[2] not in _SKIPPED]
    marks = [(mark.start, mark.end, mark.forms) for mark in reading.marks if not _inside(mark.start, taken)]
    marks = [mark for mark in marks if mark[2].isdisjoint(_SKIPPED)]
    return tuple(
        _Place(
            item,
            reading.text[item.start : item.end],
            (
                _last([w for w in words if w[1] <= item.start], ""),
                _first([w for w in words if w[0] >= item.end], ""),
            ),
            _near(
                item, sorted([*marks, *_as_marks(days if item in numbers else numbers)], key=lambda m: m[0])
            ),
        )
        for item in taken
    )


_Forms = frozenset[str]


def _near(item: _Item, marks: Sequence[tuple[int, int, _Forms]]) -> tuple[_Forms, _Forms]:
    before = [mark for mark in marks if mark[1] <= item.start]
    after = [mark for mark in marks if mark[0] >= item.end]
    return _last(before, frozenset()), _first(after, frozenset())


def _as_marks(items: Sequence[_Item]) -> list[tuple[int, int, _Forms]]:
    return [(item.start, item.end, frozenset((f"{item.value}{item.unit}",))) for item in items]


_T = TypeVar("_T")


def _last(found: Sequence[tuple[int, int, _T]], default: _T) -> _T:
    return found[-1][2] if found else default


def _first(found: Sequence[tuple[int, int, _T]], default: _T) -> _T:
    return found[0][2] if found else default


def _precision(date: Date) -> str:
    return "".join("-" if part is None else "d" for part in date[2:])


def _inside(at: int, items: Sequence[_Item]) -> bool:
    return any(item.start <= at < item.end for item in items)

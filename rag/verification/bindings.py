"""Numbers and dates of a statement that its quotes state of something else (賛成9、反対4 told as 賛成4、反対9)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from rag.quantities import Date
from rag.verification.figures import figures
from rag.verification.problems import Problem, problem
from rag.verification.reading import Reading

_CLAUSES = re.compile(r"[^、。!?\n]+")
_SKIPPED = frozenset(
    "約 およそ ほぼ 以上 以下 未満 超 程度 まで 「 」 ( ) は が を も と で に の や へ".split()
)


class _Item(NamedTuple):
    """A number or date of a text, with what it is worth and its unit, or how precise the date is."""

    start: int
    end: int
    value: object
    unit: str


class _Beside(NamedTuple):
    """The word next to an item in its clause and the forms of the nearest content word; both may be none."""

    word: str
    forms: frozenset[str]

    def same(self, other: _Beside) -> bool:
        return self.word == other.word != "" or bool(self.forms & other.forms)


class _Place(NamedTuple):
    """An item with what stands before and after it.

    `counted`: the forms of what it counts (10万人の教師), `of`: what it is a number of (教師の10万人). `event`: those
    of the predicate that a date stands before.
    """

    item: _Item
    text: str
    before: _Beside
    after: _Beside
    counted: frozenset[str]
    of: frozenset[str]
    event: frozenset[str]

    def fit(self, other: _Place) -> int:
        """On how many sides the words are the same; none on either also counts, where the other side is the same."""
        sides = ((self.before, other.before), (self.after, other.after))
        same = sum(a.same(b) for a, b in sides)
        return same + sum(a == b == _NONE for a, b in sides) if same else 0


_NONE = _Beside("", frozenset())
_SIDES = 2


def problems(said: Reading, quotes: Sequence[Reading]) -> Iterator[Problem]:
    """Numbers between words that another number stands between in the quotes, where they have none of these."""
    if said.english or any(quote.english for quote in quotes) or not any(ch.isdigit() for ch in said.text):
        return
    stated = [place for quote in quotes for place in _places(quote)]
    for place in _places(said):
        own = [place.fit(other) for other in stated if other.item.value == place.item.value]
        rivals = [place.fit(other) for other in stated if _is_rival(other.item, place.item)]
        between = own and rivals and max(own) == 0 and max(rivals) == _SIDES
        between = between and not any(
            _counts_same(place, o) for o in stated if o.item.value == place.item.value
        )
        if between or _is_taken(place, stated):
            yield problem("misplaced", place.text, said.english)


def _counts_same(place: _Place, other: _Place) -> bool:
    """Whether two numbers count the same: 教師の10万人 and 10万人の教師."""
    return bool((place.counted | place.of) & (other.counted | other.of))


def _is_taken(place: _Place, stated: Sequence[_Place]) -> bool:
    """Whether what a number counts, or what happened on a date, has another in the quotes, and it another."""
    own = [other for other in stated if other.item.value == place.item.value]
    rivals = [other for other in stated if _is_rival(other.item, place.item)]
    for mine, its in ((place.counted or place.of, "counted"), (place.event, "event")):
        theirs = [getattr(other, its) for other in own]
        other_than_mine = theirs and all(theirs) and not any(mine & forms for forms in theirs)
        if other_than_mine and any(mine & getattr(other, its) for other in rivals):
            return True
    return False


def fits(said: Reading, quote: Reading) -> bool:
    """Whether each number of a statement stands between words that the same number stands between in the quote.

    Where the quote has no other number of the unit, there is nothing to mistake it for.
    """
    stated = _places(quote)
    for place in _places(said):
        own = [place.fit(other) for other in stated if other.item.value == place.item.value]
        rivals = [place.fit(other) for other in stated if _is_rival(other.item, place.item)]
        if rivals and max(own, default=0) <= max(rivals):
            return False
    return True


def _is_rival(one: _Item, other: _Item) -> bool:
    return one.unit == other.unit and one.value != other.value


@lru_cache(maxsize=512)
def _places(reading: Reading) -> tuple[_Place, ...]:
    """The places of the numbers, between words and dates, and those of the dates, between words and numbers."""
    found = figures(reading.text)
    numbers = [_Item(figure.start, figure.end, figure.value, figure.unit) for figure in found.alone]
    days = [_day(day.date) for day in found.dates]
    places = [_place(reading, item, numbers, days) for item in numbers]
    return (*places, *(_place(reading, item, days, numbers) for item in days))


def _place(reading: Reading, item: _Item, same: Sequence[_Item], others: Sequence[_Item]) -> _Place:
    clause = next(m for m in _CLAUSES.finditer(reading.text) if m.start() <= item.start < m.end())
    start, end = clause.span()
    around = [each for each in others if start <= each.start < end]
    hidden = [*same, *around]
    entries = [(each.start, f"{each.value}", frozenset((f"{each.value}{each.unit}",))) for each in around]
    forms = {mark.start: mark.forms for mark in reading.marks}
    entries += [
        (word.start, word.surface, forms.get(word.start, frozenset()))
        for word in reading.words
        if start <= word.start < end and word.surface not in _SKIPPED and not _inside(word.start, hidden)
    ]
    entries.sort(key=lambda entry: entry[0])
    before = [entry for entry in entries if entry[0] < item.start][::-1]
    after = [entry for entry in entries if entry[0] >= item.end]
    text = reading.text[item.start : item.end]
    is_date = isinstance(item.value, tuple)
    return _Place(
        item,
        text,
        _beside(before),
        _beside(after),
        frozenset() if is_date else _counted(reading, item),
        frozenset() if is_date else _owner(reading, item),
        _event(reading, item) if is_date else frozenset(),
    )


_OF = re.compile(r"(?:以上|以下|未満|超|程度|余り)?の")


def _counted(reading: Reading, item: _Item) -> frozenset[str]:
    joint = _OF.match(reading.text, item.end)
    found = (mark.forms for mark in reading.marks if joint and mark.start == joint.end())
    return next(found, frozenset())


def _owner(reading: Reading, item: _Item) -> frozenset[str]:
    joint = reading.text[item.start - 1 : item.start] == "の"
    found = (mark.forms for mark in reading.marks if joint and mark.end == item.start - 1)
    return next(found, frozenset())


def _event(reading: Reading, item: _Item) -> frozenset[str]:
    """The forms of the first predicate after a date in its sentence, outside of brackets."""
    verbal = {mark.start: mark.forms for mark in reading.marks if mark.verbal}
    depth = 0
    for at in range(item.end, len(reading.text)):
        ch = reading.text[at]
        depth += (ch == "(") - (ch == ")")
        if depth < 0 or ch in "。!?\n":
            break
        if depth == 0 and at in verbal:
            return verbal[at]
    return frozenset()


def _beside(entries: Sequence[tuple[int, str, frozenset[str]]]) -> _Beside:
    """From the words on one side of an item, the nearest first."""
    forms = next((forms for _, _, forms in entries if forms), frozenset[str]())
    return _Beside(entries[0][1], forms) if entries else _NONE


def _day(date: Date) -> _Item:
    """A date as an item: a day of a year is the same as one whose year is left out."""
    parts = (date.month, date.day) if date.month and date.day else date[2:]
    return _Item(date.start, date.end, parts, "".join("-" if part is None else "d" for part in parts))


def _inside(at: int, items: Sequence[_Item]) -> bool:
    return any(item.start <= at < item.end for item in items)

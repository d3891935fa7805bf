"""The span reader's view of a few sentences, each read among its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from rag.japanese import Span
from rag.protocols import Reader, Reading
from rag.structure import Unit, sections, units
from rag.types import Article, Passage, Section

LENGTH = 200
"""Characters of a sentence with its neighbours that are read, if it is not longer itself."""

_LOGITS = 10.0


class Read(NamedTuple):
    """The span reader's view of a unit, logits divided by `_LOGITS`, at most 1 either way; -1 where it did not read.

    `span`: the best answer inside the unit against there being none, standing at `place` in the article. `relevance`,
    `answerable`: of the unit among its neighbours.
    """

    span: float = -1.0
    relevance: float = -1.0
    answerable: float = -1.0
    place: Span | None = None


UNREAD = Read()


class Place(NamedTuple):
    """A unit of an article."""

    article: Article
    section: Section
    unit: Unit


class _Window(NamedTuple):
    article: Article
    section: Section
    start: int
    end: int


@lru_cache(maxsize=256)
def read_units(article: Article) -> tuple[tuple[Section, tuple[Unit, ...]], ...]:
    """The sections of an article with their units."""
    return tuple((section, tuple(units(article.text, section))) for section in sections(article.text))


def read_closely(question: str, places: Sequence[Place], reader: Reader) -> list[Read]:
    """What the reader makes of each unit, in order; those that stand together are read at once."""
    windows: list[_Window] = []
    for place in places:
        if not any(_within(place, window) for window in windows):
            windows.append(_window(place))
    readings = reader.read(question, [_passage(window) for window in windows])
    return [
        next(
            _seen(place.unit, window, reading)
            for window, reading in zip(windows, readings, strict=True)
            if _within(place, window)
        )
        for place in places
    ]


def _within(place: Place, window: _Window) -> bool:
    return (
        place.article.id == window.article.id
        and window.start <= place.unit.start
        and place.unit.end <= window.end
    )


def _window(place: Place) -> _Window:
    """The unit with as many neighbours before and after it as fit, turn by turn."""
    parts = next(parts for section, parts in read_units(place.article) if section == place.section)
    first = last = parts.index(place.unit)
    before = after = True
    while before or after:
        left = before and (not after or last - parts.index(place.unit) >= parts.index(place.unit) - first)
        low, high = (first - 1, last) if left else (first, last + 1)
        fits = low >= 0 and high < len(parts) and parts[high].end - parts[low].start <= LENGTH
        if fits:
            first, last = low, high
        elif left:
            before = False
        else:
            after = False
    return _Window(place.article, place.section, parts[first].start, parts[last].end)


def _passage(window: _Window) -> Passage:
    title = " ".join((window.article.title, *window.section.heading_path))
    return Passage(window.article.text[window.start : window.end], title)


def _seen(unit: Unit, window: _Window, reading: Reading) -> Read:
    best = reading.best(unit.start - window.start, unit.end - window.start)
    return Read(
        span=_bounded(best.score) if best else -1.0,
        relevance=_bounded(reading.relevance),
        answerable=_bounded(reading.answerable),
        place=Span(window.start + best.start, window.start + best.end) if best else None,
    )


def _bounded(logit: float) -> float:
    return max(-1.0, min(1.0, logit / _LOGITS))

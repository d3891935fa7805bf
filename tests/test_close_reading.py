"""Sentences read among their neighbours: what the reader is shown, and whose answer it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from doubles import make_article

from rag.answering.close_reading import LENGTH, UNREAD, Place, read_closely, read_units
from rag.types import Article, Passage, ScoredSpan


class Found(NamedTuple):
    """A reading that answers with one word, wherever it stands."""

    text: str
    word: str
    relevance: float = 2.0
    answerable: float = 30.0

    def best(self, start: int, end: int) -> ScoredSpan | None:
        at = self.text.find(self.word, start, end)
        return ScoredSpan(at, at + len(self.word), 5.0) if at >= 0 else None


class WordReader:
    """Answers every question with 「答え」, and remembers what it was shown."""

    def __init__(self) -> None:
        self.shown: list[Passage] = []

    def read(self, question: str, passages: Sequence[Passage]) -> list[Found]:
        self.shown += passages
        return [Found(passage.text, "答え") for passage in passages]


TEXT = (
    "# 見出し\n"
    + "".join(f"{n}番目の文には何かが書いてある。" for n in range(30))
    + "ここに答えがある。最後の文だ。"
)
ARTICLE = make_article("a", TEXT, title="題名")


def places(article: Article = ARTICLE) -> list[Place]:
    return [Place(article, section, unit) for section, parts in read_units(article) for unit in parts]


def test_a_sentence_is_read_among_its_neighbours_under_its_headings() -> None:
    reader, place = WordReader(), places()[15]
    (read,) = read_closely("何?", [place], reader)
    (passage,) = reader.shown
    own = TEXT[place.unit.start : place.unit.end]
    assert passage.title == "題名 見出し"
    assert passage.text in TEXT
    assert len(own) < len(passage.text) <= LENGTH
    before, after = passage.text.split(own)
    assert abs(len(before) - len(after)) <= 2 * len(own)
    assert read.place is None
    assert (read.span, read.relevance, read.answerable) == (-1.0, 0.2, 1.0)


def test_the_answer_stands_in_its_own_sentence_in_the_article() -> None:
    every = places()
    other, answering = read_closely("何?", every[-3:-1], WordReader())
    assert other.place is None
    assert answering.place is not None
    assert TEXT[answering.place.start : answering.place.end] == "答え"
    assert answering.span == 0.5


def test_sentences_that_stand_together_are_read_at_once() -> None:
    reader, every = WordReader(), places()
    assert len(read_closely("何?", [every[10], every[11], every[-1]], reader)) == 3
    assert len(reader.shown) == 2


def test_a_sentence_longer_than_the_window_is_read_whole() -> None:
    text = "とても" * 100 + "長い文。短い文。"
    reader, place = WordReader(), places(make_article("b", text))[0]
    read_closely("何?", [place], reader)
    assert reader.shown[0].text == "とても" * 100 + "長い文。"


def test_the_same_place_of_two_articles_is_two_places() -> None:
    reader = WordReader()
    read_closely("何?", [places()[3], places(make_article("c", TEXT))[3]], reader)
    assert len(reader.shown) == 2
    assert read_closely("何?", [], reader) == []
    assert UNREAD.span == -1.0

"""Pieces with exact places, windows, and the choice of a span: everything around the reader's model."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from rag.reading.encoding import (
    END,
    MAX_TOKENS,
    QUESTION_TOKENS,
    START,
    TITLE_TOKENS,
    Pieces,
    assemble,
    pieces,
    room,
    whole_words,
    windows,
)
from rag.reading.spans import PassageReading, ReadWindow, best_span
from rag.types import ScoredSpan

TOKENIZER = Path(__file__).parent.parent / "rag" / "embedding" / "model" / "tokenizer.json"
ANY_TEXT = st.text(alphabet=st.characters(codec=None, categories=None), max_size=60)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return whole_words(Tokenizer.from_file(str(TOKENIZER)))


def shown(text: str, tokenizer: Tokenizer) -> list[tuple[str, str]]:
    """Each piece of the vocabulary with the words of the text that it stands for."""
    found = pieces(text, tokenizer)
    return [
        (tokenizer.id_to_token(int(token)), text[start:end]) for token, start, end in zip(*found, strict=True)
    ]


def test_pieces_end_where_words_do(tokenizer: Tokenizer) -> None:
    found = pieces("本社は東京都にあり、社員は2,000人だ。", tokenizer)
    for answer, start in (("東京都", 3), ("2,000人", 13)):
        assert start in found.starts, answer
        assert start + len(answer) in found.ends, answer


def test_latin_words_are_marked_as_the_model_learnt_them(tokenizer: Tokenizer) -> None:
    assert shown("AI for 東京", tokenizer) == [("▁AI", "AI"), ("▁for", "for"), ("東京", "東京")]
    assert shown("東京AI", tokenizer) == [("東京", "東京"), ("AI", "AI")]


def test_words_that_normalisation_changes_keep_their_span(tokenizer: Tokenizer) -> None:
    text = "😀ｶﾞｲﾄﾞ㈱\0２０２６年\ud800"
    found = shown(text, tokenizer)
    assert ("ガイド", "ｶﾞｲﾄﾞ") in found
    assert [said for piece, said in found if piece in ("(", "株", ")")] == ["㈱"] * 3
    assert found[-1] == ("年", "年")


def test_a_text_of_nothing_readable_has_no_pieces(tokenizer: Tokenizer) -> None:
    for text in ("", " \n\u3000", "\0\ud800"):
        assert len(pieces(text, tokenizer).ids) == 0


def test_special_pieces_in_a_text_are_text(tokenizer: Tokenizer) -> None:
    found = pieces("前</s>後<s><pad>", tokenizer)
    assert found.ids.min() > 3
    assert "".join(said for _, said in shown("前</s>後", tokenizer)) == "前</s>後"


@given(ANY_TEXT)
def test_spans_of_any_text_are_in_order_and_inside(text: str) -> None:
    found = pieces(text, whole_words(_shared()))
    assert (found.starts < found.ends).all()
    assert (np.diff(found.starts) >= 0).all()
    assert (np.diff(found.ends) >= 0).all()
    assert not len(found.ends) or found.ends[-1] <= len(text)


def _shared(kept: list[Tokenizer] = []) -> Tokenizer:  # noqa: B006  hypothesis and fixtures do not mix
    if not kept:
        kept.append(Tokenizer.from_file(str(TOKENIZER)))
    return kept[0]


def ids(count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.arange(10, 10 + count)


def test_an_input_marks_its_passage() -> None:
    made = assemble(ids(2), ids(1), ids(3))
    assert made.ids.tolist() == [START, 10, 11, END, 10, END, 10, 11, 12, END]
    assert made.segments.tolist() == [0, 0, 0, 0, 0, 0, 1, 1, 1, 0]
    assert made.first == 6
    untitled = assemble(ids(2), ids(0), ids(3))
    assert untitled.ids.tolist() == [START, 10, 11, END, 10, 11, 12, END]


@pytest.mark.parametrize(("question", "title"), [(5, 0), (5, 4), (900, 0), (900, 900)])
def test_a_passage_of_the_room_left_fills_the_model(question: int, title: int) -> None:
    size = room(ids(question), ids(title))
    made = assemble(ids(question), ids(title), ids(size))
    assert len(made.ids) == MAX_TOKENS
    assert made.segments.sum() == size
    assert made.first <= QUESTION_TOKENS + TITLE_TOKENS + 3
    with pytest.raises(ValueError, match="513"):
        assemble(ids(question), ids(title), ids(size + 1))


@given(st.integers(0, 5000), st.integers(20, 400), st.integers(0, 19))
def test_windows_cover_everything_and_overlap(count: int, size: int, overlap: int) -> None:
    runs = windows(count, size, overlap)
    assert runs[0][0] == 0
    assert runs[-1][1] == count
    assert all(0 <= end - start <= size for start, end in runs)
    for (_, end), (start, _) in pairwise(runs):
        assert end - start >= overlap - 1  # rounded to whole pieces


LOGITS = st.lists(st.tuples(st.floats(-9, 9, width=32), st.floats(-9, 9, width=32)), min_size=1, max_size=30)


@given(LOGITS, st.integers(1, 40))
def test_the_best_span_is_what_trying_all_finds(logits: list[tuple[float, float]], longest: int) -> None:
    start, end = np.array(logits, np.float32).T
    found = best_span(start, end, longest)
    tried = [
        start[first] + end[last]
        for first in range(len(start))
        for last in range(first, min(first + longest, len(start)))
    ]
    assert found.score == max(tried)
    assert start[found.first] + end[found.last] == found.score
    assert 0 <= found.last - found.first < longest


def window(begin: int, *logits: tuple[float, float], nothing: float = 0.0, judged: float = 0.0) -> ReadWindow:
    """One character a piece from `begin` on, with logits to begin and to end there."""
    places = np.arange(begin, begin + len(logits))
    starts, ends = np.array(logits, np.float32).T
    return ReadWindow(Pieces(places, places, places + 1), starts, ends, nothing, judged, -judged)


def test_the_best_span_lies_inside_of_what_is_asked_for() -> None:
    read = PassageReading((window(0, (0, 0), (5, 1), (0, 4), (2, 0), (0, 3), nothing=2),))
    assert read.best(0, 5) == ScoredSpan(1, 3, 7.0)
    assert read.best(2, 5) == ScoredSpan(3, 5, 3.0)
    assert read.best(0, 2) == ScoredSpan(1, 2, 4.0)
    assert read.best(3, 3) is None
    assert read.best(9, 12) is None


def test_half_a_word_is_not_offered() -> None:
    places = np.array([0, 4])
    read = PassageReading(
        (ReadWindow(Pieces(places, places, places + 4), np.ones(2), np.ones(2), 0.0, 0.0, 0.0),)
    )
    assert read.best(0, 7) == ScoredSpan(0, 4, 2.0)
    assert read.best(1, 7) is None


def test_windows_are_compared_by_what_they_have_over_their_own_nothing() -> None:
    sure, unsure = window(0, (3, 3), nothing=0, judged=-1), window(1, (9, 9), nothing=14, judged=2)
    read = PassageReading((sure, unsure))
    assert read.best(0, 2) == ScoredSpan(0, 1, 6.0)
    assert read.relevance == 2
    assert read.answerable == 1

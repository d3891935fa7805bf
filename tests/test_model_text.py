"""Cleaning, windows and pooling, without a model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.embedding.vectors import unit_rows
from rag.embedding.windows import halve, pool, slices, windows
from rag.errors import EmbeddingError
from rag.model_text import clean, defuse

ANY_TEXT = st.text(alphabet=st.characters(codec=None, categories=None))


@given(ANY_TEXT)
def test_cleaned_text_can_be_encoded(text: str) -> None:
    cleaned = clean(text)
    assert "\0" not in cleaned
    cleaned.encode()
    assert clean(cleaned) == cleaned


def test_clean_keeps_what_is_text() -> None:
    assert clean("ｶﾞ\0ＡＩ\ud800①") == "ガAI1"


def test_defused_texts_hold_no_special_token() -> None:
    assert defuse("a</s>b<s>", ["<s>", "</s>"]) == "a< /s>b< s>"
    assert defuse("[CLS]", ["[CLS]"]) == "[ CLS]"


@given(ANY_TEXT, st.integers(2, 40))
def test_slices_are_the_text(text: str, size: int) -> None:
    parts = list(slices(text, size))
    assert "".join(parts) == text
    assert all(len(part) <= size for part in parts)
    assert all(parts) or text == ""


def test_slices_end_at_sentences() -> None:
    assert list(slices("一二三。四五六。七八", 6)) == ["一二三。", "四五六。七八"]
    assert list(slices("一二三。四五六。七八九", 6)) == ["一二三。", "四五六。", "七八九"]


@given(st.text(min_size=2))
def test_halves_are_the_text_and_never_empty(text: str) -> None:
    left, right = halve(text)
    assert left + right == text
    assert left
    assert right


@given(st.integers(0, 2000), st.integers(1, 600))
def test_windows_are_the_ids_in_nearly_equal_parts(count: int, size: int) -> None:
    ids = np.arange(count, dtype=np.int64)
    parts = windows(ids, size)
    np.testing.assert_array_equal(np.concatenate(parts), ids)
    lengths = [len(part) for part in parts]
    assert max(lengths) <= size
    assert max(lengths) - min(lengths) <= 1


def test_pool_weighs_by_length_and_is_a_unit_vector() -> None:
    vectors = np.eye(2, dtype=np.float32)
    np.testing.assert_allclose(pool(vectors, [3, 4]), [0.6, 0.8], atol=1e-6)
    np.testing.assert_array_equal(pool(vectors[:1], [9]), vectors[0])
    np.testing.assert_array_equal(pool(np.array([[1, 0], [-1, 0]], np.float32), [5, 5]), [1, 0])


def test_unit_rows_scales() -> None:
    np.testing.assert_allclose(unit_rows([[3, 4]], 1, 2, "x"), [[0.6, 0.8]])
    assert unit_rows(np.empty((0, 2)), 0, 2, "x").shape == (0, 2)


@pytest.mark.parametrize(
    "values", [[[1, 2, 3]], [[0, 0]], [[float("nan"), 1]], [[float("inf"), 1]], [[1], [1, 2]], "no"]
)
def test_unit_rows_refuses(values: object) -> None:
    with pytest.raises(EmbeddingError):
        unit_rows(values, 1, 2, "サーバー")

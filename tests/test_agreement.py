"""How much of a question stands in one sentence: by hand, and bounded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.agreement import sentence_agreement

texts = st.lists(st.text(st.sampled_from("あいうＡa。\n"), max_size=12), max_size=6)


def test_words_of_one_sentence_agree_more_than_words_of_two() -> None:
    together, apart, none = sentence_agreement(
        ["図書", "開館"], ["図書館は開館した。雨だ。", "図書館。雨で開館した。", "別の話。"]
    )
    assert (together, none) == (1.0, 0.0)
    assert 0 < apart < 1


def test_rare_words_count_more() -> None:
    common, rare = sentence_agreement(["図書", "開館"], ["図書がある。", "開館。図書。", "図書。"])[:2]
    assert rare > common > 0


def test_words_that_stand_nowhere_do_not_count() -> None:
    assert sentence_agreement(["図書", "温泉"], ["図書館。"]) == [1.0]


def test_width_and_case_do_not_count() -> None:
    assert sentence_agreement(["cowork"], ["ＣＯＷＯＲＫは", "coworkは"]) == [1.0, 1.0]


@pytest.mark.parametrize(("terms", "given_texts"), [([], ["あ"]), (["あ"], []), (["あ"], [""])])
def test_nothing_agrees_with_nothing(terms: list[str], given_texts: list[str]) -> None:
    assert sentence_agreement(terms, given_texts) == [0.0] * len(given_texts)


@given(st.lists(st.sampled_from(["あ", "い", "a", "うあ"]), max_size=4), texts)
def test_agreement_is_a_share(terms: list[str], some: list[str]) -> None:
    found = sentence_agreement(terms, some)
    assert len(found) == len(some)
    assert all(0 <= share <= 1 + 1e-9 for share in found)

"""Search terms: dates and numbers by value, names by sound, other names by the file of synonyms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.japanese import normalise, tokens
from rag.terms import MARKS, index_terms, matched_words, question_terms, values

written = st.text(
    st.sampled_from("８8億万百二三.,/-年月日令和Jan uary2０ｱオーＡa人%$ＣO₂米国の\n"), max_size=20
)


@pytest.mark.parametrize(
    "text",
    [
        "2026/1/12",
        "2026年1月12日",
        "January 12, 2026",
        "令和8年1月12日",
        "２０２６－０１－１２",
        "12 Jan 2026",
    ],
)
def test_a_date_has_one_set_of_values_however_it_is_written(text: str) -> None:
    assert set(values(text)) == {"@2026-1-12", "@2026-1", "@1-12", "@2026"}


@pytest.mark.parametrize(
    "text", ["8億人", "八億人", "800 million users", "８００，０００，０００", "800000000円"]
)
def test_a_number_has_one_value_however_it_is_written(text: str) -> None:
    assert values(text) == ["#800000000"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026年", ["@2026"]),
        ("1月12日", ["@1-12"]),
        ("1月", []),
        ("10.50ドル", ["#10.5"]),
        ("一般の人", []),
        ("", []),
    ],
)
def test_values_are_as_precise_as_what_is_written(text: str, expected: list[str]) -> None:
    assert values(text) == expected


def test_a_text_is_indexed_by_words_values_and_sounds() -> None:
    terms = index_terms("Coworkは8億人が使う。")
    assert {"cowork", "_8億", "#800000000", "~KK"} <= set(terms)
    assert not {"openai", "二酸化炭素"} & set(terms)


def test_a_question_is_searched_by_words_and_values_but_no_sounds_or_other_names() -> None:
    terms = question_terms("米国は2026/1/12に何トンのCO2を排出した?")
    assert {"排出", "@2026-1-12", "co"} <= set(terms)
    assert not {"炭素", "_炭素", *tokens("アメリカ")} & set(terms)
    assert terms.count("排出") == 2
    assert terms.count("_排出") == 1
    assert not [term for term in terms if term.startswith("~")]


@given(written)
def test_terms_do_not_depend_on_width_or_case(text: str) -> None:
    assert question_terms(normalise(text).text) == question_terms(text)
    assert index_terms(text.upper()) == index_terms(text.lower())


@given(written)
def test_values_and_sounds_never_pass_for_words(text: str) -> None:
    plain = tokens(text)
    extra = index_terms(text)[len(plain) :]
    assert index_terms(text)[: len(plain)] == plain
    assert all(term[0] in MARKS and len(term) > 1 for term in extra)


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("サーバーの電力", "サーバが電力を使う", {"サーバー", "電力"}),
        ("引越しの日", "引っ越しをした", {"引越し"}),
        ("何を使うのか", "道具を使って直す", {"使う"}),
        ("AIの国", "ＯｐｅｎＡＩの話", set()),
        ("AIの国", "ＡＩの話", {"ai"}),
        ("the servers", "many servers", {"servers"}),
        ("8億人", "8億人の利用者", {"8", "億", "人"}),
        ("?", "何か", set()),
    ],
)
def test_matched_words_are_those_of_the_question_that_stand_in_the_text(
    question: str, text: str, expected: set[str]
) -> None:
    (found,) = matched_words([question], question_terms(question), [text])
    assert set(found) == expected
    assert len(found) == len(set(found))

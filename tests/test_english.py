"""English questions are expanded to the words that Japanese articles use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.english import (
    DICTIONARY,
    GLOSSARY,
    expansion,
    in_english,
    is_english,
    is_glossed,
    known_words,
    translations,
)
from rag.japanese import fold, tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("How many users?", True),
        ("Ｈｏｗ ｍａｎｙ?", True),
        ("café 100%", True),
        ("Coworkの対応OSは?", False),
        ("ﾕｰｻﾞｰ count", False),
        ("Claude憲法", False),
        ("what is 㐂", False),
        ("what is 𠮷", False),
        ("12 + 3?", False),
        ("", False),
    ],
)
def test_english_has_latin_letters_and_nothing_japanese(text: str, expected: bool) -> None:
    assert is_english(text) is expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("announce", "発表"),
        ("announced", "発表"),
        ("announces", "発表"),
        ("announcing", "発表"),
        ("companies", "企業"),
        ("applied", "適用"),
        ("banned", "禁止"),
        ("agencies", "機関"),
        ("attacks", "攻撃"),
    ],
)
def test_every_inflection_of_a_known_word_is_translated(word: str, expected: str) -> None:
    assert expected in translations(word)


@pytest.mark.parametrize(
    ("word", "expected"),
    [("volcano", "火山"), ("volcanoes", "火山"), ("polluted", "汚染"), ("vaccine", "ワクチン")],
)
def test_what_the_glossary_lacks_the_dictionary_has(word: str, expected: str) -> None:
    assert not is_glossed(word)
    assert expected in translations(word)


def test_the_glossary_stands_before_the_dictionary() -> None:
    assert "announce" in known_words()
    assert translations("announces") == ("発表", "公表")


@pytest.mark.parametrize("word", ["", "s", "es", "ing", "zzzz", "発表", "ed"])
def test_unknown_words_have_no_translation(word: str) -> None:
    assert translations(word) == ()


def test_an_english_question_is_expanded_to_japanese_search_tokens() -> None:
    assert set(tokens("発表")) <= set(expansion("When was it ANNOUNCED?"))
    assert set(tokens("発表")) <= set(expansion("Ａｎｎｏｕｎｃｅｄ?"))
    assert expansion("who is it") == []


@pytest.mark.parametrize("question", ["発表はいつ?", "announceの発表日は?", "", "123"])
def test_a_japanese_question_is_not_expanded(question: str) -> None:
    assert expansion(question) == []


@given(st.text(st.characters(codec=None), max_size=40))
def test_any_question_is_expanded_without_a_crash(question: str) -> None:
    assert is_english(question) or expansion(question) == []


def test_the_dictionary_is_well_formed_and_names_its_source() -> None:
    text = DICTIONARY.read_text(encoding="utf-8")
    assert "EDICT" in text
    assert "CC BY-SA" in text
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    assert rows == sorted(rows)
    assert len(rows) > 10_000
    for english, japanese in rows:
        assert is_english(english)
        assert 1 <= len(set(japanese.split())) <= 4


def test_the_glossary_is_well_formed() -> None:
    rows = [
        line
        for line in GLOSSARY.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    words = [row.split("\t")[0] for row in rows]
    assert len(words) == len(set(words))
    for row in rows:
        english, japanese = row.split("\t")
        assert english == fold(english).strip() != ""
        assert japanese.split()
        assert not any(is_english(word) and word.islower() for word in japanese.split())


def test_japanese_words_lead_back_to_english() -> None:
    assert "constitution" in in_english("憲法")
    assert in_english("ありえない語") == ()

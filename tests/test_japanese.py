"""Japanese text handling: copies lead back to the source, spans are exact, variants of a word meet."""

import threading
import time
import unicodedata
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.japanese import Normalised, Span, fold, has_kana, normalise, singular, tokens, words

anything = st.text(st.characters(codec=None), max_size=60)  # lone surrogates and NUL included
japanese = st.text(
    st.sampled_from(
        "あがカガヴーｶﾞﾊﾟﾝ｡｢｣漢字𠮷ＡａＺ１２①㈱㌔Ⅷﾞﾟ\u3099\u309a\u0301\u0323éÅßİŉﬁＡｱ、。 \u3000\n😀"
    ),
    max_size=60,
)


def reference_fold(text: str) -> str:
    """NFKC and case folding of the whole text at once."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


# --- normalise ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("ﾌﾟﾗﾝ", "プラン"),
        ("ｶﾞｷﾞ", "ガギ"),
        ("ＧＰＴ－４", "gpt-4"),
        ("１２３", "123"),
        ("㈱①㌔Ⅷ", "(株)1キロviii"),
        ("か\u3099ハ\u309a", "がパ"),
        ("Cafe\u0301", "café"),
        ("STRASSE ß", "strasse ss"),
        ("１〜２−３", "1~2-3"),
        ("“Claude’s”", '"claude\'s"'),
        ("全角\u3000空白", "全角 空白"),
        ("あ\0い\ud800う", "あいう"),
        ("\ufdfa", unicodedata.normalize("NFKC", "\ufdfa")),
        ("", ""),
    ],
)
def test_normalise_gives_one_form_for_every_width_and_case(source: str, expected: str) -> None:
    assert normalise(source).text == expected
    assert fold(source) == expected


@given(japanese)
def test_normalise_equals_nfkc_and_casefold_on_japanese_and_latin_text(text: str) -> None:
    assert normalise(text).text == reference_fold(text)
    assert fold(text) == reference_fold(text)
    long = (text + "字") * 200
    assert normalise(long).text == fold(long) == reference_fold(long)


@given(anything)
def test_every_normalised_character_leads_back_to_the_source_it_was_made_of(text: str) -> None:
    copy = normalise(text)
    assert len(copy.offsets) == len(copy.text) + 1
    assert copy.offsets[-1] == len(text)
    assert all(0 <= left <= right <= len(text) for left, right in pairwise(copy.offsets))
    for i, ch in enumerate(copy.text):
        start, end = copy.span(i, i + 1)
        assert 0 <= start < end <= len(text)
        assert ch in normalise(text[start:end]).text
    for i, j in pairwise(range(0, len(copy.text) + 1, 3)):
        assert copy.text[i:j] in normalise(text[slice(*copy.span(i, j))]).text


@given(japanese)
def test_the_spans_of_all_characters_cover_the_source(text: str) -> None:
    copy = normalise(text)
    assert copy.text == "" or copy.span(0, len(copy.text)) == Span(0, len(text))


@pytest.mark.parametrize(
    ("source", "part", "expected"),
    [
        ("有料ﾌﾟﾗﾝです", "プラン", "ﾌﾟﾗﾝ"),
        ("これは㈱東京", "株", "㈱"),
        ("これは㈱東京", "(株)東", "㈱東"),
        ("😀ＡＩ😀", "ai", "ＡＩ"),
        ("か\u3099くせい", "が", "か\u3099"),
    ],
)
def test_span_leads_from_a_match_in_the_copy_to_the_source(source: str, part: str, expected: str) -> None:
    copy = normalise(source)
    at = copy.text.index(part)
    start, end = copy.span(at, at + len(part))
    assert source[start:end] == expected


def test_an_empty_span_stays_empty() -> None:
    assert Normalised("ab", (0, 1, 2)).span(1, 1) == Span(1, 1)


@pytest.mark.parametrize("text", ["e" + "\u0301\u0323" * 50_000, "\u3099" * 100_000, "ﾞ" * 100_000])
def test_endless_combining_marks_are_normalised_quickly(text: str) -> None:
    started = time.process_time()
    assert normalise(text).offsets[-1] == len(text)
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("text", "expected"), [("ひらがな", True), ("ｶﾅ", True), ("漢字", False), ("Latin 1", False), ("", False)]
)
def test_has_kana_finds_kana_of_any_width(text: str, expected: bool) -> None:
    assert has_kana(text) is expected


# --- words --------------------------------------------------------------------------------------------------


@given(anything)
def test_words_stand_exactly_where_they_say_and_white_space_belongs_to_none(text: str) -> None:
    found = words(text)
    assert all(left.end <= right.start for left, right in pairwise(found))
    for word in found:
        assert text[word.start : word.end] == word.surface
        assert not any(ch.isspace() for ch in word.surface)
    covered = {i for word in found for i in range(word.start, word.end)}
    unread = {ch for i, ch in enumerate(text) if i not in covered}
    assert all(ch.isspace() or unicodedata.category(ch) in ("Cc", "Cs") for ch in unread)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("東京\0大阪", [("東京", 0), ("大阪", 3)]),
        ("😀東京", [("😀", 0), ("東京", 1)]),
        ("東京\ud800大阪", [("東京", 0), ("大阪", 3)]),
        ("東京\u3000 大阪\n", [("東京", 0), ("大阪", 4)]),
        ("", []),
    ],
)
def test_words_survive_what_mecab_cannot_read(text: str, expected: list[tuple[str, int]]) -> None:
    assert [(word.surface, word.start) for word in words(text)] == expected


@pytest.mark.parametrize("text", ["あ" * 10_000, "a" * 10_000, "東京都に住む。" * 1000, "「" * 10_000])
def test_words_of_long_texts_are_complete(text: str) -> None:
    assert "".join(word.surface for word in words(text)) == text


def test_long_texts_are_read_like_short_ones_where_sentences_end() -> None:
    sentence = "東京都に住む学生が図書館で本を読んだ。"
    one = [word.surface for word in words(sentence)]
    assert [word.surface for word in words(sentence * 300)] == one * 300


def test_words_are_the_same_in_every_thread() -> None:
    texts = [f"{i}人の学生が図書館で本を読み、{i}冊を借りた。" * 5 for i in range(30)]
    expected = [words(text) for text in texts]
    results: dict[int, list[object]] = {}

    def read(n: int) -> None:
        results[n] = [words(text) for text in texts]

    threads = [threading.Thread(target=read, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == dict.fromkeys(range(4), expected)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("servers", "server"),
        ("companies", "company"),
        ("status", "status"),
        ("class", "class"),
        ("gas", "gas"),
        ("analysis", "analysis"),
    ],
)
def test_singular_takes_off_plural_endings_only(word: str, expected: str) -> None:
    assert singular(word) == expected


# --- tokens -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ＧＰＴ", "gpt"),
        ("ﾌﾟﾗﾝ", "プラン"),
        ("Ｃｏｗｏｒｋ", "COWORK"),
        ("８億人", "8億人"),
        ("㈱東京", "(株)東京"),
        ("か\u3099くせい", "がくせい"),
    ],
)
def test_width_and_case_do_not_change_tokens(one: str, other: str) -> None:
    assert tokens(one) == tokens(other)


@given(japanese)
def test_tokens_of_a_text_are_those_of_its_normalised_copy(text: str) -> None:
    assert tokens(text) == tokens(normalise(text).text)


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("データベース", "database", "database"),
        ("データベース", "databases", "database"),
        ("サーバ", "servers", "server"),
        ("サーバー", "サーバ", "server"),
        ("引越し", "引っ越し", "引っ越し"),
    ],
)
def test_spellings_and_languages_of_one_word_meet_in_one_token(one: str, other: str, shared: str) -> None:
    assert shared in tokens(one)
    assert shared in tokens(other)


@pytest.mark.parametrize(
    ("text", "found", "absent"),
    [
        ("東京都", {"_東京", "_京都"}, {"_都"}),
        ("8億人", {"_8億", "_億人"}, set()),
        ("これについて", set(), {"_これ", "_つい", "これ", "此れ"}),
        ("東京。都", {"_東京"}, {"_京都", "_。都", "_京。"}),
        ("the server", {"server"}, {"the", "_se"}),
        ("どこにあるのですか", set(), {"何処", "どこ", "有る", "_どこ"}),
        ("!?、。「」…", set(), {"!", "、", "「"}),
    ],
)
def test_tokens_are_content_words_and_marked_bigrams_only(
    text: str, found: set[str], absent: set[str]
) -> None:
    result = set(tokens(text))
    assert found <= result
    assert not absent & result


def test_repeated_words_are_repeated_tokens() -> None:
    assert tokens("学生と学生").count("学生") == 2
    assert tokens("学生と学生").count("_学生") == 2


@given(anything)
def test_no_token_is_empty_or_holds_white_space(text: str) -> None:
    assert all(token and not any(ch.isspace() for ch in token) for token in tokens(text))


@settings(max_examples=30)
@given(anything, st.sampled_from([normalise, words, tokens]))
def test_the_same_text_gives_the_same_result(text: str, function: Callable[[str], object]) -> None:
    assert function(text) == function(text)

"""Sentences end where a reader would end them, whatever the text, and nothing falls between them."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.sentences import sentences

anything = st.text(st.characters(codec=None), max_size=60)  # lone surrogates and NUL included
messy = st.text(
    st.sampled_from("「」『』（）()[]“”\"'’。！？!?．｡. \t\n\r\u2028\u3000あア漢aB1😀\0\ud800"), max_size=80
)


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("一つ目。二つ目。", ["一つ目。", "二つ目。"]),
        ("彼は「はい。そうです。」と言った。次の文。", ["彼は「はい。そうです。」と言った。", "次の文。"]),
        ("「外『中。』外。」と書く。", ["「外『中。』外。」と書く。"]),
        ("料金(税込。送料別。)は上がる。以上。", ["料金(税込。送料別。)は上がる。", "以上。"]),
        ("料金（税込。）は上がる。", ["料金（税込。）は上がる。"]),
        ("「閉じない。次の文。", ["「閉じない。", "次の文。"]),
        ("開かない。」次の文。", ["開かない。」", "次の文。"]),
        ("1) 最初。2) 次。", ["1) 最初。", "2) 次。"]),
        ("「（交差。」の。）後。", ["「（交差。」の。）", "後。"]),
        ("本当!?すごい！！次。", ["本当!?", "すごい！！", "次。"]),
        ("すごい!AIが書いた。", ["すごい!", "AIが書いた。"]),
        ("Yahoo!ニュースを見る。", ["Yahoo!ニュースを見る。"]),
        ("https://example.com/?id=1 を開く。", ["https://example.com/?id=1 を開く。"]),
        ("WEC Energy Inc. is here. Next one.", ["WEC Energy Inc. is here.", "Next one."]),
        ("1. 一つ目\n 12. 二つ目。補足。", ["1. 一つ目", "12. 二つ目。", "補足。"]),
        ("It was 5. Then it rained.", ["It was 5.", "Then it rained."]),
        ("Mr. Sato came. He left.", ["Mr. Sato came.", "He left."]),
        ("In the U.S. it rains. Here not.", ["In the U.S. it rains.", "Here not."]),
        ("See e.g. the list. Done.", ["See e.g. the list.", "Done."]),
        ("Pi is 3.14 here. v1.2 works.", ["Pi is 3.14 here.", "v1.2 works."]),
        ("３．１４です．次です．", ["３．１４です．", "次です．"]),
        ("半角｡次｡", ["半角｡", "次｡"]),
        ("He works at Acme Inc.", ["He works at Acme Inc."]),
        ("句点のない行\n次の行", ["句点のない行", "次の行"]),
        ("- 一つ目\n- 二つ目。", ["- 一つ目", "- 二つ目。"]),
        ("前。\r\n後。\r\n", ["前。", "後。"]),
        ("前\u2028後\u2029終\u0085了", ["前", "後", "終", "了"]),
        ("\u3000字下げ。\u3000次。", ["字下げ。", "次。"]),
        ("", []),
        (" \n\u3000\t\r\n", []),
        ("。", ["。"]),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, expected: list[str]) -> None:
    assert split(text) == expected


@given(st.one_of(messy, anything))
def test_sentences_are_ordered_disjoint_trimmed_and_cover_everything_but_white_space(text: str) -> None:
    spans = sentences(text)
    assert all(span.start < span.end for span in spans)
    assert all(left.end <= right.start for left, right in pairwise(spans))
    covered = {i for span in spans for i in range(*span)}
    assert covered >= {i for i, ch in enumerate(text) if not ch.isspace()}
    assert all(text[start:end] == text[start:end].strip() for start, end in spans)


@given(messy, st.integers(0, 10), st.integers(0, 80))
def test_sentences_of_a_part_are_those_of_the_part_moved(text: str, start: int, end: int) -> None:
    start = min(start, len(text))
    expected = [(start + left, start + right) for left, right in sentences(text[start:end])]
    assert sentences(text, start, end) == expected


@pytest.mark.parametrize(
    "text",
    [
        *(ch * 100_000 for ch in "「。1a.!"),
        "「" * 50_000 + "）" * 50_000,
        "「" * 50_000 + "'" * 50_000,
        "「」" * 50_000,
        "「" * 50_000 + "」" * 50_000,
    ],
    ids=lambda text: f"{text[0]}…{text[-1]}",
)
def test_a_line_of_100000_characters_is_one_sentence_and_quickly_found(text: str) -> None:
    started = time.process_time()
    assert sentences(text) == [(0, 100_000)]
    assert time.process_time() - started < 1

"""The few words that answer: said only where it is clear which."""

import pytest

from rag.answering.question import analyse
from rag.answering.short_answers import read_answer, short_answer
from rag.japanese import Span

RELEASE = "青空社は2031年4月2日に新サービス「ヒナタ」を法人向けに発表し、5月10日に個人プラン、6月1日に学生プランの利用者も使えるようになった。"
REACH = "この計画では、3万人以上の農家と約200社の企業に届けることを目指している。"
PLANT = "この工場は石炭を燃やして120MWを発電しており、毎年最大40万トンの二酸化炭素を出している。"


@pytest.mark.parametrize(
    ("question", "quote", "expected"),
    [
        ("ヒナタはいつ発表された?", RELEASE, "2031年4月2日です。"),
        ("ヒナタが発表されたのは何年何月何日?", RELEASE, "2031年4月2日です。"),
        ("ヒナタを個人プランで使えるようになったのはいつ?", RELEASE, "5月10日です。"),
        ("学生プランで使えるようになった日は?", RELEASE, None),  # 「日は」 does not ask for a date
        ("何人の農家に届けるのか?", REACH, "3万人以上です。"),
        ("何社の企業に届けるのか?", REACH, "約200社です。"),
        ("工場は毎年どれくらいの二酸化炭素を出していますか?", PLANT, "毎年最大40万トンです。"),
        ("工場は何MWを発電していますか?", PLANT, "120MWです。"),
        ("How many people does it want to reach?", REACH, "at least 30,000 people (「3万人以上」)."),
    ],
)
def test_the_candidate_meant_is_said(question: str, quote: str, expected: str | None) -> None:
    short = short_answer(analyse(question), quote)
    assert (short.text if short else None) == expected
    if short:
        assert quote[short.span.start : short.span.end].strip("です。 ") in short.text


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("いつ、誰が発表した?", RELEASE),  # asks two things
        ("それぞれ何人?", REACH),
        ("ヒナタとは何ですか?", RELEASE),  # no type with a form
        ("いつですか?", "2031年4月2日に会議があり、5月10日に発表があった。"),  # either may be meant
        ("3万人以上の農家は何人?", "農家は3万人以上だ。"),  # what the question says itself
    ],
)
def test_nothing_is_said_where_it_is_not_clear(question: str, quote: str) -> None:
    assert short_answer(analyse(question), quote) is None


@pytest.mark.parametrize(
    ("question", "words", "expected"),
    [
        ("新サービスの名前は何ですか?", "ヒナタ", "ヒナタです。"),
        ("What is the name of the service?", "ヒナタ", "ヒナタ."),
        ("青空社は何をした?", "法人向けに発表し", None),  # no noun phrase
        ("青空社が発表したのは何ですか?", "青空社", None),  # the question says it itself
        ("ヒナタは誰が、いつ発表した?", "青空社", None),  # asks two things
        ("なぜ発表した?", "新サービス", None),  # a reason is no noun
    ],
)
def test_what_the_reader_is_sure_of_is_said_by_itself(
    question: str, words: str, expected: str | None
) -> None:
    start = RELEASE.index(words)
    short = read_answer(analyse(question), RELEASE, Span(start, start + len(words)))
    assert (short.text if short else None) == expected

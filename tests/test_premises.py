"""What a question takes for granted, against what the sources say."""

import pytest
from doubles import HashEmbedder, make_article

from rag.answering.evidence import find
from rag.answering.premises import false_premise
from rag.answering.question import analyse
from rag.chunking import chunk
from rag.types import Hit

NEWS = """Aozora社は2031年4月2日に学習サービス「Hinata」を発表した。Hinataの利用者は8億人に達した。
運営はMidori社が担い、Aozora社が費用を負担する。
計画では、以下の3つの目標が示されている:
- 学校への導入
- 教材の公開
- 教師の支援
"""


def premise(question: str) -> str | None:
    article = make_article("a", NEWS)
    pieces = chunk(article)
    hits = [Hit(chunk=p, article=article, rank=1, score=1.0, dense=1.0, lexical=1.0) for p in pieces]
    analysed = analyse(question)
    found = false_premise(analysed, find(analysed, hits, HashEmbedder()))
    return found.correction if found else None


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Hinataの利用者が18億人に達したのはなぜですか?", ""),  # the sentence itself says what is true
        ("計画の5つの目標は何ですか?", "記事では「3つ」です。"),
        ("MidoriがHinataを発表したのはいつですか?", "AozoraがHinataを発表した。"),
        ("2030年5月に発表されたHinataとは?", "記事では「2031年4月2日」です。"),
    ],
)
def test_a_false_premise_is_corrected(question: str, expected: str) -> None:
    assert premise(question) == expected


@pytest.mark.parametrize(
    "question",
    [
        "Hinataの利用者が8億人に達したのはなぜですか?",
        "計画の3つの目標は何ですか?",
        "AozoraがHinataを発表したのはいつですか?",
        "2031年4月に発表されたHinataの利用者は?",
        "Hinataの料金は500円ですか?",  # nothing about money: unknown, not false
        "2040年にHinataの利用者は何人になりますか?",
        "Hinataとは何ですか?",
        "When did Midori announce Hinata?",
        "ヒナタが発表された日はいつ?",  # no clause that ends in a predicate, and ヒナタ is Hinata
        "ヒナタはいつ発表された?",
        "提携先はどこですか",
    ],
)
def test_what_may_be_true_is_left_alone(question: str) -> None:
    assert premise(question) is None

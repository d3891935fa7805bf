"""Follow-up questions completed from the turns before them."""

import pytest

from rag.answering.conversation import complete
from rag.types import Turn

COWORK = Turn(question="Coworkはいつ発表されましたか?", answer="2026年1月12日です。")
FINANCE = Turn(
    question="Stargateの財務責任は誰が担っていますか?",
    answer="SoftBankです。\nSoftBankが財務責任を担っている。",
)
ENGLISH = Turn(question="When was Cowork announced?", answer="January 12, 2026.")
PRINCIPLES = Turn(question="Claudeの新しい憲法の4つの原則は?")


@pytest.mark.parametrize(
    ("before", "question", "expected"),
    [
        (COWORK, "それは何ができる?", "Coworkは何ができる?"),
        (COWORK, "いくら?", "Coworkはいくら?"),
        (COWORK, "では、いくら?", "Coworkはいくら?"),
        (COWORK, "Windowsでは?", "CoworkはWindowsでは?"),
        (COWORK, "その料金は?", "Coworkの料金は?"),
        (COWORK, "対応OSは?", "Coworkの対応OSは?"),
        (COWORK, "対応しているOSは?", "Coworkの対応しているOSは?"),
        (COWORK, "今後はどうなりますか?", "Coworkの今後はどうなりますか?"),
        (COWORK, "現在は使える?", "Coworkは現在は使える?"),
        (FINANCE, "その会社は他に何をしている?", "SoftBankは他に何をしている?"),
        (FINANCE, "運営は?", "Stargateの運営は?"),
        (PRINCIPLES, "その憲法は誰が書いた?", "Claudeの新しい憲法は誰が書いた?"),
        (PRINCIPLES, "いつ改訂された?", "Claudeの新しい憲法はいつ改訂された?"),
        (ENGLISH, "What can it do?", "What can Cowork do?"),
        (ENGLISH, "And on Windows?", "Cowork on Windows?"),
        (ENGLISH, "What are its features?", "What are Cowork's features?"),
    ],
)
def test_a_follow_up_is_completed_from_the_last_turn(before: Turn, question: str, expected: str) -> None:
    assert complete(question, [before]) == expected


@pytest.mark.parametrize(
    "question", ["Stargateとは何ですか?", "この記事の出典は?", "Who runs Stargate?", "SoftBankの役割は?"]
)
def test_a_question_with_its_own_subject_is_left_alone(question: str) -> None:
    assert complete(question, [COWORK]) == question


def test_without_history_nothing_is_added() -> None:
    assert complete("それはいつ?", []) == "それはいつ?"


def test_the_subject_is_carried_over_several_turns() -> None:
    history = [
        Turn(question="Coworkとは?"),
        Turn(question="それはいつ発表された?", answer="2026年1月12日です。"),
    ]
    assert complete("誰が使える?", history) == "Coworkは誰が使える?"


def test_a_date_is_nobody() -> None:
    assert complete("その会社は?", [COWORK]) == "Coworkは?"


@pytest.mark.parametrize("question", ["?", "🙂", "それ", "その", "\u3000", "it"])
def test_any_text_can_be_completed(question: str) -> None:
    assert complete(question, [Turn(question="?"), COWORK, Turn(question="🙂")])

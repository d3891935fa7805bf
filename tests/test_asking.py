"""What kind of answer a question wants, with the unit of its number and whether it wants a person."""

import pytest

from rag.answering.asking import asked
from rag.english import is_english
from rag.japanese import fold


def kind(question: str) -> str:
    return asked(fold(question), is_english(question)).type


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("青空社の設立年は?", "when"),
        ("設立の話、元ネタのURLちょうだい", "reference"),
        ("青空社の件で参照した資料、タイトルは?", "reference"),
        ("資料のアクセス日はいつ?", "reference"),
        ("オープンソースの製品は?", "what"),
        ("What is the title of the post about Aozora that the article lists?", "reference"),
        ("When were the pages accessed?", "reference"),
        ("What energy sources does it use?", "what"),
        ("改定日を述べよ。", "when"),
        ("今日は何をする?", "what"),
        ("参加を決定した日付を述べよ。", "when"),
        ("青空社の株価は?", "how_much"),
        ("負担すべき最低投資額を述べよ。", "how_much"),
        ("総額は?", "what"),
        ("Is the total known?", "yes_no"),
        ("合格率を述べよ。", "how_many"),
        ("敷地面積について説明してください。", "how_many"),
        ("モデルのパラメータ数は?", "how_many"),
        ("水をどんだけ使うの?", "how_many"),
        ("リスクは何段階?", "how_many"),
        ("何州に建つの", "where"),
        ("青空社の本社はどこにありますか?", "where"),
        ("青空社の住所を教えて", "where"),
        ("組んでいる会社はどこ?", "who"),
        ("今年はどうなる?", "what"),
        ("今後どうしていくの?", "what"),
        ("知りたがっていることは何?", "what"),
        ("いかなる計画の一部として打ち出されたか。", "what"),
        ("何か国で使える?", "how_many"),
        ("何かありますか", "what"),
        ("What is the population of Japan?", "how_many"),
        ("What was the company's revenue?", "how_much"),
        ("What is the release date?", "when"),
        ("How long did it take?", "how_many"),
        ("What is Sora?", "definition"),
        ("中身は何と何?", "list"),
        ("What kinds of safeguards are used?", "list"),
    ],
)
def test_the_type_of_the_answer(question: str, expected: str) -> None:
    assert kind(question) == expected


@pytest.mark.parametrize(
    ("question", "unit"),
    [
        ("合格率は?", "%"),
        ("社員数は?", "人"),
        ("契約の期間はどれほどか。", "カ月"),
        ("敷地面積は?", "ヘクタール"),
        ("全部で何ページ?", "ページ"),
        ("サーバーは何台?", "台"),
        ("How many read replicas does it run?", ""),
        ("How many employees does it have?", "人"),
        ("How many long pages are there?", "ページ"),
        ("What percentage is renewable?", "%"),
        ("いつ始まった?", ""),
    ],
)
def test_the_unit_of_the_number(question: str, unit: str) -> None:
    units = asked(fold(question), is_english(question)).units
    assert unit in units if unit else not units


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("開発責任者は誰ですか?", True),
        ("アプリを作った先生の名前は?", True),
        ("財務責任を担うのは誰?", False),
        ("Who is the CEO of Aozora?", True),
        ("What's the name of the teacher who built it?", True),
        ("Who got to try it first?", False),
    ],
)
def test_whether_a_person_is_asked_for(question: str, expected: bool) -> None:
    assert asked(fold(question), is_english(question)).person is expected

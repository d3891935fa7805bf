"""Prose as good models write it over a quote is accepted; the nearest thing that the quote does not say is refused."""

from __future__ import annotations

import pytest

from rag.verification import around, support

LAUNCH = "みなと財団は、沿岸計画の一環として「Nagisa for Schools」という新たな制度を発表した。"
JOINT = "コトリ社は、国際的な教育団体「ひよりネット」と提携し、63カ国以上の教員に対して講座を提供する「Kotori Learning Circle(KLC)」を立ち上げました。"
REACH = "この取り組みでは、10万人以上の教師と150万人以上の生徒に届けることを目指しています。"
RELEASE = "コトリ社は5月1日に新機能「Tsubame」を試用版として発表し、5月9日にProプランの利用者も利用できるようになりました。"
EDITED = "内容は人間によって確認および編集しております。"
ROLES = (
    "アサヒ電機、カエデ商事、モミジ銀行が出資を行い、アサヒ電機が財務を担い、カエデ商事が運営を担っている。"
)
CLASSES = (
    "南町の教員が計算機を使って数学の教材を開発したり、北町の教員が気候の教材を作成したりと報告されています。"
)
USED = "アサヒ電機の技術者が廃材を集めて新しい装置を開発し、カエデ商事の技術者は部品を改良しました。"
GROWN = "ミナト社は、Kamomeの会員が3万人に増えたことを公表しました。"


def kinds(text: str, quote: str, question: str = "", context: str = "") -> set[str]:
    return {problem.kind for problem in support(text, [quote], context, question)}


@pytest.mark.parametrize(
    ("quote", "text"),
    [
        (LAUNCH, "Nagisa for Schoolsは、みなと財団が沿岸計画の一環として発表した新たな制度です。"),
        (JOINT, "コトリ社が提携した教育団体は、国際的な教育団体の「ひよりネット」です。"),
        (JOINT, "コトリ社がひよりネットと立ち上げたKLCは、63カ国以上の教員を対象に講座を提供します。"),
        (REACH, "10万人以上の教師に届けることを目指しています。"),
        (REACH, "目標は教師の10万人以上に対して、生徒は150万人以上です。"),
        (
            RELEASE,
            "Tsubameは、5月1日に試用版として発表され、5月9日にProプランの利用者も利用できるようになりました。",
        ),
        (EDITED, "内容は人間によって確認および編集されています。"),
        (ROLES, "出資を行ったのは、アサヒ電機、カエデ商事、モミジ銀行の三社です。"),
        (ROLES, "カエデ商事は、アサヒ電機やモミジ銀行とともに出資を行っています。"),
        (JOINT, "KLC offers courses to teachers in 63 or more countries."),
        (CLASSES, "南町の教員については、数学の教材を開発したと報告されています。"),
        (CLASSES, "気候の教材を作成したとされているのは、北町の教員です。"),
        (USED, "アサヒ電機の技術者が新しい装置を開発しました。"),
        (GROWN, "ミナト社が公表したのは、Kamomeの会員が3万人に増えたことです。"),
    ],
)
def test_true_prose_is_accepted(quote: str, text: str) -> None:
    assert kinds(text, quote) == set()


@pytest.mark.parametrize(
    ("quote", "text", "kind"),
    [
        (LAUNCH, "みなと財団は、Nagisa for Schoolsが発表した新たな制度です。", "role"),
        (REACH, "150万人以上の教師に届けることを目指しています。", "misplaced"),
        (REACH, "教師の150万人以上に対して、生徒は10万人以上です。", "misplaced"),
        (EDITED, "人間は内容によって確認および編集されています。", "role"),
        (ROLES, "出資を行ったのは、アサヒ電機、カエデ商事、モミジ銀行の四社です。", "number"),
        (JOINT, "KLC offers courses to teachers in at most 63 countries.", "bound"),
        (CLASSES, "北町の教員については、数学の教材を開発したと報告されています。", "role"),
        (CLASSES, "北町の教員が数学の教材を開発しました。", "role"),
        (CLASSES, "気候の教材を作成したとされているのは、南町の教員です。", "role"),
        (USED, "カエデ商事の技術者が新しい装置を開発しました。", "role"),
        (GROWN, "スズメ社が公表したのは、Kamomeの会員が3万人に増えたことです。", "name"),
    ],
)
def test_its_near_misses_are_refused(quote: str, text: str, kind: str) -> None:
    assert kind in kinds(text, quote)


@pytest.mark.parametrize(
    ("quote", "question", "text"),
    [
        (ROLES, "モミジ銀行が財務を担うのはなぜ?", "財務を担うのはモミジ銀行ではなくアサヒ電機です。"),
        (RELEASE, "5月3日にTsubameを発表した狙いは?", "Tsubameを発表したのは、5月3日ではなく5月1日です。"),
        (REACH, "目標の5万人の教師とは?", "目標は5万人ではなく、10万人以上の教師です。"),
        (
            CLASSES,
            "南町の教員が作った気候の教材は?",
            "気候の教材を作成したのは、南町の教員ではなく北町の教員です。",
        ),
        (RELEASE, "Tsubameを作ったスズメ電機は?", "Tsubameを発表したのは、スズメ電機ではなくコトリ社です。"),
    ],
)
def test_what_the_question_takes_for_granted_may_be_put_right(quote: str, question: str, text: str) -> None:
    assert kinds(text, quote, question) == set()
    assert kinds(text, quote) != set()  # nobody had said so


@pytest.mark.parametrize(
    ("quote", "question", "text"),
    [
        (
            ROLES,
            "カエデ商事が出資したのはなぜ?",
            "出資を行ったのは、カエデ商事ではなくモミジ銀行です。",
        ),  # both did
        (ROLES, "モミジ銀行が財務を担うのはなぜ?", "財務を担うのはモミジ銀行ではなくカエデ商事です。"),
        (
            CLASSES,
            "北町の教員が作った気候の教材は?",
            "気候の教材を作成したのは、北町の教員ではなく南町の教員です。",
        ),
        (
            ROLES,
            "財務を担うのは?",
            "財務を担うのはイチョウ製薬ではなくアサヒ電機です。",
        ),  # nobody spoke of it
        (RELEASE, "5月3日に発表した狙いは?", "Tsubameを発表したのは、5月3日ではなく5月2日です。"),
    ],
)
def test_but_not_by_something_else_that_is_wrong(quote: str, question: str, text: str) -> None:
    assert kinds(text, quote, question) != set()


def test_the_publisher_and_longer_names_may_be_named() -> None:
    text = "Nagisaプロジェクトは港で始まった。\n出資は3社が行った。"
    context = around(text, text.index("出資"), ("Nagisa と港", "Umikaze"))
    assert (
        kinds(
            "Umikazeの記事によると、Nagisaプロジェクトの出資は3社が行った。",
            "出資は3社が行った。",
            "",
            context,
        )
        == set()
    )
    assert "name" in kinds("Yamakazeの記事によると、出資は3社が行った。", "出資は3社が行った。", "", context)

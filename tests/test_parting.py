"""Several questions in one: taken apart where that is clear, and left alone where it is not."""

from __future__ import annotations

import pytest

from rag.answering.parting import parts


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (
            "Hinataとは何ですか? いつ発表されましたか?",
            ("Hinataとは何ですか?", "Hinataはいつ発表されましたか?"),
        ),
        ("懸念は何か。また、それを示したのは誰か。", ("懸念は何か。", "懸念を示したのは誰か。")),
        (
            "Hinataは誰が資金を出し、Tsumugiは誰が運営していますか。記事からお願いします",
            ("Hinataは誰が資金を出し?", "Tsumugiは誰が運営していますか。"),
        ),
        ("Hinataはいつ発表され、誰が使えますか?", ("Hinataはいつ発表され?", "Hinataは誰が使えますか?")),
        (
            "記事を比べています。Hinataの投資額と、Tsumugiの利用者数をあわせて教えてください",
            ("Hinataの投資額を教えてください", "Tsumugiの利用者数を教えてください"),
        ),
        (
            "Hinataの出資企業と技術協力先はそれぞれどこですか?",
            ("Hinataの出資企業はどこですか?", "Hinataの技術協力先はどこですか?"),
        ),
        (
            "Hinataの出資企業と運営会社の両方に名前がある会社は?",
            ("Hinataの出資企業に名前がある会社は?", "Hinataの運営会社に名前がある会社は?"),
        ),
        ("建設費はいくらで、開館はいつですか?", ("建設費はいくら?", "開館はいつですか?")),
        ("Hinataの出資元はどこで、運営元はどこ?", ("Hinataの出資元はどこ?", "Hinataの運営元はどこ?")),
        ("図書館は誰が建て、誰が運営していますか?", ("図書館は誰が建て?", "図書館は誰が運営していますか?")),
        (
            "Who pays for Hinata, and who runs it day to day?",
            ("Who pays for Hinata", "who runs Hinata day to day?"),
        ),
    ],
)
def test_questions_asked_together_are_taken_apart(question: str, expected: tuple[str, ...]) -> None:
    assert parts(question) == expected


@pytest.mark.parametrize(
    "question",
    [
        "地元の仕事は増える?Hinata",
        "「何か?」と聞いたのは誰?",
        "稟議書に書くので教えてください。Hinataはいつ始まりますか?",
        "Hinataはいつ、どこで発表されましたか?",
        "導入するかどうか、いつ決めますか?",
        "Hinataは誰とどこで、いつ始まりましたか?",
        "何人で、どこで作ったのですか?",
        "どうするつもりだ、と聞いたのは誰ですか?",
        "Hinataの役割を両方の記事から教えて",
        "HinataとTsumugiはそれぞれ何ですか?",
        "Hinataと提携した会社をそれぞれ教えて",
        "Who restocks the freezers, and how often?",
        "それぞれ",
        "と、両方",
        "?",
        "",
    ],
)
def test_other_questions_stay_whole(question: str) -> None:
    assert parts(question) == (question,)

"""Yes, no or neither from one quote: never a wrong yes or no."""

from __future__ import annotations

import pytest

from rag.verification import stance

POPULATION = "市の人口は前年同月より1,284人減り、31万5,602人となった。"
UNION = "労働組合は会社の提案を受け入れず、24日からストライキに入る。"
MAC = "ただし、Coworkはまだリサーチプレビュー段階であり、Macユーザー向けに限定公開されています。"
RESCUE = "救助隊は遭難した7人のうち5人を救出し、残る2人の捜索を続けている。"


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        ("Coworkは2026年1月12日に発表されたか?", "Anthropicは2026年1月12日にCoworkを発表した。"),
        ("最終損益は赤字でしたか?", "北都銀行の最終損益は45億円の赤字となった。"),
        ("知事は再稼働に反対ですか", "知事は、原子力発電所の再稼働に反対する立場を改めて表明した。"),
        (
            "東雲電機は青葉精機を買収しましたか",
            "東雲電機は2026年4月3日、青葉精機を約1200億円で買収したと発表した。",
        ),
        ("電動バスを発売する予定ですか", "同社は新型の電動バスを2027年春に発売する予定だ。"),
        ("労働組合は会社の提案を拒否しましたか", UNION),
        ("CoworkはMacで使える?", MAC),
        ("救助隊は5人を救出しましたか", RESCUE),
    ],
)
def test_a_quote_that_says_so_entails(claim: str, quote: str) -> None:
    assert stance(claim, quote) == "entails"


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        ("Coworkは2026年1月13日に発表されたか?", "Anthropicは2026年1月12日にCoworkを発表した。"),
        ("最終損益は黒字でしたか?", "北都銀行の最終損益は45億円の赤字となった。"),
        ("知事は再稼働に賛成していますか", "知事は、原子力発電所の再稼働に反対する立場を改めて表明した。"),
        ("値上げを検討していますか", "佐伯社長は「値上げは検討していない」と述べた。"),
        ("市の人口は増えましたか", POPULATION),
        ("労働組合は会社の提案を受け入れましたか", UNION),
        ("Windowsに対応しているか", "Windowsには対応していない。"),
        ("CoworkはWindowsで使えますか?", MAC),
        (
            "利用者が操作する必要はありますか?",
            "アップデートは自動的に適用されるため、利用者が操作する必要はありません。",
        ),
    ],
)
def test_a_quote_that_says_the_opposite_contradicts(claim: str, quote: str) -> None:
    assert stance(claim, quote) == "contradicts"


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        (
            "ファイルを外部の利用者と共有できますか?",
            "無料プランでは、ファイルを外部の利用者と共有できません。",
        ),
        ("この薬は小児に使用できますか", "この薬は12歳未満の小児には使用できない。"),
        ("Windowsに対応しているか", "Macに対応している。"),
        ("海外で販売していますか", "この製品は国内で販売している。"),
        ("電動バスは発売されましたか", "同社は新型の電動バスを2027年春に発売する予定だ。"),
        ("情報は流出しましたか", "情報の流出は確認されていない。"),
        ("青葉精機は東雲電機を買収しましたか", "東雲電機は青葉精機を買収した。"),
        ("対応していないのですか", "Windowsには対応していない。"),
        ("売上高は500億円ですか", "売上高は500億円を超えた。"),
        ("来年も続きますか", "市の人口は減った。"),
        ("", "市の人口は減った。"),
        ("人口は減りましたか", ""),
    ],
)
def test_conditions_plans_and_other_things_leave_it_open(claim: str, quote: str) -> None:
    assert stance(claim, quote) == "unknown"


def test_a_number_of_something_else_does_not_entail() -> None:
    assert stance("救助隊は7人を救出しましたか", RESCUE) != "entails"

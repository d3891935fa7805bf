"""Facts, numbers and characters of a text: the same in other wordings, different in near misses."""

from __future__ import annotations

import pytest

from evals.metrics.text import canonical, character_f1, states, unsupported_numbers


@pytest.mark.parametrize(
    ("text", "wording"),
    [
        ("800 million users", "8億人"),
        ("週に８億人が使う", "8億人"),
        ("八億人", "8億人"),
        ("800,000,000人", "8億人"),
        ("2026/1/12に発表", "2026年1月12日"),
        ("on January 12, 2026.", "2026年1月12日"),
        ("令和8年1月12日", "2026年1月12日"),
        ("2026年1月12日", "1月12日"),
        ("since 2016", "2016年"),
        ("$500 billion", "5000億ドル"),
        ("5,000億ドル", "5000億ドル"),
        ("63 countries", "63カ国"),
        ("teach for all", "Teach For All"),
        ("「 Teach For All 」", "Teach For All"),
        ("CEOSam Altman氏", "Sam Altman"),
        ("Macsで使える", "Mac"),
        ("Windows 対応", "Windows対応"),
        ("ｻｰﾊﾞｰ", "サーバー"),
        ("4項目", "4つ"),
        ("ユーザー数8億人", "8億人"),
        ("答えは5。", "5"),
    ],
)
def test_one_fact_in_many_wordings(text: str, wording: str) -> None:
    assert states(text, wording)


@pytest.mark.parametrize(
    ("text", "wording"),
    [
        ("18億人", "8億人"),
        ("1.8億人", "8億人"),
        ("十八億人", "八億人"),
        ("8億5000万人", "8億"),
        ("80億人", "8億人"),
        ("15カ国", "5カ国"),
        ("15", "5"),
        ("5.2", "5"),
        ("5億", "5"),
        ("5000", "500"),
        ("5 million", "5"),
        ("11月12日", "1月12日"),
        ("2026年1月12日", "2026年1月1日"),
        ("1月12日", "2026年1月12日"),
        ("2025/1/12", "2026年1月12日"),
        ("数百万件", "百万件"),
        ("5社", "5カ国"),
        ("GPT-5", "5カ国"),
        ("alarm", "Arm"),
        ("macOS", "Mac"),
        ("Maximum", "Max"),
        ("", "8億"),
        ("8億", "。"),
    ],
)
def test_near_misses_are_other_facts(text: str, wording: str) -> None:
    assert not states(text, wording)


def test_numbers_need_support_by_value() -> None:
    assert unsupported_numbers("2026/1/12に800 million [1]", ["2026年1月12日に8億人"]) == 0
    assert unsupported_numbers("1月12日", ["January 12, 2026"]) == 0
    assert unsupported_numbers("18億人と5社", ["8億人", "5カ国"]) == 2


def test_character_f1_counts_letters_as_a_multiset() -> None:
    assert character_f1("東京都", "東京都。") == 1
    assert character_f1("東京", "東京都") == pytest.approx(0.8)
    assert character_f1("ああ", "あ") == pytest.approx(2 / 3)
    assert character_f1("大阪", "東京") == 0
    assert character_f1("", "東京") == 0
    assert character_f1("2026/01/12", "2026年1月12日") == 1
    assert character_f1("800 million", "8億") == 1
    assert canonical("1.5億円と2026/1/12、$3 billion") == "1億5000万円と2026年1月12日、30億ドル"

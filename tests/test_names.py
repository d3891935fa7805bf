"""Names across spellings and scripts: what meets, what stays apart, and what a text calls a thing."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.japanese import fold
from rag.morae import morae
from rag.names import names, same_name, sounds, spellings, synonyms_in, variants
from rag.transliteration import distance, sound_keys, sounds_like

written = st.text(st.sampled_from("アァイーッンャヴガパオソｱﾞ・a bCthxＯ.-'漢字8\n"), max_size=12)

SOUND_ALIKE = [
    ("オープンエーアイ", "openai"),
    ("オープンai", "openai"),
    ("アンソロピック", "anthropic"),
    ("コワーク", "cowork"),
    ("クロード", "claude"),
    ("スターゲート", "stargate"),
    ("エヌビディア", "nvidia"),
    ("ソフトバンク", "softbank"),
    ("ジーピーティー", "gpt"),
    ("チャットジーピーティー", "chatgpt"),
    ("フェイスブック", "facebook"),
    ("ユーチューブ", "youtube"),
    ("テキサス", "texas"),
    ("バングラデシュ", "bangladesh"),
    ("ゼロックス", "xerox"),
    ("ポストグレスキューエル", "postgresql"),
    ("ティーチフォーオール", "teach for all"),
    ("アルトマン", "altman"),
    ("ファッション", "fashion"),
]
DIFFERENT_SOUNDS = [
    ("アンソロピック", "anthropology"),
    ("コワーク", "quick"),
    ("オープン", "openai"),
    ("オラクル", "miracle"),
    ("クローズ", "claude"),
    ("ジェミニ", "gemma"),
    ("ペン", "openai"),
    ("テスラ", "tesco"),
    ("漢字", "kanji"),
    ("ソラ", ""),
]


@pytest.mark.parametrize(("katakana", "latin"), SOUND_ALIKE)
def test_spellings_of_one_sound_align_and_share_a_key(katakana: str, latin: str) -> None:
    assert sounds_like(katakana, latin)
    assert set(sound_keys(katakana)) & set(sound_keys(latin))


@pytest.mark.parametrize(("katakana", "latin"), DIFFERENT_SOUNDS)
def test_other_sounds_do_not_align(katakana: str, latin: str) -> None:
    assert not sounds_like(katakana, latin)


@pytest.mark.parametrize("nothing", ["", " ", "-", "12", "図書館"])
def test_what_has_no_sound_has_no_key(nothing: str) -> None:
    assert sound_keys(nothing) == ()


def test_the_better_spelling_costs_less() -> None:
    assert distance("クロード", "claude") < distance("クロード", "cloud") <= distance("コワーク", "cork")


def test_morae_are_the_beats_of_katakana_with_letters_in_it() -> None:
    assert [mora.consonant + mora.vowel for mora in morae("シャッターン")] == ["sha", "ッ", "ta", "ー", "ン"]
    assert [mora.vowel for mora in morae("オープンai")][-2:] == ["=", "="]
    assert morae("ひらがな") == morae("open") == morae("") == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ＣＯＷＯＲＫ", "Cowork"),
        ("ｵｰﾌﾟﾝｴｰｱｲ", "OpenAI"),
        ("サーバ", "サーバー"),
        ("サーバー", "servers"),
        ("引越し", "引っ越し"),
        ("コンピュータ", "コンピューター"),
        ("インターフェイス", "インタフェース"),
        ("ヴァイオリン", "バイオリン"),
        ("ウインドウズ", "ウィンドウズ"),
        ("ティーチ・フォー・オール", "Teach For All"),
        ("サム・アルトマン", "Sam Altman"),
        ("クロードコード", "Claude Code"),
        ("GPT-4", "gpt4"),
        ("マイクロソフト", "Microsoft"),
        ("CO2", "二酸化炭素"),
        ("米国", "アメリカ"),
        ("EV", "電気自動車"),
        ("U.S.", "米国"),
    ],
)
def test_one_thing_has_many_spellings(one: str, other: str) -> None:
    assert same_name(one, other)
    assert same_name(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ビル", "ビール"),
        ("クラウド", "Claude"),
        ("コード", "Claude"),
        ("データ", "date"),
        ("日本", "日本人"),
        ("黒字", "赤字"),
        ("GPT-4", "GPT-5"),
        ("GPT-3.5", "GPT-35"),
        ("Oracle", "OpenAI"),
        ("Claude", "Claude Code"),
        ("アンソロピック", "anthropology"),
        ("", ""),
        ("・", "-"),
        ("OpenAI", ""),
    ],
)
def test_different_things_stay_apart(one: str, other: str) -> None:
    assert not same_name(one, other)
    assert not same_name(other, one)


@given(written, written)
def test_being_one_name_is_symmetrical_and_does_not_depend_on_width_or_case(one: str, other: str) -> None:
    same = same_name(one, other)
    assert same_name(other, one) is same
    assert same_name(unicodedata.normalize("NFKC", one), other) is same
    assert same_name(one.upper(), other) is same


def test_variants_are_what_the_file_lists_whatever_the_width_and_case() -> None:
    assert set(variants("ＣＯ２")) == set(variants("co2")) == {"二酸化炭素", "炭酸ガス"}
    assert "co2" in variants("二酸化炭素")
    assert variants("存在しない語") == ()


@pytest.mark.parametrize(
    ("text", "found", "absent"),
    [
        ("米国のEVは?", {"アメリカ", "電気自動車"}, set()),
        ("全米国民の声", set(), {"アメリカ"}),
        ("生成AIの動向", {"generative ai"}, {"人工知能"}),
        ("OSAKAの店", set(), {"オペレーティングシステム"}),
        ("Who leads the United Nations?", {"国連"}, {"世界保健機関"}),
        ("WHOの発表", {"世界保健機関"}, set()),
        ("温泉はどこ?", set(), set()),
    ],
)
def test_synonyms_are_those_of_whole_words_and_of_the_longest_name(
    text: str, found: set[str], absent: set[str]
) -> None:
    others = set(synonyms_in(text))
    assert found <= others
    assert not absent & others
    assert synonyms_in(fold(text)) == synonyms_in(text)


def test_names_are_runs_of_katakana_or_latin_letters_and_their_parts() -> None:
    found = names(fold("CoworkとTeach For All、サム・アルトマンのオープンAI"))
    assert [name.text for name in found] == [
        "cowork", "teach for all", "teach", "for", "all", "サム・アルトマン", "アルトマン", "オープンai",
    ]  # fmt: skip
    assert names("12個の本") == []


@given(written)
def test_every_name_stands_where_it_says(text: str) -> None:
    folded = fold(text)
    assert all(folded[name.start : name.end] == name.text for name in names(folded))
    assert len(sounds(folded)) == len(set(sounds(folded)))


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("アンソロピック", "Anthropicは憲法を改訂した。", ["anthropic"]),
        ("オープンエーアイ", "OpenAIとOpenAPIの違い", ["openai"]),
        ("Microsoft", "マイクロソフトの製品", ["マイクロソフト"]),
        ("クロード", "CloudではなくClaudeを使う", ["claude"]),
        ("Claude", "Claudeを使う", []),
        ("温泉", "温泉に行く", []),
    ],
)
def test_spellings_are_what_the_text_calls_the_name(name: str, text: str, expected: list[str]) -> None:
    assert spellings(name, fold(text)) == expected

"""What a statement may say, given its quotes: each kind of problem, in both directions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.verification import support
from rag.verification.antonyms import TABLE, opposed, sides

anything = st.text(
    st.sampled_from(
        "8億18万人円%。、「」()年月日ABcdKotori新型発表しない未ず約以上超以下未満のみだけ全て一部 -▲\n\0\ud800"
    ),
    max_size=60,
)


def kinds(text: str, *quotes: str, context: str = "") -> set[str]:
    return {problem.kind for problem in support(text, quotes, context)}


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("8億人です。", "ChatGPTのユーザーは8億人だ。"),
        ("８億人です。", "ChatGPTのユーザーは8億人だ。"),
        ("八億人です。", "ChatGPTのユーザーは8億人だ。"),
        ("ChatGPT has 800 million users.", "ChatGPTのユーザーは8億人だ。"),
        ("800,000,000人です。", "ChatGPTのユーザーは8億人だ。"),
        ("5,000億ドルを投資する。", "AIインフラに5000億ドルを投資する。"),
        ("It invests $500 billion.", "AIインフラに5000億ドルを投資する。"),
        ("利益は5%減った。", "利益は▲5%だった。"),
        ("4社が参加した。", "4つの企業が参加した。"),
        ("3割が賛成した。", "30%が賛成した。"),
        ("約500人が参加した。", "500人が参加した。"),
        ("100人以上が参加した。", "100人を超える市民が参加した。"),
        ("It reached more than 63 countries.", "63カ国以上に広がった。"),
        ("800 million people (「8億人」).", "ChatGPTのユーザーは8億人だ。"),
        ("at least 63 countries (「63カ国以上」).", "63カ国以上に広がった。"),
    ],
)
def test_numbers_in_another_form_are_supported(text: str, quote: str) -> None:
    assert support(text, [quote]) == ()


@pytest.mark.parametrize(
    ("text", "quote", "kind"),
    [
        ("18億人です。", "ユーザーは8億人だ。", "number"),
        ("8万人です。", "ユーザーは8億人だ。", "number"),
        ("1" * 50, "ユーザーは8億人だ。", "number"),
        ("It has 80 million users.", "ユーザーは8億人だ。", "number"),
        ("80 million people (「8億人」).", "ユーザーは8億人だ。", "number"),
        ("割合は30人だ。", "割合は30%だ。", "unit"),
        ("5000億円を投資する。", "5000億ドルを投資する。", "unit"),
        ("It invests 500 billion yen.", "5000億ドルを投資する。", "unit"),
        ("800億円を投じた。", "約800億円を投じた。", "bound"),
        ("18歳以下が対象だ。", "18歳以上が対象だ。", "bound"),
        ("18歳を超える人が対象だ。", "18歳以上が対象だ。", "bound"),
        ("最大15キロだ。", "少なくとも15キロだ。", "bound"),
        ("利益は5%増えた。", "利益は▲5%だった。", "number"),
        ("賛成4、反対9で可決した。", "賛成9、反対4で可決した。", "misplaced"),
        ("割合は30%ではない。", "割合は30%だ。", "polarity"),
    ],
)
def test_another_number_unit_or_bound_is_not(text: str, quote: str, kind: str) -> None:
    assert kind in kinds(text, quote)


@pytest.mark.parametrize(
    "text",
    [
        "2026年1月12日です。",
        "2026/1/12です。",
        "January 12, 2026.",
        "令和8年1月12日です。",
        "二〇二六年一月十二日です。",
        "1月12日です。",
        "2026年1月です。",
        "2026年です。",
    ],
)
def test_a_date_may_be_written_otherwise_or_less_precisely(text: str) -> None:
    assert support(text, ["機能は2026年1月12日に公開された。"]) == ()


def test_a_year_said_once_holds_for_the_dates_after_it() -> None:
    assert support("2026年1月16日です。", ["2026年1月12日に公開し、1月16日に広げた。"]) == ()


@pytest.mark.parametrize(
    "text", ["2026年1月13日です。", "2025年1月12日です。", "February 12, 2026.", "12 January 2025"]
)
def test_another_date_is_not_supported(text: str) -> None:
    assert kinds(text, "機能は2026年1月12日に公開された。") == {"date"}


def test_a_date_must_not_be_more_precise_than_the_quote() -> None:
    assert kinds("2026年1月12日です。", "機能は2026年1月に公開された。") == {"date"}


@pytest.mark.parametrize(
    ("text", "quote", "context"),
    [
        ("マイクロソフトが公開した。", "Microsoftが公開した。", ""),
        ("Tanaka resigned.", "田中氏が辞任した。", ""),
        ("田中社長が辞任した。", "田中太郎氏が辞任した。", ""),
        ("日銀が金利を上げた。", "日本銀行が金利を上げた。", ""),
        ("Coworkは2026年に公開された。", "同機能は2026年に公開された。", "Coworkはいつ公開された?"),
        ("Kasumi Motors expanded its plant.", "カスミ自動車は工場を拡張した。", ""),
    ],
)
def test_a_name_may_be_written_otherwise_or_come_from_the_context(
    text: str, quote: str, context: str
) -> None:
    assert support(text, [quote], context) == ()


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("OpenAIがCoworkを公開した。", "AnthropicがCoworkを公開した。"),
        ("佐藤氏が辞任した。", "田中氏が辞任した。"),
        ("西海銀行が公開した。", "北都銀行が公開した。"),
        ("Suzuki resigned.", "田中氏が辞任した。"),
        ("The bank of Korea raised its rate.", "日本銀行が金利を上げた。"),
    ],
)
def test_another_name_is_not_supported(text: str, quote: str) -> None:
    assert "name" in kinds(text, quote)


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("青葉精機は東雲電機に買収された。", "東雲電機が青葉精機を買収した。"),
        ("青葉精機は東雲電機が買収した。", "東雲電機が青葉精機を買収した。"),
        ("東雲電機は青葉精機を買収した。", "青葉精機は東雲電機に買収された。"),
    ],
)
def test_active_and_passive_say_the_same(text: str, quote: str) -> None:
    assert support(text, [quote]) == ()


@pytest.mark.parametrize(
    "text",
    ["青葉精機が東雲電機を買収した。", "東雲電機は青葉精機に買収された。", "青葉精機は東雲電機を買収した。"],
)
def test_who_did_it_to_whom_must_be_the_same(text: str) -> None:
    assert "role" in kinds(text, "東雲電機が青葉精機を買収した。")


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("参加する必要がある。", "参加しなければならない。"),
        ("参加するしか方法はない。", "参加するしか方法はない。"),
        ("一部に過ぎない。", "それは一部に過ぎない。"),
        ("操作は不要だ。", "操作する必要はない。"),
        ("提案を拒否した。", "提案を受け入れなかった。"),
        ("対応は可能だ。", "対応は不可能ではない。"),
        ("企業だけでなく社会が議論する。", "企業だけでなく、社会全体で議論する。"),
        ("増えてはいない。", "利用者は減った。"),
        ("Not only engineers use it.", "技術者だけでなく全員が使う。"),
    ],
)
def test_denials_may_be_put_otherwise(text: str, quote: str) -> None:
    assert "polarity" not in kinds(text, quote)
    assert "direction" not in kinds(text, quote)


@pytest.mark.parametrize(
    ("text", "quote", "kind"),
    [
        ("契約を更新した。", "契約を更新しなかった。", "polarity"),
        ("契約を更新しなかった。", "契約を更新した。", "polarity"),
        ("契約を更新できます。", "契約を更新できません。", "polarity"),
        ("未公開だ。", "公開された。", "polarity"),
        ("参加しなくてもよい。", "参加しなければならない。", "polarity"),
        ("全員が賛成したわけではない。", "全員が賛成した。", "polarity"),
        ("利用を許可している。", "利用を禁止している。", "direction"),
        ("最終損益は黒字だった。", "最終損益は赤字だった。", "direction"),
        ("利用者は増えた。", "利用者は減った。", "direction"),
        ("利用者は減った。", "利用者は増えなかった。", "direction"),
        ("利益を過小に見積もった。", "利益を過大に見積もった。", "direction"),
        ("Sales fell.", "売上は増加した。", "direction"),
        ("It has not been released.", "新機能は公開された。", "polarity"),
        ("Windowsに対応している。", "Macに対応している。", "direction"),
    ],
)
def test_the_opposite_is_not_supported(text: str, quote: str, kind: str) -> None:
    assert kind in kinds(text, quote)


@pytest.mark.parametrize(
    ("text", "quote", "kind"),
    [
        ("来年に発売した。", "来年に発売する予定だ。", "modality"),
        ("来年に発売する。", "来年に発売する可能性がある。", "modality"),
        ("新製品を発売する計画だ。", "新製品を発売した。", "modality"),
        ("全ての店舗で販売する。", "一部の店舗で販売する。", "quantifier"),
        ("店舗で販売する。", "一部の店舗で販売する。", "quantifier"),
        ("会員だけが利用できる。", "会員が利用できる。", "quantifier"),
        ("必ず成功する。", "成功する。", "quantifier"),
        ("今年のサッカー大会では地元チームが優勝した。", "新機能は先週公開された。", "content"),
        ("The football team won the championship after extra time.", "新機能は先週公開された。", "content"),
    ],
)
def test_more_than_the_quote_says_is_not_supported(text: str, quote: str, kind: str) -> None:
    assert kind in kinds(text, quote)


@pytest.mark.parametrize("text", ["はい。", "いいえ、", "Yes.", "はい、来年に発売する予定です。"])
def test_a_yes_or_no_at_the_beginning_is_left_to_stance(text: str) -> None:
    assert support(text, ["来年に発売する予定だ。"]) == ()


def test_several_quotes_are_taken_together() -> None:
    quotes = ["売上は前年比12%増の340億円だった。", "社員は800人に増えた。"]
    assert support("売上は340億円、社員は800人だ。", quotes) == ()
    assert "number" in kinds("売上は340億円、社員は900人だ。", *quotes)


def test_a_false_statement_near_a_true_sentence_is_refused() -> None:
    quote = "売上高は前年比12%増の340億円で、最終損益は黒字だった。"
    assert {"number"} <= kinds("売上高は前年比8%減の210億円で、最終損益は黒字だった。", quote)
    assert {"direction"} <= kinds("最終損益は赤字だった。", quote)


def test_complaints_are_in_the_language_of_the_statement() -> None:
    (japanese,) = support("18億人です。", ["8億人です。"])
    (english,) = support("18 million users.", ["8 million users."])
    assert "18億人" in japanese.message
    assert "引用" in japanese.message
    assert "quotes" in english.message
    assert "\0" not in "".join(
        p.message for p in support("青葉精機が東雲電機を買収した。", ["東雲電機が青葉精機を買収した。"])
    )


TEXT = (
    "東雲電機は2026年4月3日、青葉精機を約1200億円で買収したと発表した。ただし、海外の子会社は含まれない。"
    "同社は新型の電動バスを2027年春に発売する予定で、価格は決まっていない。\n- 全長は12メートル未満\n- 定員は80人"
)


@given(st.data())
def test_a_verbatim_extract_up_to_the_end_of_a_clause_is_supported(data: st.DataObject) -> None:
    cuts = [0, *(at + 1 for at, ch in enumerate(TEXT) if ch in "、。\n"), len(TEXT)]
    start, end = sorted(data.draw(st.lists(st.sampled_from(cuts), min_size=2, max_size=2, unique=True)))
    assert support(TEXT[start:end], [TEXT]) == ()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("海外の子会社は含まれ", "polarity"),
        ("価格は決まってい", "polarity"),
        ("026年4月3日", "number"),
        ("00億円で買収した", "number"),
        ("1200億円で買収した", "bound"),
        ("同社は新型の電動バスを2027年春に発売する", "modality"),
    ],
)
def test_an_extract_cut_within_what_it_says_is_compared_like_any_statement(text: str, kind: str) -> None:
    assert kind in kinds(text, TEXT)


@given(anything, st.lists(anything, max_size=3), anything)
def test_any_text_is_compared_without_a_crash(text: str, quotes: list[str], context: str) -> None:
    assert support(text, quotes, context) == support(text, quotes, context)


def test_nothing_supports_a_statement_without_quotes() -> None:
    assert support("売上高は340億円だった。", []) != ()


def test_the_table_of_antonyms_is_well_formed() -> None:
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line:
            continue
        how, *columns = line.split("\t")
        assert how in ("complement", "contrary", "alternative", "kanji")
        assert len(columns) >= 2
        assert all(column.split() for column in columns)
        words = [word for column in columns for word in column.split()]
        assert len(words) == len(set(words)), line


def test_words_are_opposed_by_the_table_or_by_one_kanji() -> None:
    assert opposed("黒字", sides(["黒字"]), "赤字", sides(["赤字"])) == "contrary"
    assert opposed("可能", sides(["可能"]), "不可能", sides(["不可能"])) == "complement"
    assert opposed("過大", frozenset(), "過小", frozenset()) == "alternative"
    assert opposed("黒字", sides(["黒字"]), "黒字", sides(["黒字"])) is None
    assert opposed("大会", frozenset(), "大学", frozenset()) is None

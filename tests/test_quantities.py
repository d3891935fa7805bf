"""Dates and numbers are read by value, whatever their script, width or scale."""

import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.quantities import dates, numbers

written = st.text(
    st.sampled_from(
        "0123456789０９²½٣๓①Ⅷ,.，．億万兆千百十一二〇零年月日/-$¥€£%令和元平成 人mMkbnJanuarySept\u3099\0あ"
    ),
    max_size=50,
)
anything = st.one_of(written, st.text(st.characters(codec=None), max_size=50))


def values(text: str) -> list[tuple[int, str]]:
    return [(int(found.value), found.unit) for found in numbers(text)]


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("8億人", 800_000_000, "人"),
        ("八億人", 800_000_000, "人"),
        ("８億人", 800_000_000, "人"),
        ("800 million users", 800_000_000, "人"),
        ("800M users", 800_000_000, "人"),
        ("0.8 billion people", 800_000_000, "人"),
        ("5000億ドル", 500_000_000_000, "ドル"),
        ("5,000億ドル", 500_000_000_000, "ドル"),
        ("$500 billion", 500_000_000_000, "ドル"),
        ("$500bn", 500_000_000_000, "ドル"),
        ("500 billion dollars", 500_000_000_000, "ドル"),
        ("$500 billion in AI infrastructure", 500_000_000_000, "ドル"),
        ("1億5000万円", 150_000_000, "円"),
        ("一億五千万円", 150_000_000, "円"),
        ("¥150,000,000", 150_000_000, "円"),
        ("￥1億2,345万6,789", 123_456_789, "円"),
        ("5千万円", 50_000_000, "円"),
        ("3百5人", 305, "人"),
        ("三十二人", 32, "人"),
        ("二〇二六年", 2026, "年"),
        ("1.5倍", 1, "倍"),
        ("63カ国", 63, "カ国"),
        ("63ヶ国", 63, "カ国"),
        ("63か国", 63, "カ国"),
        ("63 countries", 63, "カ国"),
        ("360 MW", 360, "mw"),
        ("100万トン", 1_000_000, "トン"),
        ("4つの原則", 4, "つ"),
        ("一人", 1, "人"),
        ("12%", 12, "%"),
        ("12パーセント", 12, "%"),
        ("100m", 100, "m"),
        ("１００ｍ", 100, "m"),
        ("$100m", 100_000_000, "ドル"),
        ("10k users", 10_000, "人"),
        ("5 km", 5, "km"),
        ("12,345", 12_345, ""),
    ],
)
def test_a_number_is_read_with_its_scale_and_unit(text: str, value: int, unit: str) -> None:
    assert values(text) == [(value, unit)]


def test_decimals_are_exact() -> None:
    assert [found.value for found in numbers("3.14と0.1億と1.5 million")] == [
        Decimal("3.14"),
        Decimal(10_000_000),
        Decimal(1_500_000),
    ]


@pytest.mark.parametrize(
    "text",
    ["一般", "千葉", "万一", "三菱", "四国", "一部", "一環として", "億劫", "AI", "", "٣億", "万", "Ⅷ世"],
)
def test_words_that_look_like_numbers_are_none(text: str) -> None:
    assert numbers(text) == []


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("会員は８億人、昨年は5000万人。", ["８億人", "5000万人"]),
        ("😀$500 billion in 2026", ["$500 billion", "2026"]),
        ("面積は5㎏と㈱3社", ["5㎏", "3社"]),
        ("1,2345", ["1", "2345"]),
        ("100m走で9.8秒", ["100m", "9.8秒"]),
    ],
)
def test_the_span_of_a_number_is_verbatim_in_the_source(text: str, spans: list[str]) -> None:
    assert [text[found.start : found.end] for found in numbers(text)] == spans


@given(anything)
def test_any_text_is_read_without_a_crash_and_spans_are_ordered(text: str) -> None:
    for found in (numbers(text), dates(text)):
        spans = [(item.start, item.end) for item in found]
        assert all(0 <= start < end <= len(text) for start, end in spans)
        assert spans == sorted(spans)


@given(st.integers(1, 9999), st.integers(0, 9999), st.integers(0, 9999))
def test_japanese_scales_add_up(oku: int, man: int, ones: int) -> None:
    text = f"{oku}億" + (f"{man}万" if man else "") + (str(ones) if ones else "") + "円"
    assert values(text) == [(oku * 10**8 + man * 10**4 + ones, "円")]


@given(st.integers(0, 10**15))
def test_commas_do_not_change_a_number(value: int) -> None:
    assert values(f"{value:,}円") == values(f"{value}円") == [(value, "円")]


@pytest.mark.parametrize(
    "text", ["1" * 100_000, "〇" * 100_000, "1,111" * 10_000, "1 " * 20_000, "$ " * 20_000]
)
def test_endless_digits_are_read_quickly(text: str) -> None:
    started = time.process_time()
    numbers(text)
    dates(text)
    assert time.process_time() - started < 2


@pytest.mark.parametrize("digits", ["1" * 41, "9" * 1_100_000, "九" * 100])
def test_more_digits_than_a_number_has_are_none(digits: str) -> None:
    assert numbers(digits) == []


# --- dates --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "2026年1月12日",
        "2026年01月12日",
        "２０２６年１月１２日",
        "2026年 1月 12日",
        "2026/1/12",
        "2026-01-12",
        "2026.1.12",
        "令和8年1月12日",
        "January 12, 2026",
        "Jan. 12, 2026",
        "JANUARY 12TH 2026",
        "12 January 2026",
        "12th of January, 2026",
    ],
)
def test_one_day_in_every_notation_is_the_same_date(text: str) -> None:
    sentence = f"発表は{text}に行われた。"
    (found,) = dates(sentence)
    assert (found.year, found.month, found.day) == (2026, 1, 12)
    assert sentence[found.start : found.end] == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026年", (2026, None, None)),
        ("2026年1月", (2026, 1, None)),
        ("1月16日", (None, 1, 16)),
        ("5月", (None, 5, None)),
        ("令和元年", (2019, None, None)),
        ("平成31年4月", (2019, 4, None)),
        ("昭和64年1月7日", (1989, 1, 7)),
        ("大正元年", (1912, None, None)),
        ("明治45年", (1912, None, None)),
        ("January 2026", (2026, 1, None)),
        ("May 5", (None, 5, 5)),
        ("Sept. 5, 2025", (2025, 9, 5)),
        ("December 1st", (None, 12, 1)),
        ("2025-07", (2025, 7, None)),
    ],
)
def test_a_date_is_as_precise_as_it_is_written(text: str, expected: tuple[int | None, ...]) -> None:
    assert [found[2:] for found in dates(text)] == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "13月",
        "1月間",
        "2026/13/1",
        "1月32日",
        "1234.5円",
        "12026年",
        "03-1234-5678",
        "12 mayors",
        "marching 5",
        "令和",
        "",
        "٢٠٢٦年",
    ],
)
def test_what_only_looks_like_a_date_is_none(text: str) -> None:
    assert dates(text) == []


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("2026年1月12日", "1/12", None),
        ("2026年1月12日", "January 12", True),
        ("2026年1月12日", "2026年", True),
        ("2026年1月12日", "2026年1月13日", False),
        ("2026年1月", "1月5日", True),
        ("2026年", "1月5日", False),
    ],
)
def test_dates_agree_when_all_parts_that_both_state_are_equal(
    one: str, other: str, expected: bool | None
) -> None:
    found = dates(other)
    assert (dates(one)[0].agrees(found[0]) if found else None) is expected


@given(st.dates())
def test_every_day_is_read_back(day) -> None:  # type: ignore[no-untyped-def]
    for text in (
        f"{day.year:04}年{day.month}月{day.day}日",
        f"{day.year:04}/{day.month}/{day.day}",
        f"{day:%B} {day.day}, {day.year:04}",
    ):
        assert [found[2:] for found in dates(text)] == [(day.year, day.month, day.day)]

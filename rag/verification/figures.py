"""Numbers, units, bounds and dates of a statement against those of its quotes, by value."""

from __future__ import annotations

import re
from calendar import month_name
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from rag.japanese import fold
from rag.quantities import UNITS, Date, Quantity, dates, numbers
from rag.verification.problems import Problem, problem

_COUNTERS = frozenset(
    "つ 個 人 社 件 台 本 冊 枚 校 店 店舗 棟 戸 世帯 団体 隻 機 両 頭 匹 羽 点 章 条 種 種類 段階 票 回 号 番 号機 カ所 カ国".split()
)
"""Units of countable things."""

_KNOWN = _COUNTERS | frozenset(
    """
    円 ドル ユーロ ポンド 元 ウォン % ポイント 倍 割 位 歳 年 月 日 時 分 秒 週 週間 時間 カ月 四半期 期 代 度 ℃ 階 票
    トン kg g mg km m cm mm 平方メートル 立方メートル mw gw kw kwh gb tb mb l 世紀 学級 巻 話 名
    """.split()
)
_SAME = {
    "キログラム": "kg", "キロ": "kg", "グラム": "g", "キロメートル": "km", "メートル": "m", "センチ": "cm",
    "センチメートル": "cm", "ミリ": "mm", "キロワット": "kw", "メガワット": "mw", "ギガワット": "gw",
    "リットル": "l", "ギガ": "gb", "ギガバイト": "gb", "種": "種類", "店": "店舗", "hours": "時間", "hour": "時間",
    "years": "年", "year": "年", "months": "カ月", "month": "カ月", "weeks": "週間", "week": "週間", "days": "日",
    "minutes": "分", "seconds": "秒", "times": "倍", "euros": "ユーロ", "euro": "ユーロ", "pounds": "ポンド",
    "floors": "階", "quarters": "四半期", "students": "人", "teachers": "人", "kilograms": "kg", "kilometers": "km",
    "meters": "m", "metres": "m", "degrees": "度", "tonnes": "トン",
}  # fmt: skip
_NOUNS = {
    "社": "社|企業|会社|メーカー",
    "カ国": "国",
    "人": "人|者|員|名|氏|生|師",
    "校": "校|学",
    "店舗": "店",
    "団体": "団体|組織",
}
"""4つの企業 may be called 4社: a unit in place of つ needs one of these words in the quotes."""

_WORDS = dict(
    zip(
        "two three four five six seven eight nine ten eleven twelve".split(),
        range(2, 13),
        strict=True,
    )
)
_ENGLISH_NUMBER = re.compile(
    rf"\b(?P<word>{'|'.join(_WORDS)})\b(?! ?(?:hundred|thousand|million|billion))(?:[ -](?P<unit>[a-z]+|%))?"
)
_MONTH_ALONE = re.compile(
    r"\b(?:in|by|since|until|from|to|of|and|through|during|late|early|mid)[ -](?P<month>"
    + "|".join(month_name[1:])
    + r")\b(?! \d)"
)
_LONE = re.compile(r"[〇一二三四五六七八九十百千]")
_FEWER = re.compile(
    r"減|低下|下落|下げ|赤字|損失|縮小|マイナス|氷点下|落ち|fell|drop|declin|decreas|loss|minus|below zero"
)

_AFTER: tuple[tuple[str, str], ...] = (
    ("min", r"以上|or more|\+"),
    ("over", r"超(?!過)|を(?:超|こ)え|を上回|余り|あまり|を突破"),
    ("max", r"以下|以内|or (?:less|fewer)"),
    ("under", r"未満|を下回|に満たな|に届か|に達しな|足らず|弱(?![い])|を割り?込?"),
    ("approx", r"程度|前後|ほど|くらい|ぐらい|近く|ごろ|頃"),
)
_BEFORE: tuple[tuple[str, str], ...] = (
    ("min", r"少なくとも|最低(?:でも|限)?|at least|a minimum of"),
    ("over", r"more than|over|exceed(?:s|ed|ing)?|above|surpass(?:es|ed|ing)?|upwards of"),
    (
        "max",
        r"最大(?:で|限)?|最高(?:で)?|最長(?:で)?|up to|at most|no more than|a maximum of|as much as|as many as",
    ),
    ("under", r"less than|fewer than|under|below"),
    (
        "approx",
        r"約|およそ|おおよそ|ほぼ|概ね|おおむね|about|around|approximately|roughly|nearly|almost|some|close to|estimated",
    ),
)
_BOUND_AFTER = tuple(
    (bound, re.compile(rf"\s*(?:の|が|は|で)?\s*(?:{pattern})")) for bound, pattern in _AFTER
)
_BOUND_BEFORE = tuple((bound, re.compile(rf"(?:{pattern})\s*[約$¥€£]?\s*$")) for bound, pattern in _BEFORE)


_DENIED = re.compile(
    r"(?:以上|以下|未満|超|程度|ほど|前後|以内)?(?:で|に|と)(?:は|も)?(?:ない|なかっ|なく|ありませ|なら(?:ない|なかっ|ず)|なりませ)"
)


class Figure(NamedTuple):
    """A number as a text states it; `text` is the words, and `denied`: it is said not to be so."""

    start: int
    end: int
    value: Decimal
    unit: str
    bounds: frozenset[str]
    text: str
    denied: bool


_AND = re.compile(r"(?: [a-z]+){0,3} (?:and|or) [$€£¥]?")
"""What stands between two numbers that share a bound: over 100,000 teachers and 1.5 million students."""


_IDENTIFIER = re.compile(r"\d{41,}")
"""More digits than a number has: compared as they are written."""


class Day(NamedTuple):
    """A date as a text states it, with its words; `denied`: it is said to be another."""

    date: Date
    text: str
    denied: bool


class Figures(NamedTuple):
    """The numbers and dates of a text. `in_dates`: numbers that are parts of dates; `lone`: single kanji numerals."""

    alone: tuple[Figure, ...]
    in_dates: tuple[Figure, ...]
    dates: tuple[Day, ...]
    lone: frozenset[Decimal]


@lru_cache(maxsize=1024)
def figures(text: str) -> Figures:
    """The numbers and dates of a text."""
    found_dates = [*dates(text), *_months_alone(text)]
    alone: list[Figure] = []
    inside: list[Figure] = []
    for quantity in _quantities(text):
        within = any(date.start <= quantity.start < date.end for date in found_dates)
        figure = _figure(text, quantity)
        if alone and not figure.bounds and _AND.fullmatch(text, alone[-1].end, figure.start):
            figure = figure._replace(bounds=alone[-1].bounds)
        (inside if within else alone).append(figure)
    lone = frozenset(
        Decimal("〇一二三四五六七八九".find(ch)) for ch in _LONE.findall(text) if ch in "一二三四五六七八九"
    )
    days = tuple(
        Day(
            date, text[date.start : date.end], _DENIED.match(fold(text[date.end : date.end + 16])) is not None
        )
        for date in found_dates
    )
    return Figures(tuple(alone), tuple(inside), days, lone)


def _months_alone(text: str) -> Iterator[Date]:
    """English months without a day or year, which may also be other words (may, march) elsewhere."""
    for match in _MONTH_ALONE.finditer(text):
        yield Date(*match.span("month"), None, [*month_name].index(match["month"]), None)


def _quantities(text: str) -> Iterator[Quantity]:
    yield from numbers(text)
    if text.isascii():
        for match in _ENGLISH_NUMBER.finditer(text.lower()):
            unit = UNITS.get(match["unit"] or "", match["unit"] or "")
            yield Quantity(match.start(), match.end("word"), Decimal(_WORDS[match["word"]]), unit)


def _figure(text: str, quantity: Quantity) -> Figure:
    value, unit = quantity.value, _SAME.get(quantity.unit, quantity.unit)
    if unit == "割":
        value, unit = value * 10, "%"
    before = fold(text[max(0, quantity.start - 24) : quantity.start])
    after = fold(text[quantity.end : quantity.end + 16])
    if quantity.unit in (
        "超",
        "弱",
        "強",
        "余",
        "以",
        "未",
        "or",
    ):  # the reader of numbers takes any word for a unit
        after, unit = quantity.unit + after, ""
    bounds = {bound for bound, pattern in _BOUND_AFTER if pattern.match(after)}
    bounds |= {bound for bound, pattern in _BOUND_BEFORE if pattern.search(before)}
    return Figure(
        quantity.start,
        quantity.end,
        value,
        unit,
        frozenset(bounds),
        text[quantity.start : quantity.end],
        _DENIED.match(after) is not None,
    )


def problems(text: str, quotes: Sequence[str], english: bool) -> Iterator[Problem]:
    """The numbers and dates of a statement that its quotes do not state."""
    said = figures(text)
    read = [figures(quote) for quote in quotes]
    for day in said.dates:
        if not any(_dated(day.date, each) for each in read):
            yield problem("date", day.text, english)
        elif day.denied and not any(other.denied for each in read for other in each.dates):
            yield problem("polarity", day.text, english)
    together = "".join(quotes)
    for match in _IDENTIFIER.finditer(text):
        if match.group() not in together:
            yield problem("number", match.group()[:40], english)
    for figure in said.alone:
        yield from _wrong(figure, read, text, together, english)


def _wrong(
    figure: Figure, read: Sequence[Figures], text: str, quotes: str, english: bool
) -> Iterator[Problem]:
    stated = [other for each in read for other in (*each.alone, *each.in_dates)]
    equal = [other for other in stated if _same_value(figure, other, text, quotes)]
    if not equal:
        if not any(figure.value in each.lone for each in read) and not _counts(figure, text):
            yield problem("number", figure.text, english)
        return
    agreeing = [other for other in equal if _same_unit(figure.unit, other.unit, quotes)]
    if not agreeing:
        yield problem("unit", figure.text, english, equal[0].text)
    elif not any(figure.denied == other.denied for other in agreeing):
        yield problem("polarity", figure.text, english)
    elif not any(_same_bounds(figure.bounds, other.bounds, english) for other in agreeing):
        yield problem("bound", figure.text, english)


_LISTED = re.compile(r"[、,・]|および|及び|と|や")
_CLAUSE = re.compile(r"[。\n]|のは、?|は(?!、)|が")


def _counts(figure: Figure, text: str) -> bool:
    """Whether a number only counts what the statement lists right before it: A、B、Cの3社."""
    before = text[: figure.start].removesuffix("の")
    if before == text[: figure.start] or figure.unit not in _COUNTERS:
        return False
    listed = _LISTED.split(_CLAUSE.split(before)[-1])
    return len([item for item in listed if item.strip()]) == figure.value


def _same_value(figure: Figure, other: Figure, text: str, quotes: str) -> bool:
    if figure.value == other.value:
        return True
    if figure.value != -other.value:
        return False
    return _FEWER.search(fold(text if other.value < 0 else quotes)) is not None


def _same_unit(said: str, stated: str, quotes: str) -> bool:
    if said == stated or said not in _KNOWN:
        return True
    if stated == "":
        return said in _COUNTERS
    if stated not in _KNOWN:
        return said in _COUNTERS
    if stated in ("つ", "個", "種類") and said in _COUNTERS:
        return (
            said in ("つ", "個", "種類", "件", "点") or re.search(_NOUNS.get(said, said), quotes) is not None
        )
    return said in ("つ", "個") and stated in _COUNTERS


def _same_bounds(said: frozenset[str], stated: frozenset[str], english: bool) -> bool:
    """約 may be added but not left out; 超 may become 以上, and in English "more than" is said for both."""
    if "approx" in stated - said and not said & stated - {"approx"}:
        return False
    said, stated = said - {"approx"}, stated - {"approx"}
    if english:
        alike = {"over": "min", "under": "max"}
        said, stated = (frozenset(alike.get(bound, bound) for bound in each) for each in (said, stated))
    weaker = {"over": "min", "under": "max"}
    return said == stated or said == frozenset(weaker.get(bound, bound) for bound in stated)


def _dated(date: Date, quote: Figures) -> bool:
    return any(_covers(other, date) for other in _filled(quote))


def _covers(stated: Date, said: Date) -> bool:
    return all(part is None or part == other for part, other in zip(said[2:], stated[2:], strict=True))


def _filled(quote: Figures) -> Iterator[Date]:
    """The dates of a quote, where a year or month left out is that of the date before (「1月12日に…、16日に」)."""
    year = month = None
    for date, *_ in quote.dates:
        year, month = date.year or year, date.month or month
        yield date._replace(year=year)
    for figure in (*quote.alone, *quote.in_dates):
        if figure.unit == "日" and figure.value == int(figure.value) and month:
            yield Date(0, 0, year, month, int(figure.value))
        elif figure.unit in ("年", "") and 1000 <= figure.value < 3000:
            yield Date(0, 0, int(figure.value), None, None)

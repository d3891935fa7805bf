"""Dates and numbers in Japanese and English text, by value: 8億 = 800 million, 2026/1/12 = 2026年1月12日.

Both functions read a normalised copy and give spans of the source text.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NamedTuple

from rag.japanese import Normalised, normalise


class Date(NamedTuple):
    """A date as precise as it is written; `start`, `end` are its span in the source."""

    start: int
    end: int
    year: int | None
    month: int | None
    day: int | None

    def agrees(self, other: Date) -> bool:
        """Whether the parts that both dates state are the same, and there is at least one."""
        pairs = zip(self[2:], other[2:], strict=True)
        both = [(a, b) for a, b in pairs if a is not None and b is not None]
        return bool(both) and all(a == b for a, b in both)


class Quantity(NamedTuple):
    """A number and the unit written after (or the currency before) it; the unit is empty where none is."""

    start: int
    end: int
    value: Decimal
    unit: str


_MONTH = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    "|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_KANJI_DIGIT = "〇零一二三四五六七八九"
_KANJI_DATE = re.compile(
    rf"(?:(?P<year>[{_KANJI_DIGIT}]{{4}})|(?P<era>令和|平成|昭和|大正|明治)(?P<era_year>[{_KANJI_DIGIT}十]{{1,3}}))年"
    rf"(?:\s*(?P<month>[一二三四五六七八九十]{{1,2}})月(?:\s*(?P<day>[一二三四五六七八九十]{{1,3}})日)?)?"
    rf"|(?<![{_KANJI_DIGIT}十百千万])(?P<month_alone>[一二三四五六七八九十]{{1,2}})月(?P<day_alone>[一二三四五六七八九十]{{1,3}})日(?!間)"
)
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "明治": 1867}
_DATE = re.compile(
    rf"(?:(?P<era>{'|'.join(_ERAS)})(?P<era_year>\d{{1,2}}|元)年|(?<!\d)(?P<y>\d{{4}})年)"
    rf"(?:\s*(?P<m>\d{{1,2}})月(?:\s*(?P<d>\d{{1,2}})日)?)?"
    rf"|(?<!\d)(?P<y2>\d{{4}})[/-](?P<m2>\d{{1,2}})(?:[/-](?P<d2>\d{{1,2}}))?(?!\d)"
    rf"|(?<!\d)(?P<y7>\d{{4}})\.(?P<m7>\d{{1,2}})\.(?P<d7>\d{{1,2}})(?!\d)"  # 1234.5 is a number
    rf"|(?<!\d)(?P<m3>\d{{1,2}})月(?!間)(?:\s*(?P<d3>\d{{1,2}})日)?"
    rf"|\b(?P<m4>{_MONTH})\.?\s+(?:(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,?\s+(?P<y4>\d{{4}}))?|(?P<y5>\d{{4}}))\b"
    rf"|\b(?P<d6>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<m6>{_MONTH})\b\.?(?:,?\s+(?P<y6>\d{{4}})\b)?",
    re.ASCII,  # 2026に has a word boundary after 2026, and \d is what `_value` can read
)


def dates(text: str) -> list[Date]:
    """The dates of a text, in order."""
    copy = normalise(text)
    found = _kanji_dates(copy)
    for match in _DATE.finditer(copy.text):
        if match["m6"] == "may" and text[copy.offsets[match.start("m6")]] != "M":
            continue  # No. 12 may …
        parts = {
            name.rstrip("234567"): value for name, value in match.groupdict().items() if value is not None
        }
        year = int(parts["y"]) if "y" in parts else None
        if "era" in parts:
            year = _ERAS[parts["era"]] + (1 if parts["era_year"] == "元" else int(parts["era_year"]))
        month, day = _month(parts.get("m")), int(parts["d"]) if "d" in parts else None
        if (month is None or 1 <= month <= 12) and (day is None or 1 <= day <= 31):
            found.append(Date(*copy.span(*match.span()), year, month, day))
    return sorted(found)


def _kanji_dates(copy: Normalised) -> list[Date]:
    """Dates in kanji numerals: 二〇二六年一月十二日, 令和八年; a month alone (一月) only with its day."""
    found = []
    for match in _KANJI_DATE.finditer(copy.text):
        year = _read(match["year"])
        if match["era"]:
            year = _ERAS[match["era"]] + (_read(match["era_year"]) or 0)
        month, day = _read(match["month"] or match["month_alone"]), _read(match["day"] or match["day_alone"])
        if (month is None or 1 <= month <= 12) and (day is None or 1 <= day <= 31):
            found.append(Date(*copy.span(*match.span()), year, month, day))
    return found


def _read(kanji: str | None) -> int | None:
    return None if kanji is None else int(_mixed(kanji))


def _month(written: str | None) -> int | None:
    if written is None or written.isdigit():
        return int(written) if written else None
    return "janfebmaraprmayjunjulaugsepoctnovdec".index(written[:3]) // 3 + 1


_DIGIT = dict(zip("〇一二三四五六七八九", range(10), strict=True)) | {"零": 0}
_SMALL = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10**4, "億": 10**8, "兆": 10**12, "京": 10**16}
_ENGLISH = {
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
    "k": 10**3,
    "m": 10**6,
    "bn": 10**9,
}
_ARABIC = r"\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?"
_KANJI = "〇零一二三四五六七八九十百千"
_NUMBER = re.compile(
    rf"(?P<minus>[▲△]\s*|マイナス\s*|(?<![^\s(「:、。ぁ-ヿ一-鿿])[-−](?=\d))?(?:(?P<currency>[$¥€£])\s*)?(?P<number>"
    rf"(?P<english>{_ARABIC})\s*(?P<scale>thousand|million|billion|trillion|bn|[km](?![a-z]))"
    rf"|(?P<mixed>(?:(?:{_ARABIC})[十百千]?[万億兆京]?)+)|(?P<kanji>[{_KANJI}]+(?:[万億兆京][{_KANJI}]*)*))"
    rf"(?:\s*(?P<unit>%|パーセント|percent|カ国|ヶ国|か国|ヵ国|週目|[かカヶヵケ箇]月|[かカヶヵケ箇]所|四半期|週間|時間|段階|世帯|団体|店舗|平方メートル|立方メートル|つの|つ|℃|°c|u\.?s\.? dollars?|[a-z]{{1,12}}|[ァ-ヺー]{{2,8}}|[一-鿿々]))?",
    re.ASCII,
)
_PART = re.compile(rf"{_ARABIC}|.", re.ASCII)
_LONGEST = 40
"""More digits than this are an identifier, not a number."""

UNITS = {
    "$": "ドル", "usd": "ドル", "dollar": "ドル", "dollars": "ドル", "us dollar": "ドル",
    "us dollars": "ドル", "u.s. dollar": "ドル", "u.s. dollars": "ドル", "¥": "円", "jpy": "円", "yen": "円",
    "€": "ユーロ", "£": "ポンド", "パーセント": "%", "percent": "%", "people": "人", "users": "人",
    "名": "人", "ヶ国": "カ国", "か国": "カ国", "ヵ国": "カ国", "国": "カ国", "countries": "カ国",
    "か月": "カ月", "ヶ月": "カ月", "ヵ月": "カ月", "ケ月": "カ月", "箇月": "カ月",
    "か所": "カ所", "ヶ所": "カ所", "ヵ所": "カ所", "ケ所": "カ所", "箇所": "カ所", "°c": "℃",
    "tons": "トン", "tonnes": "トン", "つの": "つ",
    "companies": "社",
}  # fmt: skip
"""One name for each unit that is written in several ways."""


def numbers(text: str) -> list[Quantity]:
    """The numbers of a text with their units, in order; parts of dates count as numbers too."""
    copy = normalise(text)
    found = []
    for match in _NUMBER.finditer(copy.text):
        if len(match["number"]) > _LONGEST:
            continue
        value, unit = _value(match), match["currency"] or match["unit"] or ""
        end = match.end("number") if match["currency"] else match.end()
        if (
            match["scale"] == "m"
            and not match["currency"]
            and text[copy.offsets[match.start("scale")]] in "mｍ"
        ):
            value, unit, end = (
                _plain(match["english"]),
                "m",
                match.end("scale"),
            )  # 100M, $100m: millions; 100m: metres
        if value is not None:
            if match["minus"]:
                value = -value
            found.append(Quantity(*copy.span(match.start(), end), value, UNITS.get(unit, unit)))
    return found


def _plain(written: str) -> Decimal:
    return Decimal(written.replace(",", ""))


def _value(match: re.Match[str]) -> Decimal | None:
    if match["english"]:
        return _plain(match["english"]) * _ENGLISH[match["scale"]]
    if match["mixed"]:
        return _mixed(match["mixed"])
    kanji = match["kanji"]
    # A lone 一 or 千 is more often part of a word (一般, 千葉) than a number; a unit must make it one.
    if len(kanji) == 1 and match["unit"] not in (
        "人",
        "つ",
        "つの",
        "年",
        "月",
        "日",
        "社",
        "件",
        "円",
        "回",
        "名",
        "%",
    ):
        return None
    return _mixed(kanji)


def _mixed(written: str) -> Decimal:
    """Value of digits with 十百千万億兆: 1億5000万, 三十二, 2千."""
    total, section, current = Decimal(0), Decimal(0), Decimal(-1)
    for token in _PART.findall(written):
        if token[0].isascii():
            current = _plain(token)
        elif token in _DIGIT:
            current = (current * 10 if current >= 0 else 0) + Decimal(_DIGIT[token])
        elif token in _SMALL:
            section += (current if current >= 0 else 1) * _SMALL[token]
            current = Decimal(-1)
        else:
            total += (section + max(current, Decimal(0)) or 1) * _LARGE[token]
            section, current = Decimal(0), Decimal(-1)
    return total + section + max(current, Decimal(0))

"""What a text says, compared with what it should say: facts by digit boundaries and by value, character F1.

Nothing here judges meaning: two texts agree when their normalised characters, dates or numbers do.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache

from rag.japanese import fold
from rag.quantities import Date, Quantity
from rag.quantities import dates as read_dates
from rag.quantities import numbers as read_numbers

_DIGITS = "0123456789"
_KANJI_DIGITS = "〇零一二三四五六七八九"
_SCALES = "十百千万億兆京"
_NUMERALS = _DIGITS + _KANJI_DIGITS + _SCALES
_MARKER = re.compile(r"[\[［【]\s*\d{1,3}\s*[\]］】]")
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_GAP = re.compile(r"[\s「」『』\"'`・*]+")
_LOOSE_SPACE = re.compile(r"(?<![a-z0-9]) | (?![a-z0-9])")
_NUMBER_GOES_ON = re.compile(r"[0-9]|\.[0-9]|[十百千万億兆京]| ?(?:thousand|million|billion|trillion|bn)\b")
_WORD_GOES_ON = re.compile(r"(?!e?s(?![a-z]))[a-z]")
_BARE_NUMBER = 1000
"""A number without a unit says what it counts only when it is this large: 800 million is 8億人, 5 is not 5社."""

_SAME_UNIT = {
    "ユーザー": "人", "ユーザ": "人", "か月": "カ月", "ヶ月": "カ月", "months": "カ月", "month": "カ月",
    "個": "つ", "原": "つ", "項": "つ", "種": "つ", "点": "つ",
}  # fmt: skip


@lru_cache(maxsize=256)
def dates(text: str) -> tuple[Date, ...]:
    """The dates of a text; every accepted wording is looked up in the same one."""
    return tuple(read_dates(text))


@lru_cache(maxsize=256)
def numbers(text: str) -> tuple[Quantity, ...]:
    """The numbers of a text."""
    return tuple(read_numbers(text))


@lru_cache(maxsize=256)
def comparable(text: str) -> str:
    """A copy to look facts up in: width, case, quotation marks, thousands commas and spacing do not matter.

    A space stays only between Latin letters or digits, where it parts words.
    """
    return _LOOSE_SPACE.sub("", _GAP.sub(" ", _THOUSANDS.sub("", fold(_MARKER.sub(" ", text)))))


def states(text: str, wording: str) -> bool:
    """Whether a text has a wording, or the same date or number written in another way.

    A wording does not match inside a longer number or Latin word: 8億 is not in 18億, 1.8億 or 8億5000万,
    5 not in 15, Arm not in alarm.
    """
    sought = comparable(wording).rstrip("。")
    if not sought:
        return False
    where, at = comparable(text), -1
    while (at := where.find(sought, at + 1)) >= 0:
        if _stands_alone(where, at, at + len(sought)):
            return True
    return _states_value(text, wording.strip())


def _stands_alone(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 2) : start], text[end : end + 12]
    first, last = text[start], text[end - 1]
    if first in _NUMERALS and _number_began(before, first):
        return False
    if last in _DIGITS and _NUMBER_GOES_ON.match(after):
        return False
    if last in _KANJI_DIGITS + _SCALES and after and after[0] in _NUMERALS:
        return False
    return " " in text[start:end] or _is_word(before, first, last, after)


def _is_word(before: str, first: str, last: str, after: str) -> bool:
    """Whether no Latin letter joins on either side, but for a plural; several words cannot match by chance."""
    joined = _latin(first) and bool(before) and _latin(before[-1])
    return not joined and not (_latin(last) and _WORD_GOES_ON.match(after))


def _number_began(before: str, first: str) -> bool:
    """Whether the number that `first` seems to begin began earlier: 1.|5億, 十|八億, 数|百万."""
    if not before:
        return False
    point = len(before) == 2 and before[0] in _DIGITS and before[1] == "."
    return before[-1] in _NUMERALS or point or (first in _SCALES and before[-1] in "数何")


def _latin(ch: str) -> bool:
    return "a" <= ch <= "z"


def _states_value(text: str, wording: str) -> bool:
    """Whether a wording that is a date or a number, and nothing else, is in the text by value."""
    whole = (0, len(wording))
    sought_dates = [date for date in dates(wording) if date[:2] == whole]
    sought_numbers = [number for number in numbers(wording) if number[:2] == whole]
    return any(_date_has(date, sought) for sought in sought_dates for date in dates(text)) or any(
        _same_number(number, sought) and not _is_vague(text, number.start)
        for sought in sought_numbers
        for number in numbers(text)
    )


def _date_has(date: Date, sought: Date) -> bool:
    """Whether a date states every part of another, all equal."""
    return all(part in (None, own) for part, own in zip(sought[2:], date[2:], strict=True))


def _is_vague(text: str, start: int) -> bool:
    return start > 0 and text[start - 1] in "数何" and text[start] in _SCALES


def _unit(quantity: Quantity) -> str:
    """The unit, or nothing where the word after a number is only an English word."""
    unit = _SAME_UNIT.get(quantity.unit, quantity.unit)
    return "" if unit.isascii() and unit.isalpha() and len(unit) > 3 else unit


def _same_number(one: Quantity, other: Quantity) -> bool:
    if one.value != other.value:
        return False
    units = _unit(one), _unit(other)
    return units[0] == units[1] or ("" in units and one.value >= _BARE_NUMBER)


_ONE_OF = re.compile(r"の[1１一]つ(?=[はがでに、。])|\bor more\b")
"""No numbers, or no units of one: 原則の1つは, 63 or more."""


def unsupported_numbers(text: str, supports: Sequence[str]) -> int:
    """How many different numbers of a text are in none of the supports, by value and unit where both have one."""
    text = _ONE_OF.sub(" ", _MARKER.sub(" ", text))
    known = [number for support in supports for number in numbers(support)]
    known_dates = [date for support in supports for date in dates(support)]
    proven = [date for date in dates(text) if any(_date_has(known, date) for known in known_dates)]
    missing = {
        (number.value, _unit(number))
        for number in numbers(text)
        if not any(date.start <= number.start < date.end for date in proven)
        and not any(_may_be_same(number, other) for other in known)
    }
    return len(missing)


def _may_be_same(one: Quantity, other: Quantity) -> bool:
    units = _unit(one), _unit(other)
    return one.value == other.value and (units[0] == units[1] or "" in units)


def character_f1(text: str, gold: str) -> float:
    """F1 of the two texts' letters and digits as multisets, dates and numbers first written one way."""
    ours, theirs = Counter(_letters(text)), Counter(_letters(gold))
    common = (ours & theirs).total()
    return 2 * common / (ours.total() + theirs.total()) if common else 0.0


def _letters(text: str) -> Iterable[str]:
    return (ch for ch in comparable(canonical(text)) if ch.isalnum())


def canonical(text: str) -> str:
    """A text with dates as 2026年1月12日 and numbers as 8億5000万, units kept."""
    text = _MARKER.sub(" ", text)
    found_dates = dates(text)
    written = [(date.start, date.end, _date_text(date)) for date in found_dates]
    written += [
        (number.start, number.end, _number_text(number.value) + _written_unit(number))
        for number in numbers(text)
        if not any(date.start < number.end and number.start < date.end for date in found_dates)
    ]
    done, at = [], 0
    for start, end, replacement in sorted(written):
        if start >= at:
            done += [text[at:start], replacement]
            at = end
    return "".join([*done, text[at:]])


def _written_unit(number: Quantity) -> str:
    return f" {number.unit}" if number.unit.isascii() and number.unit.isalpha() else number.unit


def _date_text(date: Date) -> str:
    parts = ((date.year, "年"), (date.month, "月"), (date.day, "日"))
    return "".join(f"{value}{name}" for value, name in parts if value is not None)


def _number_text(value: Decimal) -> str:
    if value != value.to_integral_value():
        return f"{value.normalize():f}"
    rest, written = int(value), []
    for scale, name in ((10**12, "兆"), (10**8, "億"), (10**4, "万")):
        if rest >= scale:
            written.append(f"{rest // scale}{name}")
            rest %= scale
    if rest or not written:
        written.append(str(rest))
    return "".join(written)

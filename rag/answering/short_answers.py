"""The few words that answer, said before the sentence they stand in: 「2026年1月12日です。」.

A short answer is given only where one candidate is clearly meant: a wrong one above a right quote would mislead.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from rag.answering.answer_types import MONEY, counts, undated
from rag.answering.matching import match, token_set
from rag.answering.question import Question
from rag.japanese import Span, fold, words
from rag.quantities import Date, Quantity, dates, numbers
from rag.verification import support

_CARRIED = 0.9


class ShortAnswer(NamedTuple):
    """A sentence that answers, and where in the quote (code points, half-open) its words stand."""

    text: str
    span: Span


_ASKS = re.compile(
    r"いつ|どこ|誰|だれ|いくら|いくつ|なぜ|何(?!か(?!国)|らか|も)(?:[年月日時]何)*|どの|どれ|どう|どんな|\b(?:when|where|who|whom|which|what|why|how)\b"
)
_BEFORE = re.compile(
    r"(?:最大|最小|最低|最高|約|およそ|少なくとも|延べ|計|合計|毎年|毎月|月額|年額|数|[0-9一]+秒あたり|\s)+$"
)
_AFTER_NUMBER = re.compile(r"(?:以上|以下|未満|超|強|弱|程度|余り|あまり|近く|前後|ほど)+")
_AFTER_DATE = re.compile(r"(?:から|以降|まで|以前|頃|ごろ|上旬|中旬|下旬|末)+")
_CLEARLY = 0.3
"""By how much more of the question (in term weights) the words around one candidate must hold than around another."""


def short_answer(question: Question, quote: str) -> ShortAnswer | None:
    """The date, number or amount of a quote that a question asks for; None where it is not clear which."""
    if _asks_more(question):
        return None
    candidates = _candidates(question, quote)
    chosen = clearest(question, quote, [Span(c.start, c.end) for c in candidates])
    if chosen is None:
        return None
    candidate = candidates[chosen]
    span = _widened(quote, candidate)
    if question.english:
        return ShortAnswer(_english(candidate, quote[span.start : span.end]), span)
    return ShortAnswer(f"{quote[span.start : span.end].strip()}です。", span)


def read_answer(question: Question, quote: str, span: Span) -> ShortAnswer | None:
    """The span that the reader is sure of, said by itself; None where it is no noun phrase or more is asked."""
    words_said = quote[span.start : span.end].strip(" 、。「」")
    if question.type not in _NAMEABLE or _asks_more(question) or not 0 < len(words_said) <= _LONGEST:
        return None
    if _ends_as_no_noun(fold(words_said)) or fold(words_said) in fold(question.text):
        return None
    said = f"{words_said}." if question.english else f"{words_said}です。"
    return None if support(said, [quote], question.text) else ShortAnswer(said, span)


_NAMEABLE = ("who", "where", "what", "when", "how_many", "how_much")
_NO_NOUN = ("動詞", "助動詞", "形容詞", "形状詞", "助詞", "接続詞", "副詞", "連体詞")
_LONGEST = 40


def _ends_as_no_noun(folded: str) -> bool:
    """Whether a phrase ends in hiragana as a verb, an adjective or a particle does."""
    return "ぁ" <= folded[-1] <= "ん" and words(folded)[-1].pos in _NO_NOUN


def _asks_more(question: Question) -> bool:
    return len(_ASKS.findall(fold(question.text))) > 1 or question.wants_both


def _candidates(question: Question, quote: str) -> Sequence[Date | Quantity]:
    found: Sequence[Date | Quantity]
    match question.type:
        case "when":
            found = dates(quote)
        case "how_many":
            found = [number for number in undated(quote) if number.unit and counts(question, number)]
        case "how_much":
            found = [number for number in numbers(quote) if number.unit in MONEY]
        case _:
            return []
    stated: Sequence[Date | Quantity] = [*question.dates, *question.numbers]
    asked = {fold(question.text[c.start : c.end]) for c in stated}
    return [candidate for candidate in found if fold(quote[candidate.start : candidate.end]) not in asked]


def clearest(question: Question, quote: str, candidates: Sequence[Span]) -> int | None:
    """The candidate whose own stretch of the sentence holds clearly more of the question than any other's."""
    if len(candidates) < 2:
        return 0 if candidates else None
    starts = [0]
    for before, after in pairwise(candidates):
        comma = quote.rfind("、", before.end, after.start)
        starts.append(comma + 1 if comma >= 0 else after.start)
    ends = [*starts[1:], len(quote)]
    stretches = [token_set(quote[start:end]) for start, end in zip(starts, ends, strict=True)]
    topic = token_set(quote[: quote.find("は") + 1])
    held = [_held(question, stretches[i], stretches[:i], topic) for i in range(len(stretches))]
    best = max(range(len(held)), key=held.__getitem__)
    others = [share for i, share in enumerate(held) if i != best]
    return best if held[best] - max(others) >= _CLEARLY else None


def _held(
    question: Question, stretch: frozenset[str], before: Sequence[frozenset[str]], topic: frozenset[str]
) -> float:
    """The weight of the question's terms in a stretch; what は marks and names said before count a little less."""
    total = 0.0
    for term in question.terms:
        carried = match(term, topic)
        if term.is_name:
            carried = max((match(term, earlier) for earlier in before), default=carried)
        total += term.weight * max(match(term, stretch), _CARRIED * carried)
    return total


def _widened(quote: str, candidate: Date | Quantity) -> Span:
    """With the words that limit it: 最大, 以上, から. 「最大100万トン」 is not 「100万トン」."""
    before = _BEFORE.search(quote, max(0, candidate.start - 12), candidate.start)
    after = (_AFTER_DATE if isinstance(candidate, Date) else _AFTER_NUMBER).match(quote, candidate.end)
    start = before.start() if before else candidate.start
    if quote[: candidate.end].endswith("つの"):
        return Span(start, candidate.end - 1)
    return Span(start, after.end() if after else candidate.end)


_ENGLISH_UNITS = {"人": "people", "カ国": "countries", "社": "companies", "%": "%", "ドル": "US dollars", "円": "yen", "ユーロ": "euros", "件": "cases", "年": "years", "歳": "years old", "トン": "tons"}  # fmt: skip
_LIMITS = {"最大": "up to", "最小": "at least", "約": "about", "およそ": "about", "以上": "at least", "以下": "at most", "未満": "less than", "超": "more than", "程度": "about", "数": "several times"}  # fmt: skip
_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"))


def _english(candidate: Date | Quantity, source: str) -> str:
    """In English, with the source's words where they say more than the bare value."""
    if isinstance(candidate, Date):
        day = f" {candidate.day}" if candidate.day else ""
        month = f"{calendar.month_name[candidate.month]}{day}" if candidate.month else ""
        said = (
            ", ".join(filter(None, (month, str(candidate.year or ""))))
            if day
            else f"{month} {candidate.year or ''}".strip()
        )
    else:
        limit = next((english for japanese, english in _LIMITS.items() if japanese in source), "")
        said = f"{limit} {_english_number(candidate.value)}".strip()
        unit = _ENGLISH_UNITS.get(candidate.unit, "")
        said = f"{said}%" if unit == "%" else f"{said} {unit}".strip()
    return f"{said} (「{source.strip()}」)."


def _english_number(value: Decimal) -> str:
    for size, name in _SCALES:
        if abs(value) >= size:
            return f"{(value / size).normalize():f} {name}"
    return f"{value.normalize():,f}"

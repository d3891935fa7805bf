"""Whether a text holds something of the type that a question asks for: a date, a number, a name, a reason."""

from __future__ import annotations

import re
from functools import lru_cache

from rag.answering.asking import AnswerType
from rag.answering.question import Question
from rag.japanese import fold, words
from rag.quantities import Quantity, dates, numbers
from rag.types import Section

MONEY = frozenset({"円", "ドル", "ユーロ", "ポンド", "ウォン", "元"})
DATE_UNITS = frozenset("年月日時秒")
_WHEN = re.compile(
    r"当初|昨年|来年|今年|先月|来月|今月|先週|来週|今週|昨日|本日|今日|現在|[0-9]+年|世紀|[春夏秋冬]に|上旬|中旬|下旬"
)
_FREE = re.compile(r"無料|無償|\bfree\b")
_SEVERAL = re.compile(r"[数何][十百千万億兆]+|多数|少数")
_SINCE = re.compile(r"[年月日](?:から|以来|以降)")
_WHY = re.compile(r"ため|から|ので|により|によって|理由|背景|目的|原因|きっかけ|応える|結果|引き起こ|つなが")
_PERSON = re.compile(
    r"氏|さん|様|ceo|cto|cfo|大統領|首相|大臣|社長|会長|創設者|創業者|代表|教授|有識者|教師|責任者"
)
_TITLED = re.compile(r"([a-z]{2,}|[ァ-ヺー]{2,}|[一-鿿]{2,4})(?:氏|さん|博士|教授)")
_KATAKANA = re.compile(r"[ァ-ヺー]{3,}")
_DEFINES = re.compile(
    r"とは|(?:もの|こと|構想|取り組み|イニシアチブ|プロジェクト|サービス|ツール|機能|技術|プログラム|組織|企業|総称)(?:です|である|だ|を指)|を指し|を指す|と呼ば|という|定めた|[:：]|を立ち上げ"
)
_ENUMERATES = re.compile(
    r"[^、]+、[^、]+、|[^、]+、[^、]+(?:など|の各|、)|(?:と|や|および|及び)[^、。]+(?:が|を|は|など)"
)


def has_type(question: Question, text: str, section: Section) -> bool:
    """Whether a text holds something of the type that the question asks for; true for types without a form."""
    folded = fold(text)
    match question.type:
        case "when":
            return bool(dates(text)) or _WHEN.search(folded) is not None
        case "how_much":
            return any(number.unit in MONEY for number in numbers(text)) or _FREE.search(folded) is not None
        case "how_many":
            return any(counts(question, number) for number in undated(text)) or _has_rough_number(
                question, folded
            )
        case "where":
            return _has_place(folded)
        case "who":
            return _answers_who(question, folded)
        case "why":
            return _WHY.search(folded) is not None
        case "list":
            return _ENUMERATES.search(text) is not None
        case "definition":
            return _DEFINES.search(text) is not None
        case "reference":
            return section.kind == "references" and "://" in text
        case _:
            return True


def undated(text: str) -> list[Quantity]:
    """The numbers of a text that are no part of a date."""
    said = dates(text)
    return [n for n in numbers(text) if not any(date.start <= n.start < date.end for date in said)]


def counts(question: Question, number: Quantity) -> bool:
    """Whether a number has a unit that the question asks for."""
    return number.unit in question.units if question.units else number.unit not in DATE_UNITS


def _has_rough_number(question: Question, folded: str) -> bool:
    """数百万件, or for a length of time the date since when."""
    if "年間" in question.units and _SINCE.search(folded):
        return True
    rough = (folded[match.end() : match.end() + 2] for match in _SEVERAL.finditer(folded))
    return any(not question.units or after.startswith(tuple(question.units)) for after in rough)


@lru_cache(maxsize=4096)
def _has_place(folded: str) -> bool:
    return (
        any(word.pos2 == "固有名詞" for word in words(folded))
        or re.search(r"[都道府県市区町村州国](?![々])", folded) is not None
    )


def _answers_who(question: Question, folded: str) -> bool:
    if question.person:
        return _has_person(question, folded)
    return _PERSON.search(folded) is not None or _has_other_name(question, folded)


def _has_person(question: Question, folded: str) -> bool:
    """Whether a text names a person whom the question does not: by a title, or by the name itself."""
    asked = {form for term in question.terms for form in term.forms}
    named = (match[1] for match in _TITLED.finditer(folded))
    return any(name not in asked for name in (*named, *_person_names(folded)))


@lru_cache(maxsize=4096)
def _person_names(folded: str) -> tuple[str, ...]:
    return tuple(
        word.surface
        for word in words(folded)
        if word.pos3 == "人名" or (_KATAKANA.fullmatch(word.surface) and not word.key.isascii())
    )


def _has_other_name(question: Question, folded: str) -> bool:
    """Whether a text has a name that the question does not."""
    asked = {form for term in question.terms for form in term.forms}
    return any(name not in asked for name in _names(folded))


@lru_cache(maxsize=4096)
def _names(folded: str) -> tuple[str, ...]:
    latin = re.compile(r"[a-z][a-z0-9.\-]{2,}")
    return tuple(
        word.surface
        for word in words(folded)
        if (word.pos2 == "固有名詞" and word.pos3 != "地名") or latin.fullmatch(word.surface)
    )


SPECIFIC: frozenset[AnswerType] = frozenset({"when", "how_many", "how_much", "where", "who", "reference"})
"""Types whose absence from a passage means that it does not answer."""

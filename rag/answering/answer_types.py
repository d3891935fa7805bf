"""Whether a text holds something of the type that a question asks for: a date, a number, a name, a reason."""

from __future__ import annotations

import re
from functools import lru_cache

from rag.answering.question import AnswerType, Question
from rag.japanese import fold, words
from rag.quantities import dates, numbers
from rag.types import Section

MONEY = frozenset({"円", "ドル", "ユーロ", "ポンド", "ウォン", "元"})
DATE_UNITS = frozenset("年月日時秒")
_WHEN = re.compile(
    r"当初|昨年|来年|今年|先月|来月|今月|先週|来週|今週|昨日|本日|今日|現在|[0-9]+年|世紀|[春夏秋冬]に|上旬|中旬|下旬"
)
_WHY = re.compile(r"ため|から|ので|により|によって|理由|背景|目的|原因|きっかけ|応える|結果|引き起こ|つなが")
_PERSON = re.compile(
    r"氏|さん|様|ceo|cto|cfo|大統領|首相|大臣|社長|会長|創設者|創業者|代表|教授|有識者|教師|責任者"
)
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
            return any(number.unit in MONEY for number in numbers(text))
        case "how_many":
            units_found = {number.unit for number in numbers(text)}
            return question.counter in units_found if question.counter else bool(units_found - DATE_UNITS)
        case "where":
            return _has_place(folded)
        case "who":
            return _PERSON.search(folded) is not None or _has_other_name(question, folded)
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


@lru_cache(maxsize=4096)
def _has_place(folded: str) -> bool:
    return (
        any(word.pos2 == "固有名詞" for word in words(folded))
        or re.search(r"[都道府県市区町村州国](?![々])", folded) is not None
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

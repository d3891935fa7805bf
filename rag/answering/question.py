"""What a question asks for: the type of its answer and the terms that an answering passage should share."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from rag.answering.asking import STRICT, AnswerType, Asked, asked
from rag.english import in_english, is_english, same_in_english, translations
from rag.japanese import Word, fold, is_content, words
from rag.quantities import Date, Quantity, dates, numbers


class Term(NamedTuple):
    """A word that carries the question's subject; names weigh most, verbs least.

    `forms`: its search key, its spelling, and for an English word its Japanese; a passage needs one of them.
    `near`: search keys of words that may say the same.
    """

    text: str
    forms: tuple[str, ...]
    weight: float
    is_name: bool
    near: frozenset[str] = frozenset()


class Question(NamedTuple):
    """An analysed question.

    `units`: of which the number that it asks for must have one (人, カ国, %, …), empty where any will do.
    `person`: whether the name of a person is asked for.
    `counted`: what it asks the number of, where any number of something else would mislead: 会員 in 「会員は何人?」.
    `focus`: the term that says what is wanted of the rest, which stands last: 会員 in 「ChatGPTの有料会員は何人?」.
    """

    text: str
    type: AnswerType
    english: bool
    terms: tuple[Term, ...]
    dates: tuple[Date, ...]
    numbers: tuple[Quantity, ...]
    units: frozenset[str]
    person: bool
    counted: Term | None
    focus: Term | None
    wants_both: bool

    @property
    def strict(self) -> bool:
        """Whether no text answers without something of the form that is asked for."""
        return self.person or self.type in STRICT

    @property
    def names(self) -> tuple[Term, ...]:
        """The terms that are names."""
        return tuple(term for term in self.terms if term.is_name)


_FRAME = frozenset(
    "教える 挙げる 答える 説明 述べる 知る 名前 名称 一覧 理由 方法 種類 詳細 詳しい 内容 概要 数 人 者 日 年 月 記事 役割 それぞれ"
    " 両方 全て すべて 場合 今 現在 予定 つ くらい ぐらい どれ だけ ほど 的 さん 氏 略 肩書き 肩書 一番 主 具体 意味 質問 何者 くださる 下さる"
    " いつ頃 頃 時 時期 場所 会社 企業 社 国 カ国 件 額 金額 とき 使う 使える 点 等 など 他 以上 以下 目 間 家 先 つく さ 分 側 別 部 方 達"
    " please tell me about with on for by from as at it its be been can will would there that this than or and per if has have had"
    " many much new name mean stand explain describe list give".split()
)
"""Words of asking, not of the subject: their absence from a passage says nothing."""

_BOTH = re.compile(r"両方|それぞれ|2つの記事|二つの記事|比較|比べ|\bboth\b|\bcompare")
_REFERENCE_FRAME = frozenset(
    "出典 参照 情報 源 引用 元 参考 資料 文献 リンク 原典 ネタ 元ネタ 出所 タイトル 題名 題 表題 英語 アクセス 閲覧 ページ 投稿 発表 話 件 自体 付け"
    " 使う 挙げる 当たる 筆者 ほしい 欲しい ちょうだい 下さる"
    " link url source reference title address post article announcement document page story used cite list access".split()
)

_NO_NAMES = frozenset(
    "i january february march april may june july august september october november december"
    " monday tuesday wednesday thursday friday saturday sunday".split()
)
"""English words that are written with a capital and name nothing."""

_LATIN = re.compile(r"[a-z][a-z0-9.+#&\-]*")
_NUMBER = re.compile(r"\d[\d.,]*")
_KATAKANA = re.compile(r"[ァ-ヺー]{3,}")


@lru_cache(maxsize=256)
def analyse(text: str) -> Question:
    """Analyse a question by rules over its normalised copy."""
    folded = fold(text)
    english = is_english(text)
    wanted = asked(folded, english)
    terms = _terms(text, folded, english, wanted.type)
    return Question(
        text=text,
        type=wanted.type,
        english=english,
        terms=terms,
        dates=tuple(dates(text)),
        numbers=tuple(numbers(text)),
        units=wanted.units,
        person=wanted.person,
        counted=_counted(terms, folded, wanted),
        focus=_focus(terms, folded, wanted.units),
        wants_both=_BOTH.search(folded) is not None,
    )


_WEIGHTS = {
    "名詞": 0.8,
    "形状詞": 0.6,
    "形容詞": 0.5,
    "動詞": 0.5,
    "副詞": 0.3,
    "接頭辞": 0.3,
    "接尾辞": 0.2,
    "記号": 0.5,
}
_UNKNOWN_ENGLISH = 0.3
"""Weight of an English word that the glossary does not have: its absence from a Japanese passage says little."""


def is_name(word: Word) -> bool:
    """Latin words, UniDic's proper nouns, and katakana that its dictionary does not know as a loanword."""
    if word.pos2 == "固有名詞" or _LATIN.fullmatch(word.base):
        return True
    return _KATAKANA.fullmatch(word.base) is not None and not word.key.isascii()


def _terms(text: str, folded: str, english: bool, wanted: AnswerType) -> tuple[Term, ...]:
    frame = _FRAME | _REFERENCE_FRAME if wanted == "reference" else _FRAME
    capitalised = {match.group().lower() for match in re.finditer(r"(?<!^)\b[A-Z][\w.\-]*", text)} - _NO_NAMES
    found: dict[str, Term] = {}
    for word in words(folded):
        weight = _WEIGHTS.get(word.pos, 0.0)
        if not weight or not is_content(word) or not frame.isdisjoint((word.base, word.key)):
            continue
        named = is_name(word) or _NUMBER.fullmatch(word.base) is not None
        forms: tuple[str, ...] = (word.key, word.base)
        near: frozenset[str] = frozenset()
        if english:
            japanese = translations(word.surface)
            named = word.surface in capitalised or word.surface[0].isdigit()
            weight = 1.0 if named else 0.7 if japanese else _UNKNOWN_ENGLISH
            forms = (*forms, *map(fold, japanese))
        elif named:
            weight = 1.0
        else:
            near = same_in_english(word.base) - {word.key, word.base}
            if wanted == "reference":  # a Japanese article may list English titles
                forms = (*forms, *in_english(word.base))
        found.setdefault(word.key, Term(word.surface, tuple(dict.fromkeys(forms)), weight, named, near))
    return tuple(found.values())


_HOW_MANY = re.compile(
    r"\bhow (?:many|much) ([a-z \-]+?)(?= (?:do|does|did|is|are|was|were|will|would|can|could|has|have|had)\b|[?]|$)"
)
_COUNTED = re.compile(
    r"([一-鿿ァ-ヺー]+?)(?:数|(?:は|が|って|も)[、,]?(?:約|およそ|全部で|合計で?|全体で|現在|今|いま)?何(?:人|名|社|校|台|棟|枚|冊|基|ページ))"
    r"(?:は|が|を|って|で|い|か|の|に|ぐらい|くらい|[?？。]|$)"
)


def _counted(terms: tuple[Term, ...], folded: str, wanted: Asked) -> Term | None:
    """The noun that is counted; none where it is people as such, or where the unit says what it is (カ国)."""
    if wanted.type != "how_many" or not wanted.units <= {"人"}:
        return None
    english, japanese = _HOW_MANY.search(folded), _COUNTED.search(folded)
    noun = english[1].split()[-1] if english else japanese[1] if japanese else ""
    if noun in _PEOPLE:
        return None
    named = (term for term in reversed(terms) if not term.is_name and noun.endswith(term.text))
    term = next(named, None) if noun else None
    return term and term._replace(near=term.near.union(*map(same_in_english, term.forms)))


_PEOPLE = frozenset("people persons them 人 人々 方 人間".split())


def _focus(terms: tuple[Term, ...], folded: str, units: frozenset[str]) -> Term | None:
    """The last term that is no name; in English the one that 「how many」 counts, where it counts one."""
    others = [term for term in terms if not term.is_name and term.text not in units]
    counted = _HOW_MANY.search(folded)
    if counted:
        others = [term for term in others if term.text in counted[1].split()] or others
    return others[-1] if others else None

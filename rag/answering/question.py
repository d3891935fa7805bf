"""What a question asks for: the type of its answer and the terms that an answering passage should share."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple

from rag.english import is_english, translations
from rag.japanese import Word, fold, is_content, words
from rag.quantities import Date, Quantity, dates, numbers

AnswerType = Literal[
    "when", "where", "who", "how_many", "how_much", "why", "list", "definition", "yes_no", "reference", "what"
]


class Term(NamedTuple):
    """A word that carries the question's subject; names weigh most, verbs least.

    `forms`: its search key, its spelling, and for an English word its Japanese; a passage needs one of them.
    """

    text: str
    forms: tuple[str, ...]
    weight: float
    is_name: bool


class Question(NamedTuple):
    """An analysed question. `counter` is the unit it asks a number of (人, カ国, %, …), if it names one."""

    text: str
    type: AnswerType
    english: bool
    terms: tuple[Term, ...]
    dates: tuple[Date, ...]
    numbers: tuple[Quantity, ...]
    counter: str
    wants_both: bool

    @property
    def names(self) -> tuple[Term, ...]:
        """The terms that are names."""
        return tuple(term for term in self.terms if term.is_name)


_TYPES: tuple[tuple[AnswerType, str], ...] = (
    ("reference", r"出典|参照元|情報源|引用元|参考(?:資料|文献|に(?:し|され))|参照した|元(?:の)?記事|\burl\b|リンク(?:先)?|\bsources?\b|\breferences?\b"),
    ("when", r"いつ|何(?:年|月|日|時|曜日)|(?:時期|日付|日時|年月日|(?:発表|公開|開始|発売|設立|公表|予定|提供)日)(?:は|を|$|[?？])|\bwhen\b|\bhow long\b|\bsince when\b|\bwhat (?:date|day|year|month)\b"),
    ("why", r"なぜ|何故|どうして|なんで(?!す|しょ)|理由|原因|背景|きっかけ|\bwhy\b|\breason"),
    ("how_much", r"いくら|(?:料金|価格|値段|費用|金額|コスト|(?:投資|調達|売上|出資|受注)額|売上高|受講料|月額|年額)(?:は|を|って|$|[?？])|何(?:億|万|兆)?(?:円|ドル|ユーロ)|\bhow much (?:does|do|is|are|did|will|was|money)\b|\b(?:price|cost)\b"),
    ("how_many", r"何(?:人|名|社|カ国|ヶ国|か国|ヵ国|国|件|回|個|つ|台|本|冊|枚|校|倍|%|パーセント|割|点|位|歳|年間|時間|分|秒|メートル|km|kg|トン|mw|gw|ページ|棟|種類|ギガ|億|万|千)|いくつ|(?:どれ|どの)(?:くらい|ぐらい|だけ|ほど)|(?:人|ユーザー|利用者|会員|社員|従業員|件|店舗|国)数|(?:の|な)(?:数|人数|人口|年齢|高さ|長さ|重さ|広さ|大きさ|規模|割合)(?:は|を|$|[?？])|\bhow (?:many|much|old|tall|far|large|big)\b|\bpopulation\b"),
    ("where", r"(?<!どんな)どこ(?!の(?:会社|企業|組織|団体|機関|部))|何処|どちらの国|場所(?:は|を|って|$|[?？])|所在地|どの(?:国|都市|州|地域|県|市)|何という(?:国|都市|州)|\bwhere\b|\bwhich (?:country|city|state)\b"),
    ("who", r"誰|だれ|何者|どなた|肩書|(?:責任者|創業者|創設者|社長|代表|ceo|首相|大統領)(?:は|って|$|[?？])|どの(?:会社|企業|人|組織)|どこの(?:会社|企業|組織|団体|機関)|[一-鿿](?:家|者|員|長)(?:たち|ら)?(?:は|って)?(?:[?？。]|$)|\bwho\b|\bwhom\b|\bwhose\b"),
    ("list", r"挙げて|列挙|一覧|すべて|全て|[0-9一二三四五六七八九]+(?:つ|社|個|種類|カ国|人|名)(?:の|は|を|$|[?？])|つ(?:を)?(?:教|おしえ|挙|あげ)|は(?:どこ|何)と何|には(?:何|どんな|どのような)|どのような(?:もの|種類)|\blist\b|\bwhat are\b|\bwhich (?:companies|countries|programs)\b"),
    ("definition", r"とは(?:何|なに|どんな|どういう|どのような|[?？。]|$)|って(?:何|なに)[?？]?$|何の略|\bwhat is (?!the name)(?:the |an? )?[a-z0-9 \-]+\??$|\bwhat does .* (?:mean|stand for)\b"),
)  # fmt: skip
_COMPILED = tuple((kind, re.compile(pattern)) for kind, pattern in _TYPES)
_INTERROGATIVE = re.compile(
    r"何|なに|なん(?:の|で(?!す)|と|か|て)|(?:は|って)なんです|どの|どれ|どう|どんな|どちら|どこ|いつ|誰|だれ|いく[らつ]|なぜ|教えて|おしえて|挙げ|述べ|説明|ください|\bwh|\bhow\b"
)
_YES_NO = re.compile(
    r"(?:ます|ました|ません|です|でした|た|る|ない|い|可能|だ)(?:ん(?:です)?|の)?か?\s*[?？。]?\s*$"
)
_COUNTER = re.compile(
    r"何(人|名|社|カ国|ヶ国|か国|ヵ国|国|件|回|個|つ|台|本|冊|枚|校|倍|%|パーセント|割|点|位|歳|年間|時間|分|秒|メートル|km|kg|トン|mw|gw|ページ|棟|種類)"
)
_COUNTED = (
    (
        r"人数|ユーザー数|利用者数|会員数|社員数|従業員数|人口|how many (?:users|people|employees|students|teachers)|population",
        "人",
    ),
    (r"国数|how many countries", "カ国"),
    (r"年齢|how old", "歳"),
    (r"割合", "%"),
)
_SAME_COUNTER = {"名": "人", "ヶ国": "カ国", "か国": "カ国", "ヵ国": "カ国", "国": "カ国", "パーセント": "%"}
_BOTH = re.compile(r"両方|それぞれ|2つの記事|二つの記事|比較|比べ|\bboth\b|\bcompare")

_FRAME = frozenset(
    "教える 挙げる 答える 説明 述べる 知る 名前 名称 一覧 理由 方法 種類 詳細 詳しい 内容 概要 数 人 者 日 年 月 記事 役割 それぞれ"
    " 両方 全て すべて 場合 今 現在 予定 つ くらい ぐらい どれ だけ ほど 的 さん 氏 略 肩書き 肩書 一番 主 具体 意味 質問 何者 くださる 下さる"
    " いつ頃 頃 時 時期 場所 会社 企業 社 国 カ国 件 額 金額 とき 使う 使える 点 等 など 他 以上 以下 目 間 家 先 つく さ 分 側 別 部 方 達"
    " please tell me about with on for by from as at it its be been can will would there that this than or and per if has have had"
    " many much new name mean stand explain describe list give".split()
)
"""Words of asking, not of the subject: their absence from a passage says nothing."""

_REFERENCE_FRAME = frozenset(
    "出典 参照 情報 源 引用 元 参考 資料 文献 リンク link url source reference".split()
)

_LATIN = re.compile(r"[a-z][a-z0-9.+#&\-]*")
_NUMBER = re.compile(r"\d[\d.,]*")
_KATAKANA = re.compile(r"[ァ-ヺー]{3,}")


@lru_cache(maxsize=256)
def analyse(text: str) -> Question:
    """Analyse a question by rules over its normalised copy."""
    folded = fold(text)
    english = is_english(text)
    return Question(
        text=text,
        type=_type(folded, english),
        english=english,
        terms=_terms(text, folded, english),
        dates=tuple(dates(text)),
        numbers=tuple(numbers(text)),
        counter=_counter(folded),
        wants_both=_BOTH.search(folded) is not None,
    )


_ASKED_OF = re.compile(
    r"(?:会社|企業|社|組織|団体|機関|メーカー|ベンダー|政府|省庁|大学|銀行|npo)(?:って|は|が)?どこ"
)
_PARTS = re.compile(r"(?:部署|部門|分野|領域)(?:って|は|が)?(?:どこ|どんな)|どんなところ")
_ENGLISH_YES_NO = re.compile(
    r"(?:is|are|was|were|do|does|did|can|could|has|have|had|will|would|should|may)\b", re.ASCII
)
_SENTENCE_BREAK = re.compile(r"(?<=[.!?])\s+")


def _type(folded: str, english: bool) -> AnswerType:
    if english:
        return _english_type(folded)
    if _ASKED_OF.search(folded):
        return "who"
    if _PARTS.search(folded):
        return "what"
    for kind, pattern in _COMPILED:
        if pattern.search(folded):
            return kind
    if _YES_NO.search(folded) and not _INTERROGATIVE.search(folded):
        return "yes_no"
    return "what"


def _english_type(folded: str) -> AnswerType:
    """By the word that asks first in the sentence that asks: 「Who used it when it came out?」 asks for a person."""
    asking = next((part for part in reversed(_SENTENCE_BREAK.split(folded)) if part.endswith("?")), folded)
    if _ENGLISH_YES_NO.match(asking):
        return "yes_no"
    found = [(match.start(), kind) for kind, pattern in _COMPILED if (match := pattern.search(asking))]
    first_word = re.search(r"\b(?:wh[a-z]+|how)\b", asking)
    if first_word and not any(start <= first_word.start() for start, _ in found):
        return "what"  # what …, when it …: the second word only says under what circumstances
    return min(found, key=lambda pair: pair[0])[1] if found else "what"


def _counter(folded: str) -> str:
    match = _COUNTER.search(folded)
    if match:
        return _SAME_COUNTER.get(match[1], match[1])
    return next((unit for pattern, unit in _COUNTED if re.search(pattern, folded)), "")


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


def _terms(text: str, folded: str, english: bool) -> tuple[Term, ...]:
    frame = _FRAME | _REFERENCE_FRAME if _type(folded, english) == "reference" else _FRAME
    capitalised = {match.group().lower() for match in re.finditer(r"(?<!^)\b[A-Z][\w.\-]*", text)}
    found: dict[str, Term] = {}
    for word in words(folded):
        weight = _WEIGHTS.get(word.pos, 0.0)
        if not weight or not is_content(word) or not frame.isdisjoint((word.base, word.key)):
            continue
        named = is_name(word) or _NUMBER.fullmatch(word.base) is not None
        forms: tuple[str, ...] = (word.key, word.base)
        if english:
            japanese = translations(word.surface)
            named = word.surface in capitalised or word.surface[0].isdigit()
            weight = 1.0 if named else 0.7 if japanese else _UNKNOWN_ENGLISH
            forms = (*forms, *map(fold, japanese))
        elif named:
            weight = 1.0
        found.setdefault(word.key, Term(word.surface, tuple(dict.fromkeys(forms)), weight, named))
    return tuple(found.values())

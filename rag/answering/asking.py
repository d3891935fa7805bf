"""What kind of answer a question wants, read from its words: a date, a place, a number of something."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

AnswerType = Literal[
    "when", "where", "who", "how_many", "how_much", "why", "list", "definition", "yes_no", "reference", "what"
]


STRICT: frozenset[AnswerType] = frozenset({"when", "how_many", "how_much", "reference"})
"""Types that no text answers without their form: of 131 such questions with an answer one had it in another form."""


class Asked(NamedTuple):
    """The type of the answer.

    `units`: of which the number asked for must have one, empty where any will do. `person`: whether the name of a
    person is asked for, by what that person is (「CEOは誰?」), so that no text answers without one.
    """

    type: AnswerType
    units: frozenset[str] = frozenset()
    person: bool = False


def asked(folded: str, english: bool) -> Asked:
    """What a normalised question asks for."""
    if english:
        return _asked_in_english(folded)
    if _ASKED_OF.search(folded):
        return Asked("who")
    if _PERSON.search(folded):
        return Asked("who", person=True)
    if _PARTS.search(folded):
        return Asked("what")
    for kind, pattern in _COMPILED:
        if pattern.search(folded):
            return Asked(kind, _units(folded) if kind == "how_many" else frozenset())
    if _YES_NO.search(folded) and not _INTERROGATIVE.search(folded):
        return Asked("yes_no")
    return Asked("what")


_TOPIC_ENDS = r"(?:は|を(?:教|おし|述|示|答|挙|知|調|$)|って|について|に関して|とは|が(?:いくら|どれ|どの|何|知)|[?？。、]|$)"
_ATTRIBUTES: tuple[tuple[AnswerType, str], ...] = (
    ("when", r"(?<![0-9一二三四五六七八九十今昨来毎本])(?<!\d )(?:年月日|年月|年|月日|日付|日時|日程|時期|時刻|期日|期限|締め?切り?)|[一-鿿]{2}(?<!曜)日"),
    ("how_much", r"料金|価格|値段|費用|金額|コスト|(?<![総全半税少多定残差])額|売上高?|売り上げ|受講料|株価|時価総額|予算|報酬|年収|給料|給与|賃金|利益|赤字|黒字|損失"),
    ("how_many", r"[一-鿿ァ-ヺー](?:数|率|比)|人口|年齢|高さ|長さ|重さ|広さ|大きさ|深さ|速さ|速度|規模|割合|比率|シェア|確率|面積|体積|容積|容量|期間|所要時間|距離|温度|気温|電力|電圧|出力|濃度|倍率|順位|得点|点数"),
    ("where", r"場所|所在地|住所|本社|本拠地?|本部|拠点|会場|出身地|生産地|産地"),
)  # fmt: skip
"""Nouns that want a date, an amount, a number or a place where they are the topic of a question: 「設立年は?」."""

_ASKED_OF = re.compile(
    r"(?:会社|企業|(?<![本支])社|組織|団体|機関|メーカー|ベンダー|政府|省庁|大学|銀行|npo)(?:って|は|が)?どこ"
)
_ROLES = r"責任者|担当者|創業者|創設者|設立者|考案者|発明者|開発者|製作者|作者|著者|筆者|専門家|有識者|経営者|指導者|社長|会長|代表|所長|院長|校長|学長|総裁|監督|教授|先生|教師|講師|選手|首相|大臣|知事|市長|大統領|ceo|cto|cfo|人物|人"
_PERSON = re.compile(
    rf"(?:{_ROLES})(?:たち)?(?:は|って)(?:誰|だれ|どなた)|(?:{_ROLES})の(?:名前|氏名|お名前|名)(?:は|を|って|[?？]|$)"
)
_PARTS = re.compile(r"(?:部署|部門|分野|領域)(?:って|は|が)?(?:どこ|どんな)|どんなところ")
_TYPES: tuple[tuple[AnswerType, str], ...] = (
    ("reference", r"出典|出どころ|参照元|情報源|引用元|元ネタ|原典|(?<![ァ-ヺー])ソース(?:は|を|って|[?？]|$)|参考(?:資料|文献|に(?:し|され))|参照した|元(?:の)?記事|(?<![a-z])url(?![a-z])|リンク(?:先)?|(?:アクセス|閲覧)日|(?:資料|文献|投稿)(?:自体)?[の、は]*(?:英語の)?(?:タイトル|題名?|表題|日付|何日)"),
    ("when", r"いつ|何(?:年(?![間代齢])|月|日(?!間)|時(?!間)|曜日|世紀)"),
    ("why", r"なぜ|何故|どうして(?!い[くる])|なんで(?!す|しょ)|理由|原因|背景|きっかけ"),
    ("how_much", r"いくら|何(?:億|万|兆)?(?:円|ドル|ユーロ|元|ウォン|ポンド)"),
    ("where", r"(?<!どんな)どこ(?!の(?:会社|企業|組織|団体|機関|部))|何処|どちらの国|どの(?:国|都市|州|地域|県|市)|何という(?:国|都市|州)|何(?:州|県|市|町|村|区)"),
    ("how_many", r"何か(?:国|所|月)|何(?!か|が|を|に|で|と|も|の|は|って|て|者|故|処|語|です|だ|年|月|日|時(?!間)|曜|という|事|物)[一-鿿ァ-ヺーa-zヶカつ%]|いくつ|(?:どれ|どの|どん)(?:くらい|ぐらい|だけ|ほど)"),
    ("who", r"誰|だれ|何者|どなた|肩書|(?:責任者|創業者|創設者|社長|代表|ceo|首相|大統領)(?:は|って|$|[?？])|どの(?:会社|企業|人|組織)|どこの(?:会社|企業|組織|団体|機関)|[一-鿿](?:家|者|員|長)(?:たち|ら)?(?:は|って)?(?:[?？。]|$)"),
    ("list", r"挙げて|列挙|一覧|すべて|全て|[0-9一二三四五六七八九]+(?:つ|社|個|種類|カ国|人|名)(?:の|は|を|$|[?？])|つ(?:を)?(?:教|おしえ|挙|あげ)|は(?:どこ|何)と何|何と何|どれとどれ|どこと(?:どこ|何)|には(?:何|どんな|どのような)|どのような(?:もの|種類)"),
    *((kind, f"(?:{pattern}){_TOPIC_ENDS}") for kind, pattern in _ATTRIBUTES),
    ("definition", r"(?<!こ)とは(?:何|なに|どんな|どういう|どのような|[?？。]|$)|って(?:何|なに)[?？]?$|何の略"),
)  # fmt: skip
_COMPILED = tuple((kind, re.compile(pattern)) for kind, pattern in _TYPES)
_INTERROGATIVE = re.compile(
    r"何|なに|いかなる|なん(?:の|で(?!す)|と|か|て)|(?:は|って)なんです|どの|どれ|どう|どんな|どちら|どこ|いつ|誰|だれ|いく[らつ]|なぜ|教えて|おしえて|挙げ|述べ|説明|ください"
)
_YES_NO = re.compile(
    r"(?:ます|ました|ません|です|でした|た|る|ない|い|可能|だ)(?:ん(?:です)?|の)?か?\s*[?？。]?\s*$"
)

_LENGTHS_OF_TIME = frozenset(
    {"年間", "年", "カ月", "月", "週間", "日間", "日", "時間", "分", "分間", "秒", "秒間"}
)
_AREAS = frozenset(
    {"平方メートル", "平方キロ", "平方キロメートル", "ヘクタール", "ha", "坪", "エーカー", "m", "km"}
)
_UNITS: tuple[tuple[str, frozenset[str]], ...] = (
    (r"人数|者数|員数|生数|客数|名数|ユーザー数|人口|何(?:人|名)|how many (?:\w+ )?(?:users|people|employees|students|teachers|members|workers|engineers|customers|visitors|subscribers|staff|jobs)|population", frozenset({"人"})),
    (r"国数|何[かカヶヵケ箇]?国|how many (?:\w+ )?countries", frozenset({"カ国"})),
    (r"社数|何社|how many (?:\w+ )?(?:companies|firms)", frozenset({"社"})),
    (r"年齢|何歳|何才|how old", frozenset({"歳", "才"})),
    (r"割合|比率|シェア|確率|[一-鿿]率|何(?:%|パーセント|割)|percent|what (?:share|proportion)", frozenset({"%", "割"})),
    (r"面積|how large an area", _AREAS),
    (r"期間|所要時間|年数|日数|何(?:年間|カ月|[かヶヵケ箇]月|週間|日間|時間|分|秒)|how long|how many (?:\w+ )?(?:years|months|weeks|days|hours|minutes)", _LENGTHS_OF_TIME),
    (r"回数|何[回度]|how many times", frozenset({"回", "度"})),
    (r"件数|何件", frozenset({"件"})),
    (r"何倍|how many times (?:more|as)", frozenset({"倍"})),
    (r"校数|何校|how many (?:\w+ )?schools", frozenset({"校"})),
    (r"ページ数|何ページ|何頁|how many (?:\w+ )?pages", frozenset({"ページ", "頁"})),
    (r"何段階", frozenset({"段階"})),
    (r"何位|順位", frozenset({"位"})),
    (r"何トン", frozenset({"トン", "t"})),
    (r"何([台本冊枚棟個つ点巻通基機隻頭匹羽軒戸])", frozenset()),
)  # fmt: skip
_COMPILED_UNITS = tuple((re.compile(pattern), units) for pattern, units in _UNITS)


def _units(folded: str) -> frozenset[str]:
    """The units of the first phrase that names what is counted."""
    for pattern, units in _COMPILED_UNITS:
        match = pattern.search(folded)
        if match:
            return units or frozenset({match[1]})
    return frozenset()


_ENGLISH_YES_NO = re.compile(
    r"(?:is|are|was|were|do|does|did|can|could|has|have|had|will|would|should|may)\b", re.ASCII
)
_ENGLISH_ROLES = r"(?:ceo|cto|cfo|founders?|co-founders?|presidents?|directors?|heads?|leaders?|managers?|experts?|authors?|inventors?|teachers?|professors?|chairman|chairwoman|chair|minister|mayor|governor)"
_ENGLISH_PERSON = re.compile(
    rf"\bwho (?:is|was|are|were) (?:the |its |their )?(?:[a-z]+ ){{0,3}}{_ENGLISH_ROLES}\b|\bnames? of (?:the |its |their )?(?:[a-z]+ ){{0,2}}{_ENGLISH_ROLES}\b"
)
_ENGLISH_REFERENCE = re.compile(
    r"\b(?:title|link|url|address) (?:of|to|for) .*\b(?:posts?|sources?|references?|articles?|announcements?|documents?|pages?)\b"
    r"|\b(?:sources?|references?|pages?|articles?|posts?) .*\b(?:accessed|retrieved)\b|\bcite[sd]?\b"
)
_SENTENCE_BREAK = re.compile(r"(?<=[.!?])\s+")
_THE = r"\bwhat (?:is|was|are|were|will be|'s) (?:[a-z']+ ){0,3}"
_ENGLISH_TYPES: tuple[tuple[AnswerType, str], ...] = (
    ("reference", r"(?<!open )(?<!open-)(?<!energy )(?<!power )\bsources?\b|\breferences?\b|\burl\b"),
    ("how_many", r"\bhow long (?:does|do|did|will|is|was|has|have)\b"),
    ("when", rf"\bwhen\b|\bsince when\b|\b(?:what|which) (?:date|day|year|month)\b|{_THE}(?:date|deadline|year)\b"),
    ("why", r"\bwhy\b|\breasons?\b"),
    ("how_much", rf"\bhow much (?:does|do|is|are|did|will|was|money)\b|\b(?:price|cost)\b|{_THE}(?:revenue|budget|valuation|salary|fee|amount|profit|market cap)\b"),
    ("how_many", rf"\bhow (?:many|much|old|tall|far|large|big)\b|{_THE}(?:population|number|age|height|size|length|percentage|share|rate|area|capacity)\b|\bwhat (?:percentage|share|proportion)\b"),
    ("where", r"\bwhere\b|\b(?:which|what) (?:country|city|state|place)\b"),
    ("who", r"\bwho\b|\bwhom\b|\bwhose\b"),
    ("list", r"\blist\b|\bwhat are\b|\bwhich (?:companies|countries|programs|parts|elements|items|steps)\b|\bwhat (?:kinds|sorts|types|elements|parts|items|steps|measures|examples|features)\b"),
    ("definition", r"\bwhat is (?!the name)(?:the |an? )?[a-z0-9 \-]+\??$|\bwhat does .* (?:mean|stand for)\b"),
)  # fmt: skip
_COMPILED_ENGLISH = tuple((kind, re.compile(pattern)) for kind, pattern in _ENGLISH_TYPES)


def _asked_in_english(folded: str) -> Asked:
    """By the word that asks first in the sentence that asks: 「Who used it when it came out?」 asks for a person."""
    if _ENGLISH_REFERENCE.search(folded):
        return Asked("reference")
    asking = next((part for part in reversed(_SENTENCE_BREAK.split(folded)) if part.endswith("?")), folded)
    if _ENGLISH_YES_NO.match(asking):
        return Asked("yes_no")
    if _ENGLISH_PERSON.search(asking):
        return Asked("who", person=True)
    found = [
        (match.start(), kind) for kind, pattern in _COMPILED_ENGLISH if (match := pattern.search(asking))
    ]
    first_word = re.search(r"\b(?:wh[a-z]+|how)\b", asking)
    if not found or (first_word and not any(start <= first_word.start() for start, _ in found)):
        return Asked("what")  # what …, when it …: the second word only says under what circumstances
    kind = min(found, key=lambda pair: pair[0])[1]
    return Asked(kind, _units(asking) if kind == "how_many" else frozenset())

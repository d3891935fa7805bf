"""Sentences with what they support, and false statements made of them by rules that know nothing of the checks.

`mutations` and `reworded` are deterministic. Every third case is held out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

CASES = Path(__file__).with_suffix(".txt")


class Case(NamedTuple):
    source: str
    names: tuple[tuple[str, str], ...]
    swap: tuple[str, str] | None
    supported: tuple[str, ...]
    held_out: bool


class Variant(NamedTuple):
    kind: str
    text: str
    source: str


@cache
def cases() -> tuple[Case, ...]:
    blocks = CASES.read_text(encoding="utf-8").split("\n= ")[1:]
    return tuple(_case(block, number % 3 == 2) for number, block in enumerate(blocks))


def _case(block: str, held_out: bool) -> Case:
    source, *lines = block.strip().splitlines()
    marked = [(line[0], line[2:]) for line in lines if line]
    names = [tuple(name.split(" ", 1)) for mark, rest in marked if mark == "n" for name in rest.split("; ")]
    swaps = [tuple(rest.split("|")) for mark, rest in marked if mark == "x"]
    return Case(
        source,
        tuple((kind, name) for kind, name in names),
        (swaps[0][0], swaps[0][1]) if swaps else None,
        tuple(rest for mark, rest in marked if mark == "+"),
        held_out,
    )


# --- false statements ---------------------------------------------------------------------------------------


def mutations(case: Case) -> list[Variant]:
    """Statements that differ from the source in one thing and are not true to it."""
    makers = {
        "digit": _digits(case.source),
        "scale": _replaced(case.source, _SCALES),
        "date": _dates(case.source),
        "unit": _units(case.source),
        "negation": _first(case.source, _NEGATIONS),
        "affirmation": _first(case.source, _AFFIRMATIONS),
        "antonym": _replaced(case.source, [*_ANTONYMS, *((b, a) for a, b in _ANTONYMS)]),
        "name": _names(case),
        "roles": _roles(case),
        "plan to fact": _first(case.source, _FACTS),
        "extent": _replaced(case.source, _EXTENTS),
        "bound": [*_replaced(case.source, _BOUNDS), *_approximations(case.source)],
        "numbers swapped": _swapped_numbers(case.source),
    }
    made = [Variant(kind, text, case.source) for kind, texts in makers.items() for text in texts]
    return [one for one in dict.fromkeys(made) if one.text != case.source]


def abridged(case: Case) -> list[Variant]:
    """Mutations of the statements that the source supports, which are shorter and in other words than it is."""
    made = []
    for text in case.supported:
        names = tuple((kind, name) for kind, name in case.names if name in text)
        swap = case.swap if case.swap and all(name in text for name in case.swap) else None
        found = mutations(Case(text, names, swap, (), case.held_out)) if not text.isascii() else english(text)
        made += [one._replace(source=case.source) for one in found]
    return made


def english(text: str) -> list[Variant]:
    """Mutations of an English statement."""
    makers = {
        "english digit": _digits(text),
        "english word": _replaced(text, [*_ENGLISH, *((b, a) for a, b in _ENGLISH)]),
        "english negation": _first(text, _ENGLISH_NEGATIONS),
        "english name": [re.sub(name, "Grunwald", text) for name in _ENGLISH_NAMES if name in text],
    }
    return [Variant(kind, made, text) for kind, texts in makers.items() for made in texts if made != text]


_ENGLISH = [
    ("rose", "fell"), ("raised", "cut"), ("billion", "million"), ("people", "countries"), ("million", "billion"), ("April", "May"), ("June", "July"),
    ("March", "April"), ("August", "September"), ("yen", "dollars"), ("passed", "rejected"), ("in favor", "against"), ("fallen", "risen"),
    ("more than", "less than"), ("at least", "at most"), ("seven", "nine"), ("five", "six"), ("three", "four"), ("acquired", "sold"),
    ("dollars", "yen"), ("%", " people"), ("hours", "minutes"), ("up to", "at least"), ("%", "% points of GDP"),
]  # fmt: skip
_ENGLISH_NEGATIONS = [
    (r"\bcannot\b", "can"), (r"\bare not\b", "are"), (r"\bdo not\b", "do"), (r"\bhas already been\b", "has not been"), (r"\bis\b", "is not"),
    (r"\bhas\b", "has not"), (r"\bhave\b", "have not"), (r"\bwas\b", "was not"), (r"\bare\b", "are not"), (r"\bwill\b", "will not"),
]  # fmt: skip
_ENGLISH_NAMES = [
    "Aoba",
    "Northwind",
    "Kasumi",
    "Mari",
    "Beacon",
    "Kotori",
    "Canada",
    "Fukuoka",
    "Pacific",
    "Tetra",
    "Harmonia",
]


def _digits(source: str) -> Iterator[str]:
    """The first and the last digit of each number, changed."""
    for match in re.finditer(r"\d[\d,.]*", source):
        places = {match.start(), match.end() - 1 - len(match.group()) + len(match.group().rstrip(",."))}
        for at in sorted(places):
            digit = str(int(source[at]) % 9 + 1)
            yield source[:at] + digit + source[at + 1 :]


_SCALES = [("億", "万"), ("億", "兆"), ("万", "億"), ("兆", "億"), ("千", "万")]


def _dates(source: str) -> Iterator[str]:
    limits = {"年": 9999, "月": 12, "日": 28}
    for match in re.finditer(
        r"(\d{1,4})(年(?=\d|度|に|の|春|か)|月(?=\d|に|か|末|の|に)|日(?!間|目))", source
    ):
        number, part = int(match[1]), match[2]
        changed = number + 1 if number < limits[part] else number - 1
        yield source[: match.start(1)] + str(changed) + source[match.end(1) :]


_UNITS = [
    ("円", "ドル"), ("ドル", "円"), ("%", "人"), ("人", "社"), ("件", "人"), ("社", "人"), ("カ国", "社"), ("トン", "キログラム"),
    ("キロメートル", "メートル"), ("キログラム", "トン"), ("平方メートル", "メートル"), ("メートル", "キロメートル"), ("時間", "分"), ("カ月", "年"),
    ("倍", "%"), ("歳", "人"), ("階", "%"), ("団体", "人"), ("℃", "%"), ("四半期", "年"), ("カ所", "人"), ("割", "倍"), ("年連続", "カ月連続"),
    ("年以内", "カ月以内"), ("年以上", "カ月以上"), ("MW", "kg"),
]  # fmt: skip


def _units(source: str) -> Iterator[str]:
    for unit, other in _UNITS:
        for match in re.finditer(rf"(?<=[\d万億兆]){unit}(?!目)", source):
            yield source[: match.start()] + other + source[match.end() :]


def _replaced(source: str, pairs: list[tuple[str, str]]) -> Iterator[str]:
    """Each pair once, at the first place outside of a longer word of the pairs."""
    for old, new in pairs:
        match = re.search(_outside(old), source)
        if match:
            yield source[: match.start()] + new + source[match.end() :]


def _outside(word: str) -> str:
    longer = [
        other
        for pair in (*_ANTONYMS, *_EXTENTS, *_BOUNDS)
        for other in pair
        if word in other and word != other
    ]
    before = "".join(f"(?<!{other[: other.index(word)]})" for other in longer if other.index(word))
    after = "".join(f"(?!{other[len(word) :]})" for other in longer if other.startswith(word))
    return before + re.escape(word) + after


def _approximations(source: str) -> Iterator[str]:
    for new in ("最大", "", "少なくとも"):
        yield re.sub(r"約(?=\d)", new, source)


def _first(source: str, pairs: list[tuple[str, str]]) -> Iterator[str]:
    """The first pair whose pattern is at the end of the sentence or a clause."""
    for pattern, new in pairs:
        made, count = re.subn(pattern, new, source, count=1)
        if count:
            yield made
            return


_NEGATIONS = [
    (r"していた(?=。|こと)", "していなかった"), (r"ている。", "ていない。"), (r"ています。", "ていません。"), (r"でいる。", "でいない。"),
    (r"した。", "しなかった。"), (r"しました。", "しませんでした。"), (r"された。", "されなかった。"), (r"じた。", "じなかった。"),
    (r"なった。", "ならなかった。"), (r"上った。", "上らなかった。"), (r"だった。", "ではなかった。"), (r"まった。", "まらなかった。"),
    (r"めた。", "めなかった。"), (r"えた。", "えなかった。"), (r"られた。", "られなかった。"),
    (r"べた。", "べなかった。"), (r"です。", "ではありません。"), (r"である。", "ではない。"), (r"予定だ。", "予定はない。"), (r"計画だ。", "計画はない。"),
    (r"する。", "しない。"), (r"します。", "しません。"), (r"される。", "されない。"), (r"られる。", "られない。"), (r"める。", "めない。"),
    (r"ある。", "ない。"), (r"なる。", "ならない。"), (r"だ。", "ではない。"), (r"ます。", "ません。"),
]  # fmt: skip
_AFFIRMATIONS = [
    (r"ことはできません", "ことができます"), (r"できません", "できます"), (r"できない", "できる"), (r"(?<=[さしれてい])ていない", "ている"),
    (r"していない", "している"), (r"されていない", "されている"), (r"されません", "されます"), (r"しなかった", "した"), (r"に至らず", "に至り"),
    (r"受け入れず", "受け入れ"), (r"を使えず", "を使え"), (r"必要はありません", "必要があります"), (r"届かなかった", "届いた"), (r"ではなく、", "であり、"),
    (r"示すものではない", "示すものである"), (r"受け付けない", "受け付ける"), (r"も行わない", "を行う"), (r"されなかった", "された"), (r"触れないで", "触れて"),
    (r"保管しないよう", "保管するよう"), (r"妨げない", "妨げる"), (r"満たない", "達する"), (r"ではありません", "です"), (r"されないかは", "されるかは"),
]  # fmt: skip
_ANTONYMS = [
    ("黒字", "赤字"), ("増えている", "減っている"), ("増やす", "減らす"), ("減り、", "増え、"), ("%増", "%減"), ("減少", "増加"), ("上昇", "下落"),
    ("賛成", "反対"), ("開始", "終了"), ("買収", "売却"), ("上回", "下回"), ("成功", "失敗"), ("許可", "禁止"), ("可能な", "不可能な"), ("最大", "最小"),
    ("国内", "海外"), ("引き上げ", "引き下げ"), ("低下", "上昇"), ("可決", "否決"), ("高騰", "下落"), ("削減", "拡大"), ("午前", "午後"),
    ("前年", "翌年"), ("来年", "昨年"), ("来月", "先月"), ("有料", "無料"), ("平日", "休日"), ("廃止", "新設"), ("再開", "中断"), ("延期", "前倒し"),
    ("復旧", "停止"), ("棄却", "認容"), ("同意", "反対"), ("退任", "就任"), ("必要", "不要"), ("自動的", "手動"), ("最低", "最高"), ("地上", "地下"),
    ("社外", "社内"), ("親会社", "子会社"), ("落ち込み", "伸び"), ("強い", "弱い"), ("超え", "下回り"), ("停止", "再開"), ("拡大", "縮小"), ("進展", "後退"),
    ("春", "秋"), ("初めて", "再び"), ("正常", "異常"), ("多い", "少ない"), ("抑え", "増やし"), ("過大", "過小"), ("公開", "非公開"), ("正午以降", "正午以前"),
]  # fmt: skip
_EXTENTS = [
    ("一部の", "全ての"), ("全ての", "一部の"), ("全員一致", "賛成多数"), ("だけで", "も使って"), ("17件のみ", "17件以上"), ("限られる", "限られない"), ("全て", "一部"),
    ("全体", "一部"), ("すべての", "一部の"),
]  # fmt: skip
_BOUNDS = [
    ("以上", "以下"), ("以上", "未満"), ("未満", "以上"), ("を超え", "に届かなかっ"), ("最大", "少なくとも"), ("少なくとも", "最大"),
    ("以内", "以上"), ("満たない", "達する"), ("以降", "以前"),
]  # fmt: skip
_FACTS = [
    (r"する予定だ。", "した。"), (r"する計画だ。", "した。"), (r"広げる計画だ。", "広げた。"), (r"する可能性がある。", "した。"), (r"する方針を(?:明らかにし|示し)た。", "した。"),
    (r"増やす方針を示した。", "増やした。"), (r"見送る方針を明らかにした。", "見送った。"), (r"する目標を掲げている。", "した。"), (r"することを目指している。", "した。"),
    (r"することを検討している。", "した。"), (r"なる見込みで、", "なり、"), (r"膨らむ見通しとなった。", "膨らんだ。"), (r"かかるとみられる。", "かかった。"),
    (r"を年内に開始するとしている。", "を年内に開始した。"), (r"始める。", "始めた。"), (r"集中する。", "集中した。"), (r"に入る。", "に入った。"),
    (r"を目指している。", "を実現した。"), (r"可能性がある。", "ことが確認された。"), (r"進めていく方針です。", "進めました。"), (r"にする計画だ。", "にした。"),
    (r"になるでしょう。", "になりました。"),
]  # fmt: skip


def _names(case: Case) -> Iterator[str]:
    """Each name replaced by the next two names of its kind in the whole collection."""
    for kind, name in case.names:
        others = [other for one in (*cases(), *articles()) for k, other in one.names if k == kind]
        others = [other for other in dict.fromkeys(others) if other not in case.source]
        start = sum(map(ord, name)) % len(others)
        for step in range(2):
            yield case.source.replace(name, others[(start + step) % len(others)])


def _roles(case: Case) -> Iterator[str]:
    if case.swap:
        one, other = case.swap
        yield case.source.replace(one, "\0").replace(other, one).replace("\0", other)


def _swapped_numbers(source: str) -> Iterator[str]:
    """The first two different numbers of one unit, in each other's place."""
    found = list(re.finditer(r"(?<![\d年月])(\d[\d,.]*)([万億兆]*)(%|円|人|社|件|割|倍)", source))
    for one in found[:1]:
        for other in found[1:]:
            if one[3] == other[3] and one[0] != other[0]:
                between = source[one.end() : other.start()]
                yield source[: one.start()] + other[0] + between + one[0] + source[other.end() :]
                return


# --- the corpus as further sources --------------------------------------------------------------------------

_CORPUS = Path(__file__).parent.parent / "corpus"
_CORPUS_NAMES = {
    "o": ["OpenAI", "Anthropic", "SoftBank", "Oracle", "NVIDIA", "MGX", "Arm", "Akash Network", "Teach For All", "Wing VC"],
    "p": ["Greg Osuri", "Zach DeWitt", "Sam Altman"],
    "g": ["Cowork", "ChatGPT", "PostgreSQL", "Stargate", "Claude Code"],
    "l": ["テキサス州", "バングラデシュ", "リベリア"],
}  # fmt: skip


@cache
def articles() -> tuple[Case, ...]:
    """The sentences of the two articles, with the names in them."""
    found = []
    for path in sorted(_CORPUS.glob("*.md")):
        body = path.read_text(encoding="utf-8").split("---\n", 2)[2]
        for source in re.findall(r"^[^\n「」]{24,160}?。", body, re.MULTILINE):
            names = [(kind, name) for kind, each in _CORPUS_NAMES.items() for name in each if name in source]
            found.append(Case(source, tuple(names), None, (), False))
    return tuple(found)


# --- true statements by rule --------------------------------------------------------------------------------


def reworded(case: Case) -> list[Variant]:
    """Statements that say what the source says in another form."""
    source = case.source
    makers = {
        "full width": [source.translate(_WIDE)],
        "no commas in numbers": [re.sub(r"(?<=\d),(?=\d{3})", "", source)],
        "kanji numerals": [
            re.sub(
                r"(?<![\d,.第])[2-9](?=つの|カ国|社|人|件)",
                lambda m: "〇一二三四五六七八九"[int(m[0])],
                source,
            )
        ],
        "slashed date": [re.sub(r"(\d{4})年(\d{1,2})月(\d{1,2})日", r"\1/\2/\3", source)],
        "date alone": [f"{date}です。" for date in re.findall(r"\d{4}年\d{1,2}月\d{1,2}日", source)],
        "written out": [
            re.sub(r"(?<![\d,.])(\d+)万(?=[人円件])", lambda m: f"{int(m[1]) * 10000:,}", source)
        ],
        "polite": _first(source, _POLITE),
        "plain": _first(source, _PLAIN),
        "nominal": _first(source, _NOMINAL),
        "reported": [f"記事によると、{source}", re.sub(r"(?<=[るたい])。$", "ということです。", source)],
        "no full stop": [source.removesuffix("。")],
    }
    made = [Variant(kind, text, source) for kind, texts in makers.items() for text in texts]
    return [one for one in dict.fromkeys(made) if one.text != source]


_WIDE = str.maketrans("0123456789%", "０１２３４５６７８９％")
_POLITE = [
    (r"した。$", "しました。"), (r"なった。$", "なりました。"), (r"上った。$", "上りました。"), (r"決まった。$", "決まりました。"), (r"だった。$", "でした。"), (r"ている。$", "ています。"), (r"する。$", "します。"), (r"される。$", "されます。"), (r"めた。$", "めました。"),
    (r"予定だ。$", "予定です。"), (r"計画だ。$", "計画です。"), (r"である。$", "です。"), (r"できない。$", "できません。"), (r"しなかった。$", "しませんでした。"), (r"されなかった。$", "されませんでした。"),
]  # fmt: skip
_PLAIN = [(r"しました。$", "した。"), (r"できません。$", "できない。"), (r"されません。$", "されない。"), (r"します。$", "する。"), (r"ありません。$", "ない。"), (r"ました。$", "た。")]  # fmt: skip
_NOMINAL = [(r"(?<=[一-鿿])した。$", "。"), (r"(?<=[一-鿿])する。$", "。"), (r"(?<=[一-鿿])された。$", "。"), (r"を公表しました。$", "を公表。")]  # fmt: skip

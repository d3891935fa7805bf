"""Names of a statement against its quotes: one name in any script, with or without 社, 氏 or さん."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path

from rag.english import is_glossed
from rag.japanese import Word, fold
from rag.names import same_name, variants
from rag.transliteration import sound_keys, sounds_like
from rag.verification.problems import Problem, problem
from rag.verification.reading import Reading, read
from rag.verification.reading_en import STOP

DEMONYMS = Path(__file__).parent.parent / "data" / "demonyms.tsv"

_LATIN = re.compile(r"[a-z][a-z0-9.+#&\-]+")
_KATAKANA = re.compile(r"[ァ-ヴー]{2,}")
_CAPITALISED = re.compile(r"\b[A-Z][\w]*(?:[.&\-][\w]+)*")
ORGANISATIONS = frozenset(
    """
    銀行 製薬 電機 電器 精機 建設 商事 物産 化成 化学 証券 航空 自動車 出版 工業 製作所 大学 鉄道 生命 損保 海運 製鉄 重工
    電力 ガス 通商 通信 放送 新聞 省 庁 県 府 市 町 村 区 州 大使 裁判所 研究所 機構 協会 財団 組合 党 高校 病院 半島 島 山 川
    """.split()
)
"""What the last word of a name of an organisation or place is; what stands before it makes the name."""

_AFTER_NAMES = ORGANISATIONS | {"社", "氏", "さん", "選手", "教授", "社長", "会長", "知事", "首相", "大統領"}

_COMMON = re.compile(r"(?:s|tion|ment|ing|er|ity|ly|ed|al|ship|ness|ance|ence|age|ism|ist|ure|ty|wer|ware)$")
_NOT_NAMES = frozenset("jan feb mar apr may jun jul aug sep oct nov dec".split())
_MONTHS = "january february march april may june july august september october november december"
_DAYS = (
    "monday tuesday wednesday thursday friday saturday sunday spring summer autumn winter no i mr ms mrs dr"
)
_SKIP = (
    STOP
    | _NOT_NAMES
    | frozenset((_MONTHS + " " + _DAYS).split())
    | frozenset(
        """
    inc ltd corp co corporation company group ministry agency bank university department bureau commission committee
    council city prefecture association institute office party union court police river lake mount holdings limited yes ceo usd jpy yen dollar mw gw kw kg km cm mm gb tb
    cash revenue profit income demand output inflation growth trade tourism steel oil gas water rice electricity news data
    unlike besides instead evidence traffic rain snow wind heat power work software food staff research access everyone nobody
    """.split()
    )
)


def problems(said: Reading, quotes: Sequence[Reading], context: str) -> Iterator[Problem]:
    """The names of a statement that are neither in its quotes nor in the context."""
    known = _Known(quotes, context)
    found = _english(said, known) if said.english else _japanese(said, known)
    for name in dict.fromkeys(found):
        yield problem("name", name, said.english)


_INNER_CAPITAL = re.compile(r"(?<=[A-Za-z])(?=[A-Z][a-z])")
"""CEOSam Altman names Sam, and OpenAI nothing more."""


class _Known:
    """Everything that may be named: the folded words of quotes and context, and how they are read."""

    def __init__(self, quotes: Sequence[Reading], context: str) -> None:
        self.quotes = (*quotes, read(context))
        apart = [_INNER_CAPITAL.sub(" ", quote.source) for quote in self.quotes]
        self.text = _joined("\n".join((*(quote.text for quote in self.quotes), *map(fold, apart))))
        self.forms = frozenset[str]().union(*(quote.forms for quote in self.quotes))

    def has(self, name: str, *forms: str) -> bool:
        """Whether a folded name, or another spelling of it, is known."""
        spelled = (name, *forms, *variants(name), *_places().get(name, ()))
        return any(self._spelled(form) for form in spelled) or self._sounds(name)

    def _spelled(self, form: str) -> bool:
        if form in self.forms:
            return True
        if form.isascii():
            return re.search(rf"(?<![a-z0-9]){re.escape(_joined(form))}(?![a-z])", self.text) is not None
        return _joined(form) in self.text

    def _sounds(self, name: str) -> bool:
        """Whether a name in one script sounds like one of the quotes in another (Tanaka, 田中)."""
        if _LATIN.fullmatch(name):
            heard = [
                kana
                for quote in self.quotes
                for key in sound_keys(name)
                for kana in _heard(quote.words).get(key, ())
            ]
            return any(sounds_like(kana, name) for kana in heard)
        if not _KATAKANA.fullmatch(name):
            return False
        latin = (
            word.surface for quote in self.quotes for word in quote.words if _LATIN.fullmatch(word.surface)
        )
        return any(same_name(name, word) for word in latin)


def _joined(text: str) -> str:
    return re.sub(r"(?<![a-z0-9.,])[ 　]+|[ 　]+(?![a-z0-9])|[・=]", "", text)


_LONG_O = re.compile(r"(?<=[オコソトノホモヨロゴゾドボポョ])[ウー]")
_LONGEST_NAME = 4
"""Morphemes that are heard as one name."""


@lru_cache(maxsize=512)
def _heard(words: tuple[Word, ...]) -> dict[str, set[str]]:
    """How the nouns of a text are read, alone and with those that follow, by rough sound."""
    found: dict[str, set[str]] = defaultdict(set)
    for at in range(len(words)):
        kana = ""
        for word in words[at : at + _LONGEST_NAME]:
            if word.pos not in ("名詞", "接尾辞", "接頭辞", "記号") or word.surface.isascii():
                break
            kana += word.surface if _KATAKANA.fullmatch(word.surface) else word.kana
            if not _KATAKANA.fullmatch(kana):
                continue
            for reading in {kana, _LONG_O.sub("", kana)}:  # Tokyo, not Toukyou
                for key in sound_keys(reading):
                    found[key].add(reading)
    return found


def _japanese(said: Reading, known: _Known) -> Iterator[str]:
    for at, word in enumerate(said.words):
        if _is_name(word) and not known.has(word.surface, word.key, word.base):
            if word.surface not in _SKIP:
                yield word.surface
        elif word.surface in _AFTER_NAMES:
            before = _compound_before(said, at)
            if before and not known.has(before) and not known.has(before + word.surface):
                yield before + word.surface
    for run in _KATAKANA_COMPOUND.findall(said.text):
        parts = [part.key for part in said.words if part.surface in run and _KATAKANA.fullmatch(part.surface)]
        if (len(parts) > 1 or "・" in run) and not known.has(run) and not known.has(parts[0]):
            yield run


_KATAKANA_COMPOUND = re.compile(r"[ァ-ヴー]{2,}(?:[・=][ァ-ヴー]{2,})*")


def _compound_before(said: Reading, at: int) -> str:
    """The words that make one name with the suffix at `at`: 消費者 of 消費者庁."""
    start = at
    while start and _is_noun(said.words[start - 1]) and said.words[start - 1].end == said.words[start].start:
        start -= 1
    return said.text[said.words[start].start : said.words[at].start]


def _is_noun(word: Word) -> bool:
    if word.surface.isdigit() or word.pos2 == "数詞" or word.pos3.startswith("助数詞"):
        return False
    return word.pos in ("名詞", "接尾辞") and not _HIRAGANA.fullmatch(word.surface)


_HIRAGANA = re.compile(r"[ぁ-ゖー]+")


def _is_name(word: Word) -> bool:
    if word.pos2 == "固有名詞" and len(word.surface) > 1:
        return True
    if word.pos in ("名詞", "記号") and _LATIN.fullmatch(word.surface):
        return True
    return bool(_KATAKANA.fullmatch(word.surface)) and word.pos == "名詞" and not word.key.isascii()


def _english(said: Reading, known: _Known) -> Iterator[str]:
    starts = {0} | {match.end() for match in re.finditer(r"[.!?:]\s+[\"“']?|\n|^[\"“']", said.source)}
    used = False
    doubtful = []
    for match in _CAPITALISED.finditer(said.source):
        word = _COMPOUND_OF.sub("", match.group().removesuffix("."))
        folded = fold(word)
        if folded in _SKIP or folded.isdigit():
            continue
        if known.has(folded):
            used = True
        elif (
            match.start() in starts
            and _WORD_OR_NAME.fullmatch(word)
            and not _NAME_GOES_ON.match(said.source, match.end())
        ):
            doubtful.append(word)
        elif not _is_common(folded, said.source, match.start()):
            yield word
    if not used and any(_names(quote) for quote in known.quotes):
        yield from (word for word in doubtful if not _is_common(fold(word), "", 0))


_COMPOUND_OF = re.compile(r"-(?:led|based|style|made|owned|funded|born|wide)$")
"""What makes an adjective of a name: US-led."""

_WORD_OR_NAME = re.compile(r"[A-Z][a-z]+")


def _is_common(folded: str, text: str, start: int) -> bool:
    """Whether a capitalised word is one of the language: at the start of a sentence, or in a name (Kasumi Motors)."""
    if folded in _places():
        return False
    if is_glossed(folded):
        return True
    return _COMMON.search(folded) is not None and (start == 0 or _in_capitals(text, start))


_NAME_GOES_ON = re.compile(
    r"(?:'s)? (?:(?!No\.)[A-Z]|(?:is|was|has|had|will|can|cannot|could|may|might|would|[a-z]+ed|[a-z]{2,}s|said|won|sold)\b)"
)
"""After a name of several words, or after a singular without an article, which is a name or a substance."""


def _in_capitals(text: str, start: int) -> bool:
    """Whether the word before begins with a capital: Kasumi Motors, Northwind Holdings."""
    return re.search(r"[A-Z][\w.&\-]* $", text[:start]) is not None


def _names(quote: Reading) -> bool:
    return any(_is_name(word) and word.surface not in _SKIP and word.pos3 != "地名" for word in quote.words)


@cache
def _places() -> dict[str, tuple[str, ...]]:
    lines = DEMONYMS.read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {adjective: tuple(fold(places).split()) for adjective, places in rows}

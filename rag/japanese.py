"""Japanese text handling: a normalised copy with an offset map, words and search tokens.

Source text is never changed. What is compared or searched is a normalised *copy*; `Normalised.span` leads
back to the source. All offsets are Unicode code points, half-open.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import fugashi


class Span(NamedTuple):
    """A run `[start, end)` of a text."""

    start: int
    end: int


@dataclass(frozen=True)
class Normalised:
    """`text` is NFKC and case-folded; `offsets[i]` is where its character i began in the source.

    `offsets` has one more entry than `text` has characters: the length of the source.
    """

    text: str
    offsets: tuple[int, ...]

    def span(self, start: int, end: int) -> Span:
        """The span of the source that normalised `[start, end)` came from."""
        if start >= end:
            return Span(self.offsets[start], self.offsets[start])
        last = self.offsets[end - 1]
        following = end
        while following < len(self.text) and self.offsets[following] == last:
            following += 1  # several characters made of one source character end together
        return Span(self.offsets[start], self.offsets[following])


def _joins_previous(ch: str) -> bool:
    """Whether NFKC may merge `ch` into the character before it (dakuten, accents, Hangul parts)."""
    first = unicodedata.normalize("NFKC", ch)[:1]
    return bool(first) and (unicodedata.combining(first) > 0 or "\u1161" <= first <= "\u11ff")


_LONGEST_RUN = 31
"""A letter with the 30 marks that Unicode's stream-safe format allows; longer runs take too long to sort."""

_QUICKLY_FOLDED = 1000
"""Characters up to which a text is compared with its copy as a whole: it may be all marks of one letter."""

_VARIANT_PUNCTUATION = str.maketrans(
    {**dict.fromkeys("‐‑‒–−﹣", "-"), "〜": "~", "∼": "~", "’": "'", "‘": "'", "“": '"', "”": '"'}
)

_PLAIN = re.compile(
    r"[\x01-\u02ff\u2000-\u206f\u2100-\u2bff\u3000-\u3029\u3030-\u3098\u309b-\u312f\u3200-\u9fff\uff00-\uff9d\uffe0-\uffee]*"
)
"""Text of these characters folds as a whole to what they fold to one by one, each to one or more: no marks among them."""

_CHANGING = re.compile(
    r"[^ -@\[-~\u3001\u3002\u300c-\u3011\u3041-\u3096\u30a1-\u30fa\u30fc\u4e00-\u9fff]{1,64}"
)
"""Runs of characters of such text that may fold to others; the rest stays as it is, and is nearly all of it."""

_UNENCODABLE = re.compile("[\0\ud800-\udfff]")


@lru_cache(maxsize=1 << 14)
def _fold(segment: str) -> str:
    return _folded(segment)


def _folded(segment: str) -> str:
    kept = _UNENCODABLE.sub("", segment)
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", kept).casefold())
    return folded.translate(_VARIANT_PUNCTUATION)


def _plainly_folded(text: str) -> str:
    return _CHANGING.sub(lambda run: _fold(run.group()), text)


_REMEMBERED = 600
"""Characters of the longest text whose normalised copy is remembered: sentences are compared again and again."""


def normalise(text: str) -> Normalised:
    """A copy for comparing: NFKC, case-folded, one dash, tilde and quote; NUL and lone surrogates dropped."""
    return _normalise_remembered(text) if len(text) <= _REMEMBERED else _normalise(text)


def _normalise(text: str) -> Normalised:
    if text.isascii() and "\0" not in text:
        return Normalised(text.casefold(), tuple(range(len(text) + 1)))
    if _PLAIN.fullmatch(text):
        folded = _plainly_folded(text)
        if len(folded) == len(text):
            return Normalised(folded, tuple(range(len(text) + 1)))
    elif len(text) <= _QUICKLY_FOLDED and _folded(text) == text:
        return Normalised(text, tuple(range(len(text) + 1)))
    parts: list[str] = []
    offsets: list[int] = []
    start = 0
    while start < len(text):
        end, limit = start + 1, min(start + _LONGEST_RUN, len(text))
        while end < limit and not text[end].isascii() and _joins_previous(text[end]):
            end += 1
        folded = _fold(text[start:end])
        parts.append(folded)
        offsets.extend([start] * len(folded))
        start = end
    return Normalised("".join(parts), (*offsets, len(text)))


_normalise_remembered = lru_cache(maxsize=1 << 12)(_normalise)


def fold(text: str) -> str:
    """`normalise(text).text` without the offset map, for whole strings."""
    if len(text) < 200:
        return _fold(text)
    return _plainly_folded(text) if _PLAIN.fullmatch(text) else normalise(text).text


def has_kana(text: str) -> bool:
    """Whether the text has hiragana or katakana, which no other language uses."""
    return re.search(r"[\u3041-\u30ff\uff66-\uff9f]", text) is not None


class Word(NamedTuple):
    """A morpheme: its span in the given text, surface, dictionary form, search key and UniDic part of speech.

    `key` is one spelling for all variants: UniDic's lemma (引っ越し for 引越し), and for a loanword the
    English word it comes from (server for サーバ and サーバー): English questions meet Japanese texts.
    `kana`: how it is read, in katakana; empty where the dictionary does not know the word.
    """

    start: int
    end: int
    surface: str
    base: str
    key: str
    pos: str
    pos2: str
    pos3: str
    kana: str


_local = threading.local()


def _tagger() -> fugashi.Tagger:
    """One tagger a thread: MeCab keeps its lattice in the tagger."""
    if not hasattr(_local, "tagger"):
        _local.tagger = fugashi.Tagger()
    tagger: fugashi.Tagger = _local.tagger
    return tagger


_UNREADABLE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_BLOCK = 2000
"""MeCab's lattice grows with its input; longer texts go in pieces of about this many characters."""


def _blocks(text: str) -> Iterator[Span]:
    start = 0
    while start < len(text):
        end = min(start + _BLOCK, len(text))
        if end < len(text):
            cut = max(text.rfind(ch, start + _BLOCK // 2, end) for ch in "。、 \n")
            end = cut + 1 if cut > 0 else end
        yield Span(start, end)
        start = end


def words(text: str) -> list[Word]:
    """The morphemes of a text, in order, with exact spans; white space belongs to none."""
    return [*_words_remembered(text)] if len(text) <= _QUESTION else _words(text)


def _words(text: str) -> list[Word]:
    readable = _UNREADABLE.sub(
        " ", text
    )  # same length: MeCab stops at NUL, cannot take surrogates and knows few spaces
    result = []
    for block in _blocks(readable):
        at = block.start
        for node in _tagger()(readable[block.start : block.end]):
            surface = node.surface
            at = readable.index(surface, at)
            feature = node.feature
            end, base, key = at + len(surface), feature.orthBase or surface, _key(surface, feature.lemma)
            pos = (feature.pos1, feature.pos2 or "", feature.pos3 or "")
            result.append(Word(at, end, surface, base, key, *pos, feature.kana or ""))
            at += len(surface)
    return result


_QUESTION = 100
"""Characters of the longest text whose words are remembered: each step of a search reads the question and its names."""

_words_remembered = lru_cache(maxsize=1 << 8)(_words)


def _key(surface: str, lemma: str | None) -> str:
    stem, _, origin = (lemma or surface).partition("-")
    word = origin.lower() if lemma and origin.isascii() and origin.isalpha() else stem or surface
    return singular(word) if word.isascii() else word


def singular(word: str) -> str:
    """An English noun without its plural ending (the S-stemmer of Harman 1991); other words unchanged."""
    if len(word) < 4 or not word.isalpha() or word.endswith(("us", "ss", "is")):
        return word
    if word.endswith("ies") and not word.endswith(("eies", "aies")):
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") else word


_CONTENT_POS = frozenset(
    {"名詞", "動詞", "形容詞", "形状詞", "副詞", "接頭辞", "接尾辞", "代名詞", "連体詞", "感動詞", "記号"}
)
STOP_WORDS = frozenset(
    """
    する ある いる なる れる られる せる させる できる 出来る 為る 居る 有る 成る 言う いう 行く くる 来る
    みる おく しまう くれる もらう こと もの ため とき ところ よう これ それ あれ どれ この その あの どの
    ここ そこ どこ 何 なに なん 誰 だれ いつ どう どんな なぜ いくつ いくら
    the a an of to in is are was were do does did what who when where which how why
    """.split()
)
"""Words that say nothing of a text's subject: light verbs, formal nouns, pronouns and question words."""

_HIRAGANA_ONLY = re.compile(r"[\u3041-\u309fー]+")
_RUN = re.compile(r"[^\W_]+")


def content_words(text: str) -> list[str]:
    """Search keys of the words that carry a normalised text's subject, with repeats."""
    return [word.key for word in words(text) if is_content(word)]


def is_content(word: Word) -> bool:
    """Whether a word of a normalised text carries some of its subject."""
    return word.pos in _CONTENT_POS and word.base not in STOP_WORDS and any(ch.isalnum() for ch in word.base)


def bigrams(text: str) -> list[str]:
    """Pairs of neighbouring letters of a normalised text, without those all in hiragana.

    They are marked with `_` so that none counts as the word of the same spelling (0.6 points of R@1).
    """
    found = []
    for run in _RUN.finditer(text):
        piece = run.group()
        if piece.isascii():
            continue  # a Latin word or number is one token already
        for i in range(len(piece) - 1):
            pair = piece[i : i + 2]
            if not _HIRAGANA_ONLY.fullmatch(pair):
                found.append("_" + pair)
    return found


def tokens(text: str) -> list[str]:
    """Search tokens of a text in one field: content words and character bigrams of its normalised copy.

    Words alone miss what the dictionary splits in two ways; bigrams alone lose long names. Together they find
    1 to 3 points more (R@1) than either, measured by `python -m evals.bench.retrieval`.
    """
    folded = normalise(text).text
    return [*content_words(folded), *bigrams(folded)]

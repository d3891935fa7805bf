"""Japanese questions in an English of sorts: word by word, by the product's dictionary, in English order.

No parallel questions can be had offline under a free licence. What the encoder knows of both languages is carried
over to the reader's heads by questions whose content words are English although their grammar is poor ("Where
capital of Japan"), as code-switched training data does (Qin et al. 2020, CoSDA-ML).
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache
from typing import NamedTuple

from rag.english import known_words, translations
from rag.japanese import Word, fold, is_content, words
from rag.morae import morae

FEWEST = 3
"""English words that say enough to find an answer by."""

_ASKS = (
    (r"いつ|何年|何月|何日|何世紀|何時|年号", "When"),
    (r"誰|だれ|何者|どなた", "Who"),
    (r"どこ|何処|どの国|何県|何市", "Where"),
    (r"なぜ|何故|どうして|理由", "Why"),
    (
        r"何人|いくつ|何[個本回台校社種頭隻度歳歩階基点軒名つ年間]|どれ(?:くらい|ほど|だけ)|どのくらい",
        "How many",
    ),
    (r"いくら|何円|何ドル", "How much"),
    (r"どのよう|どうやって", "How"),
    (r"どちら|どの|どんな", "Which"),
)
_PARTICLES = {
    "の": "of",
    "で": "in",
    "に": "in",
    "から": "from",
    "と": "and",
    "によって": "by",
    "まで": "until",
}
_EMPTY = frozenset(
    "有る ある 居る いる 為る する 成る なる よる 因る 依る 言う 事 こと 物 もの 者 年 月 日".split()
)
_MONTHS = "January February March April May June July August September October November December".split()
_MONTH = re.compile(r"(?<!\d)(1[0-2]|[1-9])月")
_LATIN = re.compile(r"[\x21-\x7e]+")


class _Phrase(NamedTuple):
    """Content words in English and the particle that follows them."""

    english: tuple[str, ...]
    particle: str
    verb: bool


def in_english(question: str) -> str:
    """The question word by word: subject, verb, and the rest from the last to the first.

    Empty where fewer than `FEWEST` words have an English one.
    """
    phrases = _phrases(_MONTH.sub(lambda month: f" {_MONTHS[int(month[1]) - 1]} ", fold(question)))
    subjects = [phrase for phrase in phrases if phrase.particle in ("は", "が", "も")]
    verbs = [phrase for phrase in phrases if phrase.verb]
    rest = [phrase for phrase in reversed(phrases) if phrase not in subjects and phrase not in verbs]
    ordered = [*subjects, *verbs, *rest]
    if sum(len(phrase.english) for phrase in ordered) < FEWEST:
        return ""
    asked = next((english for pattern, english in _ASKS if re.search(pattern, question)), "What")
    text = [asked, *ordered[0].english]
    for phrase in ordered[1:]:
        particle = None if phrase.verb else _PARTICLES.get(phrase.particle)
        text += [particle, *phrase.english] if particle else phrase.english
    return " ".join(text) + "?"


def _phrases(folded: str) -> list[_Phrase]:
    found: list[_Phrase] = []
    gathered: list[str] = []
    verb = False
    parsed = words(folded)
    for i, word in enumerate(parsed):
        if is_content(word) and word.pos != "代名詞" and "何" not in word.surface:
            gathered += [_english(word)] if word.base not in _EMPTY and _english(word) else []
            verb = word.pos == "動詞" or (i + 1 < len(parsed) and parsed[i + 1].base in ("する", "為る"))
        elif gathered and (word.pos == "助詞" or verb):
            found.append(_Phrase(tuple(gathered), word.surface, verb))
            gathered, verb = [], False
    return [*found, _Phrase(tuple(gathered), "", verb)] if gathered else found


def _english(word: Word) -> str:
    """By the dictionary; else the word a loanword comes from, or how a name is read; empty for what is neither."""
    known = next((_reversed()[form] for form in (word.base, word.surface) if form in _reversed()), ())
    if known:
        return known[len(word.surface + word.kana) % len(known)]
    if _LATIN.fullmatch(word.key):
        return word.key
    if word.pos2 == "数詞":
        return ""
    return romaji(word.kana).capitalize() if word.pos2 == "固有名詞" else ""


@cache
def _reversed() -> dict[str, tuple[str, ...]]:
    """Japanese words with the English words that lead to them most directly."""
    places: dict[str, dict[str, int]] = defaultdict(dict)
    for english in sorted(known_words()):
        for place, japanese in enumerate(translations(english)):
            places[japanese][english] = place
    return {
        japanese: tuple(english for english, place in found.items() if place == min(found.values()))
        for japanese, found in places.items()
    }


_GLIDE = re.compile(r"([キギニヒビピミリ])([ャュョ])")


def romaji(katakana: str) -> str:
    """Hepburn without long vowels; empty for what is not katakana."""
    text = ""
    for consonant, vowel in morae(_GLIDE.sub(r"\1y\2", katakana)):
        text += {"ッ": "*", "ン": "n", "ー": ""}.get(consonant, consonant) + vowel.replace("=", "")
    return re.sub(r"\*(.?)", r"\1\1", text.replace("iy", "y"))

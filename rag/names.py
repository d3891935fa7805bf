"""Whether two words name one thing, however they are written: OpenAI and オープンエーアイ, サーバ and サーバー, CO2 and 二酸化炭素.

Spellings meet by rules: width, case, spaces and dots; UniDic's dictionary form (引越し, 引っ越し) and word of origin
(サーバー, server); long vowels and small kana; and the sounds of katakana and Latin letters (`rag.transliteration`).
What no rule can know is in the editable `rag/data/synonyms.tsv`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from rag.japanese import STOP_WORDS, fold, has_kana, singular, words
from rag.morae import morae
from rag.transliteration import distance, sound_keys, sounds_like

SYNONYMS = Path(__file__).parent / "data" / "synonyms.tsv"

_JOINTS = re.compile(r"[\s・'’_]+|(?<![0-9])[-.,/]+|[-.,/]+(?![0-9])")
_SHORTEST = 3
"""Letters or morae that a name must have to be recognised by its sound."""
_JOINED_WORDS = 4
"""Latin names of up to so many words are heard as one (ティーチフォーオール); longer runs are sentences."""


def same_name(one: str, other: str) -> bool:
    """Whether two words or names, in any spelling, mean the same by the rules above. Symmetrical.

    For single words and names as they stand in a text (`Word.surface`, a run of katakana, "Teach For All"), not for
    sentences. It compares spellings only: two people of one name are the same to it, and so are words whose katakana
    is the same (ライト: light, right). Cheap, and remembered: microseconds where nothing has to be aligned.
    """
    a, b = _bare(one), _bare(other)
    if not a or not b:
        return False
    return a == b or _same_bare(*sorted((a, b)))


def variants(word: str) -> tuple[str, ...]:
    """What else the word or name is called by `synonyms.tsv`, folded; empty when it is not listed.

    Spellings of a sound cannot be listed: look for them with `same_name`, or `spellings` of a text.
    """
    group = _synonyms().get(_bare(word), ())
    return tuple(each for each in group if _bare(each) != _bare(word))


def listed_in(text: str) -> list[str]:
    """What a text names that `synonyms.tsv` lists, folded, in order; `variants` tells the other names of each.

    A name counts where whole words spell it; the longest name at a place does, not those inside it.
    """
    folded = fold(text)
    listed = list(dict.fromkeys(folded[start:end] for start, end in _known_spans(folded)))
    if not has_kana(folded):  # who is a word of English, and an organisation only in Japanese
        listed = [name for name in listed if name not in STOP_WORDS]
    return [name for name in listed if variants(name)]


def synonyms_in(text: str) -> list[str]:
    """Other names of everything that a text names and `synonyms.tsv` lists, in order, without repeats."""
    return list(dict.fromkeys(other for name in listed_in(text) for other in variants(name)))


class Name(NamedTuple):
    """A run of katakana or Latin letters of a folded text, `[start, end)` in it; several Latin words may be one."""

    start: int
    end: int
    text: str


_RUN = re.compile(r"[a-z]*[ァ-ヴー]+(?:・?[ァ-ヴーa-z]+)*|[a-z]+(?:[ '’&-]{1,2}[a-z]+)*")
_PART = re.compile(r"[^\s・'’&-]+")


def names(folded: str) -> list[Name]:
    """Whatever in a folded text may be a name by its letters: katakana and Latin runs, and the parts of each."""
    found = []
    for run in _RUN.finditer(folded):
        parts = [
            Name(run.start() + m.start(), run.start() + m.end(), m.group())
            for m in _PART.finditer(run.group())
        ]
        if 1 < len(parts) <= _JOINED_WORDS:
            found.append(Name(run.start(), run.end(), run.group()))
        found += [part for part in parts if part.text not in STOP_WORDS]
    return [name for name in found if len(_JOINTS.sub("", name.text)) >= _SHORTEST]


def sounds(folded: str) -> list[str]:
    """Distinct sound keys of the names of a folded text, marked with `~` so that none counts as a word."""
    return list(dict.fromkeys(f"~{key}" for name in names(folded) for key in sound_keys(_heard(name.text))))


def spellings(name: str, folded: str) -> list[str]:
    """How a text spells a name: its names that sound like `name` but are written otherwise, the closest only."""
    wanted, near = _bare(name), dict[str, float]()
    for other in names(folded):
        bare = _bare(other.text)
        if bare != wanted and bare not in near and _same_bare(*sorted((bare, wanted))):
            near[other.text] = _closeness(bare, wanted)
    return [text for text, cost in near.items() if cost <= min(near.values())]


def _heard(name: str) -> str:
    """A name as `sound_keys` takes it: words of Latin letters, or katakana without dots."""
    return re.sub(r"[ '’&-]+", " ", name) if name.isascii() else name.replace("・", "")


@lru_cache(maxsize=1 << 14)
def _bare(name: str) -> str:
    return _JOINTS.sub("", fold(name))


@lru_cache(maxsize=1 << 14)
def _same_bare(a: str, b: str) -> bool:
    if singular(a) == singular(b) or b in map(_bare, _synonyms().get(a, ())):
        return True
    if a.isascii() and b.isascii():
        return False
    if morae(a) and morae(b):
        return _loose(a) == _loose(b)
    if a.isascii() or b.isascii():
        latin, katakana = (a, b) if a.isascii() else (b, a)
        return _transliterated(katakana, latin)
    return [word.key for word in words(a)] == [word.key for word in words(b)]


def _transliterated(katakana: str, latin: str) -> bool:
    """By the dictionary where it knows the word's origin, else by sound."""
    parsed = words(katakana)
    if len(parsed) == 1 and parsed[0].key.isascii():
        return parsed[0].key == singular(latin)
    long_enough = len(latin) >= _SHORTEST and len(morae(katakana)) >= _SHORTEST
    return long_enough and sounds_like(katakana, latin)


def _closeness(a: str, b: str) -> float:
    """Cost of the alignment of a katakana and a Latin word; 0 for two of one script."""
    if a.isascii() == b.isascii():
        return 0.0
    latin, katakana = (a, b) if a.isascii() else (b, a)
    return min(distance(katakana, latin), 1.0)


_FOREIGN = (("ヴァ", "バ"), ("ヴィ", "ビ"), ("ヴェ", "ベ"), ("ヴォ", "ボ"), ("ヴ", "ブ"), ("ティ", "チ"), ("ディ", "ジ"),
            ("ウィ", "ウイ"), ("ウェ", "ウエ"), ("ウォ", "ウオ"), ("クォ", "コ"), ("ヂ", "ジ"), ("ヅ", "ズ"))  # fmt: skip
_LONG_WORD = 5
"""Morae from which a long vowel inside a word may be left out (インタフェース); ビル and ビール are two words."""


@lru_cache(maxsize=1 << 12)
def _loose(katakana: str) -> str:
    """One spelling for the variants of a katakana word: ヴァ/バ, エイ/エー, オウ/オー, a long vowel at the end."""
    text = katakana
    for foreign, plain in _FOREIGN:
        text = text.replace(foreign, plain)
    text = re.sub(
        r"(?<=[エケセテネヘメレゲゼデベペェ])イ|(?<=[オコソトノホモヨロゴゾドボポョォ])ウ", "ー", text
    )
    beats = len(morae(text))
    if beats >= _LONG_WORD:
        return text.replace("ー", "")
    return text.removesuffix("ー") if beats > _SHORTEST else text


@cache
def _synonyms() -> dict[str, tuple[str, ...]]:
    """The group of each name, by the name without joints."""
    lines = SYNONYMS.read_text(encoding="utf-8").splitlines()
    groups: dict[str, tuple[str, ...]] = {}
    for line in lines:
        group = tuple(filter(None, map(str.strip, fold(line).split("\t"))))
        if line.startswith("#") or len(group) < 2:
            continue
        for name in group:
            groups[_bare(name)] = tuple(dict.fromkeys((*groups.get(_bare(name), ()), *group)))
    return groups


@cache
def _longest_synonym() -> int:
    return max(map(len, _synonyms()), default=0)


@cache
def _initials() -> frozenset[str]:
    return frozenset(name[0] for name in _synonyms())


def _known_spans(folded: str) -> Iterator[tuple[int, int]]:
    parsed, at = words(folded), 0
    starts = [word.start for word in parsed if not _inside_run(folded, word.start)]
    ends = [word.end for word in parsed if not _inside_run(folded, word.end)]
    for start in starts:
        if start < at or (folded[start].isalnum() and folded[start] not in _initials()):
            continue
        for end in reversed([end for end in ends if start < end <= start + 2 * _longest_synonym()]):
            if _bare(folded[start:end]) in _synonyms():
                yield start, end
                at = end
                break


_INSIDE = re.compile(r"[a-z0-9]{2}|[ァ-ヴー]{2}")


def _inside_run(folded: str, edge: int) -> bool:
    """Whether an edge of a word splits a run of Latin letters and digits or of katakana, as no name does."""
    return _INSIDE.fullmatch(folded[max(0, edge - 1) : edge + 1]) is not None

"""Noun phrases of Japanese sentences, with the particles that tell what part each plays."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from rag.japanese import Word
from rag.verification.naming import ORGANISATIONS

BY = "によって"
NAME = "\0"
"""Marks nouns that are names; in no text."""
_OF = "\1"
"""Between a name and what is its."""

_SUFFIXES = frozenset(
    "社 氏 さん 様 君 選手 社長 会長 教授 知事 首相 大統領 議員 監督 容疑者 被告 ら".split()
)
_AND = frozenset("と や 及び および 、 ・".split())
_ABOUT = frozenset("つい 関し".split())
_FOR = frozenset("向け 用".split())


class Noun(NamedTuple):
    """The last compound of a noun phrase, in `words[start:end]`, with the particle after it; names are marked."""

    start: int
    end: int
    text: str
    particle: str


def is_name(noun: str) -> bool:
    """Whether a noun is a name, or something of a name's."""
    return noun.startswith(NAME)


def is_same(noun: str, other: str) -> bool:
    """Whether one contains the other, and so do the names of those they belong to where both tell."""
    (owner, _, bare), (others, _, its) = (each.removeprefix(NAME).rpartition(_OF) for each in (noun, other))
    same_owner = not owner or not others or owner in others or others in owner
    return same_owner and (bare in its or its in bare)


def written(noun: str) -> str:
    """A noun as people write it."""
    return noun.removeprefix(NAME).replace(_OF, "の")


def noun_phrases(words: Sequence[Word]) -> list[Noun]:
    """The noun phrases of a text, in order; in lists (A、BとCが) each has the particle of the last."""
    found: list[Noun] = []
    at = 0
    while at < len(words):
        start = at
        while at < len(words) and in_compound(words[at]):
            at += 1
        compound = [word for word in words[start:at] if word.surface not in _SUFFIXES]
        if compound:
            particle = "" if compound[-1].surface in _FOR else _particle(words, at)  # 会員向けに: how
            found.append(Noun(start, at, _named(compound), particle))
        at = max(at, start + 1)
    for i in range(len(found) - 2, -1, -1):  # A、BとCが: all of them do it
        noun, following = found[i], found[i + 1]
        if is_joined(words[noun.end : following.start]):
            found[i] = noun._replace(particle=following.particle)
    return found


def is_joined(between: Sequence[Word]) -> bool:
    """Whether what stands between two nouns makes one list, or one thing, of them."""
    return bool(between) and (all(word.surface in _AND for word in between) or is_called(between))


def with_owners(nouns: Sequence[Noun]) -> list[Noun]:
    """The noun phrases, each with the name right before it that の joins to it: リベリアの教師 is not ケニアの教師."""
    owned = [
        noun._replace(text=f"{before.text}{_OF}{noun.text}")
        if before.particle == "の"
        and before.end + 1 == noun.start
        and is_name(before.text)
        and not is_name(noun.text)
        else noun
        for before, noun in pairwise(nouns)
    ]
    return [*nouns[:1], *owned]


def is_called(between: Sequence[Word]) -> bool:
    """Whether two nouns name the same thing: 教育団体「みらい」, 「みらい」という新しい制度, 新制度(みらい)."""
    surfaces = [word.surface for word in between]
    if surfaces in (["「"], ["『"], ["の", "「"], ["("]):
        return True
    called = [n for n, surface in enumerate(surfaces) if surface in ("いう", "呼ぶ")]
    return surfaces[:1] in (["」"], ["』"]) and called == [2] and all(w.pos != "助詞" for w in between[3:])


def _particle(words: Sequence[Word], at: int) -> str:
    while at < len(words) and words[at].surface in ("」", "』", ")"):
        at += 1
    if at == len(words) or words[at].pos != "助詞":
        return ""
    following = words[at + 1].surface if at + 1 < len(words) else ""
    if [word.surface for word in words[at : at + 4]] == ["に", "つい", "て", "は"]:
        return "は"
    if words[at].surface == "に":
        return BY if following in ("よっ", "より", "よる") else "と" if following in _ABOUT else "に"
    if words[at].surface == "を" and following == "対象":
        return "に"  # 教員を対象に: for them
    return words[at].surface


def in_compound(word: Word) -> bool:
    """Whether a word can be a part of a compound noun."""
    if word.surface in ("・", "-", "&", "="):
        return True
    return word.pos in ("名詞", "接尾辞", "接頭辞", "記号") and word.pos2 != "数詞"


def _named(compound: Sequence[Word]) -> str:
    text = "".join(word.surface for word in compound)
    name = any(
        word.pos2 == "固有名詞"
        or (at and word.surface in ORGANISATIONS)
        or (word.surface.isascii() and word.surface.isalpha())
        or (not word.kana and word.pos == "名詞")
        for at, word in enumerate(compound)
    )
    return (NAME if name else "") + text

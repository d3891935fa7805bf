"""Who did what to whom, where Japanese particles tell: 「AがBを買収」 is not 「BがAを買収」."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from rag.japanese import Word
from rag.verification.naming import ORGANISATIONS
from rag.verification.problems import Problem, problem
from rag.verification.reading import Reading

_ACTIVE = {"が": "agent", "を": "object", "に": "goal", "へ": "goal", "から": "source", "より": "source"}
_PASSIVE = {"が": "object goal", "に": "agent goal", "から": "agent source", "を": "object"}
_SUFFIXES = frozenset(
    "社 氏 さん 様 君 選手 社長 会長 教授 知事 首相 大統領 議員 監督 容疑者 被告 ら".split()
)
_NAME = "\0"
"""Marks nouns that are names; in no text."""
_ENDS = frozenset("。!?\n")


class _Role(NamedTuple):
    """A noun with the roles it can have in what a predicate says."""

    predicate: str
    noun: str
    roles: frozenset[str]


def problems(said: Reading, quotes: Sequence[Reading]) -> Iterator[Problem]:
    """Nouns of the statement that have another role than in the quotes, in favour of each other."""
    if said.english:
        return
    stated: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for quote in quotes:
        for role in _roles(quote.words):
            stated[role.predicate][role.noun] |= role.roles
    for predicate, roles in _by_predicate(_roles(said.words)).items():
        if predicate in stated:
            yield from _swapped(roles, stated[predicate])


def _by_predicate(roles: Sequence[_Role]) -> dict[str, list[_Role]]:
    found: dict[str, list[_Role]] = defaultdict(list)
    for role in roles:
        found[role.predicate].append(role)
    return found


def _swapped(said: Sequence[_Role], stated: dict[str, set[str]]) -> Iterator[Problem]:
    for role in said:
        known = stated.get(role.noun)
        if known is not None and known & role.roles:
            continue
        rivals = [noun for noun, roles in stated.items() if noun != role.noun and roles & role.roles]
        if known is None and not (_is_name(role.noun) and "agent" in role.roles):
            continue  # a noun that the quotes do not relate to this predicate: only a name can be taken for another
        if rivals and (known is not None or all(_is_name(noun) for noun in rivals)):
            if any(role.noun in noun or noun in role.noun for noun in rivals):
                continue
            yield problem("role", role.noun.removeprefix(_NAME), False)


def _is_name(noun: str) -> bool:
    return noun.startswith(_NAME)


@lru_cache(maxsize=512)
def _roles(words: tuple[Word, ...]) -> tuple[_Role, ...]:
    found: list[_Role] = []
    start = 0
    for at, word in enumerate(words):
        if word.surface in _ENDS or at == len(words) - 1:
            found += _of_sentence(words[start : at + 1])
            start = at + 1
    return tuple(found)


class _Noun(NamedTuple):
    at: int
    noun: str
    particle: str


def _of_sentence(words: Sequence[Word]) -> Iterator[_Role]:
    nouns = list(_nouns(words))
    topics = [noun for noun in nouns if noun.particle == "は"]
    used: set[int] = set()
    for at, _word in enumerate(words):
        predicate = _predicate(words, at)
        if predicate is None:
            continue
        if not predicate:
            used |= {noun.at for noun in nouns if noun.at < at and noun.particle in _ACTIVE}
            continue
        passive = any(w.base in ("れる", "られる") for w in words[at + 1 : at + 4])
        table = _PASSIVE if passive else _ACTIVE
        own = [noun for noun in nouns if noun.at < at and noun.at not in used and noun.particle in table]
        used |= {noun.at for noun in own}
        for noun in own:
            yield _Role(predicate, noun.noun, frozenset(table[noun.particle].split()))
        topic = next((noun for noun in reversed(topics) if noun.at < at), None)
        particles = {noun.particle for noun in own}
        if topic is not None and "が" not in particles:
            roles = (
                ("object", "goal") if passive else ("agent",) if "を" in particles else ("agent", "object")
            )
            yield _Role(predicate, topic.noun, frozenset(roles))
        elif topic is not None and "を" not in particles and not passive:
            yield _Role(predicate, topic.noun, frozenset(("object",)))


def _predicate(words: Sequence[Word], at: int) -> str | None:
    word = words[at]
    if word.pos in ("形容詞", "形状詞") and word.pos2 == "一般":
        return ""
    if word.pos == "動詞" and word.pos2 == "一般":
        return word.key
    if word.pos != "名詞" or not word.pos3.startswith("サ変"):
        return None
    following = words[at + 1] if at + 1 < len(words) else None
    done = following is None or following.base in ("する", "できる", "出来る") or following.surface in "。、"
    return word.key if done else None


def _nouns(words: Sequence[Word]) -> Iterator[_Noun]:
    """The last compound of each noun phrase with the particle after it; names are marked."""
    at = 0
    while at < len(words):
        if not _in_compound(words[at]):
            at += 1
            continue
        start = at
        while at < len(words) and _in_compound(words[at]):
            at += 1
        particle = words[at].surface if at < len(words) and words[at].pos == "助詞" else ""
        following = words[at + 1].surface if at + 1 < len(words) else ""
        if particle == "に" and following in ("よっ", "より", "よる"):
            particle = "が"
        compound = [word for word in words[start:at] if word.surface not in _SUFFIXES]
        if particle and compound:
            yield _Noun(at, _named(compound), particle)


def _in_compound(word: Word) -> bool:
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
    return (_NAME if name else "") + text

"""Who did what to whom, where Japanese particles tell: 「AがBを買収」 is not 「BがAを買収」."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise, takewhile
from typing import NamedTuple

from rag.japanese import Word
from rag.verification.phrases import (
    BY,
    Noun,
    in_compound,
    is_called,
    is_joined,
    is_name,
    is_same,
    noun_phrases,
    with_owners,
    written,
)
from rag.verification.problems import Problem, problem
from rag.verification.reading import Reading

_ACTIVE = {
    "が": "agent", BY: "agent", "を": "object", "に": "goal", "へ": "goal", "から": "source", "より": "source",
}  # fmt: skip
_PASSIVE = {"が": "object goal", BY: "agent", "に": "agent goal", "から": "agent source", "を": "object"}
_ANY = frozenset(("agent", "object", "goal", "source"))
_WITH = _ANY - {"agent"}
"""Of a noun that something is done with: not told for the one who does it."""

_ENDS = frozenset("。!?\n")
_INFLECTION = frozenset("する いる できる て".split())
_RELATIONAL = frozenset("対する 関する 因る 依る 基づく 通じる 伴う 巡る 於く 言う つく".split())
"""Verbs of compound particles (に対して, によると)."""
_FORMAL = frozenset(
    "こと 事 の もの よう ため とき 際 予定 方針 計画 見込み 見通し 考え 意向 わけ 場合 はず 可能".split()
)
"""Nouns that a clause stands before without describing them."""
_GOING_ON = frozenset("し て 、 及び および".split())
"""What stands between two predicates that share their nouns: 製品を構築し販売する."""


class _Event(NamedTuple):
    """What one predicate says: the roles that each noun can have in it."""

    predicate: str
    roles: Mapping[str, frozenset[str]]


def problems(said: Reading, quotes: Sequence[Reading]) -> Iterator[Problem]:
    """Nouns of the statement that stand where the quotes have another in the same event, and nowhere as they have it."""
    if said.english:
        return
    stated = [event for quote in quotes for event in _events(quote.words)]
    for event in _events(said.words):
        found = [_conflict(event, other) for other in stated if other.predicate == event.predicate]
        noun = next((noun for noun in found if noun), None)
        if noun and not any(each == "" for each in found):
            yield problem("role", written(noun), said.english)


def _conflict(said: _Event, stated: _Event) -> str | None:
    """The noun that has another's role; empty when the events agree, None when they may be two different ones."""
    shared = {noun for noun in said.roles if _same_noun(noun, stated.roles)}
    another = False
    for noun, roles in said.roles.items():
        rivals = [
            other for other, its in stated.roles.items() if other != noun and its & roles and its != _ANY
        ]
        if noun in shared:
            if rivals and not any(stated.roles[same] & roles for same in _same_noun(noun, stated.roles)):
                return noun
        elif _could_be_mistaken(noun, roles, rivals) and (shared or len(said.roles) == 1):
            return noun
        else:
            another |= bool(rivals)  # 財務を担う beside 運営を担う
    return "" if shared and not another else None


def _could_be_mistaken(noun: str, roles: frozenset[str], rivals: Sequence[str]) -> bool:
    """Whether a noun that an event does not have is a name told for another name that it has."""
    return is_name(noun) and "agent" in roles and bool(rivals) and all(map(is_name, rivals))


def _same_noun(noun: str, roles: Mapping[str, frozenset[str]]) -> list[str]:
    return [other for other in roles if is_same(noun, other)]


@lru_cache(maxsize=512)
def _events(words: tuple[Word, ...]) -> tuple[_Event, ...]:
    found: list[_Event] = []
    start = 0
    words = _without_brackets(words)
    for at, word in enumerate(words):
        if word.surface in _ENDS or at == len(words) - 1:
            found += _of_sentence(words[start : at + 1])
            start = at + 1
    return tuple(event for event in found if event.roles)


def _without_brackets(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """The words outside of (…), which says things of its own, unless it is but another name."""
    kept, depth = [], 0
    for at, word in enumerate(words):
        if depth == 0 and word.surface == "(" and _is_one_noun(words[at + 1 :]):
            kept.append(word)
            continue
        depth += (word.surface == "(") - (word.surface == ")" and depth > 0)
        if not depth and word.surface != ")":
            kept.append(word)
    return tuple(kept)


def _is_one_noun(words: Sequence[Word]) -> bool:
    """Whether nothing but one noun stands before the next bracket."""
    inside = list(takewhile(lambda word: word.surface not in "()", words))
    return bool(inside) and all(map(in_compound, inside))


def _of_sentence(words: Sequence[Word]) -> Iterator[_Event]:
    nouns = with_owners(noun_phrases(words))
    used = last = -1
    own: list[Noun] = []
    for at in range(len(words)):
        predicate = _predicate(words, at)
        if predicate is None:
            continue
        taken = [n for n, noun in enumerate(nouns) if used < noun.end <= at]
        if taken and taken[0] and is_called(words[nouns[taken[0] - 1].end : nouns[taken[0]].start]):
            taken.insert(0, taken[0] - 1)  # 「A」という新しい制度: 新しい has parted them
        new = [nouns[n] for n in taken]
        if not predicate:  # A社が新しい装置を作る: it is not A社 that is new
            used = used if any(is_name(noun.text) and noun.end == at - 1 for noun in new) else at
            continue
        goes_on = last >= 0 and all(word.surface in _GOING_ON for word in words[last + 1 : at])
        own = [*(own if goes_on else _doers(own, new) if _leads_on(words, last) else ()), *new]
        inner = _inner(words, own)
        own = [noun for noun in own if noun not in inner]
        used = last = at
        passive = any(w.base in ("れる", "られる") for w in words[at + 1 : at + 4])
        described = _described(words, at, nouns)
        topics = [noun for noun in nouns if noun.particle == "は" and noun.end <= at and not described]
        roles = _roles(own, topics, described, passive)
        yield _Event(predicate, {**roles, **_asked_for(words, at, nouns, own, passive)})


def _leads_on(words: Sequence[Word], at: int) -> bool:
    """Whether a predicate is told of who does the next one too: 使って…開発する, 作り、売る."""
    after = at + 1
    while after < len(words) and words[after].base in ("する", "れる", "られる"):
        after += 1
    return at >= 0 and after < len(words) and words[after].surface in ("て", "で", "、", "たり")


def _doers(own: Sequence[Noun], new: Sequence[Noun]) -> list[Noun]:
    """Who did the last thing, where nobody else is told to have done the next."""
    return [] if any(noun.particle in "がは" for noun in new) else [n for n in own if n.particle == "が"]


def _inner(words: Sequence[Word], own: Sequence[Noun]) -> list[Noun]:
    """Who does what is only spoken of: Aが、Bが増えたことを発表する."""
    doers = [noun for noun in own if noun.particle == "が"]
    return [noun for before, noun in pairwise(doers) if not is_joined(words[before.end : noun.start])]


def _roles(
    own: Sequence[Noun], topics: Sequence[Noun], described: Sequence[Noun], passive: bool
) -> dict[str, frozenset[str]]:
    """What the nouns right before a predicate, the topic and the nouns that the predicate describes are in it.

    A noun that is described (発売する新製品), or done with (AがBと提携), can be anything.
    """
    table = _PASSIVE if passive else _ACTIVE
    roles = dict.fromkeys((noun.text for noun in own if noun.particle == "と"), _WITH)
    roles |= {noun.text: _ANY for noun in described}
    roles |= {noun.text: frozenset(table[noun.particle].split()) for noun in own if noun.particle in table}
    particles = {noun.particle for noun in own}
    for topic in topics[-1:]:
        free = [role for role, particle in (("agent", "が"), ("object", "を")) if particle not in particles]
        if passive:
            free = ["object", "goal"] if "が" not in particles else []
        if "も" in particles:  # 会員も利用できる: the topic may be anything
            free = list(_ANY)
        if free and topic.text not in roles:
            roles[topic.text] = frozenset(free)
    return roles


def _asked_for(
    words: Sequence[Word], at: int, nouns: Sequence[Noun], own: Sequence[Noun], passive: bool
) -> dict[str, frozenset[str]]:
    """The noun that completes 「買収したのはAだ」: who did it, or what it was done to where it is said who did."""
    after = _after_inflection(words, at)
    if after < len(words) - 1 and words[after].surface == "と":  # 開発したと報告されているのは, とされている
        after = _after_inflection(words, after + bool(_predicate(words, after + 1)))
    if [word.surface for word in words[after : after + 2]] not in (["の", "は"], ["の", "が"]):
        return {}
    taken = {noun.particle for noun in own}
    role = "object" if passive or "が" in taken else "agent"
    completing = [noun for noun in nouns if noun.start >= after + 2 and noun.particle == ""]
    return {noun.text: frozenset((role,)) for noun in completing if "を" in taken or "が" in taken or passive}


def _after_inflection(words: Sequence[Word], at: int) -> int:
    after = at + 1
    while after < len(words) and (words[after].pos == "助動詞" or words[after].base in _INFLECTION):
        after += 1
    return after


def _described(words: Sequence[Word], at: int, nouns: Sequence[Noun]) -> list[Noun]:
    """The nouns that a predicate stands before and describes, with what stands in brackets or for them."""
    after = _after_inflection(words, at)
    if words[after - 1].base == "て":  # 提携して goes on with what happens next
        return []
    first = next((noun for noun in nouns if noun.start >= after), None)
    if (
        first is None
        or words[first.start].base in _FORMAL
        or any(word.surface not in "「『(" for word in words[after : first.start])
    ):
        return []
    end = next((i for i in range(after, len(words)) if words[i].pos == "助詞"), len(words))
    return [noun for noun in nouns if after <= noun.start < end]


def _predicate(words: Sequence[Word], at: int) -> str | None:
    """The key of a verb; empty for adjectives, which take nouns but do nothing to them; None for other words."""
    word = words[at]
    if word.pos in ("形容詞", "形状詞") and word.pos2 == "一般":
        return ""
    if word.pos == "動詞" and word.pos2 == "一般":
        return None if word.key in _RELATIONAL else word.key
    if word.pos != "名詞" or not word.pos3.startswith("サ変"):
        return None
    following = words[at + 1] if at + 1 < len(words) else None
    done = following is None or following.base in ("する", "できる", "出来る") or following.surface in "。、"
    return word.key if done else None

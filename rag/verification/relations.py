"""Whose something is: 「A社の創業者」 is not 「B社の創業者」."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rag.verification.phrases import NAME, Noun, noun_phrases
from rag.verification.problems import Problem, problem
from rag.verification.reading import Reading


class _Relation(NamedTuple):
    """A name and what is said to be of it: OpenAI, 社長."""

    owner: str
    thing: str


def problems(said: Reading, quotes: Sequence[Reading]) -> Iterator[Problem]:
    """What the statement gives to a name and the quotes only to other names."""
    if said.english:
        return
    stated = [relation for quote in quotes for relation in _relations(quote)]
    for relation in _relations(said):
        owners = [other.owner for other in stated if _same_thing(relation.thing, other.thing)]
        if owners and not any(relation.owner in owner or owner in relation.owner for owner in owners):
            yield problem("role", f"{relation.owner}の{relation.thing}", said.english)


def _same_thing(one: str, other: str) -> bool:
    """Whether one begins with the other: 創業者 and 創業者山田太郎氏."""
    return one.startswith(other) or other.startswith(one)


def _relations(reading: Reading) -> list[_Relation]:
    found = noun_phrases(reading.words)
    relations = []
    for i, noun in enumerate(found):
        thing = _of(found, i, reading)
        if thing and noun.text.startswith(NAME):
            relations.append(_Relation(noun.text.removeprefix(NAME), thing.text.removeprefix(NAME)))
    return relations


def _of(found: Sequence[Noun], i: int, reading: Reading) -> Noun | None:
    """The noun that comes after 「Aの」, past an adjective (Aの長期的な協力)."""
    words = reading.words
    end = found[i].end
    if (
        end >= len(words)
        or words[end].surface != "の"
        or i + 1 == len(found)
        or found[i + 1].start != end + 1
    ):
        return None
    following = found[i + 1]
    if following.end < len(words) and words[following.end].surface == "な" and i + 2 < len(found):
        return found[i + 2]
    return following

"""Looking words up finds the same places as comparing every word with every other."""

from __future__ import annotations

import itertools

import pytest

from rag.verification.antonyms import opposed
from rag.verification.places import Place, Places
from rag.verification.reading import Reading, read

TEXTS = [
    "売上は前年比12%増の340億円となり、営業損益は黒字に転じた。",
    "売上は減少し、営業赤字が続く見通しだ。国内の店舗は増やす。国外の店舗は減らす。",
    "図書館は四月に開館した。図書館の開館時間は延長しない。図書館は図書館だ。",
    "社内の利用を許可し、社外の利用を禁止する方針を発表した。",
    "過大な投資を避け、過小な評価を見直す。利用者は増え、利用料は下がった。",
    "OpenAI announced Cowork in January. It does not support Linux yet.",
    "黒字",
]


def fit(at: int, said: Reading, there: int, quote: Reading) -> float:
    mark, other = said.marks[at], quote.marks[there]
    total = 0.0
    for near in said.marks:
        if near is mark or near.forms & (mark.forms | other.forms):
            continue
        weight = 1.0 if near.clause == mark.clause else 0.5
        if near.forms & quote.clauses[other.clause]:
            total += 2 * weight
        elif near.forms & quote.sentences[other.sentence]:
            total += weight
    for step in (-1, 1):
        if 0 <= at + step < len(said.marks) and 0 <= there + step < len(quote.marks):
            total += bool(said.marks[at + step].forms & quote.marks[there + step].forms)
    return total


def places(at: int, said: Reading, quote: Reading) -> list[Place]:
    found, mark = [], said.marks[at]
    for there, other in enumerate(quote.marks):
        same = bool(mark.forms & other.forms or mark.sides & other.sides)
        how = None if same else opposed(mark.text, mark.sides, other.text, other.sides)
        if same or (how is not None and not other.forms & said.forms):
            fits = fit(at, said, there, quote)
            if same or fits > 0 or len(said.marks) == 1 or said.english != quote.english:
                found.append(Place(other, fits, not same, how == "complement"))
    return found


@pytest.mark.parametrize(("said", "quote"), [*itertools.product([*TEXTS, "".join(TEXTS[:5])], repeat=2)])
def test_places_are_those_of_comparing_every_word(said: str, quote: str) -> None:
    one, other = read(said), read(quote)
    looked_up = Places(one, other)
    for at, mark in enumerate(one.marks):
        assert list(looked_up.of(at)) == places(at, one, other)
        against = (opposed(mark.text, mark.sides, each.text, each.sides) for each in other.marks)
        assert looked_up.opposed(mark) == any(how is not None for how in against)


def test_the_texts_have_both_sides() -> None:
    said, quote = read(TEXTS[0]), read(TEXTS[1])
    found = [place for at in range(len(said.marks)) for place in Places(said, quote).of(at)]
    assert {place.opposite for place in found} == {True, False}

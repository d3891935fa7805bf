"""Whether a quote says yes or no to a claim, or neither."""

from __future__ import annotations

import re
from typing import Literal

from rag.verification import claims, figures, naming, roles
from rag.verification.antonyms import opposed
from rag.verification.marks import Mark
from rag.verification.reading import Reading, read

Stance = Literal["entails", "contradicts", "unknown"]

_ASKING = re.compile(
    r"(?:のでしょうか|でしょうか|のですか|んですか|のだろうか|だろうか|ですか|のか|か|の)?[?？]*\s*$"
)
_NEGATIVE_QUESTION = re.compile(
    r"(?:ない|ません|なかった|ませんでした)(?:の|ん)?(?:です|でしょう)?か?[?？]*\s*$"
)
_CONDITION = re.compile(
    r"場合|なら|れば|限り|とき|時は|際|原則|以外|除[くい]|ただし|一部|のみ|だけ|しか|まで|よりも?|では|には|から|もし|\b(?:if|unless|except|only|when|until)\b"
)


def stance(claim: str, quote: str) -> Stance:
    """Whether a quote entails or contradicts a claim, such as a yes-no question turned into text.

    A question may keep its か and ?. "unknown" unless one sentence of the quote speaks of everything in the claim,
    under no condition that the claim does not name.
    """
    asked = bool(re.search(r"[?？]|か$", claim.strip()))
    if asked and _NEGATIVE_QUESTION.search(claim):
        return "unknown"
    text = _ASKING.sub("", claim.strip()) if asked else claim
    found = {_of_sentence(read(text), sentence) for sentence in _sentences(quote)} - {"unknown"}
    return found.pop() if len(found) == 1 else "unknown"


def _sentences(quote: str) -> list[Reading]:
    from rag.sentences import sentences

    return [read(quote[span.start : span.end]) for span in sentences(quote)]


def _of_sentence(claim: Reading, quote: Reading) -> Stance:
    if not claim.marks or not _covers(claim, quote) or _is_conditional(claim, quote):
        return "unknown"
    if list(naming.problems(claim, [quote], "")) or list(roles.problems(claim, [quote])):
        return "unknown"
    wrong = [found.kind for found in figures.problems(claim.source, [quote.source], claim.english)]
    wrong += [found.kind for found in claims.problems(claim, [quote])]
    if not wrong:
        return "entails" if _asserts(claim, quote) else "unknown"
    if len(wrong) > 1 or wrong[0] not in ("polarity", "direction", "number", "date"):
        return "unknown"
    return (
        "contradicts"
        if wrong[0] in ("polarity", "direction") or _one_rival(claim, quote, wrong[0])
        else "unknown"
    )


def _covers(claim: Reading, quote: Reading) -> bool:
    """Whether every content word of the claim, or its opposite, is in the quote."""
    return all(_is_in(mark, quote) for mark in claim.marks)


def _is_in(mark: Mark, quote: Reading) -> bool:
    if mark.forms & quote.forms:
        return True
    return any(
        mark.sides & other.sides or opposed(mark.text, mark.sides, other.text, other.sides) is not None
        for other in quote.marks
    )


def _is_conditional(claim: Reading, quote: Reading) -> bool:
    """Whether the quote limits what it says in words that the claim does not have."""
    found = {match.group() for match in _CONDITION.finditer(quote.text)}
    return any(word not in claim.text for word in found)


def _asserts(claim: Reading, quote: Reading) -> bool:
    """Whether the quote says something of the claim as a fact, or the claim is as hedged as the quote."""
    verbal = [mark for mark in claim.marks if mark.verbal]
    same = [other for mark in verbal for other in quote.marks if mark.forms & other.forms]
    return all(not other.hedged or any(mark.hedged for mark in verbal) for other in same)


def _one_rival(claim: Reading, quote: Reading, kind: str) -> bool:
    """Whether claim and quote each have a single number of a unit, or a single date, so that they must be one."""
    said, stated = figures.figures(claim.source), figures.figures(quote.source)
    if kind == "date":
        return len(said.dates) == len(stated.dates) == 1 and not said.alone
    units = [figure.unit for figure in stated.alone]
    return (
        len(said.alone) == 1
        and not said.dates
        and units.count(said.alone[0].unit) == 1
        and said.alone[0].unit != ""
        and not said.alone[0].bounds
    )

"""Whether a quote says yes or no to a claim, or neither."""

from __future__ import annotations

import re
from typing import Literal

from rag.verification import bindings, claims, edits, figures, naming, roles
from rag.verification.antonyms import Opposition, opposed
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
    r"場合|なら|れば|限り|とき|時は|際|原則|以外|除[くい]|ただし|一部|のみ|だけ|しか|まで|以降|では|には|から|もし|\b(?:if|unless|except|only|when|until)\b"
)
"""What may limit a sentence to a case, a place or a time."""


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
    if limited := _limited(claim, quote):
        return limited
    if (
        not claim.marks
        or not all(_places(mark, quote) for mark in claim.marks)
        or _is_conditional(claim, quote)
    ):
        return "unknown"
    if list(naming.problems(claim, [quote], "")) or list(roles.problems(claim, [quote])):
        return "unknown"
    wrong = {found.kind for found in figures.problems(claim.source, [quote.source], claim.english)}
    wrong |= {found.kind for found in claims.problems(claim, [quote])}
    wrong |= {found.kind for found in edits.problems(claim, [quote], read(""))}
    if not wrong:
        return "entails" if _is_asserted(claim, quote) and bindings.fits(claim, quote) else "unknown"
    if wrong <= {"polarity", "direction"}:
        return "contradicts"
    return "contradicts" if wrong in ({"number"}, {"date"}) and _one_rival(claim, quote) else "unknown"


def _places(mark: Mark, quote: Reading) -> list[Mark]:
    """The words of the quote that are a word of the claim, mean the same or exclude it."""
    return [
        other
        for other in quote.marks
        if mark.forms & other.forms
        or mark.sides & other.sides
        or _opposed(mark, other) in ("contrary", "complement")
    ]


def _opposed(mark: Mark, other: Mark) -> Opposition | None:
    return opposed(mark.text, mark.sides, other.text, other.sides)


_ONLY = re.compile(r"限定|のみ|だけ(?!で)|限ら|専用|\bonly\b")
_OFFERED = frozenset(
    "使う 使える 利用 対応 提供 公開 可能 動く 動作 使用 できる use available work run support".split()
)


def _limited(claim: Reading, quote: Reading) -> Stance | None:
    """What a quote that offers something only for Mac says of a claim that it is offered for Mac, or for Windows."""
    rest = [mark for mark in claim.marks if not mark.forms & _OFFERED]
    asked = [mark for mark in rest if any(side.how == "alternative" for side in mark.sides)]
    kept = [mark for mark in rest if mark not in asked]
    if len(asked) != 1 or not kept or not all(mark.forms & quote.forms for mark in kept):
        return None
    if any(mark.negated is not False for mark in (*claim.marks, *quote.marks)):
        return None
    for other in quote.marks:
        if not _only_follows(other, quote):
            continue
        if _opposed(asked[0], other) == "alternative" and not asked[0].forms & quote.forms:
            return "contradicts"
        if asked[0].forms & other.forms and len(rest) < len(claim.marks) and not other.hedged:
            return "entails"
    return None


def _only_follows(mark: Mark, quote: Reading) -> bool:
    clause = [other.end for other in quote.marks if other.clause == mark.clause]
    return _ONLY.search(quote.text, mark.end, max(clause) + 2) is not None


def _is_conditional(claim: Reading, quote: Reading) -> bool:
    """Whether the quote limits what it says of the claim in words that the claim does not have."""
    last = max(_places(claim.marks[-1], quote), key=lambda mark: mark.clause)
    for match in _CONDITION.finditer(quote.text):
        before = [mark for mark in quote.marks if mark.end <= match.start()]
        if before and before[-1].end == match.start() and before[-1].forms & claim.forms:
            continue
        clause = next((mark.clause for mark in quote.marks if mark.end > match.start()), 0)
        if clause <= last.clause and match.group() not in claim.text:
            return True
    limits = [figure for figure in figures.figures(quote.source).alone if figure.bounds - {"approx"}]
    values = {figure.value for figure in figures.figures(claim.source).alone}
    return any(figure.value not in values for figure in limits)


def _is_asserted(claim: Reading, quote: Reading) -> bool:
    """Whether the quote asserts what the claim ends with: it happens, is no plan, and nothing beside it is denied."""
    found = [place for mark in claim.marks for place in _places(mark, quote)]
    if any(mark.verbal for mark in claim.marks):
        same = [(mark, place) for mark in claim.marks if mark.verbal for place in _places(mark, quote)]
        if not any(place.verbal and place.hedged <= mark.hedged for mark, place in same):
            return False
    clauses = {mark.clause for mark in found}
    denied = [mark for mark in quote.marks if mark.clause in clauses and mark.negated is not False]
    return all(mark in found for mark in denied)


def _one_rival(claim: Reading, quote: Reading) -> bool:
    """Whether claim and quote each have a single number of a unit, or a single date, so that they must be one."""
    said, stated = figures.figures(claim.source), figures.figures(quote.source)
    if said.dates:
        return len(said.dates) == len(stated.dates) == 1 and not said.alone
    units = [figure.unit for figure in stated.alone]
    unit = said.alone[0].unit
    return len(said.alone) == 1 and bool(unit) and units.count(unit) == 1 and not said.alone[0].bounds

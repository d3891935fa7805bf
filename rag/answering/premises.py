"""What a question takes for granted and the evidence denies: 「財務責任を担うOracleの役割は?」 where SoftBank bears it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rag.answering.answer_types import DATE_UNITS
from rag.answering.evidence import Evidence
from rag.answering.matching import match, token_set
from rag.answering.question import Question, is_name
from rag.answering.short_answers import clearest
from rag.japanese import Span, Word, fold, is_content, normalise, words
from rag.quantities import Quantity, dates, numbers
from rag.verification import stance, support


class FalsePremise(NamedTuple):
    """What the evidence says instead, in one sentence, and the evidence; no sentence where its own words say it."""

    correction: str
    evidence: Evidence


_READ = 3
"""How many of the best pieces of evidence are compared."""

_NEAR = 0.4
_NEAR_FIGURE = 0.3
"""Share of the question's weight that a sentence must hold to be taken for what the question speaks of; a figure is
compared with one of the same unit, before the same noun."""

_CLEFT = re.compile(
    r"(.{4,}?[たるいうくぐすつぬむ])(?:の|こと)は(?:いつ|なぜ|何故|どうして|どこ|誰|だれ|何|どの|どう)"
)
_INTERROGATIVE = re.compile(
    r"いつから|いつ|なぜ|何故|どうして|なんで(?!す)|どこで(?!す)|どこに|どのように|どうやって|誰によって"
)
_PREDICATE = re.compile(r"[たるいうくぐすつぬぶむだ]$")
_QUESTION_END = re.compile(r"(?:の(?:です|でしょう)か|の?か)?[?？。]*$")


def false_premise(question: Question, evidence: Sequence[Evidence]) -> FalsePremise | None:
    """The first thing that the question takes for granted and what it speaks of denies; None where all may be true."""
    near = [item for item in evidence[:_READ] if item.own_coverage >= _NEAR_FIGURE]
    for claim in _claims(question):
        if any(stance(claim, item.text) == "entails" for item in near):
            continue
        for item in near:
            correction = _correction(question, claim, item) if item.own_coverage >= _NEAR else None
            if correction is None:
                correction = _other_date(question, claim, item, evidence)
            if correction is not None:
                return FalsePremise(correction, item)
    return _other_figure(question, near, evidence)


def _correction(question: Question, claim: str, item: Evidence) -> str | None:
    """What is true instead of a claim, empty where the evidence says it in its own words; None where it denies nothing."""
    context = "\n".join((item.hit.article.title, *item.section.heading_path))
    if stance(claim, item.text) == "contradicts":
        return ""
    wrong = support(claim, [item.text], context)
    subject = claim.partition("が")[0]
    only_who = all(problem.kind in ("role", "name") or problem.text in fold(subject) for problem in wrong)
    if not wrong or not only_who or not _is_only_names(subject) or _is_spelled(question, subject, item.text):
        return None
    for name in _names(item.text):
        instead = claim.replace(subject, name, 1)
        if fold(name) not in fold(claim) and not support(instead, [item.text], context):
            return f"{instead}。"
    return None


def _is_spelled(question: Question, name: str, text: str) -> bool:
    """Whether a text has a name of the question in another spelling: Cowork for コワーク."""
    folded = fold(name)
    return folded not in fold(text) and any(
        term.text in folded and match(term, token_set(text)) for term in question.terms
    )


def _other_figure(
    question: Question, near: Sequence[Evidence], evidence: Sequence[Evidence]
) -> FalsePremise | None:
    """A number or date of the question for which what it speaks of has one other, and nothing found has the same."""
    everything = [number for item in evidence for number in numbers(item.text)]
    for said in question.numbers:
        if not said.unit or said.unit in DATE_UNITS or any(_same(said, other) for other in everything):
            continue
        noun = _following(question.text, said.end)
        for item in near:
            rivals = [other for other in numbers(item.text) if other.unit == said.unit]
            if len(rivals) == 1 and (noun in item.text if noun else item.own_coverage >= _NEAR):
                stated = item.text[rivals[0].start : rivals[0].end].removesuffix("の")
                return FalsePremise(f"記事では「{stated}」です。", item)
    return None


def _other_date(question: Question, claim: str, item: Evidence, evidence: Sequence[Evidence]) -> str | None:
    """The date that a sentence gives for what the claim dates otherwise."""
    said = dates(claim)
    everything = [date for other in evidence for date in dates(other.text)]
    if not said or any(date.agrees(other) for date in said for other in everything):
        return None
    event = [w.key for w in words(fold(claim)) if is_content(w) and w.pos2 not in ("数詞", "助数詞可能")]
    if not set(event) <= token_set(item.text) | {"年", "月", "日"}:
        return None
    meant = clearest(question, item.text, [Span(date.start, date.end) for date in dates(item.text)])
    if meant is None:
        return None
    stated = dates(item.text)[meant]
    return f"記事では「{item.text[stated.start : stated.end]}」です。"


def _same(said: Quantity, other: Quantity) -> bool:
    return said.unit == other.unit and said.value == other.value


def _following(text: str, at: int) -> str:
    """The noun after a number: 原則 in 「5つの原則」."""
    match = re.match(r"の?([一-鿿ァ-ヺー]+)", text[at:])
    return match[1] if match else ""


def _is_only_names(text: str) -> bool:
    return all(map(is_name, words(normalise(text).text)))


def _names(text: str) -> list[str]:
    copy = normalise(text)
    return [text[slice(*copy.span(word.start, word.end))] for word in words(copy.text) if is_name(word)]


def _claims(question: Question) -> Iterator[str]:
    """Statements that a Japanese question makes while it asks for something else."""
    if question.english or question.type == "yes_no":
        return
    yield from _adnominal(question.text)
    cleft = _CLEFT.match(question.text)
    if cleft:
        yield cleft[1]
        return
    if _INTERROGATIVE.search(question.text):
        claim = _QUESTION_END.sub("", _INTERROGATIVE.sub("", question.text).lstrip("、, "))
        if _PREDICATE.search(claim):
            yield claim


def _adnominal(text: str) -> Iterator[str]:
    """「財務責任を担うOracle」 claims 「Oracleが財務責任を担う」; 「Googleが発表したCowork」, 「GoogleがCoworkを発表した」."""
    copy = normalise(text)
    found = words(copy.text)
    for i in range(1, len(found)):
        if not is_name(found[i]) or found[i - 1].pos not in ("動詞", "助動詞"):
            continue
        name = text[slice(*copy.span(found[i].start, _name_end(found, i)))]
        start = next((found[j].end for j in range(i - 1, -1, -1) if found[j].surface in "、。「は"), 0)
        clause = text[slice(*copy.span(start, found[i - 1].end))].strip()
        if "が" not in clause:
            yield f"{name}が{clause}"
        elif "を" not in clause:
            subject, _, predicate = clause.partition("が")
            yield f"{subject}が{name}を{predicate}"


def _name_end(found: Sequence[Word], i: int) -> int:
    while i + 1 < len(found) and is_name(found[i + 1]):
        i += 1
    return found[i].end

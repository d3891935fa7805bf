"""Content words of English text with the Japanese that they may stand for, and what is said of them."""

from __future__ import annotations

import re
from functools import lru_cache

from rag.english import translations
from rag.japanese import content_words, fold, singular
from rag.verification.antonyms import sides
from rag.verification.marks import Mark

_WORD = re.compile(r"[a-z][a-z0-9]*(?:[.+#&'\-][a-z0-9]+)*")
_BOUNDARY = re.compile(
    r"[,;:.!?]\s|\n|\b(?:but|although|though|while|whereas|because|which|who|that|if|when)\b"
)
_SENTENCE_END = re.compile(r"[.!?]\s|\n")
_NOT = re.compile(
    r"\b(?:not|cannot|never|n't|no longer|fail(?:s|ed)? to|refus(?:es?|ed) to|unable to)\b|n't\b"
)
_NONE = re.compile(
    r"\b(?:no(?!\.? ?\d)|none|nothing|nobody|neither|nor|without|hardly|rarely|few|lack(?:s|ed)?)\b"
)
_DENIES = re.compile(
    r"\b(?:un|in|im|non|dis)[a-z]{4,}|\b(?:only|refuse|fail|deny|denied|ban|prohibit|exclude|less|fewer|under|stop|halt|cancel|free)"
)
_NOT_ONLY = re.compile(r"\bnot (?:only|just|merely)\b|\bno (?:more|fewer|less|later) than\b")
_HEDGED = re.compile(
    r"\b(?:plan(?:s|ned|ning)?|expect(?:s|ed)?|will|would|may|might|could|should|must|aim(?:s|ed|ing)?|intend(?:s|ed)?|goal|target(?:s|ed)?"
    r"|consider(?:s|ed|ing)?|possibl[ey]|likely|propos(?:e|es|ed|al)|schedul(?:ed|es)|forecast(?:s|ed)?|hop(?:es?|ed|ing)"
    r"|to be|set to|seek(?:s|ing)?|sought|calls? for|called for|by the end of|if)\b"
)
STOP = frozenset(
    """
    a an the of to in on at by for from with as into over under between among about after before during until since
    and or but nor so than then that this these those which who whom whose what when where why how it its he she his
    her they them their we our you your i is are was were be been being am do does did done has have had having will
    would can could may might must shall should not no also just only very more most less least such each per via
    there here up out off again both any some other another own same too
    said says say according announced announce announces stated states state told reported reports report
    january february march april june july august september october november december yen dollar dollars euro euros
    hundred thousand million billion trillion percent one two three four five six seven eight nine ten eleven twelve
    even if already still yet now however while though although because percentage points during around approximately
    company firm article year years month months day days
    """.split()
)
"""Words that say nothing of the subject, or nothing that must be in a quote."""


@lru_cache(maxsize=4096)
def _forms(word: str) -> frozenset[str]:
    japanese = [fold(each) for each in translations(word)]
    keys = [key for each in japanese for key in content_words(each)]
    return frozenset((word, singular(word), *japanese, *keys))


def denies(folded: str) -> bool:
    """Whether anything in a normalised English text is negative, in grammar or by the meaning of a word."""
    rest = _NOT_ONLY.sub(" ", folded)
    return any(pattern.search(rest) for pattern in (_NOT, _NONE, _DENIES))


def negations(folded: str) -> int:
    """How many negations a normalised English text has in its grammar."""
    rest = _NOT_ONLY.sub(" ", folded)
    return sum(len(pattern.findall(rest)) for pattern in (_NOT, _NONE))


def marks(folded: str) -> tuple[Mark, ...]:
    """The content words of a normalised English text."""
    found = []
    clause_ends = [match.start() for match in _BOUNDARY.finditer(folded)] + [len(folded)]
    sentence_ends = [match.start() for match in _SENTENCE_END.finditer(folded)] + [len(folded)]
    hidden = _NOT_ONLY.sub(lambda match: "_" * len(match.group()), folded)
    for match in _WORD.finditer(folded):
        word = match.group().removesuffix("'s")
        if word in STOP:
            continue
        clause = next(i for i, end in enumerate(clause_ends) if match.start() <= end)
        start = clause_ends[clause - 1] if clause else 0
        around = hidden[start : clause_ends[clause]]
        forms = _forms(word)
        found.append(
            Mark(
                match.start(),
                match.end(),
                word,
                forms,
                clause,
                next(i for i, end in enumerate(sentence_ends) if match.start() <= end),
                sides((word, singular(word))),
                _negated(around, hidden[start : match.start()]),
                _HEDGED.search(around) is not None,
                word.endswith("ed"),
                word.endswith("ed"),
            )
        )
    return tuple(found)


def _negated(clause: str, before: str) -> bool | None:
    """Negated by a "not" right before; unknown elsewhere in a clause with a negation."""
    if not _NOT.search(clause) and not _NONE.search(clause):
        return False
    near = list(_NOT.finditer(before))
    between = _WORD.findall(before[near[-1].end() :]) if near else None
    if between is not None and all(word in STOP or word.endswith("ly") for word in between):
        return True
    return None

"""A question's names as the passages spell them: コワーク finds Cowork, CO2 finds 二酸化炭素."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from rag.answering.question import Question, Term
from rag.english import translations
from rag.japanese import fold
from rag.names import names, spellings, variants


def spelled_as_in(question: Question, texts: Sequence[str]) -> Question:
    """The question with each term's other spellings in these texts among its forms.

    A name that the dictionary takes apart (スター, ゲート) becomes one term where the texts know it as one (Stargate).
    """
    folded = "\n".join(map(fold, texts))
    terms = tuple(_with_variants(term) for term in question.terms)
    for name in sorted(names(fold(question.text)), key=lambda name: name.start - name.end):
        if name.text in folded:
            continue
        parts = [term for term in terms if term.text in name.text]
        found = spellings(name.text, folded) or _misspelt(name.text, folded)
        if not found or not parts:
            continue
        if question.english and not any(part.is_name for part in parts):
            # A word of the language that the texts write as a loanword (データベース) does not become a name.
            terms = tuple(_spelled(term, found) if term.text == name.text else term for term in terms)
            continue
        whole = Term(name.text, (name.text, *found), 1.0, True)
        at = terms.index(parts[0])
        terms = (*terms[:at], whole, *(term for term in terms[at:] if term not in parts))
    return question._replace(terms=terms)


_LIKE = 0.8
"""Similarity of difflib from which a Latin name is taken for a slip of the keys (Cowrok); Oracle and Miracle have .77."""


def _misspelt(name: str, folded: str) -> list[str]:
    """The Latin word of a text that a name of five letters or more is a misspelling of."""
    if re.fullmatch(r"[a-z]{5,}", name) is None or translations(name):
        return []
    known = {word for word in re.findall(r"[a-z]{4,}", folded) if word[0] == name[0]}
    return get_close_matches(name, sorted(known), 1, _LIKE)


def _spelled(term: Term, found: Sequence[str]) -> Term:
    return term._replace(forms=tuple(dict.fromkeys((*term.forms, *found))))


def _with_variants(term: Term) -> Term:
    return _spelled(term, variants(term.text))

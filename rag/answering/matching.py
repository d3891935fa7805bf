"""How well a word of a question is found among the words of a text."""

from __future__ import annotations

from functools import lru_cache

from rag.answering.question import Term
from rag.japanese import tokens


@lru_cache(maxsize=8192)
def token_set(text: str) -> frozenset[str]:
    """The search tokens of a text; remembered, because sentences are looked at again and again."""
    return frozenset(tokens(text))


def match(term: Term, found: frozenset[str]) -> float:
    """1 for one of the term's forms, 0.6 for a word near it; for a compound split otherwise, up to 0.7 by its pairs."""
    best = max(_match_form(form, found) for form in term.forms)
    return best if best >= _NEAR or term.near.isdisjoint(found) else _NEAR


_NEAR = 0.6


@lru_cache(maxsize=1 << 15)
def _match_form(form: str, found: frozenset[str]) -> float:
    if form in found:
        return 1.0
    if " " in form:
        return min(_match_form(part, found) for part in form.split())
    if form.isascii() and len(form) > 2 and any(token.startswith(form) for token in found):
        return 0.8  # written without a space: CEOSam, GPT4
    if form.isascii() or len(form) < 2:
        return 0.0
    pairs = ["_" + form[i : i + 2] for i in range(len(form) - 1)]
    share = sum(pair in found for pair in pairs) / len(pairs)
    return 0.9 if share == 1 and len(pairs) > 2 else 0.7 * share

"""How much of a question one sentence of a text holds: words of an answer stand together, chance matches do not.

Only strings are compared, on folded copies, so that a few chunks cost well under a millisecond.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache

from rag.japanese import fold

_SENTENCE = re.compile(r"[^。\n]+")


def sentence_agreement(terms: Sequence[str], texts: Sequence[str]) -> list[float]:
    """For each text, the largest share of the terms that stands in one of its sentences, 0 to 1.

    `terms`: folded words and pairs of letters. Each counts by how rare it is among the texts (log(1 + n / (½ + df)));
    one that is in none of them says nothing about them.
    """
    sentences = [_sentences(text) for text in texts]
    weights = _rarity(terms, ["。".join(each) for each in sentences])
    total = math.fsum(weights.values()) or 1.0
    return [max((_held(one, weights) for one in each), default=0.0) / total for each in sentences]


def _held(sentence: str, weights: dict[str, float]) -> float:
    return math.fsum(weight for term, weight in weights.items() if term in sentence)


def _rarity(terms: Sequence[str], texts: Sequence[str]) -> dict[str, float]:
    found = {term: sum(term in text for text in texts) for term in dict.fromkeys(terms)}
    return {term: math.log(1 + len(texts) / (0.5 + count)) for term, count in found.items() if count}


@lru_cache(maxsize=4096)
def _sentences(text: str) -> tuple[str, ...]:
    return tuple(_SENTENCE.findall(fold(text)))

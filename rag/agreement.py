"""How much of a question one sentence of a text holds: words of an answer stand together, chance matches do not.

Only strings are compared, on folded copies, so that a few chunks cost well under a millisecond.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from rag.japanese import fold

_SENTENCE = re.compile(r"[^。\n]+")


def sentence_agreement(terms: Sequence[str], texts: Sequence[str]) -> list[float]:
    """For each text, the largest share of the terms that stands in one of its sentences, 0 to 1.

    `terms`: folded words and pairs of letters. Each counts by how rare it is among the texts (log(1 + n / (½ + df)));
    one that is in none of them says nothing about them.
    """
    distinct, sentences = list(dict.fromkeys(terms)), [_sentences(text) for text in texts]
    present = [_present(distinct, "。".join(each)) for each in sentences]
    weights = _rarity(present)
    total = math.fsum(weights.values()) or 1.0
    return [
        max((_held(one, found, weights) for one in each), default=0.0) / total
        for each, found in zip(sentences, present, strict=True)
    ]


def _present(terms: Iterable[str], text: str) -> list[str]:
    return [term for term in terms if term in text]


def _held(sentence: str, terms: Sequence[str], weights: dict[str, float]) -> float:
    return math.fsum([weights[term] for term in terms if term in sentence])


def _rarity(present: Sequence[Sequence[str]]) -> dict[str, float]:
    counts = Counter(term for each in present for term in each)
    return {term: math.log(1 + len(present) / (0.5 + count)) for term, count in counts.items()}


@lru_cache(maxsize=4096)
def _sentences(text: str) -> tuple[str, ...]:
    return tuple(_SENTENCE.findall(fold(text)))

"""The reader's fitted numbers, kept as data with their provenance in `rag/data/reader.json`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple

PARAMETERS = Path(__file__).parent.parent / "data" / "reader.json"

Engine = Literal["rules", "model"]
"""What the features come from: words, types and embeddings alone, or the span reader too."""


class Parameters(NamedTuple):
    """Weights by feature name of the two models, each with a `bias`, and the confidence from which to answer."""

    ranking: Mapping[str, float]
    answerability: Mapping[str, float]
    threshold: float

    def score(self, features: Mapping[str, float]) -> float:
        """How well a piece of evidence answers, among others of the same question: log-odds."""
        return _weighted(self.ranking, features)

    def probability(self, features: Mapping[str, float]) -> float:
        """How likely the best evidence answers the question."""
        return 1 / (1 + math.exp(-_weighted(self.answerability, features)))


@cache
def parameters(engine: Engine) -> Parameters:
    """The numbers for an engine, from `rag/data/reader.json`, which `evals/fit_reader.py` writes."""
    return Parameters(**json.loads(PARAMETERS.read_text(encoding="utf-8"))[engine])


def _weighted(weights: Mapping[str, float], features: Mapping[str, float]) -> float:
    """Bias plus weighted sum; a model that was fitted without a feature leaves it out."""
    return weights["bias"] + sum(
        weight * features[name] for name, weight in weights.items() if name != "bias"
    )

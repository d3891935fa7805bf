"""The reader's fitted numbers, kept as data with their provenance in `rag/data/reader.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

PARAMETERS = Path(__file__).parent.parent / "data" / "reader.json"


@cache
def parameters() -> dict[str, Any]:
    """The content of `rag/data/reader.json`, written by `evals/fit_reader.py`."""
    loaded: dict[str, Any] = json.loads(PARAMETERS.read_text(encoding="utf-8"))
    return loaded


def weighted(model: str, features: Mapping[str, float]) -> float:
    """Bias plus weighted sum of features under one of the fitted models."""
    weights: Mapping[str, float] = parameters()[model]
    return weights["bias"] + sum(weights[name] * value for name, value in features.items())

"""Deterministic metrics of replies, without a judge; `docs/metrics.md` defines them and names their sources.

scores = [score(item, reply, sources) for item, reply in zip(items, replies)]
summary = summarise(items, scores)
comparison = compare(scores_before, scores)
"""

from evals.metrics.citations import Source, Sources
from evals.metrics.intervals import Estimate
from evals.metrics.item_score import ItemScore, Outcome, score
from evals.metrics.summary import Comparison, Summary, compare, summarise

__all__ = [
    "Comparison",
    "Estimate",
    "ItemScore",
    "Outcome",
    "Source",
    "Sources",
    "Summary",
    "compare",
    "score",
    "summarise",
]

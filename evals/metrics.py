"""Deterministic metrics of replies, without a judge; `docs/metrics.md` defines them and names their sources.

scores = [score(item, reply, sources) for item, reply in zip(items, replies)]
summary = summarise(items, scores)
comparison = compare(scores_before, scores)
"""

from evals.citation_metrics import Source, Sources
from evals.intervals import Estimate
from evals.item_score import ItemScore, Outcome, score
from evals.summary import Comparison, Summary, compare, summarise

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

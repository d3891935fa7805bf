"""At which rank the evidence was found, and R@k, MRR and nDCG from those ranks.

Every evidence group is one topic with one relevant document: the first hit that holds it. An item's value is
the mean over its groups. With ir-measures installed the values come from it; the closed forms are the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from evals.items import EvidenceSpan
from evals.metrics.citations import Groups

CUTOFFS = (1, 3, 5)
DEPTH = 10
"""nDCG looks at this many hits; MRR at all."""

HELD = 0.5
"""The share of an evidence span that a hit must hold to be relevant."""

Ranks = tuple[int | None, ...]
"""By evidence group, the rank of the first relevant hit, from 1; None where there is none."""

NAMES = (*(f"recall@{k}" for k in CUTOFFS), "mrr", f"ndcg@{DEPTH}")


def evidence_ranks(hits: Sequence[Mapping[str, Any]], groups: Groups) -> Ranks:
    """For each group, the first hit that holds at least half of one of its spans."""
    return tuple(
        next((rank for rank, hit in enumerate(hits, 1) if any(_holds(hit, span) for span in group)), None)
        for group in groups
    )


def article_ranks(hits: Sequence[Mapping[str, Any]], groups: Groups) -> Ranks:
    """For each group, the rank among the distinct articles found of the first that has one of its spans."""
    found = list(dict.fromkeys(hit.get("article_id") for hit in hits))
    return tuple(
        next(
            (
                rank
                for rank, article_id in enumerate(found, 1)
                if any(span.article_id == article_id for span in group)
            ),
            None,
        )
        for group in groups
    )


def worst(ranks: Ranks) -> int | None:
    """The rank by which everything was found; None when something was not, or nothing was sought."""
    known = [rank for rank in ranks if rank is not None]
    return max(known) if known and len(known) == len(ranks) else None


def _holds(hit: Mapping[str, Any], span: EvidenceSpan) -> bool:
    if hit.get("article_id") != span.article_id:
        return False
    shared = min(int(hit["end"]), span.end) - max(int(hit["start"]), span.start)
    return shared >= HELD * (span.end - span.start)


def measures(ranks: Ranks) -> dict[str, float]:
    """R@1, R@3, R@5, MRR and nDCG@10 of one item, each the mean over its groups, in closed form."""
    values = [_closed_form(rank) for rank in ranks]
    return {name: math.fsum(value[name] for value in values) / len(values) for name in NAMES}


def _closed_form(rank: int | None) -> dict[str, float]:
    found = rank or math.inf
    return {
        **{f"recall@{k}": float(found <= k) for k in CUTOFFS},
        "mrr": 1 / found,
        f"ndcg@{DEPTH}": 1 / math.log2(1 + found) if found <= DEPTH else 0.0,
    }


def measures_of_all(ranks: Mapping[str, Ranks]) -> dict[str, dict[str, float]]:
    """`measures` for items by id, by ir-measures where it is installed."""
    try:
        import ir_measures  # an optional extra
    except ImportError:
        return {item_id: measures(groups) for item_id, groups in ranks.items()}
    return _by_ir_measures(ranks, ir_measures)


def _by_ir_measures(ranks: Mapping[str, Ranks], ir_measures: Any) -> dict[str, dict[str, float]]:
    names = {
        **{ir_measures.R @ k: f"recall@{k}" for k in CUTOFFS},
        ir_measures.RR: "mrr",
        ir_measures.nDCG @ DEPTH: f"ndcg@{DEPTH}",
    }
    topics = {
        f"{n}.{group}": (item_id, rank)
        for n, (item_id, groups) in enumerate(ranks.items())
        for group, rank in enumerate(groups)
    }
    qrels = {topic: {"sought": 1} for topic in topics}
    run = {topic: _ranking(rank) for topic, (_, rank) in topics.items()}
    values: dict[str, dict[str, float]] = {item_id: dict.fromkeys(NAMES, 0.0) for item_id in ranks}
    for metric in ir_measures.iter_calc(list(names), qrels, run):
        item_id = topics[metric.query_id][0]
        values[item_id][names[metric.measure]] += metric.value / len(ranks[item_id])
    return values


def _ranking(rank: int | None) -> dict[str, float]:
    """A run whose `rank`-th document is the one sought."""
    others = {f"other{n}": -float(n) for n in range(1, (rank or DEPTH + 1))}
    return others if rank is None else {**others, "sought": -float(rank)}

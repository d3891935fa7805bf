"""Metrics of rankings by ir-measures, with bootstrap intervals, over all questions and those that share few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import ir_measures
from ir_measures import RR, R, nDCG

from evals.bench.retrieval.sets import Question, RankingSet
from evals.metrics.intervals import Bootstrap, Estimate
from evals.peers.ranking.material import DEPTH
from rag.japanese import content_words, fold

MEASURES = {"R@1": R @ 1, "R@5": R @ 5, "R@10": R @ 10, "MRR@10": RR @ 10, "nDCG@10": nDCG @ 10}

SLICED_FROM = 1000
"""With fewer questions a part of them shows nothing."""

Rankings = Mapping[str, Sequence[str]]


class Row(NamedTuple):
    """A pipeline on a slice: each measure with its interval, and how far ours is ahead on the same questions."""

    pipeline: str
    measures: dict[str, Estimate]
    behind_ours: dict[str, Estimate]


def slices(material: RankingSet) -> dict[str, list[Question]]:
    """All questions, and, where there are enough, the half and quarter that share fewest words with their passage."""
    texts = {passage.id: frozenset(content_words(fold(passage.indexed))) for passage in material.passages}
    if len(material.questions) < SLICED_FROM:
        return {"all": list(material.questions)}
    ordered = sorted(material.questions, key=lambda question: (_overlap(question, texts), question.id))
    count = len(ordered)
    return {
        "all": ordered,
        "low-overlap half": ordered[: count // 2],
        "low-overlap quarter": ordered[: count // 4],
    }


def _overlap(question: Question, texts: Mapping[str, frozenset[str]]) -> float:
    """Share of the question's distinct content words that its passage holds; the best of several passages."""
    asked = frozenset(content_words(fold(question.text)))
    return (
        max((len(asked & texts[id_]) / len(asked) for id_ in question.relevant), default=0) if asked else 0.0
    )


def measured(questions: Sequence[Question], runs: Mapping[str, Rankings], ours: str) -> list[Row]:
    """One row a pipeline, best nDCG@10 first. Questions on one passage are resampled together."""
    bootstrap = Bootstrap([min(question.relevant) for question in questions])
    values = {name: _by_question(questions, rankings) for name, rankings in runs.items()}
    rows = [
        Row(
            name,
            {measure: bootstrap.mean(per[measure]) for measure in MEASURES},
            {
                measure: bootstrap.mean(
                    [b - a for a, b in zip(per[measure], values[ours][measure], strict=True)]
                )
                for measure in MEASURES
            },
        )
        for name, per in values.items()
    ]
    return sorted(rows, key=lambda row: -(row.measures["nDCG@10"].value or 0))


def _by_question(questions: Sequence[Question], rankings: Rankings) -> dict[str, list[float]]:
    """Each measure for each question, in order."""
    qrels = {question.id: dict.fromkeys(question.relevant, 1) for question in questions}
    run = {
        question.id: {id_: float(DEPTH - rank) for rank, id_ in enumerate(rankings[question.id])}
        for question in questions
    }
    found = {
        (metric.measure, metric.query_id): metric.value
        for metric in ir_measures.iter_calc(list(MEASURES.values()), qrels, run)
    }
    return {
        name: [found.get((measure, question.id), 0.0) for question in questions]
        for name, measure in MEASURES.items()
    }

"""Fit the reader's numbers, `rag/data/reader.json`: how evidence is ordered, and when it is enough to answer.

    python -m evals.fit_reader --data DIR

`DIR` holds `jaquad-train.json.gz` (JaQuAD, CC BY-SA 3.0): Wikipedia articles with questions and answer spans.
Each sampled question is read twice: among the chunks found, and among those without its gold paragraph and
without the answer's text, where the right thing is to abstain. Our own articles (`evals/written.py`, those that the
span reader did not learn from) and the development questions (`evals/questions.jsonl`, split dev) count as much as
all of JaQuAD. Both models are regularised logistic regressions: a softmax over the candidate units of a question for
the order, a binary one for the decision. They are fitted twice, without and with what the span reader adds.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from scipy.optimize import minimize

from evals.fit_material import Gold, Material, development, jaquad, written
from rag import Assistant, Hit
from rag.answering.abstaining import answerability_features
from rag.answering.evidence import Evidence, find, in_order, ranking_features
from rag.answering.parameters import PARAMETERS, Engine
from rag.answering.question import Question, analyse
from rag.answering.spelling import spelled_as_in
from rag.protocols import Reader
from rag.reading.bundled import BundledReader

RANKING = (
    *("own_coverage", "coverage", "missing_name", "word_coverage", "focus"),
    *("typed", "nearness", "hit_score"),
)
DECISION = (
    *("own_coverage", "word_coverage", "missing_name", "rarest", "focus", "untyped"),
    *("nearness", "nearest", "hit_score", "lead", "english", "terms"),
)
READ_RANKING = ("span",)
READ_DECISION = ("span", "best_span", "relevance", "answerable")
"""What the span reader adds."""

ENGINES: dict[Engine, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "rules": (RANKING, DECISION),
    "model": ((*RANKING, *READ_RANKING), (*DECISION, *READ_DECISION)),
}

READ = 12

Matrix = NDArray[np.float64]


ANSWERABLE = 0.75
"""Share of the questions people ask that can be answered: the development set has more traps than they would set."""


_NEARLY = 0.005


class Example(NamedTuple):
    """One question with its candidate units, whether each holds the answer, and whether anything does."""

    question: Question
    evidence: list[Evidence]
    right: NDArray[np.bool_]
    answerable: bool

    def features(self, names: Sequence[str]) -> Matrix:
        """The ranking features of each unit, shape (units, names)."""
        return np.array([[ranking_features(e)[name] for name in names] for e in self.evidence])


def main() -> None:
    """Collect features, fit, report, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with jaquad-train.json.gz")
    parser.add_argument("--articles", type=int, default=30, help="JaQuAD articles (default %(default)s)")
    parser.add_argument("--questions", type=int, default=150, help="JaQuAD questions (default %(default)s)")
    parser.add_argument(
        "--written", type=int, default=1000, help="questions on our own articles (default %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    reader, source = BundledReader(), options.data / "jaquad-train.json.gz"
    found = jaquad(source, options.articles, options.questions, options.seed)
    groups = {
        "JaQuAD": collected("JaQuAD", [found], reader, hide=True),
        "written": collected("written", written(options.written, options.seed), reader),
        "dev": collected("dev", [development()], reader),
    }
    fitted = {engine: fit(engine, groups) for engine in ENGINES}
    PARAMETERS.write_text(
        json.dumps({"provenance": provenance(options), **fitted}, indent=1) + "\n", encoding="utf-8"
    )


def provenance(options: argparse.Namespace) -> str:
    """Where the numbers come from."""
    return (
        f"evals/fit_reader.py: {options.questions} questions on {options.articles} articles of JaQuAD train "
        f"(seed {options.seed}), {options.written} on the held-out articles of evals/data, and the dev split of evals/questions.jsonl"
    )


def collected(name: str, materials: Iterable[Material], reader: Reader, hide: bool = False) -> list[Example]:
    """The questions read over an index of their articles; with `hide`, once more with their answers hidden."""
    found: list[Example] = []
    for material in materials:
        with tempfile.TemporaryDirectory() as home, Assistant.open(home) as assistant:
            assistant.ingest(material.articles)
            for gold in track(material.golds, name):
                found += islice(examples(assistant, gold, reader), 1 + hide)
    return found


def examples(assistant: Assistant, gold: Gold, reader: Reader) -> Iterator[Example]:
    """The question read with everything found, and with its answer hidden."""
    hits = assistant.search(gold.question, k=30)
    yield _example(assistant, gold, hits[:READ], reader)
    hidden = [hit for hit in hits if not _gives_away(hit, gold)]
    yield _example(assistant, gold._replace(spans=()), hidden[:READ], reader)


def _gives_away(hit: Hit, gold: Gold) -> bool:
    if gold.answer and gold.answer in hit.chunk.text:
        return True
    return any(_overlap((hit.article.id, hit.chunk.start, hit.chunk.end), place) for place in gold.paragraphs)


def _overlap(a: tuple[str, int, int], b: tuple[str, int, int]) -> bool:
    return a[0] == b[0] and a[1] < b[2] and b[1] < a[2]


def _example(assistant: Assistant, gold: Gold, hits: Sequence[Hit], reader: Reader) -> Example:
    question = spelled_as_in(analyse(gold.question), [hit.chunk.text for hit in hits])
    evidence = find(question, hits, assistant.embedder, reader)
    places = [(e.hit.article.id, e.unit.start, e.unit.end) for e in evidence]
    right = [any(_overlap(place, span) for span in gold.spans) for place in places]
    return Example(question, evidence, np.array(right, bool), bool(gold.spans))


def fit(engine: Engine, groups: Mapping[str, Sequence[Example]]) -> dict[str, Any]:
    """Both models' weights by feature name, and the threshold; prints what they reach. The last group decides that."""
    order, decision = ENGINES[engine]
    print(f"{engine}:")
    ranking = _fit_ranking(order, groups)
    rows = {
        name: [_decision(engine, each, ranking) for each in group if each.evidence]
        for name, group in groups.items()
    }
    features = {name: np.array([[*row, 1.0] for row, _ in part]) for name, part in rows.items()}
    labels = {name: np.array([right for _, right in part], float) for name, part in rows.items()}
    weights = np.concatenate([np.full(len(part), 1 / len(part)) for part in rows.values()])
    fitted = _fit_decision(np.concatenate([*features.values()]), np.concatenate([*labels.values()]), weights)
    *_, last = groups
    answerable = np.array([each.answerable for each in groups[last] if each.evidence])
    threshold = _threshold(features[last] @ fitted, labels[last], answerable)
    for name in groups:
        _report(name, features[name] @ fitted, labels[name], threshold)
    return {
        "ranking": _named((*order, "bias"), [*ranking, 0.0]),
        "answerability": _named((*decision, "bias"), fitted),
        "threshold": threshold,
    }


def _decision(engine: Engine, example: Example, ranking: Matrix) -> tuple[list[float], bool]:
    """The features of the decision, with the units in the new order, and whether the first is right."""
    names, decision = ENGINES[engine]
    scores = example.features(names) @ ranking
    scored = [e._replace(score=float(score)) for e, score in zip(example.evidence, scores, strict=True)]
    evidence = in_order(example.question, scored)
    features = answerability_features(example.question, evidence)
    return [features[name] for name in decision], bool(example.right[scored.index(evidence[0])])


def _threshold(scores: Matrix, right: Matrix, answerable: NDArray[np.bool_]) -> float:
    """The confidence from which to answer: right answers and right abstentions together are most frequent there.

    Of the thresholds that reach nearly as much, the highest: a wrong answer costs more than a question asked again.
    """
    sure = 1 / (1 + np.exp(-scores))
    steps = np.arange(0.1, 0.8, 0.02)
    gains = np.array(
        [
            ANSWERABLE * float(np.mean(right[answerable] * (sure[answerable] >= step)))
            + (1 - ANSWERABLE) * float(np.mean(sure[~answerable] < step))
            for step in steps
        ]
    )
    return round(float(steps[gains >= gains.max() - _NEARLY].max()), 2)


def _report(name: str, scores: Matrix, labels: Matrix, threshold: float) -> None:
    sure = 1 / (1 + np.exp(-scores)) >= threshold
    refused, wrong = np.mean(~sure[labels == 1]), np.mean(sure[labels == 0])
    print(
        f"  {name}: AUROC {_auroc(scores, labels):.3f}, right units refused {refused:.3f}, wrong ones taken {wrong:.3f}"
    )


def _named(names: Iterable[str], weights: Iterable[float]) -> dict[str, float]:
    return {name: round(float(weight), 3) for name, weight in zip(names, weights, strict=True)}


def _fit_ranking(names: Sequence[str], groups: Mapping[str, Sequence[Example]]) -> Matrix:
    found = [
        [(each.features(names), each.right) for each in group if each.right.any()]
        for group in groups.values()
    ]

    def loss(weights: Matrix) -> float:
        penalty = 0.002 * float(weights @ weights)
        return penalty + sum(
            float(np.mean([_surprise(rows @ weights, right) for rows, right in group])) for group in found
        )

    weights: Matrix = minimize(loss, np.ones(len(names)), method="L-BFGS-B").x
    for name, group in zip(groups, found, strict=True):
        share = np.mean([right[int(np.argmax(rows @ weights))] for rows, right in group])
        print(f"  {name}: right unit first {share:.3f} of {len(group)}")
    return weights


def _surprise(scores: Matrix, right: NDArray[np.bool_]) -> float:
    shares = np.exp(scores - scores.max())
    return -float(np.log(shares[right].sum() / shares.sum()))


def _fit_decision(features: Matrix, labels: Matrix, weights: Matrix) -> Matrix:
    def loss(v: Matrix) -> float:
        losses = np.logaddexp(0, -(2 * labels - 1) * (features @ v))
        return float((weights * losses).sum() / weights.sum() + 0.001 * (v[:-1] @ v[:-1]))

    solution: Matrix = minimize(loss, np.zeros(features.shape[1]), method="L-BFGS-B").x
    return solution


def _auroc(scores: Matrix, labels: Matrix) -> float:
    """Area under the ROC curve by the rank-sum formula (Mann and Whitney 1947)."""
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores)] = np.arange(1, len(scores) + 1)
    positives = labels.sum()
    return float(
        (ranks[labels == 1].sum() - positives * (positives + 1) / 2) / (positives * (len(labels) - positives))
    )


if __name__ == "__main__":
    main()

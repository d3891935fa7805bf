"""Fit the reader's numbers, `rag/data/reader.json`: how evidence is ordered, and when it is enough to answer.

    python -m evals.fit_reader --data DIR

`DIR` holds `jaquad-train.json.gz` (JaQuAD, CC BY-SA 3.0): Wikipedia articles with questions and answer spans.
Each sampled question is read twice: among the chunks found, and among those without its gold paragraph and
without the answer's text, where the right thing is to abstain. The project's own development questions
(`evals/questions.jsonl`, split dev) count as much as all of JaQuAD. Both models are regularised logistic
regressions: a softmax over the candidate units of a question for the order, a binary one for the decision. They are
fitted twice, without and with what the span reader adds.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.progress import track
from scipy.optimize import minimize

from evals.items import load_items
from rag import Article, Assistant, Hit
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
READ_DECISION = ("span", "best_span", "relevance", "answerable")
"""What the span reader adds to the decision. In the order of the evidence it gained on JaQuAD and lost on dev."""

ENGINES: dict[Engine, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "rules": (RANKING, DECISION),
    "model": (RANKING, (*DECISION, *READ_DECISION)),
}

QUESTIONS = Path(__file__).parent / "questions.jsonl"
READ = 12

Matrix = NDArray[np.float64]


class Gold(NamedTuple):
    """A question with the spans that answer it; `paragraphs` are what must be hidden to make it unanswerable."""

    question: str
    spans: tuple[tuple[str, int, int], ...]
    paragraphs: tuple[tuple[str, int, int], ...] = ()
    answer: str = ""


class Example(NamedTuple):
    """One question with its candidate units, and whether each holds the answer."""

    question: Question
    evidence: list[Evidence]
    right: NDArray[np.bool_]

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
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()

    articles, golds = jaquad(
        options.data / "jaquad-train.json.gz", options.articles, options.questions, options.seed
    )
    reader = BundledReader()
    with tempfile.TemporaryDirectory() as home, Assistant.open(home) as assistant:
        assistant.ingest(articles)
        pairs = [examples(assistant, gold, reader) for gold in track(golds, "JaQuAD")]
    with Assistant.open() as assistant:
        own = [examples(assistant, gold, reader)[0] for gold in track(development(), "dev")]
    found, hidden = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    fitted = {engine: fit(engine, found, hidden, own) for engine in ENGINES}
    PARAMETERS.write_text(
        json.dumps({"provenance": provenance(options), **fitted}, indent=1) + "\n", encoding="utf-8"
    )


def provenance(options: argparse.Namespace) -> str:
    """Where the numbers come from."""
    return (
        f"evals/fit_reader.py: {options.questions} questions on {options.articles} articles of JaQuAD train "
        f"(seed {options.seed}) and the dev split of evals/questions.jsonl"
    )


def jaquad(path: Path, n_articles: int, n_questions: int, seed: int) -> tuple[list[Article], list[Gold]]:
    """Sampled articles (their first 14 paragraphs) and questions of JaQuAD, of those the span reader never saw."""
    chooser = random.Random(seed)
    data = json.loads(gzip.decompress(path.read_bytes()))["data"]
    data = [entry for entry in data if held_out(entry["title"])]
    chooser.shuffle(data)
    articles: list[Article] = []
    golds: list[Gold] = []
    for i, entry in enumerate(data[:n_articles]):
        article_id, text = f"a{i}", ""
        for paragraph in entry["paragraphs"][:14]:
            place = (article_id, len(text), len(text) + len(paragraph["context"]))
            for qa in (qa for qa in paragraph["qas"] if qa["answers"]):
                answer = qa["answers"][0]
                start = place[1] + answer["answer_start"]
                span = (article_id, start, start + len(answer["text"]))
                golds.append(Gold(qa["question"], (span,), (place,), answer["text"]))
            text += paragraph["context"] + "\n"
        articles.append(
            Article(id=article_id, url="https://ja.wikipedia.org/", title=entry["title"], text=text)
        )
    return articles, chooser.sample(golds, min(n_questions, len(golds)))


def held_out(title: str) -> bool:
    """Whether training kept an article for development (`training/data.py`): every 20th by the hash of its title."""
    return int(hashlib.sha256(title.encode()).hexdigest(), 16) % 20 == 0


def development() -> list[Gold]:
    """The project's own development questions; unanswerable ones have no spans."""
    return [
        Gold(item.question, tuple((s.article_id, s.start, s.end) for group in item.evidence for s in group))
        for item in load_items(QUESTIONS, "dev")
    ]


def examples(assistant: Assistant, gold: Gold, reader: Reader) -> tuple[Example, Example]:
    """The question read with everything found, and with its answer hidden."""
    hits = assistant.search(gold.question, k=30)
    hidden = [hit for hit in hits if not _gives_away(hit, gold)]
    return _example(assistant, gold, hits[:READ], reader), _example(assistant, gold, hidden[:READ], reader)


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
    return Example(question, evidence, np.array(right, bool))


def fit(
    engine: Engine, found: Sequence[Example], hidden: Sequence[Example], own: Sequence[Example]
) -> dict[str, Any]:
    """Both models' weights by feature name, and the threshold; prints what they reach."""
    order, decision = ENGINES[engine]
    print(f"{engine}:")
    ranking = _fit_ranking(order, [e for e in found if e.right.any()], [e for e in own if e.right.any()])
    outside = [_decision(engine, e, ranking) for e in found if e.evidence]
    outside += [
        _decision(engine, e._replace(right=np.zeros_like(e.right)), ranking) for e in hidden if e.evidence
    ]
    inside = [_decision(engine, e, ranking) for e in own if e.evidence]
    features = np.array([[*row, 1.0] for row, _ in (*outside, *inside)])
    labels = np.array([right for _, right in (*outside, *inside)], float)
    weights = np.array([1.0] * len(outside) + [len(outside) / len(inside)] * len(inside))
    fitted = _fit_decision(features, labels, weights)
    own_scores = (features @ fitted)[len(outside) :]
    threshold = _threshold(
        own_scores, labels[len(outside) :], [bool(e.right.any()) for e in own if e.evidence]
    )
    for name, part in (("JaQuAD", slice(len(outside))), ("dev", slice(len(outside), None))):
        _report(name, (features @ fitted)[part], labels[part], threshold)
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


def _threshold(scores: Matrix, right: Matrix, answerable: Sequence[bool]) -> float:
    """The confidence from which to answer: right answers and right abstentions together are most frequent there.

    What can be answered and was read wrongly is lost either way, and does not count.
    """
    sure = 1 / (1 + np.exp(-scores))
    steps = np.arange(0.1, 0.8, 0.02)
    absent = ~np.array(answerable)
    gains = [float(((sure >= step) * right).sum() + ((sure < step) & absent).sum()) for step in steps]
    return round(float(steps[int(np.argmax(gains))]), 2)


def _report(name: str, scores: Matrix, labels: Matrix, threshold: float) -> None:
    sure = 1 / (1 + np.exp(-scores)) >= threshold
    refused, wrong = np.mean(~sure[labels == 1]), np.mean(sure[labels == 0])
    print(
        f"  {name}: AUROC {_auroc(scores, labels):.3f}, right units refused {refused:.3f}, wrong ones taken {wrong:.3f}"
    )


def _named(names: Iterable[str], weights: Iterable[float]) -> dict[str, float]:
    return {name: round(float(weight), 3) for name, weight in zip(names, weights, strict=True)}


def _fit_ranking(names: Sequence[str], found: Sequence[Example], own: Sequence[Example]) -> Matrix:
    groups = [[(example.features(names), example.right) for example in group] for group in (found, own)]

    def loss(weights: Matrix) -> float:
        penalty = 0.002 * float(weights @ weights)
        return penalty + sum(
            float(np.mean([_surprise(rows @ weights, right) for rows, right in group])) for group in groups
        )

    weights: Matrix = minimize(loss, np.ones(len(names)), method="L-BFGS-B").x
    for name, group in zip(("JaQuAD", "dev"), groups, strict=True):
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

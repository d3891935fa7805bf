"""What the reader reaches on JSQuAD-valid and JSQuAD-U; none of their questions was used to train or to choose.

    python -m training.evaluate --data DIR --cache DIR --checkpoint DIR/checkpoint.pt

The data folder holds `jsquad-valid-v1.3.json` and `jsquad_u.json`. Ranking embeds 1,145 paragraphs in its first
run.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from evals.suites.jsquad import SEPARATOR, jsquad
from evals.suites.types import open_suite
from rag.protocols import Reading
from rag.reading.bundled import BundledReader
from rag.retrieval import FOUND_COUNTS
from rag.types import Passage
from training.development import auroc, character_f1, exactly

PARTS = ("gold", "unanswerable", "speed", "ranking", "float")
SEED = 11
TOP = 8
"""Passages that the product lets the reader rank."""


class Reads(Protocol):
    """The reader that ships, or the float weights."""

    def read(self, question: str, passages: Sequence[Passage]) -> Sequence[Reading]:
        """One reading a passage."""


class Asked(NamedTuple):
    """A question with its gold paragraph and the accepted answers."""

    question: str
    passage: Passage
    answers: tuple[str, ...]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--data", type=Path, required=True)
    add("--sample", type=int, default=1000, help="questions of JSQuAD-valid (default: %(default)s)")
    add("--ranked", type=int, default=500, help="questions whose passages are ranked (default: %(default)s)")
    add("--cache", type=Path, help="for ranking: folder that keeps the product's index of JSQuAD-valid")
    add("--checkpoint", type=Path, help="for float: the weights as they were trained")
    add("--parts", nargs="+", choices=PARTS, help="what to measure (default: everything)")
    options = parser.parse_args()
    shipped = BundledReader()
    asked = _sample(_jsquad(options.data), options.sample)
    measured: dict[str, Callable[[], Any]] = {
        "gold": lambda: gold_paragraph(shipped, asked),
        "unanswerable": lambda: answerability(shipped, options.data),
        "speed": lambda: speed(asked),
        "ranking": lambda: ranking(shipped, options.data, options.cache, options.ranked),
        "float": lambda: against_float(shipped, options.checkpoint, asked),
    }
    for part in options.parts or measured:
        print(json.dumps({"model": shipped.model_id, part: measured[part]()}, ensure_ascii=False), flush=True)


def _jsquad(folder: Path) -> list[Asked]:
    source = json.loads((folder / "jsquad-valid-v1.3.json").read_text(encoding="utf-8"))
    asked = []
    for article in source["data"]:
        for paragraph in article["paragraphs"]:
            title, _, text = paragraph["context"].partition(SEPARATOR)
            for row in paragraph["qas"]:
                answers = tuple(dict.fromkeys(answer["text"] for answer in row["answers"]))
                asked.append(Asked(row["question"], Passage(text, title), answers))
    return asked


def _sample(asked: list[Asked], count: int) -> list[Asked]:
    return random.Random(SEED).sample(asked, min(count, len(asked)))


def gold_paragraph(reader: Reads, asked: Sequence[Asked]) -> dict[str, float]:
    """EM and character F1 (%) of the best span in the paragraph that was annotated, with and without title."""
    found: dict[str, float] = {"questions": len(asked)}
    for name, titled in (("titled", True), ("untitled", False)):
        said = [
            _said(reader, one.question, one.passage if titled else Passage(one.passage.text)) for one in asked
        ]
        pairs = list(zip(said, asked, strict=True))
        exact = [any(exactly(text, answer) for answer in one.answers) for text, one in pairs]
        overlap = [max(character_f1(text, answer) for answer in one.answers) for text, one in pairs]
        found[f"em_{name}"] = _percent(exact)
        found[f"f1_{name}"] = _percent(overlap)
    return found


def _said(reader: Reads, question: str, passage: Passage) -> str:
    (reading,) = reader.read(question, [passage])
    span = reading.best(0, len(passage.text))
    return passage.text[span.start : span.end] if span else ""


def answerability(reader: Reads, folder: Path) -> dict[str, float]:
    """JSQuAD-U, all questions: each against the best of its nearest passages by word overlap.

    The passages are those that BM25 ranks first for the question, `TOP` of them. F1 is that of the class
    "answerable" where a logit above 0 says so, which was fixed before, and at the best threshold, which was not.
    """
    source = json.loads((folder / "jsquad_u.json").read_text(encoding="utf-8"))
    passages = [Passage(row["text"], row["title"]) for row in source["passages"]]
    nearest = _nearest(passages, [row["question"] for row in source["questions"]])
    labels = np.array([row["answerable"] for row in source["questions"]])
    scores: dict[str, list[float]] = {"margin": [], "answerable": [], "relevance": []}
    for row, near in zip(source["questions"], nearest, strict=True):
        readings = reader.read(row["question"], [passages[n] for n in near])
        best = [reading.best(0, len(passages[n].text)) for reading, n in zip(readings, near, strict=True)]
        scores["margin"].append(max(span.score for span in best if span))
        scores["answerable"].append(max(reading.answerable for reading in readings))
        scores["relevance"].append(max(reading.relevance for reading in readings))
    found: dict[str, float] = {"questions": len(labels)}
    for name, values in scores.items():
        array = np.array(values)
        found[f"auroc_{name}"] = round(auroc(array[labels], array[~labels]), 4)
        found[f"f1_{name}_above_0"] = _f1(array > 0, labels)
        found[f"best_f1_{name}"] = max(_f1(array >= value, labels) for value in array)
    return found


def _nearest(passages: Sequence[Passage], questions: list[str]) -> list[list[int]]:
    from training.data import nearest

    return nearest([f"{passage.title}\n{passage.text}" for passage in passages], questions, TOP)


def _f1(said: Any, labels: Any) -> float:
    right = float((said & labels).sum())
    return round(2 * right / max(1.0, float(said.sum() + labels.sum())), 4)


def ranking(reader: Reads, folder: Path, cache: Path, limit: int) -> dict[str, float]:
    """R@1 (%) of the product's search over all paragraphs, and after the reader ordered its first `TOP`.

    `open_em`, `open_f1`: of the best span in the chunk that search and relevance together put first.
    """
    suite = jsquad(folder, limit)
    rank: dict[str, Callable[[Any, Reading], float]] = {
        "fused": lambda hit, _: hit.score,
        "relevance": lambda _, reading: reading.relevance,
        "answerable": lambda _, reading: reading.answerable,
        "relevance+answerable": lambda _, reading: reading.relevance + reading.answerable,
        "both": lambda hit, reading: reading.relevance + FOUND_COUNTS * hit.score,
    }
    won = dict.fromkeys(rank, 0)
    there = 0
    exact: list[bool] = []
    overlap: list[float] = []
    with open_suite(suite, cache / suite.name) as assistant:
        for item in suite.items:
            gold = {span.article_id for group in item.evidence for span in group}
            hits = assistant.search(item.question, k=TOP)
            passages = [Passage(hit.chunk.text, hit.article.title) for hit in hits]
            rows = list(zip(hits, reader.read(item.question, passages), strict=True))
            there += any(hit.article.id in gold for hit in hits)
            for name, key in rank.items():
                best, _ = max(rows, key=lambda row: key(*row))
                won[name] += best.article.id in gold
            hit, reading = max(rows, key=lambda row: rank["both"](*row))
            span = reading.best(0, len(hit.chunk.text))
            text = hit.chunk.text[span.start : span.end] if span else ""
            answers = [answer for group in item.accepted for answer in group]
            exact.append(any(exactly(text, answer) for answer in answers))
            overlap.append(max(character_f1(text, answer) for answer in answers))
    asked = len(suite.items)
    shares = {f"r@1_{name}": round(100 * count / asked, 2) for name, count in won.items()}
    read = {"open_em": _percent(exact), "open_f1": _percent(overlap)}
    return {"questions": asked, f"r@{TOP}": round(100 * there / asked, 2), **shares, **read}


def speed(asked: Sequence[Asked], rounds: int = 40) -> dict[str, dict[str, float]]:
    """Milliseconds for `TOP` passages of 350 to 450 characters, by threads: wall clock and CPU time."""
    passages = [one.passage for one in asked if 350 <= len(one.passage.text) <= 450]
    rng = random.Random(SEED)
    found: dict[str, dict[str, float]] = {}
    for threads in (1, 2):
        reader = BundledReader(threads=threads)
        reader.read(asked[0].question, passages[:TOP])
        wall, cpu = [], []
        for number in range(rounds):
            chosen = rng.sample(passages, TOP)
            began, used = time.perf_counter(), time.process_time()
            reader.read(asked[number].question, chosen)
            wall.append(1000 * (time.perf_counter() - began))
            cpu.append(1000 * (time.process_time() - used))
        found[f"threads_{threads}"] = {
            "p50": round(float(np.percentile(wall, 50))),
            "p95": round(float(np.percentile(wall, 95))),
            "cpu_p50": round(float(np.percentile(cpu, 50))),
        }
    return found


def against_float(shipped: Reads, checkpoint: Path, asked: Sequence[Asked]) -> dict[str, dict[str, float]]:
    """Both readers on the same questions, and how far they agree."""
    from training.float_reader import float_reader

    exact = float_reader(checkpoint)
    return {
        "float": gold_paragraph(exact, asked),
        "shipped": gold_paragraph(shipped, asked),
        "agreement": agreement(shipped, exact, asked[:200]),
    }


def agreement(left: Reads, right: Reads, asked: Sequence[Asked]) -> dict[str, float]:
    """How often both name the same span (%), and how far their logits are apart."""
    same, apart = [], []
    for one in asked:
        (a,), (b,) = left.read(one.question, [one.passage]), right.read(one.question, [one.passage])
        spans = a.best(0, len(one.passage.text)), b.best(0, len(one.passage.text))
        same.append(spans[0] is not None and spans[1] is not None and spans[0][:2] == spans[1][:2])
        apart.append(abs(a.relevance - b.relevance))
        apart.append(abs(a.answerable - b.answerable))
    return {"questions": len(asked), "same_span": _percent(same), "mean_difference": float(np.mean(apart))}


def _percent(values: Sequence[float]) -> float:
    return round(100 * float(np.mean(values)), 2)


if __name__ == "__main__":
    main()

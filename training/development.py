"""How good the reader is on held-out articles of JaQuAD: what decisions during development are made on."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from rag.reading.encoding import Input, assemble, room
from rag.reading.spans import best_span
from training.data import Data, Question
from training.network import ReaderNet

Array = NDArray[np.float64]
_IGNORED = frozenset("。、「」『』")


def collate(inputs: Sequence[Input]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Ids and segments, (batch, longest), padded at the end, and lengths."""
    longest = max(len(one.ids) for one in inputs)
    ids = np.ones((len(inputs), longest), np.int64)
    segments = np.zeros((len(inputs), longest), np.int64)
    for row, one in enumerate(inputs):
        ids[row, : len(one.ids)] = one.ids
        segments[row, : len(one.ids)] = one.segments
    lengths = torch.tensor([len(one.ids) for one in inputs])
    return torch.from_numpy(ids), torch.from_numpy(segments), lengths


def judge(net: ReaderNet, data: Data, questions: Sequence[Question]) -> dict[str, Any]:
    """EM and character F1 in the gold paragraph, and how well it is told from the nearest wrong paragraph."""
    inputs = [_inputs(data, question) for question in questions]
    net.eval()
    rows = _run(net, [one for pair in inputs for one in pair])
    net.train()
    exact: list[float] = []
    overlap: list[float] = []
    scores: dict[str, list[tuple[float, float]]] = {"margin": [], "answerable": [], "relevance": []}
    for number, question in enumerate(questions):
        right, wrong = rows[2 * number], rows[2 * number + 1]
        place = data.paragraphs[question.paragraph]
        first, last = right["span"]
        said = place.text[place.pieces.starts[first] : place.pieces.ends[last]]
        exact.append(float(exactly(said, data.answer(question))))
        overlap.append(character_f1(said, data.answer(question)))
        for name, pairs in scores.items():
            pairs.append((right[name], wrong[name]))
    found = {"em": float(np.mean(exact)), "f1": float(np.mean(overlap))}
    for name, pairs in scores.items():
        right_scores, wrong_scores = np.array(pairs, np.float64).T
        found[f"auroc_{name}"] = auroc(right_scores, wrong_scores)
    ranked = [right > wrong for right, wrong in scores["relevance"]]
    return {**found, "pairs_ranked": float(np.mean(ranked)), "questions": len(questions)}


def auroc(positive: Array, negative: Array) -> float:
    """Probability that a positive scores above a negative; ties count half."""
    above = (positive[:, None] > negative[None]).mean()
    return float(above + 0.5 * (positive[:, None] == negative[None]).mean())


def exactly(said: str, gold: str) -> bool:
    """Whether both are the same but for width, white space and punctuation."""
    return _letters(said) == _letters(gold)


def character_f1(said: str, gold: str) -> float:
    """Overlap of characters as multisets, white space and punctuation left out, as JGLUE scores JSQuAD."""
    left, right = Counter(_letters(said)), Counter(_letters(gold))
    shared = sum((left & right).values())
    if not shared:
        return 0.0
    precision, recall = shared / left.total(), shared / right.total()
    return 2 * precision * recall / (precision + recall)


def _letters(text: str) -> list[str]:
    return [ch for ch in unicodedata.normalize("NFKC", text) if ch not in _IGNORED and not ch.isspace()]


def _inputs(data: Data, question: Question) -> tuple[Input, Input]:
    asked = question.asked[0]
    own = data.paragraphs[question.paragraph]
    wrong = data.paragraphs[question.hard[0] if question.hard else (question.paragraph + 1)]
    size = room(asked, own.title[:0])
    nothing = own.title[:0]
    return (
        assemble(asked, nothing, own.pieces.ids[:size]),
        assemble(asked, nothing, wrong.pieces.ids[:size]),
    )


def _run(net: ReaderNet, inputs: list[Input], size: int = 16) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [{} for _ in inputs]
    order = sorted(range(len(inputs)), key=lambda n: len(inputs[n].ids))
    for begin in range(0, len(order), size):
        chosen = order[begin : begin + size]
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            logits = net(*collate([inputs[n] for n in chosen]))
        start, end = logits.start.numpy(), logits.end.numpy()
        for row, n in enumerate(chosen):
            one = inputs[n]
            passage = slice(one.first, len(one.ids) - 1)
            span = best_span(start[row, passage], end[row, passage])
            rows[n] = {
                "span": (span.first, span.last),
                "margin": span.score - float(start[row, 0] + end[row, 0]),
                "relevance": float(logits.relevance[row]),
                "answerable": float(logits.answerable[row]),
            }
    return rows

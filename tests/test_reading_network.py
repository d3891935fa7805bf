"""The network that is trained: where it begins, what padding and frozen layers do, and what its losses want."""

from __future__ import annotations

import numpy as np
import pytest

from rag.embedding.bundled import BundledEmbedder
from rag.reading.encoding import Input, assemble

pytest.importorskip("torch")
pytest.importorskip("scipy")

import torch

from training.development import collate
from training.network import Logits, ReaderNet
from training.sampling import UNKNOWN, Example
from training.start import from_shipped_encoder
from training.train import losses


def ids(*tokens: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(tokens, np.int64)


def tiny() -> ReaderNet:
    torch.manual_seed(0)
    return ReaderNet(pieces=50, width=24, inner=48, layers=3, positions=16)


SHORT = assemble(ids(10), ids(), ids(20, 21))
LONG = assemble(ids(10, 11), ids(12), ids(20, 21, 22, 23))


def test_padding_changes_nothing_and_only_the_passage_can_answer() -> None:
    net = tiny().eval()
    with torch.no_grad():
        together = net(*collate([SHORT, LONG]))
        alone = net(*collate([SHORT]))
    torch.testing.assert_close(together.start[0, : len(SHORT.ids)], alone.start[0])
    torch.testing.assert_close(together.relevance[0], alone.relevance[0])
    possible = (together.end[1] > -1e3).nonzero().flatten().tolist()
    assert possible == [0, *range(LONG.first, LONG.first + 4)]


def test_frozen_layers_learn_nothing() -> None:
    net = tiny()
    net.frozen = 2
    logits = net(*collate([SHORT, LONG]))
    (logits.start.sum() + logits.answerable.sum()).backward()
    learns = {
        name.split(".")[1] for name, p in net.named_parameters() if "layers" in name and p.grad is not None
    }
    assert learns == {"2"}
    assert net.segments.weight.grad is None
    assert net.words.weight.grad is None
    assert net.span.weight.grad is not None


def example(start: int, end: int, relevance: int, answerable: int, pair: int, made: Input = LONG) -> Example:
    return Example(made, start, end, relevance, answerable, pair)


BATCH = [example(7, 8, 1, 1, 0), example(0, 0, 0, 0, 0), example(8, 8, 1, 1, 1), example(0, 0, UNKNOWN, 0, 1)]


def logits(right: float, wrong: float) -> Logits:
    """Logits of a network that gives answering passages `right` and the others `wrong`, and marks the gold spans."""
    start, end = torch.full((4, len(LONG.ids)), -9.0), torch.full((4, len(LONG.ids)), -9.0)
    for row, one in enumerate(BATCH):
        start[row, one.start] = end[row, one.end] = 9.0
    judged = torch.tensor([right, wrong, right, wrong], dtype=torch.float32)
    return Logits(start, end, judged, judged)


def test_a_network_that_is_right_loses_little_and_a_wrong_one_much() -> None:
    good, bad = losses(logits(8, -8), BATCH), losses(logits(-8, 8), BATCH)
    assert {name for name, value in good.items() if value < 0.01} == {
        "span",
        "answerable",
        "relevance",
        "order",
    }
    assert all(bad[name] > 5 for name in ("answerable", "relevance", "order"))


def test_a_passage_about_the_question_without_its_answer_is_not_called_irrelevant() -> None:
    about = torch.tensor([8.0, -8.0, 8.0, 8.0])
    said = logits(8, -8)._replace(relevance=about)
    assert losses(said, BATCH)["relevance"] < 0.01
    assert losses(said, BATCH)["order"] < 0.01


@pytest.mark.e2e
def test_training_begins_with_the_encoder_that_is_shipped() -> None:
    net, embedder = from_shipped_encoder().eval(), BundledEmbedder()
    text = "生成AIの導入で一番難しいことは何ですか?"
    (tokens,) = embedder._loaded()._windows(text, "query:")
    with torch.no_grad():
        given = torch.from_numpy(tokens)[None]
        x = net.embedding_norm(net.words(given) + net.positions(torch.arange(len(tokens))))
        for layer in net.layers:
            x = layer(x, None)
    mean = x[0].mean(0).numpy()
    assert mean / np.linalg.norm(mean) @ embedder.embed_queries([text])[0] > 0.999

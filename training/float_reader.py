"""The trained network in float arithmetic behind the product's reader: what the shipped model is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from rag.reading.encoding import whole_words
from rag.reading.passages import PassageReader
from training.data import ENCODER
from training.start import from_shipped_encoder


class TorchEngine:
    """Runs the weights of a checkpoint in float32, one input at a time."""

    def __init__(self, checkpoint: Path) -> None:
        state: dict[str, Any] = torch.load(checkpoint, weights_only=True)
        self._net = from_shipped_encoder()
        self._net.load_state_dict(state["net"])
        self._net.eval()

    def run(self, inputs: Sequence[Sequence[NDArray[np.int64]]]) -> list[list[NDArray[np.float32]]]:
        """For each input of n tokens: begin and end, (n, 2); relevance and answerable, (2,)."""
        return [self._one(ids, segments) for ids, segments in inputs]

    def _one(self, ids: NDArray[np.int64], segments: NDArray[np.int64]) -> list[NDArray[np.float32]]:
        with torch.inference_mode():
            logits = self._net(
                torch.from_numpy(ids)[None], torch.from_numpy(segments)[None], torch.tensor([len(ids)])
            )
        spans = torch.stack([logits.start[0], logits.end[0]], -1)
        judged = torch.stack([logits.relevance[0], logits.answerable[0]])
        return [spans.numpy(), judged.numpy()]


def float_reader(checkpoint: Path) -> PassageReader:
    """A reader over the weights of a checkpoint."""
    tokenizer = Tokenizer.from_file(str(ENCODER / "tokenizer.json"))
    return PassageReader(TorchEngine(checkpoint), whole_words(tokenizer))

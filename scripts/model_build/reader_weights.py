"""The weights of a trained reader: an e5 encoder and what training put around it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .tokenizer_file import read_pieces
from .weights import BuildError, Dense, FloatArray, Floats, Layer, Norm, Weights


class ReaderWeights(NamedTuple):
    """`segments`: shape (2, 384), what a token of question or title (0) and of the passage (1) gets added.

    `span`: logits of a token to begin and to end the answer. `passage`: of the first token's relevance and
    answerability. `trained`: steps, examples and seconds.
    """

    encoder: Weights
    segments: FloatArray
    span: Dense
    passage: Dense
    trained: dict[str, int]


def read(path: Path, tokenizer: Path) -> ReaderWeights:
    """Read what `training.export` wrote. Raises BuildError when it is not that."""
    try:
        with np.load(path) as file:
            arrays = {name: file[name] for name in file.files}
        return _reader(arrays, tokenizer)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        message = (
            f"{path} を読めません ({error})。python -m training.export --output DIR で書き出してください"
        )
        raise BuildError(message) from error


def _reader(arrays: dict[str, Any], tokenizer: Path) -> ReaderWeights:
    pieces = read_pieces(tokenizer)
    words = arrays["words.weight"]
    if len(words) != len(pieces):
        raise BuildError(f"単語ベクトルが {len(words)} 行なのに {tokenizer} は {len(pieces)} 件です")
    count = sum(name.endswith(".feed_in.bias") for name in arrays)
    encoder = Weights(
        words=Floats(words),
        positions=arrays["positions.weight"],
        embedding_norm=_norm(arrays, "embedding_norm"),
        layers=tuple(_layer(arrays, f"layers.{number}.") for number in range(count)),
        pieces=tuple(pieces),
    )
    return ReaderWeights(
        encoder=encoder,
        segments=arrays["segments.weight"],
        span=_dense(arrays, "span"),
        passage=_dense(arrays, "passage"),
        trained=json.loads(str(arrays["trained"])),
    )


def _dense(arrays: dict[str, Any], name: str) -> Dense:
    return Dense(Floats(arrays[f"{name}.weight"]), arrays[f"{name}.bias"])


def _norm(arrays: dict[str, Any], name: str) -> Norm:
    return Norm(arrays[f"{name}.weight"], arrays[f"{name}.bias"])


def _layer(arrays: dict[str, Any], prefix: str) -> Layer:
    weights = np.split(arrays[prefix + "qkv.weight"], 3)
    biases = np.split(arrays[prefix + "qkv.bias"], 3)
    query, key, value = (Dense(Floats(w), b) for w, b in zip(weights, biases, strict=True))
    return Layer(
        query=query,
        key=key,
        value=value,
        attention_out=_dense(arrays, prefix + "attention_out"),
        attention_norm=_norm(arrays, prefix + "attention_norm"),
        feed_in=_dense(arrays, prefix + "feed_in"),
        feed_out=_dense(arrays, prefix + "feed_out"),
        out_norm=_norm(arrays, prefix + "out_norm"),
    )

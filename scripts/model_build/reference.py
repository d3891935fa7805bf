"""The encoder in plain numpy float32: what every engine is compared with."""

from __future__ import annotations

import numpy as np

from .weights import HEADS, LAYER_NORM_EPS, Dense, FloatArray, Layer, Matrix, Norm, Weights, as_blocks


class Reference:
    """Embeds token ids one text at a time, slowly and plainly."""

    def __init__(self, weights: Weights, *, rounded: bool = False) -> None:
        """`rounded`: with matrices as their 4-bit blocks have them, even where the source has floats."""
        self._weights = weights
        self._words = _floats(weights.words, rounded)
        denses = [part for layer in weights.layers for part in layer if isinstance(part, Dense)]
        self._matrices = {id(dense): _floats(dense.weight, rounded).T for dense in denses}

    def embed(self, ids: list[int]) -> FloatArray:
        """Unit vector, shape (dimension,), of one token sequence with its <s> and </s>."""
        mean = self.hidden(ids).mean(0)
        return np.asarray(mean / np.linalg.norm(mean), np.float32)

    def hidden(self, ids: list[int], added: FloatArray | None = None) -> FloatArray:
        """Last hidden states, shape (len(ids), dimension). `added`: an embedding to add to each token's."""
        x = self._words[ids] + self._weights.positions[: len(ids)]
        x = _norm(x if added is None else x + added, self._weights.embedding_norm)
        for layer in self._weights.layers:
            x = self._layer(x, layer)
        return x

    def _layer(self, x: FloatArray, layer: Layer) -> FloatArray:
        query, key, value = (_heads(self._dense(x, dense)) for dense in (layer.query, layer.key, layer.value))
        scores = query @ key.transpose(0, 2, 1) / np.float32(np.sqrt(query.shape[-1]))
        context = (_softmax(scores) @ value).transpose(1, 0, 2).reshape(x.shape)
        x = _norm(x + self._dense(context, layer.attention_out), layer.attention_norm)
        return _norm(x + self._dense(_gelu(self._dense(x, layer.feed_in)), layer.feed_out), layer.out_norm)

    def _dense(self, x: FloatArray, dense: Dense) -> FloatArray:
        return np.asarray(x @ self._matrices[id(dense)] + dense.bias, np.float32)


def _floats(matrix: Matrix, rounded: bool) -> FloatArray:
    return as_blocks(matrix).floats() if rounded else matrix.floats()


def _norm(x: FloatArray, norm: Norm) -> FloatArray:
    centred = x - x.mean(-1, keepdims=True)
    variance = (centred**2).mean(-1, keepdims=True)
    scaled = centred / np.sqrt(variance + np.float32(LAYER_NORM_EPS))
    return np.asarray(scaled * norm.weight + norm.bias, np.float32)


def _heads(x: FloatArray) -> FloatArray:
    return x.reshape(len(x), HEADS, -1).transpose(1, 0, 2)


def _softmax(scores: FloatArray) -> FloatArray:
    exponents = np.exp(scores - scores.max(-1, keepdims=True))
    return np.asarray(exponents / exponents.sum(-1, keepdims=True), np.float32)


def _gelu(x: FloatArray) -> FloatArray:
    """x · Φ(x), with Abramowitz and Stegun's erf 7.1.26 (error < 1.5e-7), as numpy has none."""
    z = np.abs(x) / np.float32(np.sqrt(2))
    t = 1 / (1 + np.float32(0.3275911) * z)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    erf = np.sign(x) * (1 - series * np.exp(-z * z))
    return np.asarray(x * (1 + erf) / 2, np.float32)

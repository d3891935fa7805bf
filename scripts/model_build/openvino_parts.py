"""The parts that OpenVINO graphs of an e5 encoder are made of.

The 4-bit blocks go in as they are; OpenVINO multiplies with them without a float copy.
"""

from __future__ import annotations

import numpy as np
import openvino as ov
from openvino import Node
from openvino import opset13 as ops

from .weights import (
    BLOCK,
    HEADS,
    LAYER_NORM_EPS,
    Bytes,
    Dense,
    FloatArray,
    Layer,
    Matrix,
    Norm,
    Weights,
    as_blocks,
)


def encoded(x: Node, weights: Weights) -> Node:
    """The last hidden states of summed embeddings `x`, shape (1, n, 384)."""
    x = normalised(x, weights.embedding_norm, "embedding_norm")
    for number, layer in enumerate(weights.layers):
        x = _layer(x, layer, f"layer{number}")
    return x


def integers(values: list[int]) -> Node:
    """A constant vector of whole numbers."""
    return ops.constant(np.array(values, np.int64))


def floats(values: FloatArray, name: str) -> Node:
    """A float32 constant."""
    return ops.constant(np.ascontiguousarray(values, np.float32), name=name)


def _matrix(matrix: Matrix, name: str) -> Node:
    """Constant i4 → f16 → times scale → f32 (rows, columns): the pattern that OpenVINO keeps compressed."""
    if isinstance(matrix, Bytes):
        scale = ops.constant(matrix.scale, name=f"{name}.scale")
        whole = ops.multiply(ops.convert(ops.constant(matrix.q, name=f"{name}.q"), np.float16), scale)
        return ops.convert(whole, np.float32, name=name)
    blocks = as_blocks(matrix)
    rows, columns = blocks.q.shape
    packed = ov.Tensor(ov.Type.i4, ov.Shape([rows, columns // BLOCK, BLOCK]))
    packed.data[:] = blocks.packed().view(np.int8).reshape(-1)
    scale = ops.constant(np.ascontiguousarray(blocks.scale[..., None]), name=f"{name}.scale")
    grouped = ops.multiply(ops.convert(ops.constant(packed, name=f"{name}.q"), np.float16), scale)
    return ops.convert(ops.reshape(grouped, integers([rows, columns]), False), np.float32, name=name)


def embeddings(ids: Node, weights: Weights) -> Node:
    """Word plus position, shape (1, n, 384)."""
    words = ops.gather(_matrix(weights.words, "words"), ids, integers([0]))
    length = ops.gather(ops.shape_of(ids), integers([1]), integers([0]))
    positions = ops.slice(
        floats(weights.positions, "positions"), integers([0]), length, integers([1]), integers([0])
    )
    return ops.add(words, positions)


def normalised(x: Node, norm: Norm, name: str) -> Node:
    """Layer normalisation over the last axis."""
    centred = ops.mvn(x, integers([-1]), True, LAYER_NORM_EPS, "INSIDE_SQRT")
    scaled = ops.multiply(centred, floats(norm.weight[None, None], f"{name}.weight"))
    return ops.add(scaled, floats(norm.bias[None, None], f"{name}.bias"), name=name)


def _dense(x: Node, dense: Dense, name: str) -> Node:
    product = ops.matmul(x, _matrix(dense.weight, f"{name}.weight"), False, True)
    return ops.add(product, floats(dense.bias[None, None], f"{name}.bias"), name=name)


def _layer(x: Node, layer: Layer, name: str) -> Node:
    attended = _dense(_attention(x, layer, name), layer.attention_out, f"{name}.attention_out")
    x = normalised(ops.add(x, attended), layer.attention_norm, f"{name}.attention_norm")
    inner = ops.gelu(_dense(x, layer.feed_in, f"{name}.feed_in"), "erf")
    return normalised(
        ops.add(x, _dense(inner, layer.feed_out, f"{name}.feed_out")), layer.out_norm, f"{name}.out_norm"
    )


def _attention(x: Node, layer: Layer, name: str) -> Node:
    query, key, value = (
        _heads(_dense(x, dense, f"{name}.{part}"))
        for part, dense in (("query", layer.query), ("key", layer.key), ("value", layer.value))
    )
    context = ops.scaled_dot_product_attention(query, key, value, name=f"{name}.attention")
    together = ops.transpose(context, integers([0, 2, 1, 3]))
    return ops.reshape(together, integers([0, 0, -1]), True)


def _heads(x: Node) -> Node:
    """(1, n, 384) → (1, heads, n, 384 / heads)."""
    return ops.transpose(ops.reshape(x, integers([0, 0, HEADS, -1]), True), integers([0, 2, 1, 3]))

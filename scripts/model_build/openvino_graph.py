"""Write the encoder as an OpenVINO model for one text: `input_ids` (1, n) in, `embedding` (1, 384) out.

One text at a time needs no padding and no mask, so a vector cannot depend on what else is in a batch.
The 4-bit blocks go in as they are; OpenVINO multiplies with them without a float copy.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
from openvino import Node
from openvino import opset13 as ops

from .weights import BLOCK, HEADS, LAYER_NORM_EPS, Dense, FloatArray, Layer, Matrix, Norm, Weights, as_blocks


def write(weights: Weights, path: Path) -> None:
    """Save `path` (.xml) and its weights next to it (.bin)."""
    ov.save_model(build(weights), path, compress_to_fp16=False)


def build(weights: Weights) -> ov.Model:
    """The graph: embeddings, layers, mean over tokens, unit length."""
    ids = ops.parameter([1, -1], np.int64, name="input_ids")
    ids.output(0).get_tensor().set_names({"input_ids"})
    x = _norm(_embeddings(ids, weights), weights.embedding_norm, "embedding_norm")
    for number, layer in enumerate(weights.layers):
        x = _layer(x, layer, f"layer{number}")
    mean = ops.reduce_mean(x, _integers([1]), keep_dims=False, name="mean")
    unit = ops.normalize_l2(mean, _integers([1]), 1e-12, "add", name="embedding")
    unit.output(0).get_tensor().set_names({"embedding"})
    return ov.Model([ops.result(unit, name="result")], [ids], "multilingual-e5-small-ja-en")


def _integers(values: list[int]) -> Node:
    return ops.constant(np.array(values, np.int64))


def _floats(values: FloatArray, name: str) -> Node:
    return ops.constant(np.ascontiguousarray(values, np.float32), name=name)


def _matrix(matrix: Matrix, name: str) -> Node:
    """Constant i4 → f16 → times scale → f32 (rows, columns): the pattern that OpenVINO keeps compressed."""
    blocks = as_blocks(matrix)
    rows, columns = blocks.q.shape
    packed = ov.Tensor(ov.Type.i4, ov.Shape([rows, columns // BLOCK, BLOCK]))
    packed.data[:] = blocks.packed().view(np.int8).reshape(-1)
    scale = ops.constant(np.ascontiguousarray(blocks.scale[..., None]), name=f"{name}.scale")
    grouped = ops.multiply(ops.convert(ops.constant(packed, name=f"{name}.q"), np.float16), scale)
    return ops.convert(ops.reshape(grouped, _integers([rows, columns]), False), np.float32, name=name)


def _embeddings(ids: Node, weights: Weights) -> Node:
    words = ops.gather(_matrix(weights.words, "words"), ids, _integers([0]))
    length = ops.gather(ops.shape_of(ids), _integers([1]), _integers([0]))
    positions = ops.slice(
        _floats(weights.positions, "positions"), _integers([0]), length, _integers([1]), _integers([0])
    )
    return ops.add(words, positions)


def _norm(x: Node, norm: Norm, name: str) -> Node:
    centred = ops.mvn(x, _integers([-1]), True, LAYER_NORM_EPS, "INSIDE_SQRT")
    scaled = ops.multiply(centred, _floats(norm.weight[None, None], f"{name}.weight"))
    return ops.add(scaled, _floats(norm.bias[None, None], f"{name}.bias"), name=name)


def _dense(x: Node, dense: Dense, name: str) -> Node:
    product = ops.matmul(x, _matrix(dense.weight, f"{name}.weight"), False, True)
    return ops.add(product, _floats(dense.bias[None, None], f"{name}.bias"), name=name)


def _layer(x: Node, layer: Layer, name: str) -> Node:
    attended = _dense(_attention(x, layer, name), layer.attention_out, f"{name}.attention_out")
    x = _norm(ops.add(x, attended), layer.attention_norm, f"{name}.attention_norm")
    inner = ops.gelu(_dense(x, layer.feed_in, f"{name}.feed_in"), "erf")
    return _norm(
        ops.add(x, _dense(inner, layer.feed_out, f"{name}.feed_out")), layer.out_norm, f"{name}.out_norm"
    )


def _attention(x: Node, layer: Layer, name: str) -> Node:
    query, key, value = (
        _heads(_dense(x, dense, f"{name}.{part}"))
        for part, dense in (("query", layer.query), ("key", layer.key), ("value", layer.value))
    )
    context = ops.scaled_dot_product_attention(query, key, value, name=f"{name}.attention")
    together = ops.transpose(context, _integers([0, 2, 1, 3]))
    return ops.reshape(together, _integers([0, 0, -1]), True)


def _heads(x: Node) -> Node:
    """(1, n, 384) → (1, heads, n, 384 / heads)."""
    return ops.transpose(ops.reshape(x, _integers([0, 0, HEADS, -1]), True), _integers([0, 2, 1, 3]))

"""Write the encoder as ONNX graphs for ONNX Runtime, to compare engines (`evals/bench/embedding.py`).

Not shipped. Like the OpenVINO graph they take one text without padding: `input_ids` (1, n).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .weights import BLOCK, HEADS, LAYER_NORM_EPS, Blocks, Dense, Layer, Matrix, Norm, Weights, as_blocks

Variant = Literal["nbits4", "nbits8", "float"]
VARIANTS: tuple[Variant, ...] = ("nbits4", "nbits8", "float")
MICROSOFT = "com.microsoft"


def write(weights: Weights, path: Path, variant: Variant) -> None:
    """Save one graph: matrices as 4-bit or 8-bit `MatMulNBits` blocks, or as floats."""
    graph = _Graph(variant)
    ids = "input_ids"
    x = graph.add("Add", _words(graph, weights, ids), _positions(graph, weights, ids))
    x = graph.norm(x, weights.embedding_norm)
    for layer in weights.layers:
        x = _layer(graph, x, layer)
    mean = graph.add("ReduceMean", x, graph.constant(np.array([1], np.int64)), keepdims=0)
    graph.add("LpNormalization", mean, output="embedding", axis=-1, p=2)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "multilingual-e5-small-ja-en",
            [helper.make_tensor_value_info(ids, TensorProto.INT64, [1, "n"])],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, weights.dimension])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid(MICROSOFT, 1)],
        ir_version=9,
    )
    onnx.save(model, path)


def write_dynamic_int8(weights: Weights, path: Path) -> None:
    """Save the graph with int8 weights, and activations quantised at run time with one scale a tensor."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    floats = path.with_suffix(".float.onnx")
    write(weights, floats, "float")
    options = {"MatMulConstBOnly": True, "DefaultTensorType": TensorProto.FLOAT}
    quantize_dynamic(
        floats,
        path,
        op_types_to_quantize=["MatMul", "Gather"],
        per_channel=True,
        weight_type=QuantType.QInt8,
        extra_options=options,
    )
    floats.unlink()


class _Graph:
    """Collects nodes and constants; every method returns the name of its output."""

    def __init__(self, variant: Variant) -> None:
        self.variant = variant
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, values: np.ndarray[Any, Any]) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, kind: str, *inputs: str, output: str = "", domain: str = "", **attributes: Any) -> str:
        output = output or f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, domain=domain, **attributes))
        return output

    def norm(self, x: str, norm: Norm) -> str:
        weight, bias = self.constant(norm.weight), self.constant(norm.bias)
        return self.add("LayerNormalization", x, weight, bias, axis=-1, epsilon=LAYER_NORM_EPS)

    def dense(self, x: str, dense: Dense) -> str:
        product = self._matmul(x, dense.weight)
        return self.add("Add", product, self.constant(dense.bias))

    def _matmul(self, x: str, matrix: Matrix) -> str:
        if self.variant == "float":
            return self.add("MatMul", x, self.constant(matrix.floats().T))
        weight = as_blocks(matrix)
        rows, columns = weight.q.shape
        bits = 4 if self.variant == "nbits4" else 8
        q = self.constant(_stored(weight, bits).reshape(rows, columns // BLOCK, -1))
        scale = self.constant(weight.scale.astype(np.float32).reshape(-1))
        shape: dict[str, Any] = {
            "N": rows,
            "K": columns,
            "bits": bits,
            "block_size": BLOCK,
            "accuracy_level": 4,
        }
        return self.add("MatMulNBits", x, q, scale, domain=MICROSOFT, **shape)


def _stored(weight: Blocks, bits: int) -> np.ndarray[Any, Any]:
    """Unsigned weights around the default zero point, 8 or 128; two 4-bit ones a byte."""
    if bits == 8:
        return (weight.q.astype(np.int16) + 128).astype(np.uint8)
    return weight.packed() ^ 0x88


def _words(graph: _Graph, weights: Weights, ids: str) -> str:
    if graph.variant == "float":
        return graph.add("Gather", graph.constant(weights.words.floats()), ids)
    words = as_blocks(weights.words)
    q, scale = graph.constant(_stored(words, 4)), graph.constant(words.scale.astype(np.float32))
    shape: dict[str, Any] = {"block_size": BLOCK, "gather_axis": 0, "quantize_axis": 1, "bits": 4}
    return graph.add("GatherBlockQuantized", q, ids, scale, domain=MICROSOFT, **shape)


def _positions(graph: _Graph, weights: Weights, ids: str) -> str:
    length = graph.add("Shape", ids, start=1, end=2)
    zero = graph.constant(np.array([0], np.int64))
    return graph.add("Slice", graph.constant(weights.positions), zero, length, zero)


def _layer(graph: _Graph, x: str, layer: Layer) -> str:
    parts = [graph.dense(x, dense) for dense in (layer.query, layer.key, layer.value)]
    context = graph.add("MultiHeadAttention", *parts, domain=MICROSOFT, num_heads=HEADS)
    attended = graph.dense(context, layer.attention_out)
    x = graph.norm(graph.add("Add", x, attended), layer.attention_norm)
    inner = graph.add("Gelu", graph.dense(x, layer.feed_in), domain=MICROSOFT)
    return graph.norm(graph.add("Add", x, graph.dense(inner, layer.feed_out)), layer.out_norm)

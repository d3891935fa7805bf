"""Write the reader as an OpenVINO model for one passage.

In: `input_ids` and `segments`, both (1, n). Out: `spans` (1, n, 2), logits of each token to begin and to end
the answer, and `judged` (1, 2), logits of relevance and answerability.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
from openvino import Node
from openvino import opset13 as ops

from .openvino_parts import embeddings, encoded, floats, integers
from .reader_weights import ReaderWeights
from .weights import Dense


def write(weights: ReaderWeights, path: Path) -> None:
    """Save `path` (.xml) and its weights next to it (.bin)."""
    ov.save_model(build(weights), path, compress_to_fp16=False)


def build(weights: ReaderWeights) -> ov.Model:
    """The graph: embeddings, layers, heads. The heads stay in float32; they are small and decide."""
    ids, segments = _input("input_ids"), _input("segments")
    added = ops.gather(floats(weights.segments, "segments"), segments, integers([0]))
    x = encoded(ops.add(embeddings(ids, weights.encoder), added), weights.encoder)
    spans = _head(x, weights.span, "spans")
    first = ops.slice(x, integers([0]), integers([1]), integers([1]), integers([1]))
    judged = ops.reshape(_head(first, weights.passage, "passage"), integers([1, -1]), False, name="judged")
    judged.output(0).get_tensor().set_names({"judged"})
    return ov.Model([ops.result(spans), ops.result(judged)], [ids, segments], "reader-ja")


def _input(name: str) -> Node:
    node = ops.parameter([1, -1], np.int64, name=name)
    node.output(0).get_tensor().set_names({name})
    return node


def _head(x: Node, dense: Dense, name: str) -> Node:
    product = ops.matmul(x, floats(dense.weight.floats(), f"{name}.weight"), False, True)
    node = ops.add(product, floats(dense.bias[None, None], f"{name}.bias"), name=name)
    node.output(0).get_tensor().set_names({name})
    return node

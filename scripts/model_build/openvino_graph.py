"""Write the encoder as an OpenVINO model for one text: `input_ids` (1, n) in, `embedding` (1, 384) out.

One text at a time needs no padding and no mask, so a vector cannot depend on what else is in a batch.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov
from openvino import opset13 as ops

from .openvino_parts import embeddings, encoded, integers
from .weights import Weights


def write(weights: Weights, path: Path) -> None:
    """Save `path` (.xml) and its weights next to it (.bin)."""
    ov.save_model(build(weights), path, compress_to_fp16=False)


def build(weights: Weights) -> ov.Model:
    """The graph: embeddings, layers, mean over tokens, unit length."""
    ids = ops.parameter([1, -1], np.int64, name="input_ids")
    ids.output(0).get_tensor().set_names({"input_ids"})
    x = encoded(embeddings(ids, weights), weights)
    mean = ops.reduce_mean(x, integers([1]), keep_dims=False, name="mean")
    unit = ops.normalize_l2(mean, integers([1]), 1e-12, "add", name="embedding")
    unit.output(0).get_tensor().set_names({"embedding"})
    return ov.Model([ops.result(unit, name="result")], [ids], "multilingual-e5-small-ja-en")

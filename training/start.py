"""Where training begins: the encoder of the embedding model that the package ships, read from its own file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.data import ENCODER
from training.network import ReaderNet

FloatArray = NDArray[np.float32]


class _Constants:
    """The named constants of an OpenVINO model."""

    def __init__(self, model: Path) -> None:
        import openvino

        operations = openvino.Core().read_model(model).get_ops()
        self._by_name: dict[str, Any] = {
            operation.get_friendly_name(): operation
            for operation in operations
            if operation.get_type_name() == "Constant"
        }

    def floats(self, name: str) -> FloatArray:
        """A float32 constant without its axes of length one in front."""
        values = np.array(self._by_name[name].data, np.float32)
        return values.reshape(values.shape[-1] if values.size == values.shape[-1] else values.shape)

    def matrix(self, name: str) -> FloatArray:
        """A matrix kept as 4-bit blocks with float16 scales, shape (rows, columns)."""
        packed = self._by_name[f"{name}.q"].data.reshape(-1).view(np.uint8)
        scale = np.array(self._by_name[f"{name}.scale"].data, np.float32)  # (rows, blocks, 1)
        nibbles = np.stack([packed & 15, packed >> 4], -1).reshape(-1).astype(np.int8)
        signed = np.where(nibbles > 7, nibbles - 16, nibbles).astype(np.float32)
        rows, blocks, _ = scale.shape
        return np.asarray((signed.reshape(rows, blocks, -1) * scale).reshape(rows, -1), np.float32)

    def count(self, suffix: str) -> int:
        """How many constants have names that end so."""
        return sum(name.endswith(suffix) for name in self._by_name)


def from_shipped_encoder(folder: Path = ENCODER) -> ReaderNet:
    """A network with the encoder of `folder`; segment embedding and heads are new."""
    constants = _Constants(folder / "model.xml")
    state = {"words.weight": constants.matrix("words"), "positions.weight": constants.floats("positions")}
    _take(state, constants, "embedding_norm", "embedding_norm")
    layers = constants.count(".feed_in.bias")
    for number in range(layers):
        old, new = f"layer{number}", f"layers.{number}"
        parts = [f"{old}.{part}" for part in ("query", "key", "value")]
        state[f"{new}.qkv.weight"] = np.concatenate([constants.matrix(f"{part}.weight") for part in parts])
        state[f"{new}.qkv.bias"] = np.concatenate([constants.floats(f"{part}.bias") for part in parts])
        for name in ("attention_out", "feed_in", "feed_out"):
            state[f"{new}.{name}.weight"] = constants.matrix(f"{old}.{name}.weight")
            state[f"{new}.{name}.bias"] = constants.floats(f"{old}.{name}.bias")
        for name in ("attention_norm", "out_norm"):
            _take(state, constants, f"{new}.{name}", f"{old}.{name}")
    pieces, width = state["words.weight"].shape
    net = ReaderNet(
        pieces, width, len(state["layers.0.feed_in.bias"]), layers, len(state["positions.weight"])
    )
    tensors = {name: torch.from_numpy(values) for name, values in state.items()}
    missing, unexpected = net.load_state_dict(tensors, strict=False)
    if unexpected or {name.split(".")[0] for name in missing} != {"segments", "span", "passage"}:
        raise ValueError(f"not the encoder this was written for: {missing} {unexpected}")
    return net


def _take(state: dict[str, FloatArray], constants: _Constants, new: str, old: str) -> None:
    for part in ("weight", "bias"):
        state[f"{new}.{part}"] = constants.floats(f"{old}.{part}")

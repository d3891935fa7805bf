"""Runs the bundled model: token ids in, unit vectors out, each text alone and on one thread."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import sys
import threading
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.errors import EmbeddingError
from rag.types import Vector, Vectors

_FIX = (
    "rag を入れ直してください (pip install --force-reinstall rag)。"
    "ソースから使っている場合は python scripts/build_bundled_model.py で作り直せます。"
)
_OPTIONS: dict[str, Any] = {
    # bfloat16 was not faster and differs between machines.
    "INFERENCE_PRECISION_HINT": "f32",
    # Activations in int8 by 32 of one token: twice as fast, and no token sees another's scale.
    "DYNAMIC_QUANTIZATION_GROUP_SIZE": 32,
    # Pinned threads of two processes would fight for the same core.
    "ENABLE_CPU_PINNING": False,
}


_FIRST_CALL = threading.Lock()
"""Held while an engine starts. OpenVINO's Python binding can deadlock when the first two inferences of a
process meet: one waits for the GIL in a static initialiser, the other holds it and waits for the first."""

_ENGINES: weakref.WeakSet[OpenVinoEngine] = weakref.WeakSet()


def _leak_engines() -> None:
    """In a forked child, keep the parent's engines: destroying them would join threads that do not exist."""
    global _FIRST_CALL
    _FIRST_CALL = threading.Lock()
    for engine in _ENGINES:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(engine))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leak_engines)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The model folder's `manifest.json`. Raises EmbeddingError when it is missing or not readable."""
    path = folder / "manifest.json"
    try:
        manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        names = set(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged(path) from error
    if names != {"model.bin", "model.xml", "tokenizer.json"}:
        raise damaged(path)
    return manifest


def verify(folder: Path, manifest: dict[str, Any]) -> None:
    """Compare every file with its SHA-256. Raises EmbeddingError naming the first that differs."""
    for name, expected in manifest["files"].items():
        try:
            digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        except OSError as error:
            raise damaged(folder / name) from error
        if digest != expected["sha256"]:
            raise damaged(folder / name)


def damaged(path: Path) -> EmbeddingError:
    """The error for a model file that is missing or not as it was shipped."""
    return EmbeddingError(f"同梱の埋め込みモデルのファイルがないか、壊れています: {path}", _FIX)


def _import_openvino() -> Any:
    """OpenVINO without its telemetry, which would send a report to an analytics server at every import.

    With `openvino_telemetry` not importable, OpenVINO uses a stub of its own. Imported only when a model is
    loaded: it takes 0.1 s, which a command that embeds nothing should not pay.
    """
    blocked = "openvino_telemetry" not in sys.modules
    if blocked:
        sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    try:
        import openvino
    finally:
        if blocked:
            del sys.modules["openvino_telemetry"]
    return openvino


class OpenVinoEngine:
    """A compiled model with one inference request a thread."""

    def __init__(self, model: Path, threads: int) -> None:
        """Load `model` (.xml with .bin). Raises EmbeddingError when OpenVINO cannot."""
        openvino = _import_openvino()

        streams = {"NUM_STREAMS": threads, "INFERENCE_NUM_THREADS": threads}
        self._idle: SimpleQueue[Any] = SimpleQueue()
        with _FIRST_CALL:
            try:
                compiled = openvino.Core().compile_model(model, "CPU", {**_OPTIONS, **streams})
            except RuntimeError as error:
                raise EmbeddingError(f"埋め込みモデルを OpenVINO で読み込めません: {model}", _FIX) from error
            for _ in range(threads):
                self._idle.put(compiled.create_infer_request())
            self._embed_one(np.array([0, 2], np.int64))
        self._pool = ThreadPoolExecutor(threads, "rag-embedding") if threads > 1 else None
        self._compiled = compiled
        _ENGINES.add(self)

    def embed(self, sequences: Sequence[NDArray[np.int64]]) -> Vectors:
        """Unit vectors, shape (len(sequences), dimension), of token ids with their <s> and </s>."""
        if self._pool is None or len(sequences) == 1:
            return np.stack([self._embed_one(ids) for ids in sequences])
        return np.stack(list(self._pool.map(self._embed_one, sequences)))

    def _embed_one(self, ids: NDArray[np.int64]) -> Vector:
        request = self._idle.get()
        try:
            request.infer([ids[None]])
            vector: Vector = request.get_output_tensor().data[0].copy()
        finally:
            self._idle.put(request)
        return vector

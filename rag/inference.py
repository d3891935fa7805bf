"""Models that the package ships: files checked against their SHA-256, run by OpenVINO one input at a time.

Every input is run by itself on one thread: nothing is padded, so a result depends neither on the other inputs
of a call nor on the number of threads. Several inputs run side by side, one a core.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from rag.errors import RagError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

T = TypeVar("T")
Inputs = Sequence[NDArray[np.int64]]
Outputs = tuple[NDArray[np.float32], ...]

FILES = {"model.bin", "model.xml", "tokenizer.json"}
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

_ENGINES: weakref.WeakSet[Engine] = weakref.WeakSet()


def _leak_engines() -> None:
    """In a forked child, keep the parent's engines: destroying them would join threads that do not exist."""
    global _FIRST_CALL
    _FIRST_CALL = threading.Lock()
    for engine in _ENGINES:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(engine))


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leak_engines)


class ModelFolder:
    """The files of one model with their `manifest.json`.

    `what`: the model's name in messages, Japanese and English. `script`: the command that rebuilds it. Whatever is
    wrong with a file is raised as `error`, naming the file and how to mend it; construction reads the manifest only.
    """

    def __init__(self, path: Path, what: tuple[str, str], script: str, error: type[RagError]) -> None:
        self.path = path
        self._what = what
        self._error = error
        self._fix = (
            "rag を入れ直してください (pip install --force-reinstall rag)。"
            f"ソースから使っている場合は {script} で作り直せます。"
        )
        self._fix_en = (
            f"Install rag again (pip install --force-reinstall rag). From sources: {script} makes it anew."
        )
        self.manifest = self._read_manifest()

    def revision(self, rules: int) -> str:
        """12 hex digits over the content of all files and `rules`, the version of what is done around them."""
        digests = [str(entry["sha256"]) for _, entry in sorted(self.manifest["files"].items())]
        return hashlib.sha256(f"{rules}:{':'.join(digests)}".encode()).hexdigest()[:12]

    def load(self, make: Callable[[], T]) -> T:
        """`make()` while all files are compared with their SHA-256; raises for the first that differs."""
        with ThreadPoolExecutor(1) as aside:  # hashing takes 40 ms of the second core
            verified = aside.submit(self._verify)
            try:
                return make()
            finally:
                verified.result()  # names the damaged file, whatever the engine made of it

    def engine(self, threads: int, probe: Inputs) -> Engine:
        """The model with `threads` inputs at a time. `probe`: any valid input, run once."""
        try:
            return Engine(self.path / "model.xml", threads, probe)
        except RuntimeError as error:
            path = self.path / "model.xml"
            message = f"{self._what[0]}を OpenVINO で読み込めません: {path}"
            english = f"OpenVINO cannot load {self._what[1]}: {path}"
            raise self._error(message, self._fix, en=(english, self._fix_en)) from error

    def tokenizer(self) -> Tokenizer:
        """The tokenizer of the model."""
        from tokenizers import Tokenizer

        path = self.path / "tokenizer.json"
        try:
            return Tokenizer.from_file(str(path))
        except Exception as error:  # tokenizers raises nothing more precise
            raise self._damaged(path) from error

    def _read_manifest(self) -> dict[str, Any]:
        path = self.path / "manifest.json"
        try:
            manifest: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            names = set(manifest["files"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise self._damaged(path) from error
        if names != FILES:
            raise self._damaged(path)
        return manifest

    def _verify(self) -> None:
        for name, expected in self.manifest["files"].items():
            try:
                digest = hashlib.sha256((self.path / name).read_bytes()).hexdigest()
            except OSError as error:
                raise self._damaged(self.path / name) from error
            if digest != expected["sha256"]:
                raise self._damaged(self.path / name)

    def _damaged(self, path: Path) -> RagError:
        message = f"{self._what[0]}のファイルがないか、壊れています: {path}"
        english = f"A file of {self._what[1]} is missing or damaged: {path}"
        return self._error(message, self._fix, en=(english, self._fix_en))


class PerProcess(Generic[T]):
    """A value that is made at first use, once a process, also where threads meet or after a fork."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._value: T | None = None
        self._lock = threading.Lock()
        self._pid = os.getpid()

    def get(self) -> T:
        """The value of this process."""
        if self._pid != os.getpid():
            # A forked child has none of an engine's threads, and a lock that may be held for ever.
            self._lock, self._value, self._pid = threading.Lock(), None, os.getpid()
        with self._lock:
            if self._value is None:
                self._value = self._make()
            return self._value


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # containers often allow fewer cores than there are
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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


class Engine:
    """A compiled model with one inference request a thread."""

    def __init__(self, model: Path, threads: int, probe: Inputs) -> None:
        """Load `model` (.xml with .bin) and run `probe`. Raises RuntimeError when OpenVINO cannot."""
        openvino = _import_openvino()

        streams = {"NUM_STREAMS": threads, "INFERENCE_NUM_THREADS": threads}
        self._idle: SimpleQueue[Any] = SimpleQueue()
        with _FIRST_CALL:
            compiled = openvino.Core().compile_model(model, "CPU", {**_OPTIONS, **streams})
            for _ in range(threads):
                self._idle.put(compiled.create_infer_request())
            self._outputs = range(len(compiled.outputs))
            self._run_one(probe)
        self._pool = ThreadPoolExecutor(threads, "rag-model") if threads > 1 else None
        self._compiled = compiled
        _ENGINES.add(self)

    def run(self, inputs: Sequence[Inputs]) -> list[Outputs]:
        """The model's outputs for each input by itself, without their axis of length one in front."""
        if self._pool is None or len(inputs) == 1:
            return [self._run_one(one) for one in inputs]
        return list(self._pool.map(self._run_one, inputs))

    def _run_one(self, arrays: Inputs) -> Outputs:
        request = self._idle.get()
        try:
            request.infer([array[None] for array in arrays])
            return tuple(request.get_output_tensor(index).data[0].copy() for index in self._outputs)
        finally:
            self._idle.put(request)

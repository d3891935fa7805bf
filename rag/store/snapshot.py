"""Derived search structures on disk: written whole or not at all, checked before use, never trusted.

Each snapshot is a folder `snapshots/<generation>/` of plain arrays and a `snapshot.json` that lists their
sizes and checksums. It appears by one rename, so nobody sees half of one. Losing one costs only time.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import shutil
import time
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import faiss
import numpy as np
from numpy.typing import NDArray

from rag.store.dense import VectorIndex
from rag.store.lexical import Postings
from rag.store.segment import Segment

FORMAT = 2
FOLDER = "snapshots"
_MANIFEST = "snapshot.json"
_APPROXIMATE = "approximate.faiss"
_ARRAYS = {
    "numbers": "<i8",
    "vectors": "<f2",
    "terms": "<u8",
    "offsets": "<i8",
    "docs": "<i4",
    "counts": "<u2",
}
_ABANDONED_SECONDS = 3600.0

log = logging.getLogger(__name__)


class Point(NamedTuple):
    """A commit: its number and its random token."""

    seq: int
    token: str


class Saved(NamedTuple):
    """What a snapshot says about itself: the commit it was made at, its chunks, and its folder."""

    point: Point
    rows: int
    last: int
    folder: Path


class Loaded(NamedTuple):
    """A snapshot's contents; `numbers` are those of its chunks."""

    numbers: NDArray[np.int64]
    vectors: VectorIndex
    postings: Postings


def find(directory: Path) -> Saved | None:
    """The newest snapshot with a readable manifest, unchecked."""
    for folder in reversed(_generations(directory)):
        with suppress(OSError, ValueError, KeyError, TypeError):
            about = json.loads((folder / _MANIFEST).read_text("utf-8"))
            if about["format"] == FORMAT:
                point = Point(int(about["seq"]), str(about["token"]))
                return Saved(point, int(about["rows"]), int(about["last"]), folder)
        log.warning("索引のスナップショット %s は読めないので使いません", folder)
    return None


def load(saved: Saved, dimension: int) -> Loaded | None:
    """The contents, or None (and a line in the log) when anything about the files is not as written."""
    try:
        about = json.loads((saved.folder / _MANIFEST).read_text("utf-8"))
        for name, expected in about["files"].items():
            if [*_measure(saved.folder / name)] != expected:
                raise ValueError(f"checksum of {name}")
        arrays = {name: _read_array(saved.folder / f"{name}.npy", kind) for name, kind in _ARRAYS.items()}
        return _assemble(arrays, saved, dimension, _APPROXIMATE in about["files"])
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, EOFError) as error:
        log.warning("索引のスナップショット %s が壊れています (%s)。作り直します", saved.folder, error)
        return None


def _assemble(arrays: dict[str, Any], saved: Saved, dimension: int, approximate: bool) -> Loaded:
    numbers, vectors = arrays["numbers"], arrays["vectors"]
    postings = Postings(arrays["terms"], arrays["offsets"], arrays["docs"], arrays["counts"])
    if vectors.shape != (saved.rows, dimension) or numbers.shape != (saved.rows,):
        raise ValueError("shape of vectors")
    if len(postings.offsets) != len(postings.terms) + 1 or len(postings.docs) != len(postings.counts):
        raise ValueError("shape of postings")
    index = faiss.read_index(str(saved.folder / _APPROXIMATE)) if approximate else None
    return Loaded(np.array(numbers), VectorIndex(vectors, index), postings)


def _read_array(path: Path, kind: str) -> NDArray[Any]:
    array = np.load(path, mmap_mode="r" if path.stat().st_size > 1 << 16 else None, allow_pickle=False)
    if array.dtype != np.dtype(kind):
        raise ValueError(f"type of {path.name}")
    return np.asarray(array)


def save(directory: Path, segment: Segment, point: Point) -> Saved:
    """Write a snapshot of a segment that is all live at that commit; drop the older ones. Raises OSError."""
    parent = directory / FOLDER
    parent.mkdir(exist_ok=True)
    temporary = parent / f"tmp-{os.getpid()}-{secrets.token_hex(4)}"
    temporary.mkdir()
    try:
        saved = _write(temporary, segment, point)
        folder = _publish(temporary, parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    discard(directory, keep=folder)
    return saved._replace(folder=folder)


def _write(folder: Path, segment: Segment, point: Point) -> Saved:
    postings = segment.postings
    arrays = {"numbers": segment.headers.numbers, "vectors": segment.vectors.vectors, **postings._asdict()}
    for name, kind in _ARRAYS.items():
        np.save(folder / f"{name}.npy", arrays[name].astype(kind, copy=False), allow_pickle=False)
    if segment.vectors.approximate is not None:
        faiss.write_index(segment.vectors.approximate, str(folder / _APPROXIMATE))
    files = {path.name: [*_measure(path)] for path in sorted(folder.iterdir())}
    last = int(segment.headers.numbers[-1]) if segment.size else 0
    about = {"format": FORMAT, **point._asdict(), "rows": segment.size, "last": last, "files": files}
    (folder / _MANIFEST).write_text(json.dumps(about, indent=1), "utf-8")
    for path in [*folder.iterdir(), folder]:
        _sync(path)
    return Saved(point, segment.size, last, folder)


def _publish(temporary: Path, parent: Path) -> Path:
    """Rename to the next free generation; another process may take one at the same moment."""
    while True:
        taken = _generations(parent.parent)
        folder = parent / f"{int(taken[-1].name) + 1 if taken else 1:08d}"
        try:
            temporary.rename(folder)
        except OSError:
            if not folder.exists():
                raise
            continue
        _sync(parent)
        return folder


def discard(directory: Path, keep: Path | None = None) -> None:
    """Remove snapshots other than `keep`, and what interrupted writers left behind an hour ago or more.

    A system that forbids removing files in use keeps them until next time.
    """
    for folder in _generations(directory):
        if folder != keep:
            shutil.rmtree(folder, ignore_errors=True)
    for left in (directory / FOLDER).glob("tmp-*"):
        with suppress(OSError):
            if left.stat().st_mtime < time.time() - _ABANDONED_SECONDS:
                shutil.rmtree(left, ignore_errors=True)


def _generations(directory: Path) -> list[Path]:
    return sorted((p for p in (directory / FOLDER).glob("*") if p.name.isdigit()), key=lambda p: int(p.name))


def _measure(path: Path) -> tuple[int, int]:
    """Size in bytes and CRC-32."""
    size = value = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            size, value = size + len(block), zlib.crc32(block, value)
    return size, value


def _sync(path: Path) -> None:
    try:
        handle = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    except PermissionError:  # Windows does not open folders
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

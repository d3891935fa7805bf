"""A library with its parts in reach, and another process that holds its lock."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from doubles import HashEmbedder, assert_in_step
from filelock import FileLock

from rag.backends import manifest
from rag.library import Changes, Library
from rag.store.local import LocalStore


class Shelf:
    """A library with its parts in reach."""

    def __init__(self, home: Path, embedder: HashEmbedder) -> None:
        self.corpus, self.index = home / "corpus", home / "index"
        self.embedder = embedder
        self.store = LocalStore(self.index, manifest(embedder))
        self.library = Library(self.corpus, self.index, embedder, self.store)

    def update(self) -> Changes:
        """Update, check that the embedder did what the changes say, and that the store is in step."""
        self.embedder.documents.clear()
        changes = self.library.update()
        assert len(self.embedder.documents) == changes.embedded_chunks
        assert_in_step(self.corpus, self.store)
        assert not self.library.stale()
        return changes


@contextmanager
def another_writer(index: Path) -> Iterator[None]:
    """Holds the lock in another thread, as another process would."""
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with FileLock(index / ".lock"):
            held.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(10)
    try:
        yield
    finally:
        done.set()
        thread.join()


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")

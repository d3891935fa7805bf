"""The local store: one SQLite file is the truth, the search structures in memory follow it.

Commits of other processes are noticed at the next search. Snapshots on disk only make opening faster.
"""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from rag.errors import StoreError
from rag.store import snapshot
from rag.store.database import Database, latest_commit
from rag.store.filters import Catalog
from rag.store.lexical import K1, B
from rag.store.listing import read_listing, read_overview
from rag.store.recent import Recent
from rag.store.rows import (
    Headers,
    count_chunks,
    read_article_rows,
    read_articles,
    read_changes,
    read_chunks,
    read_headers,
    read_payloads,
    read_vectors,
)
from rag.store.segment import Segment, headers_taken, make_segment, segment_from_rows
from rag.store.snapshot import Point, Saved
from rag.store.view import View
from rag.store.writing import delete_articles, prepare, unit_vector, write_articles
from rag.types import Article, Chunk, Filter, IndexedArticle, IndexManifest, Listing, Overview, Scored, Vector

DATABASE = "index.sqlite3"
APPROXIMATE_FROM = 50_000
SNAPSHOT_FROM = 10_000
_UNSAVED_SHARE = 0.1
_REMEMBERED = 4_000_000
"""Characters of the articles, and of the chunks, that are kept in memory after they were read."""

log = logging.getLogger(__name__)


class LocalStore:
    """A `Store` in one directory, for any number of threads and processes on one machine.

    `k1`, `b`: BM25. `approximate_from`: from so many chunks on, a flush builds an approximate vector index.
    `snapshot_from`: below so many chunks no snapshot is kept; building from SQLite is as fast.
    """

    def __init__(
        self,
        directory: Path,
        manifest: IndexManifest,
        *,
        k1: float = K1,
        b: float = B,
        approximate_from: int = APPROXIMATE_FROM,
        snapshot_from: int = SNAPSHOT_FROM,
    ) -> None:
        """Open or create. Raises IndexMismatch when it was made with another manifest, or StoreError."""
        self.directory = Path(directory)
        self.manifest = manifest
        self._bm25 = (k1, b)
        self._approximate_from = approximate_from
        self._snapshot_from = snapshot_from
        self._database = Database(self.directory / DATABASE, manifest)
        self._view: View | None = None
        self._articles, self._chunks = Recent[Article](_REMEMBERED), Recent[Chunk](_REMEMBERED)
        self._refreshing, self._pid = threading.RLock(), os.getpid()

    @classmethod
    def erase(cls, directory: Path) -> None:
        """Remove the index in `directory`, and nothing else there. No process may have it open."""
        try:
            for suffix in ("-shm", "-wal", "-journal", ""):
                (Path(directory) / f"{DATABASE}{suffix}").unlink(missing_ok=True)
            if (Path(directory) / snapshot.FOLDER).exists():
                shutil.rmtree(Path(directory) / snapshot.FOLDER)
        except OSError as error:
            raise StoreError(
                f"索引を消せません: {error}",
                "使っているプロセスと権限を確かめてください。",
                en=(
                    f"The index cannot be removed: {error}",
                    "Check which processes use it, and the permissions.",
                ),
            ) from error

    def upsert(self, articles: Sequence[IndexedArticle]) -> None:
        """Add or replace the articles in one commit. Raises ValueError for input unlike `types` says."""
        rows = prepare(articles, self.manifest.dimension)
        if not rows:
            return
        with self._database.write() as connection:
            if not write_articles(connection, rows):
                connection.rollback()

    def delete(self, article_ids: Sequence[str]) -> int:
        """Remove articles with their chunks in one commit; returns how many there were."""
        with self._database.write() as connection:
            return delete_articles(connection, article_ids)

    def articles(self, article_ids: Sequence[str] | None = None) -> list[Article]:
        """The articles with these ids, in that order, without the unknown ones; all by id when None."""
        with self._database.read() as connection:
            if article_ids is None:
                return read_articles(connection, None)
            read = partial(read_articles, connection)
            return self._articles.get(latest_commit(connection), article_ids, read)

    def listing(
        self, limit: int, offset: int = 0, where: Filter | None = None, title: str = "", newest: bool = False
    ) -> Listing:
        """A page of the articles that pass the filter and have `title` in theirs; see `rag.protocols.Store`."""
        with self._database.read() as connection:
            return read_listing(connection, limit, offset, where, title, newest)

    def overview(self) -> Overview:
        """How many articles there are, and of which publishers and languages."""
        with self._database.read() as connection:
            return read_overview(connection)

    def chunks(self, chunk_ids: Sequence[str]) -> list[Chunk]:
        """The chunks with these ids, in that order, without the unknown ones."""
        with self._database.read() as connection:
            return self._chunks.get(latest_commit(connection), chunk_ids, partial(read_chunks, connection))

    def content_hashes(self) -> dict[str, str]:
        """`Article.content_hash` by article id."""
        with self._database.read() as connection:
            return dict(connection.execute("SELECT id, content_hash FROM articles ORDER BY id"))

    def vectors(self, embedded_text_sha256s: Sequence[str]) -> dict[str, Vector]:
        """Stored vectors (rounded to float16) by the hash of the text that was embedded."""
        with self._database.read() as connection:
            return read_vectors(connection, embedded_text_sha256s, self.manifest.dimension)

    def dense(self, vector: Vector, k: int, where: Filter | None = None) -> list[Scored]:
        """The k nearest chunks by cosine (float32), best first; ties by chunk id."""
        query = unit_vector(vector, self.manifest.dimension, "query vector")
        return self._current().dense(query, _positive(k), where)

    def lexical(self, tokens: Sequence[str], k: int, where: Filter | None = None) -> list[Scored]:
        """The k best chunks by BM25 with at least one of the tokens, best first; ties by chunk id.

        A token given n times counts n-fold.
        """
        return self._current().lexical(tokens, _positive(k), where)

    def count(self) -> int:
        """How many chunks there are."""
        view = self._view
        if view is not None and view.seq == self._database.latest_commit():
            return view.count
        with self._database.read() as connection:
            return count_chunks(connection)

    def flush(self) -> None:
        """Write a snapshot when there is none and it would pay, or much has changed since."""
        if not self._worth_saving():
            return
        with self._refresh_lock():
            view = self._current()
            with self._database.read() as connection:
                token = dict(connection.execute("SELECT seq, token FROM commits WHERE seq = ?", (view.seq,)))
            self._view = view = view.compacted(self._approximate_from)
        if not view.segments or view.seq not in token:
            return
        try:
            snapshot.save(self.directory, view.segments[0], Point(view.seq, token[view.seq]))
        except OSError as error:
            hint = "ディスクの空きと権限を確かめてください。索引の内容は失われていません。"
            raise StoreError(
                f"索引のスナップショットを書けません: {error}",
                hint,
                en=(
                    f"The snapshot of the index cannot be written: {error}",
                    "Check the free space and the permissions. Nothing of the index is lost.",
                ),
            ) from error

    def close(self) -> None:
        """Flush when it pays, then release the files. A snapshot that cannot be written is only logged."""
        if self._database.closed:
            return
        try:
            self.flush()
        except StoreError as error:
            log.warning("%s", error)
        self._view = None
        self._database.close()

    def _current(self) -> View:
        """The view at the newest commit of any process."""
        latest, view = self._database.latest_commit(), self._view
        if view is not None and view.seq == latest:
            return view
        with self._refresh_lock():
            view = self._view
            if view is None or view.seq != self._database.latest_commit():
                self._view = view = self._refreshed(view)
            return view

    def _refreshed(self, view: View | None) -> View:
        changes = None
        if view is not None:
            with self._database.read() as connection:
                changes = read_changes(connection, view.seq, view.last, self.manifest.dimension)
        if view is not None and changes is not None:
            return view.after(changes)
        with self._database.read() as connection:
            return self._opened(connection)

    def _opened(self, connection: sqlite3.Connection) -> View:
        """Everything from the database, except for what a valid snapshot already holds."""
        headers = read_headers(connection)
        base = self._base(connection, headers)
        last = int(base.headers.numbers[-1]) if base else 0
        rest = headers.take(headers.numbers > last)
        payloads = read_payloads(connection, rest, self.manifest.dimension)
        segments = [*([base] if base else []), *([segment_from_rows(rest, payloads)] if rest.ids else [])]
        newest = max(last, int(headers.numbers[-1]) if headers.ids else 0)
        catalog = Catalog(read_article_rows(connection))
        return View(latest_commit(connection), newest, segments, catalog, *self._bm25)

    def _base(self, connection: sqlite3.Connection, headers: Headers) -> Segment | None:
        saved = snapshot.find(self.directory)
        if saved is None or not _belongs(connection, saved):
            return None
        loaded = snapshot.load(saved, self.manifest.dimension)
        known = None if loaded is None else headers_taken(headers, loaded.numbers)
        if loaded is None or known is None:
            shutil.rmtree(saved.folder, ignore_errors=True)
            return None
        dead = np.setdiff1d(loaded.numbers, headers.numbers, assume_unique=True)
        base = make_segment(known, loaded.vectors, loaded.postings).without(dead)
        return base if base.count else None

    def _worth_saving(self) -> bool:
        saved = snapshot.find(self.directory)
        with self._database.read() as connection:
            count = count_chunks(connection)
            if count < self._snapshot_from:
                return False
            if saved is None or not _belongs(connection, saved):
                return True
            kept = count_chunks(connection, saved.last)
        return (saved.rows - kept) + (count - kept) > _UNSAVED_SHARE * count

    def _refresh_lock(self) -> threading.RLock:
        if os.getpid() != self._pid:  # forked: a thread that held it may not exist here
            self._refreshing, self._pid = threading.RLock(), os.getpid()
        return self._refreshing


def _belongs(connection: sqlite3.Connection, saved: Saved) -> bool:
    """Whether the snapshot was made from a commit of this very file (not of a copy that went its own way)."""
    row = connection.execute("SELECT token FROM commits WHERE seq = ?", (saved.point.seq,)).fetchone()
    return row is not None and row[0] == saved.point.token


def _positive(k: int) -> int:
    if k <= 0:
        raise ValueError(f"k must be at least 1, not {k}")
    return k

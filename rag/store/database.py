"""The SQLite file that holds the truth: its schema, connections, transactions and what its errors mean."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from rag.errors import IndexMismatch, StoreError
from rag.store.trouble import REBUILD, REBUILD_EN, is_busy, store_error
from rag.types import IndexManifest

SCHEMA_VERSION = "1"
BUSY_SECONDS = 30.0
_CACHE_KB = 16_000
KEPT_COMMITS = 10_000
"""How many commits' deletions are remembered; a reader further behind than that reads everything again."""


# Numbers are never used twice (AUTOINCREMENT), so a derived structure that knows chunks up to some number
# only has to learn the later ones and the deletions. Large values live in tables of their own: reading all
# headers then does not touch them.
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE commits (seq INTEGER PRIMARY KEY AUTOINCREMENT, token TEXT NOT NULL);
CREATE TABLE articles (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, content_hash TEXT NOT NULL,
    publisher TEXT, lang TEXT NOT NULL, published TEXT, seq INTEGER NOT NULL);
CREATE INDEX articles_by_seq ON articles (seq);
CREATE TABLE texts (
    article INTEGER PRIMARY KEY REFERENCES articles ON DELETE CASCADE,
    metadata TEXT NOT NULL, text TEXT NOT NULL, checksum INTEGER NOT NULL);
CREATE TABLE chunks (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    article INTEGER NOT NULL REFERENCES articles ON DELETE CASCADE,
    span_start INTEGER NOT NULL, span_end INTEGER NOT NULL, heading_path TEXT NOT NULL, kind TEXT NOT NULL,
    token_count INTEGER NOT NULL, embedded_text_sha256 TEXT NOT NULL, digest BLOB NOT NULL,
    checksum INTEGER NOT NULL);
CREATE INDEX chunks_by_article ON chunks (article);
CREATE INDEX chunks_by_embedded_text ON chunks (embedded_text_sha256);
CREATE TABLE payloads (
    chunk INTEGER PRIMARY KEY REFERENCES chunks ON DELETE CASCADE,
    vector BLOB NOT NULL, hashes BLOB NOT NULL, counts BLOB NOT NULL, checksum INTEGER NOT NULL);
CREATE TABLE tombstones (
    seq INTEGER NOT NULL, chunk INTEGER NOT NULL, PRIMARY KEY (seq, chunk)) WITHOUT ROWID;
"""

_inherited: list[sqlite3.Connection] = []
"""Connections a forked child got from its parent: SQLite forbids even closing them there."""


class Database:
    """Two connections to one file: reads go on while a write is under way. Safe to use from several threads.

    A forked child notices that it is one and opens connections of its own.
    """

    def __init__(self, path: Path, manifest: IndexManifest) -> None:
        """Open or create the file. Raises IndexMismatch, or StoreError when it cannot be used."""
        self.path = path
        self.closed = False
        with self._translated():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._open()
            try:
                self._prepare(manifest)
            except BaseException:
                self.close()
                raise

    def _open(self) -> None:
        self._pid = os.getpid()
        self._read_lock, self._write_lock = threading.RLock(), threading.Lock()
        self._reader, self._writer = _connect(self.path), _connect(self.path)

    def _follow_fork(self) -> None:
        if self.closed:
            raise StoreError(
                "索引はすでに閉じられています。",
                "開き直してから使ってください。",
                en=("The index has been closed.", "Open it again."),
            )
        if os.getpid() != self._pid:
            _inherited.extend((self._reader, self._writer))
            self._open()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """One consistent view of the file for the length of the block."""
        self._follow_fork()
        with self._read_lock, self._translated(), _transaction(self._reader, "BEGIN"):
            yield self._reader

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One atomic, durable commit at the end of the block, or nothing when it raises.

        Waits up to 30 s for another writer, then raises StoreBusy.
        """
        self._follow_fork()
        with self._write_lock, self._translated(), _transaction(self._writer, "BEGIN IMMEDIATE"):
            yield self._writer

    def latest_commit(self) -> int:
        """Number of the newest commit by any process; costs some microseconds."""
        self._follow_fork()
        with self._read_lock, self._translated():
            return latest_commit(self._reader)

    def close(self) -> None:
        """Close both connections; calling it again does nothing."""
        if self.closed:
            return
        self.closed = True
        if os.getpid() != self._pid:
            _inherited.extend((self._reader, self._writer))
            return
        with self._write_lock, self._read_lock, suppress(sqlite3.Error):
            self._reader.close()
            self._writer.close()

    def _prepare(self, manifest: IndexManifest) -> None:
        if not _tables(self._writer) and self._writable():
            # Rows of some 3 kB would fill pages of the usual 4 kB badly.
            self._writer.execute("PRAGMA page_size = 16384")
            _use_write_ahead_log(self._writer)
            with _transaction(self._writer, "BEGIN IMMEDIATE"):
                if not _tables(self._writer):
                    _create(self._writer, manifest)
        if "meta" not in _tables(self._writer):
            raise StoreError(
                f"{self.path} は rag の索引ではありません。",
                f"別の場所に移してから、{REBUILD}",
                en=(f"{self.path} is no index of rag.", f"Move it away. {REBUILD_EN}"),
            )
        _check_manifest(dict(self._writer.execute("SELECT key, value FROM meta")), manifest)

    def _writable(self) -> bool:
        return not self._writer.execute("PRAGMA query_only").fetchone()[0]

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise store_error(error, self.path) from error
        except UnicodeDecodeError as error:
            # SQLite's message about a damaged schema quotes its bytes, and Python fails to read the message.
            raise StoreError(
                f"索引 {self.path} が壊れています: {error}",
                REBUILD,
                en=(f"The index {self.path} is damaged: {error}", REBUILD_EN),
            ) from error
        except OSError as error:
            raise StoreError(
                f"索引 {self.path} を使えません: {error}",
                "場所と権限を確かめてください。",
                en=(f"The index {self.path} cannot be used: {error}", "Check its place and permissions."),
            ) from error


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        _uri(path), uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KB}")
        if "mode=ro" in _uri(path):
            connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _uri(path: Path) -> str:
    """Read-only media can hold an index too: without a log to replay, SQLite may read it as immutable."""
    uri = path.absolute().as_uri()
    if not path.exists() or (os.access(path.parent, os.W_OK) and os.access(path, os.W_OK)):
        return uri
    log = path.with_name(path.name + "-wal")
    return f"{uri}?mode=ro" if log.exists() and log.stat().st_size else f"{uri}?mode=ro&immutable=1"


@contextmanager
def _transaction(connection: sqlite3.Connection, begin: str) -> Iterator[None]:
    nested = connection.in_transaction
    if not nested:
        connection.execute(begin)
    try:
        yield
        if not nested and connection.in_transaction:
            connection.execute("COMMIT")
    except BaseException:
        # After some errors (a full disk) SQLite has rolled back already; a failed rollback must not hide why.
        if not nested and connection.in_transaction:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Switching the mode needs the file alone and does not always wait for it: try again for a while."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _tables(connection: sqlite3.Connection) -> set[str]:
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _create(connection: sqlite3.Connection, manifest: IndexManifest) -> None:
    for statement in _SCHEMA.split(";"):
        connection.execute(statement)
    values = [("schema", SCHEMA_VERSION), ("manifest", manifest.model_dump_json())]
    connection.executemany("INSERT INTO meta VALUES (?, ?)", values)
    new_commit(connection)


def _check_manifest(stored: dict[str, str], manifest: IndexManifest) -> None:
    if stored.get("schema") != SCHEMA_VERSION:
        found = f"索引の形式が違います (索引: {stored.get('schema')}, このプログラム: {SCHEMA_VERSION})。"
        found_en = (
            f"The index has another form (index: {stored.get('schema')}, this program: {SCHEMA_VERSION})."
        )
        raise IndexMismatch(found, REBUILD, en=(found_en, REBUILD_EN))
    try:
        theirs, ours = dict(json.loads(stored.get("manifest", "{}"))), manifest.model_dump()
    except ValueError as error:
        raise StoreError(
            f"索引の manifest が壊れています: {error}",
            REBUILD,
            en=(f"The manifest of the index is damaged: {error}", REBUILD_EN),
        ) from error
    names = [name for name in {**theirs, **ours} if theirs.get(name) != ours.get(name)]
    if names:
        pairs = [(name, theirs.get(name), ours.get(name)) for name in names]
        differences = "、".join(f"{name} (索引: {old}, 設定: {new})" for name, old, new in pairs)
        differences_en = ", ".join(f"{name} (index: {old}, setting: {new})" for name, old, new in pairs)
        raise IndexMismatch(
            f"索引は別の設定で作られています: {differences}",
            REBUILD,
            en=(f"The index was built with other settings: {differences_en}", REBUILD_EN),
        )


def new_commit(connection: sqlite3.Connection) -> int:
    """Number the commit that is being written; its random token tells it from one in a copy of the file."""
    seq = connection.execute("INSERT INTO commits (token) VALUES (?)", (secrets.token_hex(8),)).lastrowid
    assert seq is not None  # noqa: S101 - an INSERT always has one
    connection.execute("DELETE FROM commits WHERE seq <= ?", (seq - KEPT_COMMITS,))
    connection.execute("DELETE FROM tombstones WHERE seq <= ?", (seq - KEPT_COMMITS,))
    return seq


def latest_commit(connection: sqlite3.Connection) -> int:
    """Number of the newest commit that this transaction sees."""
    with closing(connection.execute("SELECT max(seq) FROM commits")) as cursor:
        return int(cursor.fetchone()[0] or 0)

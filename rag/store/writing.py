"""Writing articles: checked before anything is touched, then only the difference to what is stored."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rag.store.database import new_commit
from rag.store.lexical import bag_of_terms
from rag.store.rows import checksum, header_checksum, select_in
from rag.types import Article, IndexedArticle, IndexedChunk

UNIT_TOLERANCE = 1e-2
"""How far the length of a vector may be from 1."""


class _ChunkRow(NamedTuple):
    id: str
    header: tuple[int, int, str, str, int, str]
    digest: bytes
    payload: tuple[bytes, bytes, bytes, int]


class ArticleRows(NamedTuple):
    """An article as it will be written."""

    article: Article
    metadata: str
    chunks: dict[str, _ChunkRow]


def prepare(articles: Sequence[IndexedArticle], dimension: int) -> list[ArticleRows]:
    """Rows for the articles. Raises ValueError for what must not be stored, before a file is touched."""
    _require_distinct("article id", [indexed.article.id for indexed in articles])
    _require_distinct("chunk id", [each.chunk.id for indexed in articles for each in indexed.chunks])
    return [_article_rows(indexed, dimension) for indexed in articles]


def _require_distinct(what: str, ids: Sequence[str]) -> None:
    if len(set(ids)) != len(ids):
        seen: set[str] = set()
        repeated = next(id_ for id_ in ids if id_ in seen or seen.add(id_))  # type: ignore[func-returns-value]
        raise ValueError(f"{what} {repeated!r} is given twice")


def _article_rows(indexed: IndexedArticle, dimension: int) -> ArticleRows:
    article = indexed.article
    metadata = article.model_dump_json(exclude={"text"})
    return ArticleRows(
        article, metadata, {c.chunk.id: _chunk_row(c, article, dimension) for c in indexed.chunks}
    )


def _chunk_row(indexed: IndexedChunk, article: Article, dimension: int) -> _ChunkRow:
    chunk = indexed.chunk
    if not chunk.id:
        raise ValueError(f"a chunk of {article.id!r} has an empty id")
    if chunk.article_id != article.id:
        raise ValueError(f"chunk {chunk.id!r} belongs to {chunk.article_id!r}, not to {article.id!r}")
    if not 0 <= chunk.start <= chunk.end or article.text[chunk.start : chunk.end] != chunk.text:
        raise ValueError(f"chunk {chunk.id!r} is not the text of its article at [{chunk.start}, {chunk.end})")
    vector = unit_vector(indexed.vector, dimension, f"vector of chunk {chunk.id!r}").astype("<f2").tobytes()
    hashes, counts = (part.tobytes() for part in bag_of_terms(indexed.tokens))
    path = json.dumps(chunk.heading_path, ensure_ascii=False)
    length, embedded = len(indexed.tokens), indexed.embedded_text_sha256
    header = (chunk.start, chunk.end, path, chunk.kind, length, embedded)
    digest = hashlib.blake2b(json.dumps(header).encode() + b"\0" + hashes + counts, digest_size=16).digest()
    return _ChunkRow(chunk.id, header, digest, (vector, hashes, counts, checksum(vector, hashes, counts)))


def unit_vector(vector: np.ndarray, dimension: int, name: str) -> np.ndarray:
    """The vector as float32, shape (dimension,). Raises ValueError unless it is finite and of length 1."""
    values = np.ascontiguousarray(vector, dtype=np.float32)
    if values.shape != (dimension,):
        raise ValueError(f"{name} has shape {values.shape}, expected ({dimension},)")
    norm = float(np.linalg.norm(values))
    if not abs(norm - 1) <= UNIT_TOLERANCE:  # also false for NaN and infinity
        raise ValueError(f"{name} must be finite and of length 1, its length is {norm}")
    return values


def write_articles(connection: sqlite3.Connection, articles: Sequence[ArticleRows]) -> bool:
    """Make the stored articles equal to these, inside the caller's transaction; False when they already were.

    Rows of unchanged chunks stay as they are. Raises ValueError when a chunk id belongs to another article.
    """
    seq = new_commit(connection)
    changed, additions = False, []
    for rows in articles:
        number, new = _write_article(connection, rows, seq)
        stored = dict(connection.execute("SELECT id, digest FROM chunks WHERE article = ?", (number,)))
        kept = {row.id for row in rows.chunks.values() if stored.get(row.id) == row.digest}
        gone = [id_ for id_ in stored if id_ not in kept]
        _bury(connection, seq, gone)
        added = [row for row in rows.chunks.values() if row.id not in kept]
        additions += [(number, row) for row in added]
        changed = changed or new or bool(gone or added)
    # A chunk id may move from one article of the batch to another: all removals come before all additions.
    for number, row in additions:
        _insert_chunk(connection, number, row)
    return changed


def _write_article(connection: sqlite3.Connection, rows: ArticleRows, seq: int) -> tuple[int, bool]:
    article = rows.article
    crc = checksum(rows.metadata.encode(), article.text.encode())
    sql = "SELECT number, content_hash, checksum FROM articles JOIN texts ON article = number WHERE id = ?"
    stored = connection.execute(sql, (article.id,)).fetchone()
    # The checksum too: a copy of an article made with changes may carry the hash of the original.
    if stored and stored[1:] == (article.content_hash, crc):
        return stored[0], False
    values = (article.content_hash, article.publisher, article.lang, article.published, seq, article.id)
    if stored:
        number = stored[0]
        columns = "content_hash = ?, publisher = ?, lang = ?, published = ?, seq = ?"
        connection.execute(f"UPDATE articles SET {columns} WHERE id = ?", values)  # noqa: S608
    else:
        columns = "content_hash, publisher, lang, published, seq, id"
        sql = f"INSERT INTO articles ({columns}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608
        number = connection.execute(sql, values).lastrowid
    text = (number, rows.metadata, article.text, crc)
    connection.execute("INSERT OR REPLACE INTO texts VALUES (?, ?, ?, ?)", text)
    return number, True


def _insert_chunk(connection: sqlite3.Connection, article: int, row: _ChunkRow) -> None:
    sql = (
        "INSERT INTO chunks (id, article, span_start, span_end, heading_path, kind, token_count, "
        "embedded_text_sha256, digest, checksum) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    )
    start, end, path, kind, length, _ = row.header
    crc = header_checksum(row.id, article, length, start, end, path, kind)
    try:
        number = connection.execute(sql, (row.id, article, *row.header, row.digest, crc)).lastrowid
    except sqlite3.IntegrityError as error:
        raise ValueError(f"chunk id {row.id!r} belongs to another article") from error
    connection.execute("INSERT INTO payloads VALUES (?, ?, ?, ?, ?)", (number, *row.payload))


def _bury(connection: sqlite3.Connection, seq: int, chunk_ids: Sequence[str]) -> None:
    for id_ in chunk_ids:
        connection.execute("INSERT INTO tombstones SELECT ?, number FROM chunks WHERE id = ?", (seq, id_))
        connection.execute("DELETE FROM chunks WHERE id = ?", (id_,))


def delete_articles(connection: sqlite3.Connection, article_ids: Sequence[str]) -> int:
    """Delete the articles and their chunks, inside the caller's transaction; returns how many there were."""
    wanted = sorted(set(article_ids))
    numbers = list(select_in(connection, "SELECT number FROM articles WHERE id IN {in}", wanted))
    if not numbers:
        return 0
    seq = new_commit(connection)
    for number in numbers:
        connection.execute(
            "INSERT INTO tombstones SELECT ?, number FROM chunks WHERE article = ?", (seq, *number)
        )
        connection.execute("DELETE FROM articles WHERE number = ?", number)
    return len(numbers)

"""Reading the SQLite rows: articles and chunks for callers, bulk arrays for the search structures."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from rag.errors import StoreError
from rag.store.database import KEPT_COMMITS, latest_commit
from rag.store.trouble import REBUILD, REBUILD_EN
from rag.types import Article, Chunk, Vector

_PARAMETERS = 500
_ROWS = 4096


class ArticleRow(NamedTuple):
    """What a filter asks of an article."""

    number: int
    id: str
    publisher: str | None
    lang: str
    published: str | None


class Headers(NamedTuple):
    """The small columns of n chunks, by ascending `numbers`; `articles` are article numbers."""

    numbers: NDArray[np.int64]
    ids: list[str]
    articles: NDArray[np.int64]
    lengths: NDArray[np.int64]

    def take(self, where: NDArray[np.bool_]) -> Headers:
        """The chunks where the mask is true."""
        ids = [self.ids[i] for i in np.flatnonzero(where)]
        return Headers(self.numbers[where], ids, self.articles[where], self.lengths[where])


class Payloads(NamedTuple):
    """The large columns of n chunks: `vectors` (n, dimension) float16; the bags of terms one after another,
    `sizes` (n,) terms each."""

    vectors: NDArray[np.float16]
    hashes: NDArray[np.uint64]
    counts: NDArray[np.uint16]
    sizes: NDArray[np.int64]


class Changes(NamedTuple):
    """What was committed after some commit, up to commit `seq`."""

    seq: int
    headers: Headers
    payloads: Payloads
    articles: list[ArticleRow]
    dead: NDArray[np.int64]


def damaged(what: str, what_en: str) -> StoreError:
    """The error for a row whose contents are not what was written."""
    return StoreError(
        f"索引が壊れています: {what}", REBUILD, en=(f"The index is damaged: {what_en}", REBUILD_EN)
    )


def checksum(*parts: bytes) -> int:
    """CRC-32 over the parts; SQLite itself does not notice a flipped bit."""
    value = 0
    for part in parts:
        value = zlib.crc32(part, value)
    return value


def header_checksum(*columns: str | int) -> int:
    """CRC-32 over a chunk's id, article number, token count, start, end, heading path and kind."""
    return checksum("\0".join(map(str, columns)).encode())


_HEADER = "c.id, c.article, c.token_count, c.span_start, c.span_end, c.heading_path, c.kind"


def select_in(connection: sqlite3.Connection, sql: str, values: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Rows of `sql`, whose `{in}` stands for a list of values, however many there are."""
    for start in range(0, len(values), _PARAMETERS):
        some = values[start : start + _PARAMETERS]
        yield from connection.execute(sql.replace("{in}", f"({','.join('?' * len(some))})"), some)


def read_articles(connection: sqlite3.Connection, article_ids: Sequence[str] | None) -> list[Article]:
    """The articles with these ids in that order, all by id when None."""
    # As bytes: that is what the checksum is of.
    columns = "a.id, t.metadata, CAST(t.text AS BLOB), t.checksum"
    sql = f"SELECT {columns} FROM articles a JOIN texts t ON t.article = a.number"  # noqa: S608
    if article_ids is None:
        return [_article(*row) for row in connection.execute(f"{sql} ORDER BY a.id")]
    found = {
        row[0]: _article(*row) for row in select_in(connection, f"{sql} WHERE a.id IN {{in}}", article_ids)
    }
    return [found[article_id] for article_id in article_ids if article_id in found]


def _article(article_id: str, metadata: str, text: bytes, expected: int) -> Article:
    if checksum(metadata.encode(), text) != expected:
        raise damaged(f"記事 {article_id}", f"article {article_id}")
    try:
        # The checksum vouches for the text; validating it would copy it twice.
        article = Article.model_validate({**json.loads(metadata), "text": "."})
        return article.model_copy(update={"text": text.decode()})
    except (ValidationError, ValueError) as error:
        raise damaged(f"記事 {article_id}: {error}", f"article {article_id}: {error}") from error


def read_chunks(connection: sqlite3.Connection, chunk_ids: Sequence[str]) -> list[Chunk]:
    """The chunks with these ids in that order; their text is cut from the article."""
    text = "substr(t.text, c.span_start + 1, c.span_end - c.span_start)"
    sql = (
        f"SELECT a.id, {text}, c.checksum, {_HEADER} FROM chunks c JOIN articles a ON a.number = c.article "  # noqa: S608
        "LEFT JOIN texts t ON t.article = c.article WHERE c.id IN {in}"
    )
    found = {row[3]: row for row in select_in(connection, sql, chunk_ids)}
    return [_chunk(connection, *found[id_]) for id_ in chunk_ids if id_ in found]


def _chunk(
    connection: sqlite3.Connection, article_id: str, text: str | None, expected: int, *header: Any
) -> Chunk:
    chunk_id, number, _, start, end, heading_path, kind = header
    if text is None or len(text) != end - start:  # SQLite counts characters up to a NUL only
        text = _text(connection, number)[start:end]
    if header_checksum(*header) != expected or len(text) != end - start:
        raise damaged(f"チャンク {chunk_id}", f"chunk {chunk_id}")
    path = tuple(json.loads(heading_path))
    return Chunk(
        id=chunk_id, article_id=article_id, start=start, end=end, text=text, heading_path=path, kind=kind
    )


def _text(connection: sqlite3.Connection, number: int) -> str:
    row = connection.execute("SELECT text FROM texts WHERE article = ?", (number,)).fetchone()
    return str(row[0]) if row else ""


def read_vectors(connection: sqlite3.Connection, hashes: Sequence[str], dimension: int) -> dict[str, Vector]:
    """Stored vectors by the hash of the embedded text."""
    sql = (
        "SELECT c.embedded_text_sha256, p.vector, p.hashes, p.counts, p.checksum FROM chunks c "
        "JOIN payloads p ON p.chunk = c.number WHERE c.embedded_text_sha256 IN {in}"
    )
    found: dict[str, Vector] = {}
    for key, vector, *bag, expected in select_in(connection, sql, sorted(set(hashes))):
        if checksum(vector, *bag) != expected or len(vector) != 2 * dimension:
            raise damaged("ベクトル", "a vector")
        found[key] = np.frombuffer(vector, "<f2").astype(np.float32)
    return found


def read_headers(connection: sqlite3.Connection, after: int = 0) -> Headers:
    """The small columns of all chunks with a number above `after`, checked."""
    sql = f"SELECT c.number, c.checksum, {_HEADER} FROM chunks c WHERE c.number > ? ORDER BY c.number"  # noqa: S608
    rows = []
    for number, expected, *columns in connection.execute(sql, (after,)):
        if header_checksum(*columns) != expected:
            raise damaged(f"チャンク {columns[0]}", f"chunk {columns[0]}")
        rows.append((number, *columns[:3]))
    numbers, ids, articles, lengths = zip(*rows, strict=True) if rows else ((), (), (), ())
    integers = [np.array(column, np.int64) for column in (numbers, articles, lengths)]
    return Headers(integers[0], list(ids), integers[1], integers[2])


def read_payloads(connection: sqlite3.Connection, headers: Headers, dimension: int) -> Payloads:
    """The large columns of these chunks, which must be all from the first of them on, checked."""
    sql = "SELECT chunk, vector, hashes, counts, checksum FROM payloads WHERE chunk >= ? ORDER BY chunk"
    vectors = np.empty((len(headers.ids), dimension), np.float16)
    sizes, row = np.empty(len(headers.ids), np.int64), 0
    hashes, counts = [b""], [b""]
    first = int(headers.numbers[0]) if headers.ids else 2**62
    for some in _blocks(connection.execute(sql, (first,))):
        block = slice(row, row + len(some))
        sound = all(len(v) == 2 * dimension and checksum(v, h, c) == x for _, v, h, c, x in some)
        if not sound or not np.array_equal(headers.numbers[block], [number for number, *_ in some]):
            raise damaged("ベクトルまたは語", "a vector or its words")
        vectors[block] = np.frombuffer(b"".join(v for _, v, *_ in some), "<f2").reshape(-1, dimension)
        sizes[block] = [len(c) // 2 for _, _, _, c, _ in some]
        hashes.append(b"".join(h for _, _, h, _, _ in some))
        counts.append(b"".join(c for _, _, _, c, _ in some))
        row = block.stop
    if row != len(headers.ids):
        raise damaged("チャンクの数", "the number of chunks")
    all_hashes, all_counts = np.frombuffer(b"".join(hashes), "<u8"), np.frombuffer(b"".join(counts), "<u2")
    return Payloads(vectors, all_hashes, all_counts, sizes)


def _blocks(cursor: sqlite3.Cursor) -> Iterator[list[tuple[int, bytes, bytes, bytes, int]]]:
    while rows := cursor.fetchmany(_ROWS):
        yield rows


def read_article_rows(connection: sqlite3.Connection, after: int = 0) -> list[ArticleRow]:
    """What filters need of the articles written after commit `after`."""
    sql = "SELECT number, id, publisher, lang, published FROM articles WHERE seq > ?"
    return [ArticleRow(*row) for row in connection.execute(sql, (after,))]


def read_changes(connection: sqlite3.Connection, seq: int, last: int, dimension: int) -> Changes | None:
    """What happened after commit `seq`, when chunk `last` was the newest; None when that is forgotten."""
    latest = latest_commit(connection)
    if latest - seq >= KEPT_COMMITS or latest < seq:
        return None
    headers = read_headers(connection, last)
    payloads = read_payloads(connection, headers, dimension)
    dead = connection.execute(
        "SELECT chunk FROM tombstones WHERE seq > ? AND chunk <= ?", (seq, last)
    ).fetchall()
    return Changes(latest, headers, payloads, read_article_rows(connection, seq), _column(dead))


def _column(rows: Iterable[tuple[int]]) -> NDArray[np.int64]:
    return np.sort(np.array([value for (value,) in rows], np.int64))


def count_chunks(connection: sqlite3.Connection, upto: int | None = None) -> int:
    """How many chunks there are (with a number of at most `upto`)."""
    where, values = ("", ()) if upto is None else ("WHERE number <= ?", (upto,))
    return int(connection.execute(f"SELECT count(*) FROM chunks {where}", values).fetchone()[0])  # noqa: S608

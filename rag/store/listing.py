"""Listing articles a page at a time: SQLite finds and orders them, and only the articles of the page are read."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator

from rag.japanese import fold
from rag.store.rows import read_articles
from rag.types import Filter, Listing, Overview

_NEWEST = "a.published IS NULL, a.published DESC, a.id"


def read_listing(
    connection: sqlite3.Connection, limit: int, offset: int, where: Filter | None, title: str, newest: bool
) -> Listing:
    """See `rag.protocols.Store.listing`."""
    conditions = dict(_conditions(where)) if where else {}
    values, titled = list(conditions.values()), _titled(connection, title)
    found = f"FROM articles a WHERE {' AND '.join([*conditions, *titled]) or '1'}"
    sql = f"SELECT a.id {found} ORDER BY {_NEWEST if newest else 'a.id'}"
    if titled:  # to count apart would compare every title twice
        ids = [id_ for (id_,) in connection.execute(sql, values)]
        return Listing(read_articles(connection, ids[offset : offset + limit]), len(ids))
    total = connection.execute(f"SELECT count(*) {found}", values).fetchone()[0]
    page = connection.execute(f"{sql} LIMIT ? OFFSET ?", (*values, limit, offset))
    return Listing(read_articles(connection, [id_ for (id_,) in page]), total)


def read_overview(connection: sqlite3.Connection) -> Overview:
    """See `rag.protocols.Store.overview`."""
    count = connection.execute("SELECT count(*) FROM articles").fetchone()[0]
    return Overview(count, _distinct(connection, "publisher"), _distinct(connection, "lang"))


def _distinct(connection: sqlite3.Connection, column: str) -> tuple[str, ...]:
    sql = f"SELECT DISTINCT {column} FROM articles WHERE {column} IS NOT NULL ORDER BY 1"  # noqa: S608
    return tuple(value for (value,) in connection.execute(sql))


def _conditions(where: Filter) -> Iterator[tuple[str, str]]:
    """SQL conditions with their one value each, which judge an article as `rag.store.filters` does."""
    members = (
        ("a.id", where.article_ids),
        ("a.publisher", where.publishers),
        ("a.lang", where.langs),
    )
    for column, values in members:
        if values is not None:
            yield f"{column} IN (SELECT value FROM json_each(?))", json.dumps(sorted(values))  # noqa: S608
    if where.chunk_ids is not None:
        chunks = "SELECT article FROM chunks WHERE id IN (SELECT value FROM json_each(?))"
        yield f"a.number IN ({chunks})", json.dumps(sorted(where.chunk_ids))
    if where.published_from is not None:
        yield "(a.published || '-99-99') >= ?", where.published_from
    if where.published_to is not None:
        yield "a.published <= (? || '-99-99')", where.published_to


def _titled(connection: sqlite3.Connection, words: str) -> list[str]:
    """The condition that the words are in the title; none when there are no words."""
    wanted = fold(words)
    if not wanted:
        return []
    connection.create_function("titled", 1, lambda title: wanted in fold(title))
    return ["titled((SELECT json_extract(metadata, '$.title') FROM texts WHERE article = a.number))"]

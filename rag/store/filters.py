"""Which articles a `Filter` allows, answered for all articles at once.

Dates are as precise as is known. Article and bound are compared at the precision both have, so an article
dated `2026` is found by `published_to="2026-01"`: it may lie in the range, and a filter must not hide it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rag.store.rows import ArticleRow
from rag.types import Filter

_NEVER = -1


class Catalog:
    """The filterable columns of articles, by article number; never changes."""

    def __init__(self, rows: Iterable[ArticleRow] = ()) -> None:
        self._rows = {row.number: row for row in rows}

    def updated(self, rows: Iterable[ArticleRow]) -> Catalog:
        """A catalog in which these rows replace those with the same numbers."""
        new = list(rows)
        return Catalog([*self._rows.values(), *new]) if new else self

    def allowed(self, where: Filter) -> NDArray[np.bool_] | None:
        """A mask over article numbers; None when the filter says nothing about articles."""
        masks = [
            *self._member("id", where.article_ids),
            *self._member("publisher", where.publishers),
            *self._member("lang", where.langs),
        ]
        earliest, latest = self._dates
        if where.published_from is not None:
            masks.append((earliest != _NEVER) & (latest >= _day(where.published_from, "00")))
        if where.published_to is not None:
            masks.append((earliest != _NEVER) & (earliest <= _day(where.published_to, "99")))
        return np.logical_and.reduce(masks) if masks else None

    def _member(self, column: str, values: frozenset[str] | None) -> list[NDArray[np.bool_]]:
        if values is None:
            return []
        codes, numbering = self._codes[column]
        wanted = [numbering[value] for value in values if value in numbering]
        return [np.isin(codes, wanted)]

    @cached_property
    def _size(self) -> int:
        return max(self._rows, default=-1) + 1

    @cached_property
    def _codes(self) -> dict[str, tuple[NDArray[np.int64], dict[str, int]]]:
        """Per column: a code for each article number (-1 for none), and the code of each value."""
        return {column: self._numbered(column) for column in ("id", "publisher", "lang")}

    def _numbered(self, column: str) -> tuple[NDArray[np.int64], dict[str, int]]:
        codes, numbering = np.full(self._size, _NEVER, np.int64), dict[str, int]()
        for number, row in self._rows.items():
            value = getattr(row, column)
            if value is not None:
                codes[number] = numbering.setdefault(value, len(numbering))
        return codes, numbering

    @cached_property
    def _dates(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """First and last day that each article may be from, as yyyymmdd; -1 where nothing is known."""
        dates = np.full((2, self._size), _NEVER, np.int64)
        for number, row in self._rows.items():
            if row.published is not None:
                dates[:, number] = _day(row.published, "00"), _day(row.published, "99")
        return dates[0], dates[1]


def _day(date: str, missing: str) -> int:
    parts = [*date.split("-"), missing, missing]
    return int("".join(parts[:3]))

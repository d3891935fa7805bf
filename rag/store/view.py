"""One consistent state of the index, searchable. A view never changes: a commit leads to a new one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rag.store.filters import Catalog
from rag.store.lexical import inverse_document_frequency, length_norms, query_terms
from rag.store.rows import Changes
from rag.store.segment import Segment, merged, segment_from_rows
from rag.types import Filter, Scored

_MERGE_ROWS = 20_000
"""Segments that are larger together stay apart until the next flush: merging them would hold up a search."""

_REMEMBERED = 256
"""Lexical searches whose results a view keeps: questions about one subject look up the same names."""


class View:
    """The live chunks at commit `seq`, in segments of ascending chunk numbers up to `last`."""

    def __init__(
        self, seq: int, last: int, segments: Sequence[Segment], catalog: Catalog, k1: float, b: float
    ) -> None:
        self.seq = seq
        self.last = last
        self.segments = tuple(segments)
        self.catalog = catalog
        self.k1 = k1
        self.b = b
        self._answered: dict[tuple[tuple[str, ...], int, Filter | None], list[Scored]] = {}

    @cached_property
    def count(self) -> int:
        """How many live chunks there are."""
        return sum(segment.count for segment in self.segments)

    @cached_property
    def _norms(self) -> list[NDArray[np.float64]]:
        average = sum(segment.tokens for segment in self.segments) / max(1, self.count)
        return [length_norms(s.headers.lengths, average, self.k1, self.b) for s in self.segments]

    def after(self, changes: Changes) -> View:
        """The view after these changes."""
        segments = [segment.without(changes.dead) for segment in self.segments]
        last = self.last
        if changes.headers.ids:
            segments.append(segment_from_rows(changes.headers, changes.payloads))
            last = int(changes.headers.numbers[-1])
        catalog = self.catalog.updated(changes.articles)
        return View(changes.seq, last, _tidied(segments), catalog, self.k1, self.b)

    def compacted(self, approximate_from: int) -> View:
        """The same chunks in one segment."""
        if len(self.segments) == 1 and self.segments[0].is_compact(approximate_from):
            return self
        segments = [merged(self.segments, approximate_from)] if self.segments else []
        return View(self.seq, self.last, segments, self.catalog, self.k1, self.b)

    def dense(self, query: NDArray[np.float32], k: int, where: Filter | None) -> list[Scored]:
        """The k nearest chunks by cosine; `query` has shape (dimension,)."""
        found = []
        for segment, _, wanted in self._selected(where):
            rows, scores = segment.vectors.search(query, k, wanted)
            found.append((segment, rows, scores))
        return _best(found, k)

    def lexical(self, tokens: Sequence[str], k: int, where: Filter | None) -> list[Scored]:
        """The k best chunks by BM25 with at least one of the tokens; a token given twice counts double."""
        asked = (tuple(tokens), k, where)
        known = self._answered.get(asked)
        if known is None:
            known = self._lexical(tokens, k, where)
            if where is None or where.chunk_ids is None:  # else of no use to another question
                self._remember(asked, known)
        return [*known]

    def _remember(self, asked: tuple[tuple[str, ...], int, Filter | None], answer: list[Scored]) -> None:
        if len(self._answered) >= _REMEMBERED:
            self._answered.clear()
        self._answered[asked] = answer

    def _lexical(self, tokens: Sequence[str], k: int, where: Filter | None) -> list[Scored]:
        terms, repeats = query_terms(tokens)
        spans = {id(segment): segment.postings.spans(terms) for segment in self.segments}
        frequencies = np.zeros(len(terms), np.int64)
        for segment in self.segments:
            frequencies += segment.postings.frequencies(spans[id(segment)], segment.live)
        weights = inverse_document_frequency(self.count, frequencies) * (self.k1 + 1) * repeats
        found = []
        for segment, norms, wanted in self._selected(where):
            rows, scores = segment.postings.score(spans[id(segment)], weights, norms, wanted, k)
            found.append((segment, rows, scores.astype(np.float32)))
        return _best(found, k)

    def _selected(
        self, where: Filter | None
    ) -> Iterator[tuple[Segment, NDArray[np.float64], NDArray[np.int32] | None]]:
        allowed = None if where is None else self.catalog.allowed(where)
        for segment, norms in zip(self.segments, self._norms, strict=True):
            wanted = segment.select(where, allowed)
            if wanted is None or len(wanted):
                yield segment, norms, wanted


def _tidied(segments: Sequence[Segment]) -> list[Segment]:
    """Without empty segments, and small neighbours merged: few remain, and each row is merged rarely."""
    tidy = [segment for segment in segments if segment.count]
    while (
        len(tidy) > 1
        and tidy[-2].count <= 2 * tidy[-1].count
        and tidy[-2].count + tidy[-1].count <= _MERGE_ROWS
    ):
        tidy[-2:] = [merged(tidy[-2:])]
    return tidy


def _best(found: Sequence[tuple[Segment, NDArray[np.int32], NDArray[np.float32]]], k: int) -> list[Scored]:
    """The k best of all, by score and then chunk id; ids are looked up only where they can matter."""
    if not found:
        return []
    scores = np.concatenate([part for _, _, part in found])
    least = np.partition(scores, len(scores) - k)[len(scores) - k] if len(scores) > k else -np.inf
    ranked: list[tuple[float, str]] = []
    for segment, rows, part in found:
        kept, ids = part >= least, segment.headers.ids
        ranked += zip((-part[kept]).tolist(), (ids[row] for row in rows[kept].tolist()), strict=True)
    ranked.sort()
    return [Scored(chunk_id, -score) for score, chunk_id in ranked[:k]]

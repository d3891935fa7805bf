"""A segment: some chunks with everything needed to search them. Segments are never changed, only replaced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rag.store.dense import VectorIndex, train_approximate
from rag.store.lexical import Postings
from rag.store.rows import Headers, Payloads
from rag.types import Filter


@dataclass(frozen=True, eq=False)
class Segment:
    """n chunks in the order of their numbers. A chunk's place in that order is its row.

    `live`: mask of the rows not deleted since; `live_rows`: the same as row numbers; None when all are live.
    `row_of`: row by chunk id (possibly of a deleted one).
    """

    headers: Headers
    vectors: VectorIndex
    postings: Postings
    row_of: dict[str, int]
    live: NDArray[np.bool_] | None = None
    live_rows: NDArray[np.int32] | None = None

    @property
    def size(self) -> int:
        """How many rows there are, deleted ones included."""
        return len(self.headers.ids)

    @property
    def count(self) -> int:
        """How many rows are live."""
        return self.size if self.live_rows is None else len(self.live_rows)

    @property
    def tokens(self) -> int:
        """How many tokens the live rows have."""
        lengths = self.headers.lengths
        return int(lengths.sum() if self.live is None else lengths[self.live].sum())

    def is_compact(self, approximate_from: int) -> bool:
        """Whether merging it would change nothing."""
        approximate = self.vectors.approximate is not None
        return self.live is None and approximate == (self.size >= approximate_from)

    def without(self, dead: NDArray[np.int64]) -> Segment:
        """The segment after the chunks with these numbers were deleted."""
        rows = np.searchsorted(self.headers.numbers, dead)
        rows = rows[rows < self.size]
        rows = rows[np.isin(self.headers.numbers[rows], dead)]
        if not len(rows):
            return self
        live = np.ones(self.size, bool) if self.live is None else self.live.copy()
        live[rows] = False
        return replace(self, live=live, live_rows=np.flatnonzero(live).astype(np.int32))

    def select(self, where: Filter | None, allowed: NDArray[np.bool_] | None) -> NDArray[np.int32] | None:
        """Rows the filter lets through, ascending; None when that is every row.

        `allowed` is the filter's answer by article number (None: it does not ask for articles).
        """
        if where is not None and where.chunk_ids is not None:
            found = (self.row_of.get(chunk_id, -1) for chunk_id in where.chunk_ids)
            rows = np.array(sorted(row for row in found if row >= 0), np.int32)
            rows = rows if self.live is None else rows[self.live[rows]]
            return rows if allowed is None else rows[allowed[self.headers.articles[rows]]]
        if allowed is None:
            return self.live_rows
        mask = allowed[self.headers.articles]
        return np.flatnonzero(mask if self.live is None else mask & self.live).astype(np.int32)


def make_segment(headers: Headers, vectors: VectorIndex, postings: Postings) -> Segment:
    """A segment in which every row is live."""
    return Segment(headers, vectors, postings, {chunk_id: row for row, chunk_id in enumerate(headers.ids)})


def segment_from_rows(headers: Headers, payloads: Payloads) -> Segment:
    """A segment over rows just read from the database."""
    docs = np.repeat(np.arange(len(headers.ids), dtype=np.int32), payloads.sizes)
    postings = Postings.build(payloads.hashes, docs, payloads.counts)
    return make_segment(headers, VectorIndex(payloads.vectors), postings)


def merged(segments: Sequence[Segment], approximate_from: int | None = None) -> Segment:
    """One segment with the live rows of all; what was deleted is gone from it.

    From `approximate_from` rows on, its vectors get an approximate index (which may take minutes).
    """
    masks = [np.ones(s.size, bool) if s.live is None else s.live for s in segments]
    parts = [segment.headers.take(mask) for segment, mask in zip(segments, masks, strict=True)]
    headers = Headers(
        np.concatenate([part.numbers for part in parts]),
        [chunk_id for part in parts for chunk_id in part.ids],
        np.concatenate([part.articles for part in parts]),
        np.concatenate([part.lengths for part in parts]),
    )
    halves = np.concatenate([s.vectors.vectors[mask] for s, mask in zip(segments, masks, strict=True)])
    trained = approximate_from is not None and len(halves) >= approximate_from
    vectors = VectorIndex(halves, train_approximate(halves) if trained else None)
    return make_segment(headers, vectors, _merged_postings(segments, masks))


def _merged_postings(segments: Sequence[Segment], masks: Sequence[NDArray[np.bool_]]) -> Postings:
    entries, start = [], 0
    for segment, mask in zip(segments, masks, strict=True):
        renumbered = np.where(mask, np.cumsum(mask) - 1 + start, -1).astype(np.int32)
        entries.append(segment.postings.entries(renumbered))
        start += int(mask.sum())
    hashes, docs, counts = (np.concatenate(column) for column in zip(*entries, strict=True))
    return Postings.build(hashes, docs, counts)


def headers_taken(headers: Headers, numbers: NDArray[np.int64]) -> Headers | None:
    """Headers for exactly these chunk numbers (ascending), of which some may have been deleted since.

    A deleted one gets an empty id, article 0 and length 0. None when the database has others in that range.
    """
    last = int(numbers[-1]) if len(numbers) else 0
    known = headers.take(headers.numbers <= last)
    at = np.searchsorted(numbers, known.numbers)
    if len(at) and (at[-1] >= len(numbers) or not np.array_equal(numbers[at], known.numbers)):
        return None
    ids, articles, lengths = [""] * len(numbers), np.zeros_like(numbers), np.zeros_like(numbers)
    for row, chunk_id in zip(at.tolist(), known.ids, strict=True):
        ids[row] = chunk_id
    articles[at], lengths[at] = known.articles, known.lengths
    return Headers(numbers, ids, articles, lengths)

"""BM25 over inverted lists of term hashes, in plain numpy arrays.

Terms are 64-bit hashes: no vocabulary has to be kept, and a million different terms collide with a
probability of 3e-8. Scores use only statistics of the chunks alive now, so how an index came to be does not
show.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

K1 = 0.6
B = 0.6
_NO_DOCS, _NO_COUNTS = np.empty(0, np.int32), np.empty(0, np.uint16)
_SPARSE = 0.1
"""Up to so many entries for each document of the index, sorting them is faster than counting in an array of all."""
_FEW = 2_000
"""Up to so many wanted documents, looking each up in the lists is faster than scoring whole lists."""


@lru_cache(maxsize=1 << 16)
def _hash(term: str) -> int:
    return int.from_bytes(hashlib.blake2b(term.encode(), digest_size=8).digest(), "little")


def bag_of_terms(tokens: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.uint16]]:
    """Sorted hashes of the distinct tokens and how often each occurs (at most 65,535 is remembered)."""
    counts = sorted((_hash(term), count) for term, count in Counter(tokens).items())
    hashes = np.array([term for term, _ in counts], dtype="<u8")
    return hashes, np.array([min(count, 0xFFFF) for _, count in counts], dtype="<u2")


def query_terms(tokens: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
    """Sorted hashes of the distinct tokens of a question, and how often each is repeated."""
    counts = sorted((_hash(token), count) for token, count in Counter(tokens).items())
    return np.array([term for term, _ in counts], np.uint64), np.array([n for _, n in counts], np.float64)


def inverse_document_frequency(total: int, frequencies: NDArray[np.int64]) -> NDArray[np.float64]:
    """Lucene's: positive however frequent a term is."""
    live = frequencies.astype(np.float64)
    return np.log1p((total - live + 0.5) / (live + 0.5)).astype(np.float64)


def length_norms(lengths: NDArray[np.int64], average: float, k1: float, b: float) -> NDArray[np.float64]:
    """The part of BM25's denominator that depends on the document: k1 (1 - b + b length / average)."""
    return np.asarray(k1 * (1 - b + b * lengths / (average or 1.0)), np.float64)


class Postings(NamedTuple):
    """Inverted lists: term `terms[i]` is in `docs[offsets[i]:offsets[i+1]]`, `counts` times each."""

    terms: NDArray[np.uint64]
    offsets: NDArray[np.int64]
    docs: NDArray[np.int32]
    counts: NDArray[np.uint16]

    @classmethod
    def build(
        cls, hashes: NDArray[np.uint64], docs: NDArray[np.int32], counts: NDArray[np.uint16]
    ) -> Postings:
        """From one entry per (document, term), where the entries of each term are in order of documents."""
        # A stable sort keeps that order, and is the fastest here: the input consists of long sorted runs.
        order = np.argsort(hashes, kind="stable")
        ordered = hashes[order]
        begins = np.ones(len(ordered), bool)
        begins[1:] = ordered[1:] != ordered[:-1]
        starts = np.flatnonzero(begins)
        return cls(ordered[starts], np.append(starts, len(ordered)), docs[order], counts[order])

    def entries(
        self, renumbered: NDArray[np.int32]
    ) -> tuple[NDArray[np.uint64], NDArray[np.int32], NDArray[np.uint16]]:
        """What `build` takes, with new document numbers; documents with a negative one are left out."""
        docs = renumbered[self.docs]
        kept = docs >= 0
        return np.repeat(self.terms, np.diff(self.offsets))[kept], docs[kept], self.counts[kept]

    def spans(self, terms: NDArray[np.uint64]) -> list[slice]:
        """Where the list of each term is; an empty slice for an unknown one."""
        if not len(self.terms):
            return [slice(0, 0)] * len(terms)
        at = np.minimum(np.searchsorted(self.terms, terms), len(self.terms) - 1)
        known = self.terms[at] == terms
        ends = np.where(known, self.offsets[at + 1], self.offsets[at])
        return [slice(a, b) for a, b in zip(self.offsets[at].tolist(), ends.tolist(), strict=True)]

    def frequencies(self, spans: Sequence[slice], live: NDArray[np.bool_] | None) -> NDArray[np.int64]:
        """In how many live documents each term is; `live` None means that all are."""
        if live is None:
            return np.array([span.stop - span.start for span in spans], np.int64)
        return np.array([np.count_nonzero(live[self.docs[span]]) for span in spans], np.int64)

    def score(
        self,
        spans: Sequence[slice],
        weights: NDArray[np.float64],
        norms: NDArray[np.float64],
        wanted: NDArray[np.int32] | None,
        k: int,
    ) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """Documents (of `wanted`, ascending) with at least one term, and their sums of weight * tf part.

        All of the k best are among them. Both ways below add the same numbers in the same order, so they
        agree to the last bit.
        """
        if wanted is not None and len(wanted) <= _FEW:
            return self._look_up(spans, weights, norms, wanted)
        docs = np.concatenate([_NO_DOCS, *(self.docs[span] for span in spans)])
        counts = np.concatenate([_NO_COUNTS, *(self.counts[span] for span in spans)])
        repeated = np.repeat(weights, [span.stop - span.start for span in spans])
        parts = _part(repeated, counts, norms[docs])
        if len(docs) <= _SPARSE * len(norms):
            return _summed(docs, parts, wanted)
        totals = np.bincount(docs, parts, minlength=len(norms)).astype(np.float64, copy=False)
        if wanted is not None:
            everything, totals = totals, np.zeros_like(totals)
            totals[wanted] = everything[wanted]
        found = np.flatnonzero(totals >= self._floor(spans, totals, k))
        return found.astype(np.int32), totals[found]

    def _floor(self, spans: Sequence[slice], totals: NDArray[np.float64], k: int) -> float:
        """A positive score that the k-th best surely reaches: the k-th best within one (short) list does.

        It saves looking through all documents with some frequent term.
        """
        longer = [span for span in spans if span.stop - span.start >= k]
        smallest = float(np.finfo(np.float64).tiny)
        if not longer:
            return smallest
        scores = totals[self.docs[min(longer, key=lambda span: span.stop - span.start)]]
        # A little less, because scores are compared after rounding to float32.
        return max(smallest, float(np.partition(scores, len(scores) - k)[len(scores) - k]) * (1 - 1e-6))

    def _look_up(
        self,
        spans: Sequence[slice],
        weights: NDArray[np.float64],
        norms: NDArray[np.float64],
        wanted: NDArray[np.int32],
    ) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        totals, norms = np.zeros(len(wanted)), norms[wanted]
        for span, weight in zip(spans, weights, strict=True):
            docs = self.docs[span]
            if not len(docs):
                continue
            at = np.minimum(np.searchsorted(docs, wanted), len(docs) - 1)
            here = np.flatnonzero(docs[at] == wanted)
            if len(here):
                totals[here] += _part(weight, self.counts[span][at[here]], norms[here])
        found = totals > 0
        return wanted[found], totals[found]


def _summed(
    docs: NDArray[np.int32], parts: NDArray[np.float64], wanted: NDArray[np.int32] | None
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """The distinct documents, ascending, and the sum of each one's parts, added in the order given."""
    order = np.argsort(docs, kind="stable")
    ordered = docs[order]
    begins = np.ones(len(ordered), bool)
    begins[1:] = ordered[1:] != ordered[:-1]
    found, totals = ordered[begins], np.bincount(np.cumsum(begins) - 1, parts[order])
    if wanted is not None:
        kept = np.isin(found, wanted, assume_unique=True)
        found, totals = found[kept], totals[kept]
    return found, totals.astype(np.float64, copy=False)


def _part(
    weight: NDArray[np.float64], counts: NDArray[np.uint16], norms: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The weight holds idf * (k1 + 1)."""
    parts = counts.astype(np.float64)
    denominators = parts + norms
    parts *= weight
    parts /= denominators
    return parts

"""Nearest vectors: FAISS finds the candidates, one exact formula gives every score."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import faiss as _faiss
import numpy as np
from numpy.typing import NDArray

# Its stubs describe the C++ functions, not the Python wrappers that take arrays and keywords.
faiss: Any = _faiss

_FEW = 1_000
"""Up to so many wanted vectors, numpy on just these is faster than a filtered search."""
_SPARE = 32
"""So many more candidates than asked for: FAISS orders by its own rounding."""
_ROUNDING = 2e-6
_COARSE = 3
"""So many times as many candidates when they were found by 4 bits a dimension; the 100 best are then among them."""
_TRAINING_VECTORS = 4_096


class Nearest(NamedTuple):
    """Candidates that include the k best: their rows, and their exact cosines as float32."""

    rows: NDArray[np.int32]
    scores: NDArray[np.float32]


class VectorIndex:
    """Vectors of shape (n, dimension), float16, and a FAISS index over them. Never changes once built.

    Exact by default. With an `approximate` FAISS index the candidates come from that one, so one of the best
    may be missing now and then; the scores of those found are exact all the same.
    """

    def __init__(self, vectors: NDArray[np.float16], approximate: Any = None) -> None:
        self.approximate = approximate
        self._exact: Any = None
        if approximate is not None:
            self.vectors = vectors
            return
        count, dimension = vectors.shape
        quantizer = faiss.ScalarQuantizer.QT_fp16
        self._exact = faiss.IndexScalarQuantizer(dimension, quantizer, faiss.METRIC_INNER_PRODUCT)
        if count:
            # The codes of this index are little-endian halves: take them as they are, and keep only one copy.
            self._exact.add_sa_codes(np.ascontiguousarray(vectors, "<f2").view(np.uint8))
            codes = faiss.rev_swig_ptr(self._exact.codes.data(), count * self._exact.code_size)
            self.vectors = codes.view("<f2").reshape(count, dimension)
        else:
            self.vectors = vectors

    def search(self, query: NDArray[np.float32], k: int, wanted: NDArray[np.int32] | None) -> Nearest:
        """The k nearest of the `wanted` rows (all when None), and possibly some more, in no order."""
        total = len(self.vectors) if wanted is None else len(wanted)
        if wanted is not None and total <= max(_FEW, k):
            return self.scored(query, wanted)
        if total <= k + _SPARE:
            return self.scored(query, np.arange(total, dtype=np.int32) if wanted is None else wanted)
        selector = None if wanted is None else _selector(wanted, len(self.vectors))
        if self.approximate is not None:
            return self.scored(query, self._approximate_candidates(query, k, selector))
        return self.scored(query, self._exact_candidates(query, k, selector, total))

    def scored(self, query: NDArray[np.float32], rows: NDArray[np.int32]) -> Nearest:
        """Exact cosines of these rows; each row's does not depend on which others are computed with it."""
        scores = np.empty(len(rows), np.float32)
        for start in range(0, len(rows), _FEW):
            block = slice(start, start + _FEW)
            # einsum sums each row on its own; a matrix product may block rows together and round differently.
            scores[block] = np.einsum("ij,j->i", self.vectors[rows[block]].astype(np.float32), query)
        return Nearest(rows, scores)

    def _exact_candidates(
        self, query: NDArray[np.float32], k: int, selector: Any, total: int
    ) -> NDArray[np.int32]:
        """Ask for more until the last one is clearly worse than the k-th: equal texts have equal vectors."""
        parameters = None if selector is None else faiss.SearchParameters(sel=selector)
        fetch = k + _SPARE
        while True:
            with _one_thread():
                found, rows = self._exact.search(query[None], min(fetch, total), params=parameters)
            if fetch >= total or found[0, -1] < found[0, k - 1] - _ROUNDING:
                return _rows(rows[0])
            fetch *= 4

    def _approximate_candidates(self, query: NDArray[np.float32], k: int, selector: Any) -> NDArray[np.int32]:
        parameters = faiss.SearchParametersIVF(sel=selector, nprobe=1)
        with _one_thread():
            _, rows = self.approximate.search(query[None], _COARSE * (k + _SPARE), params=parameters)
        return _rows(rows[0])


@contextmanager
def _one_thread() -> Iterator[None]:
    """A single query has nothing to share out, and idle OpenMP threads spinning cost it some 10 ms.

    OpenMP keeps the number for each calling thread, so this disturbs nobody else.
    """
    usual = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(usual)


def _rows(found: NDArray[np.int64]) -> NDArray[np.int32]:
    """FAISS fills up with -1 where there was nothing more to find."""
    return found[found >= 0].astype(np.int32)


def _selector(wanted: NDArray[np.int32], count: int) -> Any:
    mask = np.zeros(count, bool)
    mask[wanted] = True
    return faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))


def train_approximate(vectors: NDArray[np.float16], seed: int = 1) -> Any:
    """All vectors with 4 bits a dimension, in one list; equal vectors in equal order give an equal index.

    FAISS scans them 16 at a time by table look-ups (André et al., PQ Fast Scan, 2015), and takes filters in a list.
    """
    count, dimension = vectors.shape
    index = faiss.IndexIVFPQFastScan(
        faiss.IndexFlatIP(dimension), dimension, 1, dimension, 4, faiss.METRIC_INNER_PRODUCT
    )
    sample = np.random.default_rng(seed).permutation(count)[:_TRAINING_VECTORS]
    with _one_thread():  # hundreds of tiny clusterings, each too short to share out
        index.train(vectors[np.sort(sample)].astype(np.float32))
        for start in range(0, count, 50_000):
            index.add(vectors[start : start + 50_000].astype(np.float32))
    return index

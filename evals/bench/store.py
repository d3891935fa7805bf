"""Speed, size and recall of the local store, on synthetic data.

    python -m evals.bench.store --sizes 10000 100000 --vectors 100000 300000

The vectors are synthetic, with the statistics of multilingual-e5: a common direction, so that unrelated texts
have a cosine near .76, and a spectrum that falls off, without clusters that would make an approximate index
look good. Tokens follow Zipf's law. Questions are noisy copies of stored chunks (cosine about .93).
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.store.dense import VectorIndex, train_approximate
from rag.store.local import LocalStore
from rag.types import Article, Chunk, Filter, IndexedArticle, IndexedChunk, IndexManifest, sha256

DIMENSION = 384
CHUNKS_PER_ARTICLE = 20
TOKENS_PER_CHUNK = 200
VOCABULARY = 200_000
TOP = 100
MANIFEST = IndexManifest(embedding_model="synthetic", dimension=DIMENSION, tokenizer="zipf", chunker="fixed")

Floats = NDArray[np.float32]


class Synthetic:
    """Chunks and questions of a corpus, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        basis, _ = np.linalg.qr(self.random.standard_normal((DIMENSION, DIMENSION)))
        spectrum = np.arange(1, DIMENSION + 1) ** -0.5
        self.common = np.asarray(basis[0], np.float32)
        self.mixing = np.asarray(0.49 * spectrum[:, None] * basis / np.linalg.norm(spectrum), np.float32)
        share = 1 / np.arange(20, VOCABULARY + 20)  # the most frequent words are stop words and not indexed
        self.cumulative = np.cumsum(share / share.sum())

    def _own(self, count: int) -> Floats:
        rows = self.random.standard_normal((count, DIMENSION), dtype=np.float32)
        return np.asarray(rows @ self.mixing, np.float32)

    def vectors(self, count: int) -> Floats:
        """Unit vectors, shape (count, DIMENSION)."""
        return _normal(0.87 * self.common + self._own(count))

    def near(self, vectors: Floats) -> Floats:
        """Questions about these vectors."""
        return _normal(vectors + 0.3 * self.common + self._own(len(vectors)))

    def tokens(self, count: int) -> list[str]:
        """Tokens by Zipf's law."""
        ranks = np.searchsorted(self.cumulative, self.random.random(count))
        return [f"語{rank}" for rank in ranks.tolist()]

    def articles(self, chunks: int, first: int = 0) -> Iterator[IndexedArticle]:
        """Articles with that many chunks in all."""
        for number in range(first, first + chunks // CHUNKS_PER_ARTICLE):
            vectors = self.vectors(CHUNKS_PER_ARTICLE)
            yield self._article(number, vectors)

    def _article(self, number: int, vectors: Floats) -> IndexedArticle:
        text = "人工知能の動向。" * (CHUNKS_PER_ARTICLE * 40)
        published = f"20{10 + number % 16}-{1 + number % 12:02d}"
        article = Article(
            id=f"記事{number}", url=f"https://example.com/{number}", title=f"記事{number}", text=text,
            publisher=f"発行者{number % 10}", published=published,
        )  # fmt: skip
        chunks = []
        for i, vector in enumerate(vectors):
            start, end = i * 320, (i + 1) * 320
            chunk = Chunk(
                id=f"記事{number}:{i}", article_id=article.id, start=start, end=end, text=text[start:end]
            )
            tokens = tuple(self.tokens(TOKENS_PER_CHUNK))
            chunks.append(IndexedChunk(chunk, tokens, sha256(chunk.id), vector))
        return IndexedArticle(article, tuple(chunks))


def _normal(rows: Floats) -> Floats:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def timed(action: Callable[[], Any]) -> float:
    """Seconds that the action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def percentiles(actions: Sequence[Callable[[], Any]]) -> tuple[float, float]:
    """Median and 95th percentile in milliseconds, after a warm-up."""
    for action in actions[:5]:
        action()
    times = [timed(action) * 1000 for action in actions]
    return float(np.percentile(times, 50)), float(np.percentile(times, 95))


_OPEN = """
import sys, time
from pathlib import Path
from evals.bench.store import resident_mb, with_snapshot
before, start = resident_mb(), time.perf_counter()
store = with_snapshot(Path(sys.argv[1]))
store.lexical(["語1"], 1)
print(time.perf_counter() - start, resident_mb() - before)
"""


def resident_mb() -> float:
    """Resident memory now, in MB (its peak where the system does not tell)."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * resource.getpagesize() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def opened_afresh(directory: Path) -> tuple[float, float]:
    """Seconds and MB that opening takes in a process of its own, up to the first result."""
    command = [sys.executable, "-c", _OPEN, str(directory)]
    seconds, megabytes = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(seconds), float(megabytes)


def with_snapshot(directory: Path) -> LocalStore:
    """A store that keeps a snapshot, whatever its size."""
    return LocalStore(directory, MANIFEST, snapshot_from=0)


def size_mb(path: Path) -> float:
    """Size of a file or of all files in a folder."""
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    return sum(each.stat().st_size for each in files) / 1e6


def bench_store(count: int, queries: int, directory: Path) -> dict[str, float]:
    """The whole store at `count` chunks."""
    data, result = Synthetic(1), dict[str, float]()
    store = with_snapshot(directory)
    result["upsert_s"] = _fill(store, data, count)
    result["sqlite_mb"] = size_mb(directory / "index.sqlite3")
    result["open_without_snapshot_s"], _ = opened_afresh(directory)
    result["build_and_save_snapshot_s"] = timed(store.flush)
    result["snapshot_mb"] = size_mb(directory / "snapshots")
    result["open_with_snapshot_s"], result["memory_mb"] = opened_afresh(directory)
    result |= _searches(store, data, queries)
    one, two = (list(data.articles(20 * CHUNKS_PER_ARTICLE, first=count * many)) for many in (1, 2))
    result["add_article_ms"] = percentiles([partial(store.upsert, [article]) for article in one])[0]
    result["add_and_search_ms"] = percentiles([partial(_add_and_search, store, each) for each in two])[0]
    result["delete_and_search_ms"] = 1e3 * timed(partial(_delete_and_search, store, one[0]))
    result["dense_after_delete_p50_ms"] = _searches(store, data, queries)["dense_p50_ms"]
    store.close()
    return result


def _fill(store: LocalStore, data: Synthetic, count: int) -> float:
    articles, spent = data.articles(count), 0.0
    while batch := list(islice(articles, 100)):
        spent += timed(partial(store.upsert, batch))
    return spent


def _add_and_search(store: LocalStore, article: IndexedArticle) -> None:
    store.upsert([article])
    store.lexical(["語1"], 1)


def _delete_and_search(store: LocalStore, article: IndexedArticle) -> None:
    store.delete([article.article.id])
    store.lexical(["語1"], 1)


def _searches(store: LocalStore, data: Synthetic, queries: int) -> dict[str, float]:
    vectors = data.near(data.vectors(queries))
    questions = [data.tokens(15) for _ in range(queries)]
    union = [
        frozenset(hit.chunk_id for hit in [*store.dense(vector, TOP), *store.lexical(tokens, TOP)])
        for vector, tokens in zip(vectors, questions, strict=True)
    ]
    filters: dict[str, Sequence[Filter | None]] = {
        "": [None] * queries,
        "_union": [Filter(chunk_ids=ids) for ids in union],
        "_publisher": [Filter(publishers=frozenset({"発行者3"}))] * queries,
        "_date": [Filter(published_from="2015", published_to="2020-06")] * queries,
        "_article": [Filter(article_ids=frozenset({"記事3"}))] * queries,
    }
    result = dict[str, float]()
    for name, some in filters.items():
        dense = [partial(store.dense, v, TOP, f) for v, f in zip(vectors, some, strict=True)]
        lexical = [partial(store.lexical, q, TOP, f) for q, f in zip(questions, some, strict=True)]
        result[f"dense{name}_p50_ms"], result[f"dense{name}_p95_ms"] = percentiles(dense)
        result[f"lexical{name}_p50_ms"], result[f"lexical{name}_p95_ms"] = percentiles(lexical)
    return result


def bench_vectors(count: int, queries: int) -> dict[str, float]:
    """Exact against approximate vector search at `count` vectors: time and recall."""
    data, result = Synthetic(2), dict[str, float]()
    halves = np.empty((count, DIMENSION), np.float16)
    for start in range(0, count, 50_000):
        halves[start : start + 50_000] = data.vectors(min(50_000, count - start))
    asked = data.near(halves[data.random.integers(0, count, queries)].astype(np.float32))
    exact = VectorIndex(halves)
    truth = [_top(exact, query) for query in asked]
    result["exact_p50_ms"], result["exact_p95_ms"] = percentiles([partial(_top, exact, q) for q in asked])
    brute = [list(np.argsort(-_cosines(halves, query))[:10]) for query in asked[:10]]
    result["exact_recall@10"] = _recall(brute, truth[:10])
    start_s = time.perf_counter()
    approximate = VectorIndex(halves, train_approximate(halves))
    result["approximate_build_s"] = time.perf_counter() - start_s
    result["approximate_recall@10"] = _recall(truth, [_top(approximate, query) for query in asked])
    result["approximate_recall@100"] = _recall(
        [_top(exact, query, best=TOP) for query in asked],
        [_top(approximate, query, best=TOP) for query in asked],
    )
    p50, p95 = percentiles([partial(_top, approximate, query) for query in asked])
    result |= {"approximate_p50_ms": p50, "approximate_p95_ms": p95}
    rare = np.sort(data.random.choice(count, count // 50, replace=False)).astype(np.int32)
    found = [_top(approximate, query, rare) for query in asked]
    result["approximate_2%filter_recall@10"] = _recall([_top(exact, query, rare) for query in asked], found)
    filtered = [partial(_top, approximate, query, rare) for query in asked]
    result["approximate_2%filter_p50_ms"] = percentiles(filtered)[0]
    return result


def _cosines(halves: NDArray[np.float16], query: Floats) -> Floats:
    blocks = [halves[i : i + 50_000].astype(np.float32) @ query for i in range(0, len(halves), 50_000)]
    return np.concatenate(blocks)


def _top(
    index: VectorIndex, query: Floats, wanted: NDArray[np.int32] | None = None, best: int = 10
) -> list[int]:
    rows, scores = index.search(query, TOP, wanted)
    return [int(row) for row in rows[np.argsort(-scores, kind="stable")[:best]]]


def _recall(truth: list[list[int]], found: list[list[int]]) -> float:
    return float(np.mean([len(set(a) & set(b)) / len(a) for a, b in zip(truth, found, strict=True)]))


def main() -> None:
    """Run, print a table, and write JSON when asked to."""
    parser = argparse.ArgumentParser(description="Benchmark the local store on synthetic data.")
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 100_000], help="numbers of chunks")
    parser.add_argument("--vectors", type=int, nargs="*", default=[], help="numbers of vectors, vectors only")
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    arguments = parser.parse_args()
    columns: dict[str, dict[str, float]] = {}
    for count in arguments.sizes:
        directory = Path(tempfile.mkdtemp())
        try:
            columns[f"{count:,} chunks"] = bench_store(count, arguments.queries, directory)
        finally:
            shutil.rmtree(directory)
    for count in arguments.vectors:
        columns[f"{count:,} vectors"] = bench_vectors(count, arguments.queries)
    for column, numbers in columns.items():
        print(f"\n{column}")
        for name, value in numbers.items():
            print(f"  {name:36} {value:12.3f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(columns, indent=1), "utf-8")


if __name__ == "__main__":
    main()

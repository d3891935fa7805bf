"""Searching: a question by stage, corpora of several sizes, and many clients at once."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from evals.bench.speed.texts import Corpus, passages
from evals.bench.store import CHUNKS_PER_ARTICLE, opened_afresh, size_mb, timed, with_snapshot
from rag import Assistant, retrieval
from rag.protocols import Embedder
from rag.timing import Timer

_PERCENTILES = (50, 95, 99)
_WARM_UP = 5


def stages(corpus: Path, questions: Sequence[str]) -> dict[str, Any]:
    """Milliseconds of `Assistant.ask` by stage over a corpus folder, for questions new to the process."""
    collected: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as home:
        shutil.copytree(corpus, Path(home) / "corpus")
        chunks = _asked(Path(home), questions, collected)
    rows = [{"stage": stage, **_percentiles(times)} for stage, times in collected.items()]
    note = (
        f"同梱の記事({chunks} チャンク)への `ask`、{len(questions)} 問を1問ずつ(ms)。embed は質問の埋め込みで、"
        "その間に別のコアで terms(質問の正規化・語・名前の表記探し)、lexical、fetch(見込みのあるチャンクの先読み)が走ります。fuse は候補すべての正確な点数と合算、agree は文の一致、explain は結果の読み出し、read は根拠探し・文の組み立て・引用の検証です。"
    )
    return {"rows": rows, "note": note}


def _asked(home: Path, questions: Sequence[str], collected: dict[str, list[float]]) -> int:
    with Assistant.open(home) as assistant:
        assistant.ask("準備のための質問です。")
        for question in questions:
            for stage, milliseconds in assistant.ask(question).timings_ms.items():
                collected.setdefault(stage, []).append(milliseconds)
        return assistant.chunk_count()


def _percentiles(times: Sequence[float], prefix: str = "") -> dict[str, float]:
    return {f"{prefix}p{p}": float(np.percentile(times, p)) for p in _PERCENTILES}


class Scale:
    """A synthetic corpus of some size on disk, and what is measured on it."""

    def __init__(self, chunks: int, questions: Sequence[str], embedder: Embedder) -> None:
        self.chunks, self.questions, self.embedder = chunks, questions, embedder
        self.folder = Path(tempfile.mkdtemp())
        self.data = Corpus(1, questions)
        self.store = with_snapshot(self.folder)

    def close(self) -> None:
        """Remove it."""
        self.store.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def measure(self) -> dict[str, Any]:
        """Build, open afresh, search and add: one row of the table."""
        build = self._filled()
        flush = timed(self.store.flush)
        open_s, memory = opened_afresh(self.folder)
        row: dict[str, Any] = {
            "chunks": self.chunks,
            "write (s)": build,
            "snapshot (s)": flush,
            "size (MB)": size_mb(self.folder),
            "open (s)": open_s,
            "memory (MB)": memory,
        }
        row |= self._searched()
        row["add an article, then visible (ms)"] = self._added()
        return row

    def _filled(self) -> float:
        articles, spent = self.data.articles(self.chunks), 0.0
        while batch := list(islice(articles, 100)):
            start = time.perf_counter()
            self.store.upsert(batch)
            spent += time.perf_counter() - start
        return spent

    def _searched(self) -> dict[str, float]:
        collected: dict[str, list[float]] = {}
        for number, question in enumerate([*self.questions[:_WARM_UP], *self.questions]):
            timer = Timer()
            retrieval.search(question, self.embedder, self.store, 10, timer=timer)
            if number >= _WARM_UP:
                for stage, milliseconds in timer.timings_ms().items():
                    collected.setdefault(stage, []).append(milliseconds)
        after = np.array(collected["total"]) - np.array(collected["embed"])
        return {
            **{f"search {name} (ms)": value for name, value in _percentiles(collected["total"]).items()},
            **{
                f"{stage} p50 (ms)": float(np.median(times))
                for stage, times in collected.items()
                if stage != "total"
            },
            "after embedding p50 (ms)": float(np.median(after)),
        }

    def _added(self) -> float:
        """Milliseconds from the texts of an article to its first search result, its embedding included."""
        times = []
        for number in range(5):
            (article,) = self.data.articles(CHUNKS_PER_ARTICLE, first=self.chunks + number)
            texts = passages(CHUNKS_PER_ARTICLE, seed=number + 2)
            start = time.perf_counter()
            vectors = self.embedder.embed_documents(texts)
            chunks = tuple(one._replace(vector=v) for one, v in zip(article.chunks, vectors, strict=True))
            self.store.upsert([article._replace(chunks=chunks)])
            self.store.dense(vectors[0], 1)
            times.append((time.perf_counter() - start) * 1000)
        return float(np.median(times))

    def clients(self, counts: Sequence[int], seconds: float) -> list[dict[str, Any]]:
        """Questions per second with so many threads asking one after another."""
        return [self._clients(count, seconds) for count in counts]

    def _clients(self, count: int, seconds: float) -> dict[str, Any]:
        times: list[float] = []
        until = time.perf_counter() + seconds
        asking = [threading.Thread(target=self._client, args=(n, until, times.append)) for n in range(count)]
        start = time.perf_counter()
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
        spent = time.perf_counter() - start
        return {"clients": count, "questions/s": len(times) / spent, **_percentiles(times)}

    def _client(self, number: int, until: float, note: Callable[[float], None]) -> None:
        while time.perf_counter() < until:
            start = time.perf_counter()
            retrieval.search(self.questions[number % len(self.questions)], self.embedder, self.store, 10)
            note((time.perf_counter() - start) * 1000)
            number += 7

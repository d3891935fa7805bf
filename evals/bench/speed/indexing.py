"""Indexing the same texts by this program, by LangChain with sentence-transformers in fp32, and the machine's limit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from evals.bench.speed.texts import passages

ROOT = Path(__file__).parents[3]
LAYERS, HIDDEN, FEED_FORWARD = 12, 384, 1536
"""Of multilingual-e5-small."""

_NOT_INSTALLED = 3


def measure(count: int, runs: int, peers_python: str) -> dict[str, Any]:
    """Chunks per second of both, each in processes of its own, medians of several runs, and of the matrix product."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "texts.json"
        path.write_text(json.dumps(passages(count), ensure_ascii=False), "utf-8")
        ours, theirs = [], []
        for _ in range(runs):  # in turns, so that other load falls on both
            ours.append(_process(sys.executable, "evals.bench.speed.indexing", path))
            theirs.append(_process(peers_python, "evals.peers.indexing", path))
    gflops = matrix_gflops()
    tokens = _tokens(passages(count))
    limit = gflops * 1e9 / _flop(tokens)
    rows = [_row("rag", ours)]
    known = [each for each in theirs if each]
    if known:
        rows.append(_row("LangChain + sentence-transformers fp32", known))
        rows[0]["speed ratio"] = _median(ours, "chunks_per_s") / _median(known, "chunks_per_s")
        rows[0]["CPU ratio"] = _median(known, "cpu_s") / _median(ours, "cpu_s")
        rows[0]["memory ratio"] = _median(ours, "peak_mb") / _median(known, "peak_mb")
    rows.append({"": "fp32 matrix product of this machine", "chunks/s": limit})
    note = (
        f"{count} 件の作った文章(平均 {tokens:.0f} トークン)を索引にするまで。rag は分割・埋め込み・語・SQLite への書き込みまで、相手は埋め込みと "
        f"FAISS まで。相手のモデルは同じ大きさ(12層、384次元、語彙 250,037)で重みは乱数です。速さは重みによりません。{runs} 回を交互に走らせた中央値。"
        f"`speed ratio` は chunks/s の比、`CPU ratio` は CPU 時間の比(ほかの処理があるときはこちらを見ます)、`memory ratio` は最大常駐メモリーの比。"
        f"上限は同じ実行の float32 の行列積 {gflops:.0f} GFLOPS を1件 {_flop(tokens) / 1e9:.1f} GFLOP で割った値です。"
        + ("" if known else "相手が入っていないので比べていません。")
    )
    return {"rows": rows, "note": note}


def _row(name: str, runs: list[dict[str, float]]) -> dict[str, Any]:
    return {
        "": name,
        "chunks/s": _median(runs, "chunks_per_s"),
        "CPU s": _median(runs, "cpu_s"),
        "peak MB": _median(runs, "peak_mb"),
    }


def _median(runs: list[dict[str, float]], name: str) -> float:
    return float(np.median([run[name] for run in runs]))


def _process(python: str, module: str, path: Path) -> dict[str, float]:
    """What a module measured in a process of its own; empty when what it needs is not installed."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TOKENIZERS_PARALLELISM": "false"}
    command = [python, "-W", "ignore", "-m", module, str(path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode == _NOT_INSTALLED:
        return {}
    done.check_returncode()
    return dict(json.loads(done.stdout.splitlines()[-1]))


def matrix_gflops(size: int = 2048, runs: int = 7) -> float:
    """The best of several float32 matrix products, on all cores that numpy uses."""
    rng = np.random.default_rng(1)
    a, b = (rng.standard_normal((size, size), dtype=np.float32) for _ in range(2))
    best = float("inf")
    for _ in range(runs):
        start = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best / 1e9


def _flop(tokens: float) -> float:
    """Of one text: the products with the weights, and of the attention."""
    weights = 2 * (4 * HIDDEN**2 + 2 * HIDDEN * FEED_FORWARD)
    return LAYERS * tokens * (weights + 4 * tokens * HIDDEN)


def _tokens(texts: list[str]) -> float:
    from tokenizers import Tokenizer

    from rag.embedding.bundled import MODEL_FOLDER

    tokenizer = Tokenizer.from_file(str(MODEL_FOLDER / "tokenizer.json"))
    return float(np.mean([len(tokenizer.encode(text).ids) + 4 for text in texts[:200]]))


def main() -> None:
    """Index the texts of a file with the defaults a user gets, and print what it took."""
    from evals.peers.indexing import usage
    from rag import Article, Assistant

    texts = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / "corpus").mkdir()
        with Assistant.open(home) as assistant:
            assistant.ingest([Article(id="warm-up", url="https://example.org/", title="準備", text="準備。")])
            articles = [
                Article(id=f"a{n}", url=f"https://example.org/{n}", title="作った文章", text=text)
                for n, text in enumerate(texts)
            ]
            with usage() as used:
                assistant.ingest(articles)
            used["chunks_per_s"] = (assistant.chunk_count() - 1) / used["wall_s"]
    print(json.dumps(used))


if __name__ == "__main__":
    main()

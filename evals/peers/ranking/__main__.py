"""Rank the passages of a folder for its questions by one peer, in every way that the peer offers by default."""

from __future__ import annotations

import argparse
import json
import sys
import time
from importlib import import_module, metadata
from pathlib import Path

from evals.peers.ranking.material import DEPTH, Material, Pipeline

PEERS = {
    "langchain": ("langchain-community", "langchain-core", "langchain-classic", "rank-bm25", "faiss-cpu"),
    "llamaindex": ("llama-index-core", "llama-index-retrievers-bm25", "bm25s"),
    "haystack": ("haystack-ai",),
    "txtai": ("txtai", "faiss-cpu"),
}
"""The peers, each with the packages that it is made of."""


def main() -> int:
    """Rank and write; 3 when the peer is not installed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    material = Material.read(options.folder)
    try:
        pipelines: dict[str, Pipeline] = import_module(f"evals.peers.ranking.{options.peer}").pipelines(
            material
        )
    except ImportError as error:
        print(error, file=sys.stderr)
        return 3
    runs = {name: _run(material, pipeline) for name, pipeline in pipelines.items()}
    versions = {package: metadata.version(package) for package in PEERS[options.peer]}
    result = {"material": Material.digest(options.folder), "versions": versions, "pipelines": runs}
    (options.folder / f"{options.peer}.json").write_text(json.dumps(result, ensure_ascii=False), "utf-8")
    return 0


def _run(material: Material, pipeline: Pipeline) -> dict[str, object]:
    rankings, milliseconds = {}, []
    for row, (question_id, text) in enumerate(material.questions):
        start = time.perf_counter()
        found = pipeline(text, material.question_vectors[row])
        milliseconds.append((time.perf_counter() - start) * 1000)
        rankings[question_id] = list(dict.fromkeys(found))[:DEPTH]
    return {"rankings": rankings, "p50_ms": sorted(milliseconds)[len(milliseconds) // 2]}


if __name__ == "__main__":
    sys.exit(main())

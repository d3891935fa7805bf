"""Rank public question sets by our retrieval and by that of other projects, on the same passages and vectors.

    python -m evals.bench.retrieval --data DIR [--cache DIR] [--peers-python PYTHON]

Peers that are not installed in PYTHON (default: this one) are left out and named as such. The numbers go to
`evals/reports/retrieval.json`, and `evals/reports/retrieval.md` is written anew from them and those of the speed bench.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from evals.bench.machine import stamp
from evals.bench.report import QUALITY, REPORTS, write_report
from evals.bench.retrieval import ours
from evals.bench.retrieval.measure import measured, slices
from evals.bench.retrieval.sets import SETS, RankingSet
from evals.bench.retrieval.vectors import CachedEmbedder
from evals.peers.ranking.__main__ import PEERS
from evals.peers.ranking.material import Material
from rag import RagError
from rag.embedding.bundled import BundledEmbedder
from rag.japanese import fold
from rag.protocols import Embedder

ROOT = Path(__file__).parents[3]
_NOT_INSTALLED = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Rank, measure, write."""
    parser = argparse.ArgumentParser(
        prog="python -m evals.bench.retrieval",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with the public sets")
    parser.add_argument("--cache", type=Path, help="keep embeddings and indexes here")
    parser.add_argument(
        "--sets", nargs="+", choices=SETS, default=["jsquad", "jsquad-u", "litrag", "english"]
    )
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    parser.add_argument(
        "--peers-python", default=sys.executable, help="where requirements.txt of evals/peers is"
    )
    parser.add_argument("--limit", type=int, help="so many questions of each set only")
    parser.add_argument("--reports", type=Path, default=REPORTS, help="folder of the report")
    options = parser.parse_args(argv)
    console = Console(stderr=True)
    try:
        with tempfile.TemporaryDirectory() as temporary:
            cache = options.cache or Path(temporary)
            results = {name: _one_set(name, options, cache, console) for name in options.sets}
    except RagError as error:
        console.print(str(error), markup=False)
        return 2
    path = options.reports / QUALITY
    options.reports.mkdir(parents=True, exist_ok=True)
    known = json.loads(path.read_text("utf-8"))["sets"] if path.exists() else {}
    path.write_text(
        json.dumps({"machine": stamp(), "sets": known | results}, ensure_ascii=False, indent=1), "utf-8"
    )
    print(write_report(options.reports).read_text("utf-8"))
    return 0


def _one_set(name: str, options: argparse.Namespace, cache: Path, console: Console) -> dict[str, Any]:
    material = SETS[name](options.data)
    material = material._replace(questions=material.questions[: options.limit])
    console.print(f"{name}: {len(material.questions):,} questions, {len(material.passages):,} passages")
    embedder = CachedEmbedder(BundledEmbedder(), cache / "vectors")
    asked = [question.text for question in material.questions]
    embedder.embed_queries(
        [*asked, *map(fold, asked)]
    )  # at once, and kept: the peers embed what is asked as it is
    runs = ours.rank_all(material, embedder, cache / "homes" / name)
    p50 = {pipeline: run.p50_ms for pipeline, run in runs.items()}
    rankings = {pipeline: run.rankings for pipeline, run in runs.items()}
    versions: dict[str, str] = {}
    absent = []
    folder = cache / "peers" / name
    _write_material(material, embedder, folder)
    for peer in options.peers:
        console.print(f"{name}: {peer}")
        result = _peer(peer, options.peers_python, folder)
        if result is None:
            absent.append(peer)
            continue
        versions |= result["versions"]
        rankings |= {pipeline: run["rankings"] for pipeline, run in result["pipelines"].items()}
        p50 |= {pipeline: run["p50_ms"] for pipeline, run in result["pipelines"].items()}
    return {
        "note": material.note,
        "passages": len(material.passages),
        "peer_versions": versions,
        "absent": absent,
        "p50_ms": p50,
        "slices": {
            part: {
                "questions": len(questions),
                "rows": [
                    {
                        "pipeline": row.pipeline,
                        "measures": {k: each.model_dump() for k, each in row.measures.items()},
                        "behind_ours": {k: each.model_dump() for k, each in row.behind_ours.items()},
                    }
                    for row in measured(questions, rankings, ours.DEFAULT)
                ],
            }
            for part, questions in slices(material).items()
        },
    }


def _write_material(material: RankingSet, embedder: Embedder, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    texts = [passage.indexed for passage in material.passages]
    Material(
        [(passage.id, text) for passage, text in zip(material.passages, texts, strict=True)],
        [(question.id, question.text) for question in material.questions],
        embedder.embed_documents(texts),
        embedder.embed_queries([question.text for question in material.questions]),
    ).write(folder)


def _peer(peer: str, python: str, folder: Path) -> dict[str, Any] | None:
    """A peer's rankings, those of an earlier run on the same material if there are any; None if it is not installed.

    Raises:
        subprocess.CalledProcessError: it failed otherwise.
    """
    path = folder / f"{peer}.json"
    if path.exists() and (known := _rankings(path))["material"] == Material.digest(folder):
        return known
    command = [python, "-W", "ignore", "-m", "evals.peers.ranking", peer, str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
    if done.returncode == _NOT_INSTALLED:
        return None
    done.check_returncode()
    return _rankings(path)


def _rankings(path: Path) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return result


if __name__ == "__main__":
    sys.exit(main())

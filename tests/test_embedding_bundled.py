"""The real bundled model: equal vectors however a text gets there, and a valid vector for any text."""

from __future__ import annotations

import base64
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.embedding.bundled import MODEL_FOLDER, BundledEmbedder
from rag.errors import EmbeddingError
from rag.protocols import Embedder
from rag.types import Vectors

TEXTS = [
    "同社は東京に新しい研究拠点を開いた。",
    "A short English sentence.",
    "短い",
    "読み取り専用の複製を世界各地に置き、書き込みは一か所で受ける。" * 6,
    "",
    "2026年1月26日、料金を月20ドルに改めた。" * 30,
]
REFERENCE = Path(__file__).with_name("test_embedding_reference.json")


@pytest.fixture(scope="module")
def embedder() -> BundledEmbedder:
    return BundledEmbedder(threads=2)


def assert_unit(vectors: Vectors, count: int) -> None:
    assert vectors.shape == (count, 384)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def one_by_one(embedder: Embedder, texts: list[str]) -> Vectors:
    return np.concatenate([embedder.embed_documents([text]) for text in texts])


def test_vectors_do_not_depend_on_the_batch_its_order_or_the_number_of_threads(
    embedder: BundledEmbedder,
) -> None:
    together = embedder.embed_documents(TEXTS * 2)[: len(TEXTS)]  # enough of them to run in parallel
    assert_unit(together, len(TEXTS))
    np.testing.assert_array_equal(one_by_one(embedder, TEXTS), together)
    np.testing.assert_array_equal(embedder.embed_documents(TEXTS[::-1]), together[::-1])
    np.testing.assert_array_equal(one_by_one(BundledEmbedder(threads=1), TEXTS), together)
    np.testing.assert_array_equal(
        BundledEmbedder(threads=3).embed_documents(TEXTS * 2)[-len(TEXTS) :], together
    )


def test_more_texts_than_are_embedded_at_once(embedder: BundledEmbedder) -> None:
    texts = [f"第{number}章" for number in range(150)]
    vectors = embedder.embed_documents(texts)
    assert_unit(vectors, 150)
    np.testing.assert_array_equal(
        vectors[[0, 63, 64, 149]], one_by_one(embedder, [texts[i] for i in (0, 63, 64, 149)])
    )


def test_no_texts(embedder: BundledEmbedder) -> None:
    assert embedder.embed_documents([]).shape == (0, 384)
    assert embedder.embed_queries([]).shape == (0, 384)


def test_agrees_with_the_original_weights_in_float_arithmetic_and_the_whole_vocabulary(
    embedder: BundledEmbedder,
) -> None:
    reference = json.loads(REFERENCE.read_text(encoding="utf-8"))
    expected = np.frombuffer(base64.b64decode(reference["float16"]), "<f2").reshape(reference["shape"])
    for text, vector in zip(reference["texts"], expected.astype(np.float32), strict=True):
        prefix, body = text.split(": ", 1)
        embed = embedder.embed_queries if prefix == "query" else embedder.embed_documents
        assert embed([body])[0] @ vector / np.linalg.norm(vector) > 0.9995, text


def test_questions_and_documents_are_encoded_differently(embedder: BundledEmbedder) -> None:
    text = ["料金はいくらですか"]
    assert not np.array_equal(embedder.embed_queries(text), embedder.embed_documents(text))


FUJI = "富士山は標高3,776メートルの火山である。"
LAKE = "琵琶湖は日本最大の湖である。"


@pytest.mark.parametrize(
    ("question", "answer", "others"),
    [
        ("富士山の高さは?", FUJI, [LAKE, "新幹線は1964年に開業した。"]),
        ("How tall is Mt. Fuji?", FUJI, [LAKE, "寿司は米と魚の料理だ。"]),
        ("社員の給料を上げた会社は?", "A社は従業員の賃金を5%引き上げた。", ["B社は工場を閉鎖した。", FUJI]),
    ],
)
def test_finds_the_passage_that_answers(
    embedder: BundledEmbedder, question: str, answer: str, others: list[str]
) -> None:
    scores = embedder.embed_documents([answer, *others]) @ embedder.embed_queries([question])[0]
    assert scores.argmax() == 0
    assert (scores[1:] > embedder.unrelated_cosine - 0.05).all()


AWKWARD = [
    *["", " ", "\n\t\u3000", "\0", "\ud800", "\udfff\0\ud800", "\u200b\ufeff", "\x1b[31m\r\n"],
    *["\ufdfa", "\ufdfa" * 300, "e\u0301" * 400, "\U000e0001", "\U0010ffff", "กขค", "𠮷野家", "👩‍👧" * 50],
    *["</s>", "<pad>" * 600, "<mask><unk><s>", "▁" * 100, "a" * 5000],
]


@pytest.mark.parametrize("text", AWKWARD)
def test_awkward_texts(embedder: BundledEmbedder, text: str) -> None:
    assert_unit(embedder.embed_documents([text]), 1)
    assert_unit(embedder.embed_queries([text]), 1)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.characters(codec=None, categories=None), max_size=80))
def test_any_text_gets_a_unit_vector(embedder: BundledEmbedder, text: str) -> None:
    assert_unit(embedder.embed_documents([text]), 1)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(["</s>", "<s>", "<pad>", "<unk>", "<mask>", "\0", "\ud83d", "あ", " ", "\ufdfa"]),
        max_size=12,
    )
)
def test_special_pieces_in_any_order(embedder: BundledEmbedder, parts: list[str]) -> None:
    assert_unit(embedder.embed_queries(["".join(parts)]), 1)


def test_nothing_is_cut_off_at_nul_surrogates_or_end_marks(embedder: BundledEmbedder) -> None:
    plain, nul, surrogate, marked, shorter = embedder.embed_documents(
        ["月額20ドルです", "月額\x0020ドルです", "月額\ud80020ドルです", "月額</s>20ドルです", "月額"]
    )
    np.testing.assert_array_equal(plain, nul)
    np.testing.assert_array_equal(plain, surrogate)
    assert marked @ plain > marked @ shorter


def test_special_tokens_in_a_text_are_text() -> None:
    tokenizer = BundledEmbedder()._loaded()._tokenizer
    for literal in ("<s>", "</s>", "<pad>", "<unk>", "<mask>"):
        assert min(tokenizer.encode(f"前{literal}後").ids) > 3, literal


def test_normalised_forms_are_the_same_text(embedder: BundledEmbedder) -> None:
    vectors = embedder.embed_documents(["ガイドAI①", "ｶﾞｲﾄﾞＡＩ①", "カ\u3099イト\u3099AI1"])
    np.testing.assert_array_equal(vectors[0], vectors[1])
    np.testing.assert_array_equal(vectors[0], vectors[2])


def test_the_end_of_a_long_text_counts(embedder: BundledEmbedder) -> None:
    filler = "会議では予算と日程について話し合い、次回の予定を決めた。" * 80
    without, with_fact = embedder.embed_documents(
        [filler, filler + "富士山の標高は3,776メートルである。" * 3]
    )
    question = embedder.embed_queries(["富士山の高さは?"])[0]
    assert not np.array_equal(without, with_fact)
    assert question @ with_fact > question @ without


@pytest.mark.e2e
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_a_very_long_text_ends_in_bounded_memory() -> None:
    # not ru_maxrss: a child begins with its parent's, which is large by the end of a run
    script = (
        "import re, numpy as np; from pathlib import Path; from rag.embedding.bundled import BundledEmbedder\n"
        "vector = BundledEmbedder().embed_documents(['長い文章。' * 8_000])[0]\n"
        "assert np.isfinite(vector).all()\n"
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]) // 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=300
    )
    assert int(done.stdout) < 1000  # MB


def test_many_threads_at_once_get_the_same_vectors(embedder: BundledEmbedder) -> None:
    expected = embedder.embed_documents(TEXTS)
    barrier = threading.Barrier(8)

    def embed(_: int) -> Vectors:
        barrier.wait()
        return embedder.embed_documents(TEXTS)

    with ThreadPoolExecutor(8) as pool:
        for vectors in pool.map(embed, range(8)):
            np.testing.assert_array_equal(vectors, expected)


@pytest.mark.e2e
def test_first_use_in_a_process_by_many_threads_at_once() -> None:
    """Deadlocked in one of five processes when nothing kept the first inferences apart."""
    script = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from rag.embedding.bundled import BundledEmbedder\n"
        "embedders = [BundledEmbedder(threads=2) for _ in range(3)] * 2; pool = ThreadPoolExecutor(6)\n"
        "vectors = list(pool.map(lambda e: e.embed_documents(['初回', '二回目'] * 5), embedders))\n"
        "assert all((vectors[0] == other).all() for other in vectors)"
    )
    for _ in range(3):
        subprocess.run([sys.executable, "-c", script], check=True, timeout=90)


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="このOSにはforkがない")


@needs_fork
@pytest.mark.e2e
@pytest.mark.parametrize("used_before", [True, False])
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning")
def test_a_forked_child_embeds_the_same(used_before: bool) -> None:
    parent = BundledEmbedder(threads=2)
    if used_before:
        parent.embed_documents(TEXTS * 2)
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)
    child = context.Process(target=lambda: send.send(parent.embed_documents(TEXTS)))
    child.start()
    assert receive.poll(60), "the child hangs"
    np.testing.assert_array_equal(receive.recv(), parent.embed_documents(TEXTS))
    child.join(30)
    assert child.exitcode == 0


@needs_fork
@pytest.mark.e2e
@pytest.mark.parametrize("use", ["embedder.embed_queries(['a'])", "None"])
def test_a_forked_child_ends_normally(use: str) -> None:
    script = (
        "import os, sys, warnings; warnings.simplefilter('ignore')\n"
        "from rag.embedding.bundled import BundledEmbedder\n"
        "embedder = BundledEmbedder(threads=2); embedder.embed_documents(['a', 'b'] * 5)\n"
        "child = os.fork()\n"
        f"if child == 0: {use}; sys.exit(0)\n"
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MODEL_FOLDER, tmp_path / "model"))


def test_the_model_id_names_model_and_content(embedder: BundledEmbedder, copied: Path) -> None:
    name, revision = embedder.model_id.split("@")
    assert name == "multilingual-e5-small-ja-en-int4"
    assert len(revision) == 12
    assert BundledEmbedder(copied).model_id == embedder.model_id
    manifest = json.loads((copied / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"]["model.bin"]["sha256"] = "0" * 64
    (copied / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert BundledEmbedder(copied).model_id != embedder.model_id


def damage_by_truncation(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def damage_by_one_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [damage_by_truncation, damage_by_one_bit, Path.unlink])
@pytest.mark.parametrize("name", ["model.bin", "model.xml", "tokenizer.json"])
def test_a_damaged_file_is_named_with_the_fix(copied: Path, name: str, damage: object) -> None:
    assert callable(damage)
    damage(copied / name)
    with pytest.raises(EmbeddingError, match=name) as caught:
        BundledEmbedder(copied).embed_queries(["質問"])
    assert "build_bundled_model.py" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"files": {"other": {}}}', b"\xff\xfe"])
def test_a_damaged_manifest_is_named(copied: Path, content: bytes) -> None:
    (copied / "manifest.json").write_bytes(content)
    with pytest.raises(EmbeddingError, match=r"manifest\.json"):
        BundledEmbedder(copied)


def test_the_package_carries_the_model_with_licence_and_provenance() -> None:
    folder = files("rag.embedding").joinpath("model")
    manifest = json.loads(folder.joinpath("manifest.json").read_text(encoding="utf-8"))
    assert manifest["original"] == {"name": "intfloat/multilingual-e5-small", "license": "MIT"}
    assert manifest["weights_from"]["sha256"]
    assert "MIT License" in folder.joinpath("LICENSE.txt").read_text(encoding="utf-8")
    total = sum(path.stat().st_size for path in MODEL_FOLDER.iterdir())
    assert 20e6 < total < 35e6


@pytest.mark.e2e
def test_loads_quickly() -> None:
    """About .5 s on an idle machine; the limit leaves room for a busy one."""
    script = (
        "import time; from rag.embedding.bundled import BundledEmbedder\n"
        "start = time.process_time(); BundledEmbedder(threads=1).load(); print(time.process_time() - start)"
    )
    command = [sys.executable, "-c", script]
    assert min(float(subprocess.check_output(command)) for _ in range(3)) < 2

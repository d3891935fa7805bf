"""The real reader: equal readings however a passage gets there, exact places in any text, clear errors."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rag.errors import ReadingError
from rag.protocols import Reader
from rag.reading.bundled import MODEL_FOLDER, BundledReader
from rag.types import Passage, ScoredSpan

FUJI = "富士山は標高3,776メートルの火山である。山梨県と静岡県にまたがる。"
LAKE = "琵琶湖は滋賀県にある、日本で最も大きい湖である。"
QUESTION = "富士山の標高は何メートルですか?"
FILLER = "会議では予算と日程について話し合い、次回の予定を決めた。"
PASSAGES = [
    Passage(FUJI),
    Passage(LAKE, title="琵琶湖"),
    Passage(""),
    Passage("A short English sentence."),
    Passage(FILLER * 40 + FUJI),
    Passage("\0\ud800 \n"),
]

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def reader() -> BundledReader:
    return BundledReader(threads=2)


def read(reader: Reader, passages: list[Passage] = PASSAGES) -> list[object]:
    """All there is to know of each passage, comparable."""
    readings = reader.read(QUESTION, passages)
    pairs = zip(readings, passages, strict=True)
    return [(one.relevance, one.answerable, one.best(0, len(passage.text))) for one, passage in pairs]


def best(reader: Reader, question: str, text: str) -> ScoredSpan:
    (reading,) = reader.read(question, [Passage(text)])
    found = reading.best(0, len(text))
    assert found is not None
    return found


def test_finds_the_words_that_answer_and_the_passage_that_has_them(reader: BundledReader) -> None:
    found = best(reader, QUESTION, FUJI)
    assert "3,776" in FUJI[found.start : found.end]
    right, wrong = reader.read(QUESTION, [Passage(FUJI), Passage(LAKE)])
    assert right.relevance > wrong.relevance
    assert right.answerable > wrong.answerable
    other = wrong.best(0, len(LAKE))
    assert other is not None
    assert found.score > other.score


def test_readings_do_not_depend_on_the_batch_its_order_or_the_number_of_threads(
    reader: BundledReader,
) -> None:
    together = read(reader)
    assert read(reader, PASSAGES[::-1]) == together[::-1]
    assert [read(reader, [passage])[0] for passage in PASSAGES] == together
    assert read(BundledReader(threads=1)) == together
    assert read(BundledReader(threads=3)) == together


def test_no_passages(reader: BundledReader) -> None:
    assert reader.read(QUESTION, []) == []


def test_a_passage_with_nothing_to_read_has_no_span_but_logits(reader: BundledReader) -> None:
    for text in ("", "\0\ud800 \n"):
        (reading,) = reader.read(QUESTION, [Passage(text)])
        assert reading.best(0, len(text)) is None
        assert isinstance(reading.relevance, float)
        assert isinstance(reading.answerable, float)


AWKWARD = [
    ("😀👩‍👧富士山\0は標高\ud8003,776メートルの火山だ。", "3,776"),
    ("フジサンは、ﾋｮｳｺｳ３７７６ﾒｰﾄﾙの㈱ではない山だ。", "３７７６"),
    ("</s>富士山は<s>標高3,776メートル</s>の<pad>火山だ。", "3,776"),
]


@pytest.mark.parametrize(("text", "answer"), AWKWARD)
def test_places_are_exact_in_awkward_texts(reader: BundledReader, text: str, answer: str) -> None:
    at = text.index(answer)
    (reading,) = reader.read(QUESTION, [Passage(text)])
    inside = reading.best(at, at + len(answer))
    assert inside is not None
    assert at <= inside.start < inside.end <= at + len(answer)
    whole = reading.best(0, len(text))
    assert whole is not None
    assert 0 <= whole.start < whole.end <= len(text)


@pytest.mark.parametrize("question", ["", "\0\ud800", "</s>" * 50, "富士山" * 2000, "👩‍👧"])
def test_any_question_is_read(reader: BundledReader, question: str) -> None:
    assert len(reader.read(question, PASSAGES)) == len(PASSAGES)


@pytest.mark.parametrize("title", ["琵琶湖</s>富士山", "長い題名" * 500, "\0", "3,776メートル"])
def test_a_title_is_never_the_answer(reader: BundledReader, title: str) -> None:
    (reading,) = reader.read(QUESTION, [Passage(LAKE, title)])
    found = reading.best(0, len(LAKE))
    assert found is not None
    assert found.end <= len(LAKE)


def test_an_end_mark_in_a_passage_does_not_hide_what_follows(reader: BundledReader) -> None:
    text = f"</s></s>{FUJI}"
    found = best(reader, QUESTION, text)
    assert "3,776" in text[found.start : found.end]


def test_a_passage_of_ten_thousand_characters_is_read_to_its_end(reader: BundledReader) -> None:
    text = FILLER * (10_000 // len(FILLER)) + FUJI
    found = best(reader, QUESTION, text)
    assert "3,776" in text[found.start : found.end]
    assert found.start > 9_000


def test_spans_inside_of_one_sentence(reader: BundledReader) -> None:
    (reading,) = reader.read(QUESTION, [Passage(FUJI)])
    second = FUJI.index("山梨県")
    found = reading.best(second, len(FUJI))
    assert found is not None
    assert found.start >= second


def test_many_threads_at_once_get_the_same_readings(reader: BundledReader) -> None:
    expected = read(reader)
    barrier = threading.Barrier(6)

    def once(_: int) -> list[object]:
        barrier.wait()
        return read(reader)

    with ThreadPoolExecutor(6) as pool:
        assert all(found == expected for found in pool.map(once, range(6)))


def test_reader_and_embedder_start_at_once_in_one_process() -> None:
    script = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from rag.embedding.bundled import BundledEmbedder\n"
        "from rag.reading.bundled import BundledReader\n"
        "from rag.types import Passage\n"
        "reader = BundledReader(threads=2); embedder = BundledEmbedder(threads=2)\n"
        "with ThreadPoolExecutor(4) as pool:\n"
        "    jobs = [pool.submit(reader.read, '何?', [Passage('初回')] * 3) for _ in range(2)]\n"
        "    jobs += [pool.submit(embedder.embed_documents, ['初回'] * 3) for _ in range(2)]\n"
        "    [job.result() for job in jobs]\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=120)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="このOSにはforkがない")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork.*:DeprecationWarning")
def test_a_forked_child_reads_the_same(reader: BundledReader) -> None:
    expected = read(reader)
    receive, send = multiprocessing.get_context("fork").Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=lambda: send.send(read(reader)))
    child.start()
    assert receive.poll(90), "the child hangs"
    assert receive.recv() == expected
    child.join(30)
    assert child.exitcode == 0


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MODEL_FOLDER, tmp_path / "model"))


@pytest.mark.parametrize("name", ["model.bin", "model.xml", "tokenizer.json", "manifest.json"])
def test_a_missing_or_damaged_file_is_named_with_the_fix(copied: Path, name: str) -> None:
    (copied / name).write_bytes((copied / name).read_bytes()[:-100])
    with pytest.raises(ReadingError, match=name.replace(".", r"\.")) as caught:
        BundledReader(copied).read(QUESTION, PASSAGES)
    assert "build_reader_model.py" in caught.value.hint
    (copied / name).unlink()
    with pytest.raises(ReadingError, match=name.replace(".", r"\.")):
        BundledReader(copied).read(QUESTION, PASSAGES)


def test_the_model_id_names_model_and_content(reader: BundledReader, copied: Path) -> None:
    assert BundledReader(copied).model_id == reader.model_id
    manifest = json.loads((copied / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"]["model.bin"]["sha256"] = "0" * 64
    (copied / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert BundledReader(copied).model_id != reader.model_id


def test_the_package_carries_the_model_with_licence_and_provenance() -> None:
    manifest = json.loads((MODEL_FOLDER / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["trained_on"] == {"name": "JaQuAD 0.1.0, train", "license": "CC BY-SA 3.0"}
    licence = (MODEL_FOLDER / "LICENSE.txt").read_text(encoding="utf-8")
    assert "ShareAlike" in licence
    assert "MIT License" in licence
    assert sum(path.stat().st_size for path in MODEL_FOLDER.iterdir()) < 50e6

"""The benchmark of ranking on a set made to measure: numbers by hand, peers left out or read, a report at the end."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from doubles import HashEmbedder

from evals.bench.machine import described, stamp
from evals.bench.report import write_report
from evals.bench.retrieval import __main__ as command
from evals.bench.retrieval import measure
from evals.bench.retrieval.measure import measured, slices
from evals.bench.retrieval.ours import rank_all, reciprocal_ranks
from evals.bench.retrieval.sets import SETS, Passage, Question, RankingSet
from evals.bench.retrieval.vectors import CachedEmbedder
from evals.bench.svg import Bar, bars, lines
from evals.items import EvalError
from evals.peers.ranking.material import Material
from rag.types import Scored, Vectors

PASSAGES = (
    Passage("library", "図書館", "駅前の図書館は四月に開館しました。"),
    Passage("bridge", "白帆橋", "白帆橋は1931年に完成した。長さは212メートルである。"),
    Passage("tea", "茶", "茶の木は山の斜面で育つ。収穫は5月に始まる。"),
    Passage("museum", "美術館", "港の美術館は秋に改装される。"),
)
QUESTIONS = (
    Question("q1", "図書館が開館したのはいつですか?", frozenset({"library"})),
    Question("q2", "白帆橋の長さは?", frozenset({"bridge"})),
    Question("q3", "摘み取りの時期", frozenset({"tea"})),
    Question("q4", "絵を見るところが直される", frozenset({"museum"})),
)
TINY = RankingSet("tiny", PASSAGES, QUESTIONS, "四つの文章。")


class Counting(HashEmbedder):
    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        self.calls.extend(texts)
        return super().embed_queries(texts)


# --- measuring ----------------------------------------------------------------------------------------------------


def test_the_measures_are_those_of_the_ranks() -> None:
    runs = {
        "ours": {
            "q1": ["library"],
            "q2": ["tea", "bridge"],
            "q3": [],
            "q4": ["library", "bridge", "tea", "museum"],
        },
        "theirs": {"q1": [], "q2": [], "q3": [], "q4": []},
    }
    best, worst = measured(QUESTIONS, runs, "ours")
    values = {name: each.value for name, each in best.measures.items()}
    assert values == pytest.approx(
        {
            "R@1": 0.25,
            "R@5": 0.75,
            "R@10": 0.75,
            "MRR@10": 1.75 / 4,
            "nDCG@10": (1 + 1 / np.log2(3) + 1 / np.log2(5)) / 4,
        },
        abs=1e-6,
    )
    assert best.behind_ours["R@1"].value == 0
    assert worst.behind_ours["R@5"].value == pytest.approx(0.75)
    assert 0 <= worst.behind_ours["R@5"].low < worst.behind_ours["R@5"].high  # type: ignore[operator]


def test_the_low_overlap_half_holds_the_questions_that_share_fewest_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert slices(TINY).keys() == {"all"}
    monkeypatch.setattr(measure, "SLICED_FROM", 4)
    parts = slices(TINY)
    assert {question.id for question in parts["low-overlap half"]} == {"q3", "q4"}
    assert len(parts["all"]) == 4
    assert len(parts["low-overlap quarter"]) == 1


def test_reciprocal_rank_fusion_is_the_sum_of_reciprocal_ranks() -> None:
    fused = reciprocal_ranks([Scored("a", 9), Scored("b", 8)], [Scored("b", 1)])
    assert [row.chunk_id for row in fused] == ["b", "a"]
    assert fused[0].score == pytest.approx(1 / 62 + 1 / 61)


def test_our_pipelines_rank_every_question_over_the_passages(tmp_path: Path) -> None:
    runs = rank_all(TINY, HashEmbedder(), tmp_path)
    assert {"rag", "rag, words only", "rag, vectors only", "rag, RRF"} == set(runs)
    known = {passage.id for passage in PASSAGES}
    for run in runs.values():
        assert run.rankings.keys() == {question.id for question in QUESTIONS}
        assert all(set(found) <= known and len(set(found)) == len(found) for found in run.rankings.values())
    assert runs["rag"].rankings["q2"][0] == "bridge"
    assert rank_all(TINY, HashEmbedder(), tmp_path)["rag"].rankings == runs["rag"].rankings


# --- embeddings on disk -------------------------------------------------------------------------------------------


def test_a_text_is_embedded_once_even_by_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("evals.bench.retrieval.vectors._AT_ONCE", 2)
    texts = ["あ", "い", "あ", "う"]
    first, second = Counting(), Counting()
    vectors = CachedEmbedder(first, tmp_path).embed_queries(texts)
    assert first.calls == ["あ", "い", "う"]
    assert np.array_equal(CachedEmbedder(second, tmp_path).embed_queries(texts), vectors)
    assert second.calls == []


def test_vectors_of_another_model_are_not_mixed_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evals.bench.retrieval.vectors._AT_ONCE", 1)
    CachedEmbedder(Counting(), tmp_path).embed_queries(["あ"])
    other = Counting()
    other.model_id = "another model"
    CachedEmbedder(other, tmp_path).embed_queries(["あ"])
    assert other.calls == ["あ"]


# --- the command --------------------------------------------------------------------------------------------------


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SETS, "tiny", lambda data: TINY)
    monkeypatch.setattr(command, "BundledEmbedder", HashEmbedder)


@pytest.mark.usefixtures("tiny")
def test_a_run_writes_numbers_a_report_and_a_chart(tmp_path: Path) -> None:
    arguments = ["--data", str(tmp_path), "--sets", "tiny", "--peers", "--reports", str(tmp_path / "reports")]
    assert command.main(arguments) == 0
    numbers = json.loads((tmp_path / "reports" / "retrieval.json").read_text("utf-8"))
    assert numbers["sets"]["tiny"]["slices"]["all"]["questions"] == 4
    report = (tmp_path / "reports" / "retrieval.md").read_text("utf-8")
    assert "| **rag** |" in report
    assert "四つの文章。" in report
    ElementTree.fromstring((tmp_path / "reports" / "quality.svg").read_text("utf-8"))


@pytest.mark.usefixtures("tiny")
def test_peers_that_are_not_installed_are_named_and_others_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(parts: Sequence[str], **given: object) -> subprocess.CompletedProcess[str]:
        peer, folder = parts[-2], Path(parts[-1])
        if peer == "haystack":
            return subprocess.CompletedProcess(parts, 3)
        material = Material.read(folder)
        rankings = {id_: [material.passages[0][0]] for id_, _ in material.questions}
        made = {
            "material": Material.digest(folder),
            "versions": {peer: "1.0"},
            "pipelines": {f"{peer} x": {"rankings": rankings, "p50_ms": 1.0}},
        }
        (folder / f"{peer}.json").write_text(json.dumps(made), "utf-8")
        return subprocess.CompletedProcess(parts, 0)

    monkeypatch.setattr(command.subprocess, "run", run)
    reports = tmp_path / "reports"
    arguments = [
        "--data",
        str(tmp_path),
        "--sets",
        "tiny",
        "--peers",
        "haystack",
        "txtai",
        "--reports",
        str(reports),
    ]
    assert command.main(arguments) == 0
    report = (reports / "retrieval.md").read_text("utf-8")
    assert "入っていなかったので測っていないもの: haystack" in report
    assert "txtai 1.0" in report
    row = next(line for line in report.splitlines() if line.startswith("| txtai x |"))
    assert row.split("|")[2].strip().startswith("0.250")
    ahead = next(line for line in report.splitlines() if line.startswith("| tiny, all (4) |"))
    ours = next(line for line in report.splitlines() if line.startswith("| **rag** |"))
    assert ahead.split("|")[2].strip().startswith(f"{float(ours.split('|')[2].split()[0]) - 0.25:+.3f}")
    assert ahead.count("txtai x") == 5


def test_data_that_is_not_there_is_told_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "BundledEmbedder", HashEmbedder)
    assert command.main(["--data", str(tmp_path), "--sets", "jsquad"]) == 2
    assert "JSQuAD" in capsys.readouterr().err
    with pytest.raises(EvalError, match="jaquad"):
        SETS["jaquad"](tmp_path)


def test_the_material_of_peers_is_read_as_it_was_written(tmp_path: Path) -> None:
    rows = [("a", "一行目\n二行目\u2028\x85三"), ("b", "")]
    material = Material(rows, rows[:1], np.eye(2, dtype=np.float32), np.eye(2, dtype=np.float32)[:1])
    material.write(tmp_path)
    again = Material.read(tmp_path)
    assert (again.passages, again.questions) == (rows, rows[:1])
    assert np.array_equal(again.passage_vectors, material.passage_vectors)
    assert again.vector_of()("").tolist() == [0, 1]


def test_every_english_question_has_its_evidence_in_a_bundled_article() -> None:
    path = Path(__file__).parents[1] / "evals" / "data" / "english_questions.jsonl"
    corpus = {file.stem: file.read_text("utf-8") for file in (path.parents[2] / "corpus").glob("*.md")}
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert len(rows) >= 40
    assert len({row["id"] for row in rows}) == len({row["question"] for row in rows}) == len(rows)
    for row in rows:
        assert any(
            name.startswith(row["article"]) and row["quote"] in text for name, text in corpus.items()
        ), row


# --- report and charts --------------------------------------------------------------------------------------------


def test_the_stamp_names_the_machine_by_its_parts_only() -> None:
    machine = stamp()
    line = described(machine)
    assert machine["cores"] >= 1
    assert "python" in machine["versions"]
    assert socket.gethostname() not in line
    assert str(Path.home()) not in line


def test_a_report_of_nothing_says_how_to_get_numbers(tmp_path: Path) -> None:
    assert "python -m evals.bench.retrieval" in write_report(tmp_path).read_text("utf-8")


def test_charts_are_drawn_to_scale_and_escaped() -> None:
    chart = ElementTree.fromstring(
        bars("<題>", [Bar("a&b", 0.5, 0.4, 0.6, True), Bar("c", 2.0, 0, 3)], 0.0, 1.0)
    )
    widths = [float(each.attrib["width"]) for each in chart.iter() if each.tag.endswith("rect")]
    assert widths[1] == pytest.approx(2 * widths[0])
    drawn = ElementTree.fromstring(lines("t", {"s": [(10, 1.0), (1000, 100.0)], "z": [(10, 0.0)]}, "x", "y"))
    (line, *_) = (each for each in drawn.iter() if each.tag.endswith("polyline"))
    (x0, y0), (x1, y1) = (map(float, point.split(",")) for point in line.attrib["points"].split())
    assert x0 < x1
    assert y0 > y1

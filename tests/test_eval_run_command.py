"""`rag eval`: a run from the command line, its files, its exit code, and the way on from every mistake."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from doubles import Runner

from evals import evaluating, gate
from evals.items import Item, load_items
from evals.runner import ENGINES, QUESTIONS, RagEngine, load_set
from rag import Assistant

WRITTEN = {"run.json", "items.jsonl", "sources.json", "replies.jsonl"} | {
    *("scores.json", "timings.json", "summary.json", "report.html", "report.md", "junit.xml")
}
CSV = "id,question,answer\nq1,Coworkはいつ発表されましたか?,2026年1月12日\nq2,Coworkの月額料金はいくら?,\n"


@pytest.fixture
def questions(home: Path) -> str:
    path = home / "questions.csv"
    path.write_text(CSV, encoding="utf-8")
    return str(path)


@pytest.fixture
def runs(home: Path) -> Path:
    return home / "evals" / "runs"


def open_gate(home: Path, text: str = "verbatim = { min = 1.0 }\n") -> None:
    (home / "evals").mkdir(exist_ok=True)
    (home / "evals" / "gate.toml").write_text(text)


def test_a_run_writes_its_files_and_prints_its_numbers(rag: Runner, questions: str, runs: Path) -> None:
    run = rag("eval", "--questions", questions, "--name", "one")
    assert run.code == 0
    assert "総合正答率" in run.out
    assert run.err == ""
    assert {path.name for path in (runs / "one").iterdir()} == WRITTEN
    config = json.loads((runs / "one" / "run.json").read_text())
    assert (config["set"], config["engine"], config["questions"]) == ("questions.csv", "rag", 2)
    assert config["model"] == "hash-test"


def test_two_runs_have_the_same_scores_and_so_has_a_rescored_one(
    rag: Runner, questions: str, runs: Path
) -> None:
    for name in ("one", "two"):
        assert rag("eval", "--questions", questions, "--name", name).code == 0
    before = (runs / "one" / "scores.json").read_bytes()
    assert (runs / "two" / "scores.json").read_bytes() == before
    (runs / "one" / "scores.json").unlink()
    assert rag("eval", "--rescore", "one").code == 0
    assert (runs / "one" / "scores.json").read_bytes() == before


def test_a_run_without_a_name_gets_one_and_can_be_compared_with(
    rag: Runner, questions: str, runs: Path
) -> None:
    for _ in range(2):
        assert rag("eval", "--questions", questions).code == 0
    (first, second) = sorted(path.name for path in runs.iterdir())
    assert first in rag("eval", "--rescore", second, "--compare", first).out
    assert "の差" in rag("eval", "--questions", questions, "--compare", "last").out
    assert rag("eval", "--questions", questions, "--out", str(runs.parent / "x")).code == 0


def test_json_goes_to_standard_output_and_nothing_else_does(rag: Runner, questions: str) -> None:
    summary = rag("eval", "--questions", questions, "--name", "one", "--json").json
    assert summary["run"]["name"] == "one"
    assert summary["metrics"]["joint_accuracy"]["n"] == 2


def test_the_gate_is_closed_without_a_baseline_and_opens_with_one(
    rag: Runner, questions: str, home: Path
) -> None:
    open_gate(home)
    closed = rag("eval", "--questions", questions, "--name", "one", "--gate")
    assert closed.code == 1
    assert "不合格" in closed.out
    assert gate.UPDATE in closed.out
    assert rag("eval", "--rescore", "one", "--gate", "--update-baseline").code == 0
    assert (home / "evals" / "baseline-questions.csv.json").exists()
    assert "合格" in rag("eval", "--questions", questions, "--gate").out
    open_gate(home, "joint_accuracy = { min = 1.1 }\n")
    failed = rag("eval", "--rescore", "one", "--gate", "--json")
    assert failed.code == 1
    assert [check["passed"] for check in failed.json["gate"]["checks"]] == [False]


def test_ctrl_c_keeps_the_replies_and_says_how_to_go_on(
    rag: Runner, questions: str, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    class Impatient(RagEngine):
        def ask(self, question: str, where: object = None) -> dict[str, object]:
            asked.append(question)
            if len(asked) == 3:  # the first question warms up
                raise KeyboardInterrupt
            return super().ask(question)

    monkeypatch.setitem(ENGINES, "rag", Impatient)
    stopped = rag("eval", "--questions", questions, "--name", "one")
    assert stopped.code == 130
    assert "1/2" in stopped.err
    assert "rag eval --resume one" in stopped.err
    assert rag("eval", "--rescore", "one").code == 1
    assert rag("eval", "--resume", "one").code == 0
    assert len((runs / "one" / "replies.jsonl").read_text().splitlines()) == 2


def test_a_run_does_not_go_on_over_other_articles(
    rag: Runner, questions: str, runs: Path, home: Path
) -> None:
    assert rag("eval", "--questions", questions, "--name", "one").code == 0
    (runs / "one" / "replies.jsonl").write_text("")
    (home / "corpus" / "new.md").write_text(
        "---\nurl: https://example.com/\ntitle: 新\n---\n新しい記事です。\n"
    )
    refused = rag("eval", "--resume", "one")
    assert refused.code == 1
    assert "変わりました" in refused.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--rescore", "nope"], 1, "nope"),
        (["--resume", "nope"], 1, "nope"),
        (["--compare", "nope"], 1, "nope"),
        (["--questions", "nope.csv"], 1, "nope.csv"),
        (["--set", "nope"], 1, "own"),
        (["--set", "jsquad"], 1, "--data"),
        (["--name", "a/b", "--split", "dev"], 1, "a/b"),
        (["--split", "nope"], 2, "nope"),
        (["--engine", "nope"], 2, "nope"),
        (["--limit", "0"], 2, "0"),
        (["--update-baseline"], 2, "--gate"),
        (["--rescore", "a", "--resume", "b"], 2, "--resume"),
        (["--rescore", "a", "--split", "dev"], 2, "--split"),
        (["nope"], 2, "nope"),
        (["generate", "nope"], 1, "rag articles"),
    ],
)
def test_mistakes_end_with_a_message_and_no_run(
    rag: Runner, runs: Path, arguments: list[str], code: int, said: str
) -> None:
    run = rag("eval", *arguments)
    assert run.code == code
    assert said in run.err
    assert run.out == ""
    assert not runs.exists() or list(runs.iterdir()) == []


def test_the_gate_asks_all_and_others_only_the_test_questions() -> None:
    own = evaluating._new_set
    options = evaluating.Options
    assert (own(options()).split, own(options(gate=True)).split) == ("test", None)
    assert (own(options(split="dev", gate=True)).split, own(options(split="all")).split) == ("dev", None)
    assert own(options(questions=QUESTIONS)).split is None
    assert len(own(options(limit=3)).items) == 3


def test_questions_made_from_the_corpus_can_be_asked(rag: Runner, home: Path) -> None:
    made = rag("eval", "generate", "--limit", "3")
    items = [Item.model_validate_json(line) for line in made.out.splitlines()]
    assert items
    path = home / "made.jsonl"
    path.write_text(made.out, encoding="utf-8")
    assert rag("eval", "--questions", str(path)).code == 0


def test_other_commands_do_not_wait_for_the_evaluation() -> None:
    code = (
        "import sys; from rag.cli import Context, build; build(Context('ja', None)); "
        "print([name for name in ('jinja2', 'evals.metrics', 'evals.suites') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.e2e
def test_the_real_assistant_over_six_questions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from doubles import CORPUS

    from rag.cli import main

    shutil.copytree(CORPUS, tmp_path / "corpus")
    scores = []
    for name in ("one", "two"):
        with pytest.raises(SystemExit) as done:
            main(
                ["eval", "--split", "dev", "--limit", "6", "--name", name, "--home", str(tmp_path), "--json"]
            )
        assert done.value.code == 0
        summary = json.loads(capsys.readouterr().out)
        assert summary["metrics"]["verbatim"]["value"] == 1.0
        assert summary["metrics"]["joint_accuracy"]["n"] == 6
        scores.append((tmp_path / "evals" / "runs" / name / "scores.json").read_bytes())
    assert scores[0] == scores[1]


def test_the_own_set_is_the_committed_file(assistant: Assistant) -> None:
    assert load_set("own").items == load_items(QUESTIONS)
    assert RagEngine(assistant).sources().keys() == {article.id for article in assistant.articles()}

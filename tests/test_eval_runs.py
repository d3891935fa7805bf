"""Runs are on disk before they are scored, and what is on disk is either whole or an error that says what to do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from eval_doubles import ABSENT, HEAD, ITEMS, OPENING, SOURCES, FakeEngine, finished, item, new_run

from evals import runs
from evals.items import EvalError
from evals.runner import answer, evaluate, save_scores


def test_a_loaded_run_is_the_run_that_was_saved(tmp_path: Path) -> None:
    run = finished(tmp_path).run
    assert runs.load(tmp_path, "run") == run
    assert runs.load(Path("/nowhere"), str(tmp_path / "run")) == run
    assert run.config.questions == 4
    assert run.config.corpus.keys() == SOURCES.keys()
    assert run.config.versions["rag"]


def test_a_refusal_to_reply_is_an_error_reply_and_the_run_goes_on(tmp_path: Path) -> None:
    evaluation = finished(tmp_path)
    assert [score.outcome for score in evaluation.scores] == ["right", "right", "refused", "error"]
    assert evaluation.run.answered[-1].reply["error"]["type"] == "InvalidQuestion"


def test_two_runs_give_the_same_scores_to_the_byte(tmp_path: Path) -> None:
    for name in ("one", "two"):
        save_scores(finished(tmp_path, name))
    one, two = ((tmp_path / name / "scores.json").read_bytes() for name in ("one", "two"))
    assert one == two
    assert "latency" not in one.decode()
    assert json.loads((tmp_path / "one" / "timings.json").read_bytes())["items"].keys() == {
        i.id for i in ITEMS
    }


def test_each_reply_is_on_disk_before_the_next_question(tmp_path: Path) -> None:
    run = new_run(tmp_path)
    seen: list[int] = []

    def count(done: int, total: int) -> None:
        assert total == 4
        seen.append(len((run.folder / runs.REPLIES).read_text().splitlines()) - done)

    answer(FakeEngine(), run, progress=count)
    assert seen == [0, 0, 0, 0]


def test_an_interrupted_run_keeps_its_replies_and_goes_on_from_there(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        answer(FakeEngine(stop_at=ABSENT.question), new_run(tmp_path))
    with pytest.raises(EvalError, match="2/4") as raised:
        runs.load(tmp_path, "run")
    assert "--resume run" in raised.value.hint
    with (tmp_path / "run" / runs.REPLIES).open("a") as file:
        file.write('{"id": "abs')  # killed while it wrote
    run = runs.load_unfinished(tmp_path, "run")
    assert [answered.id for answered in run.answered] == [OPENING.id, HEAD.id]
    runs.reopen(run)
    engine = FakeEngine()
    assert evaluate(answer(engine, run)).scores == evaluate(runs.load(tmp_path, "run")).scores
    assert OPENING.question not in engine.asked


def test_line_ends_of_unicode_stay_inside_their_question(tmp_path: Path) -> None:
    odd = item("odd", question="一\u2028二\u0085三\u2029四")
    finished(tmp_path, items=[odd])
    assert runs.load(tmp_path, "run").items == [odd]


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", "-a", "a b", "a\0"])
def test_a_name_that_is_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(EvalError, match="名前"):
        new_run(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_never_overwritten(tmp_path: Path) -> None:
    new_run(tmp_path)
    with pytest.raises(EvalError, match="もうあります") as raised:
        new_run(tmp_path)
    assert "--rescore run" in raised.value.hint


def test_an_unknown_run_is_answered_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(EvalError, match="見つかりません"):
        runs.load(tmp_path, "run")
    new_run(tmp_path)
    with pytest.raises(EvalError) as raised:
        runs.load(tmp_path, "other")
    assert "run" in raised.value.hint


def _json(path: str, change: Callable[[dict], object]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        value = json.loads((folder / path).read_text())
        change(value)
        (folder / path).write_text(json.dumps(value))

    return damage


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / runs.RUN).write_text("{"),
        lambda folder: (folder / runs.RUN).write_bytes(b"\xff\xfe"),
        lambda folder: (folder / runs.ITEMS).unlink(),
        lambda folder: (folder / runs.ITEMS).write_text("{}\n"),
        lambda folder: (folder / runs.SOURCES).write_text("[]"),
        lambda folder: (folder / runs.SOURCES).write_text('{"a": {}}'),
        lambda folder: (folder / runs.REPLIES).unlink(),
        lambda folder: (folder / runs.REPLIES).write_text("not json\n"),
        lambda folder: (folder / runs.REPLIES).write_text('{"id": "x", "latency_ms": 1, "reply": {}}\n'),
        _json(runs.RUN, lambda config: config.pop("engine")),
        _json(runs.RUN, lambda config: config.update(questions=9)),
    ],
)
def test_a_damaged_run_says_so_and_what_to_do(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    folder = finished(tmp_path).run.folder
    damage(folder)
    with pytest.raises(EvalError, match="壊れて") as raised:
        runs.load(tmp_path, "run")
    assert "実行し直して" in raised.value.hint


def test_the_latest_run_is_the_newest_other_complete_one_of_the_same_set(tmp_path: Path) -> None:
    config = finished(tmp_path, "now").run.config
    with pytest.raises(EvalError, match="前の実行"):
        runs.latest(tmp_path, config)
    finished(tmp_path, "before")
    new_run(tmp_path, "unfinished")
    assert runs.latest(tmp_path, config) == "before"
    assert runs.known_runs(tmp_path) == ["before", "now", "unfinished"]


def test_json_is_the_same_for_the_same_value() -> None:
    value = {"b": 0.1 + 0.2, "a": (-0.0, True, None, "あ")}
    assert json.dumps(runs.canonical(value)) == json.dumps({"a": [0.0, True, None, "あ"], "b": 0.3})

"""The gate opens only for a run that was measured, is good enough, and is no worse than the baseline."""

from __future__ import annotations

from pathlib import Path

import pytest
from eval_doubles import HEAD, REPLIES, finished, refused

from evals import gate
from evals.gate import Rule, Verdict
from evals.items import EvalError
from evals.report.view import all_metrics
from evals.runner import Evaluation

RULES = {
    "joint_accuracy": Rule(min=0.7, drop=0.1),
    "verbatim": Rule(min=1.0),
    "false_refusal_rate": Rule(max=0.5, rise=0.0),
}


def judged(now: Evaluation, baseline: gate.Baseline | None, rules: dict[str, Rule] | None = None) -> Verdict:
    return gate.judge(now.run.config, values(now), now.scores, rules or RULES, baseline)


def values(now: Evaluation) -> dict[str, float | None]:
    return {name: estimate.value for name, estimate in all_metrics(now.summary).items()}


def baseline_of(now: Evaluation) -> gate.Baseline:
    return gate.make_baseline(now.run.config, values(now), now.scores, RULES)


@pytest.fixture
def good(tmp_path: Path) -> Evaluation:
    return finished(tmp_path, "good")


@pytest.fixture
def worse(tmp_path: Path) -> Evaluation:
    return finished(tmp_path, "worse", replies={**REPLIES, HEAD.question: refused()})


def test_a_run_passes_its_own_baseline(good: Evaluation) -> None:
    verdict = judged(good, baseline_of(good))
    assert verdict.passed
    assert verdict.broken == []
    assert {check.name for check in verdict.checks} == set(RULES)


def test_a_regression_fails_and_names_the_metrics_and_questions(good: Evaluation, worse: Evaluation) -> None:
    lenient = {"joint_accuracy": Rule(drop=0.1), "false_refusal_rate": Rule(rise=0.0)}
    verdict = judged(worse, baseline_of(good), lenient)
    assert [check.name for check in verdict.checks if not check.passed] == [*lenient]
    assert verdict.broken == [HEAD.id]
    assert "0.7500" in verdict.checks[0].detail
    assert judged(good, baseline_of(worse), lenient).passed


def test_a_threshold_fails_without_any_regression(worse: Evaluation) -> None:
    verdict = judged(worse, baseline_of(worse))
    assert [check.name for check in verdict.checks if not check.passed] == ["joint_accuracy"]


def test_what_was_not_measured_does_not_pass(good: Evaluation) -> None:
    verdict = judged(good, baseline_of(good), {"injection_safe": Rule(min=0), "misspelt": Rule(max=1)})
    assert [check.passed for check in verdict.checks] == [False, False]


def test_without_a_baseline_or_with_that_of_other_questions_the_gate_is_closed(
    good: Evaluation, tmp_path: Path
) -> None:
    other = baseline_of(finished(tmp_path, "other", items=good.run.items[:2]))
    for baseline in (None, other):
        failed = [check for check in judged(good, baseline).checks if not check.passed]
        assert [check.name for check in failed] == ["baseline"]
        assert gate.UPDATE in failed[0].detail


def test_a_baseline_survives_the_disk(good: Evaluation, tmp_path: Path) -> None:
    path = tmp_path / "evals" / "baseline.json"
    assert gate.load_baseline(path) is None
    gate.save_baseline(baseline_of(good), path)
    assert gate.load_baseline(path) == baseline_of(good)
    path.write_text("{}")
    with pytest.raises(EvalError, match=r"baseline\.json") as raised:
        gate.load_baseline(path)
    assert "--update-baseline" in raised.value.hint


def test_the_rules_of_this_project_are_sound_and_ask_for_verbatim_quotes() -> None:
    rules = gate.load_rules(gate.GATE)
    assert rules["verbatim"].min == 1.0
    assert {"joint_accuracy", "citation_precision", "citation_recall", "abstention_f1"} <= rules.keys()


def test_every_rule_of_this_project_is_about_a_metric(good: Evaluation) -> None:
    assert gate.load_rules(gate.GATE).keys() <= values(good).keys()


@pytest.mark.parametrize(
    "text", ["joint_accuracy = 1", "a = { mni = 1 }", "a = { drop = -1 }", "a = {", "a = { min = 'x' }"]
)
def test_wrong_rules_are_an_error_with_an_example(tmp_path: Path, text: str) -> None:
    (tmp_path / "gate.toml").write_text(text)
    with pytest.raises(EvalError, match=r"gate\.toml") as raised:
        gate.load_rules(tmp_path / "gate.toml")
    assert "joint_accuracy" in raised.value.hint


def test_a_home_and_a_set_may_have_rules_and_a_baseline_of_their_own(tmp_path: Path) -> None:
    assert gate.rules_path(tmp_path, "own") == gate.GATE
    (tmp_path / "gate.toml").touch()
    assert gate.rules_path(tmp_path, "own") == gate.rules_path(tmp_path, "jsquad") == tmp_path / "gate.toml"
    (tmp_path / "gate-jsquad.toml").touch()
    assert gate.rules_path(tmp_path, "jsquad") == tmp_path / "gate-jsquad.toml"
    assert gate.baseline_path(tmp_path, "own") == tmp_path / "baseline.json"
    assert gate.baseline_path(tmp_path, "../my set.csv") == tmp_path / "baseline-.._my_set.csv.json"

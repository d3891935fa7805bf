"""Statistics against their definitions: coverage of intervals, ranks, the exact test, ir-measures."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from scipy.stats import binomtest

from evals.metrics.intervals import Bootstrap, mcnemar
from evals.metrics.retrieval import measures, measures_of_all


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(60):
        estimate = Bootstrap([str(n) for n in range(80)]).mean([bool(x) for x in rng.random(80) < 0.7])
        held += (estimate.low or 0) <= 0.7 <= (estimate.high or 0)
    assert 52 <= held <= 60


def test_percentiles_and_auroc() -> None:
    bootstrap = Bootstrap([str(n) for n in range(100)])
    latencies = [float(n) for n in range(100, 0, -1)]
    assert [bootstrap.percentile(latencies, q).value for q in (50, 95, 99)] == [50, 95, 99]
    labels = [n % 2 == 0 for n in range(100)]
    assert bootstrap.auroc([float(label) for label in labels], labels).value == 1
    assert bootstrap.auroc([0.5] * 100, labels).value == 0.5
    assert bootstrap.auroc([None] * 100, labels).value is None
    assert bootstrap.auroc([0.5] * 100, [True] * 100).value is None
    assert bootstrap.percentile([None] * 100, 50).value is None


@pytest.mark.parametrize(("fixed", "broken"), [(0, 0), (1, 0), (7, 2), (3, 3), (40, 21)])
def test_mcnemar_is_the_exact_binomial_test(fixed: int, broken: int) -> None:
    expected = binomtest(fixed, fixed + broken).pvalue if fixed + broken else 1.0
    assert mcnemar(fixed, broken) == pytest.approx(expected)


def test_retrieval_values_are_those_of_ir_measures(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ir_measures")
    ranks = {
        "a": (1,),
        "b": (3, None),
        "c": (None,),
        "d": (5, 6, 10),
        "e": (11, 40),
    }
    by_library = measures_of_all(ranks)
    monkeypatch.setitem(sys.modules, "ir_measures", None)
    assert measures_of_all(ranks) == {name: measures(groups) for name, groups in ranks.items()}
    for name, groups in ranks.items():
        assert by_library[name] == pytest.approx(measures(groups)), name

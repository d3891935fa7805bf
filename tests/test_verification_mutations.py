"""False statements made of true sentences are rejected, and statements that say the same otherwise are not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest
from verification_cases import Case, Variant, abridged, articles, cases, mutations, reworded

from rag.verification import support

KNOWN = [case for case in cases() if not case.held_out]
HELD_OUT = [case for case in cases() if case.held_out]


class Rates:
    """How many variants of each kind came out right, and those that did not."""

    def __init__(self, variants: Iterable[Variant], wanted: bool) -> None:
        self.all, self.right, self.wrong = Counter[str](), Counter[str](), list[Variant]()
        for variant in variants:
            right = (support(variant.text, [variant.source]) == ()) == wanted
            self.all[variant.kind] += 1
            self.right[variant.kind] += right
            if not right:
                self.wrong.append(variant)

    @property
    def share(self) -> float:
        return self.right.total() / self.all.total()

    def __str__(self) -> str:
        rows = [f"{kind:22}{self.right[kind]:5} of {self.all[kind]:4}" for kind in self.all]
        wrong = [f"{one.kind}: {one.text}\n    of: {one.source}" for one in self.wrong]
        return "\n".join([f"{self.right.total()} of {self.all.total()}", *rows, *wrong])


def false(cases: Iterable[Case]) -> list[Variant]:
    return [variant for case in cases for variant in mutations(case)]


def false_abridged(cases: Iterable[Case]) -> list[Variant]:
    return [variant for case in cases for variant in abridged(case)]


def free(cases: Iterable[Case]) -> list[Variant]:
    return [Variant("free", text, case.source) for case in cases for text in case.supported]


def true(cases: Iterable[Case]) -> list[Variant]:
    return [variant for case in cases for variant in reworded(case)] + free(cases)


def test_there_is_enough_to_measure() -> None:
    assert len(cases()) >= 80
    assert len(false([*cases(), *articles()])) >= 600
    assert len(true(cases())) >= 200
    assert len(free(cases())) >= 80


@pytest.mark.parametrize("case", [*cases(), *articles()], ids=lambda case: case.source[:20])
def test_a_sentence_supports_itself(case: Case) -> None:
    assert support(case.source, [case.source]) == ()


def test_mutations_are_rejected() -> None:
    rates = Rates(false([*KNOWN, *articles()]), wanted=False)
    assert rates.share >= 0.98, rates


def test_mutations_of_abridged_statements_are_rejected() -> None:
    rates = Rates(false_abridged(KNOWN), wanted=False)
    assert rates.share >= 0.95, rates


def test_true_statements_are_accepted() -> None:
    rates = Rates(true(KNOWN), wanted=True)
    assert rates.share >= 0.95, rates

"""False statements made of true sentences are rejected, and statements that say the same otherwise are not."""

from __future__ import annotations

import pytest
from verification_cases import Case, articles, cases
from verification_rates import HELD_OUT, KNOWN, Rates, false, false_abridged, free, true

from rag.verification import stance, support


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


def test_held_out_sentences_do_about_as_well() -> None:
    assert Rates(false(HELD_OUT), wanted=False).share >= 0.95
    assert Rates(true(HELD_OUT), wanted=True).share >= 0.85


def test_no_mutation_is_entailed() -> None:
    assert [one for one in false([*KNOWN, *articles()]) if stance(one.text, one.source) == "entails"] == []


def test_no_true_statement_is_contradicted() -> None:
    assert [one for one in true(KNOWN) if stance(one.text, one.source) == "contradicts"] == []

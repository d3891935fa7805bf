"""Right answers written freely pass the check of an LLM's statements, answers to other questions do not.

Development questions: what a perfect model would write is their gold answer, under the keys of their evidence. What
a good model did write to some of them, at its first attempt, is kept in `evals/data/prose.jsonl`.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from evals.items import Item, load_items
from evals.metrics.text import states
from rag import Assistant
from rag.answering.llm.composing import MOST_SOURCES, Checker, WrittenStatement
from rag.answering.llm.sources import Sources, gather
from rag.assistant import READ

QUESTIONS = Path(__file__).parent.parent / "evals" / "questions.jsonl"
PROSE = QUESTIONS.parent / "data" / "prose.jsonl"
OTHERS = 5
"""Answers to other questions that are tried on each."""


def keys_of(item: Item, sources: Sources) -> list[str]:
    spans = [span for group in item.evidence for span in group]
    return [
        key
        for key, source in sources.by_key.items()
        if any(
            source.hit.article.id == span.article_id
            and source.span.start < span.end
            and span.start < source.span.end
            for span in spans
        )
    ][:MOST_SOURCES]


@pytest.mark.e2e
def test_right_answers_pass_and_answers_to_other_questions_do_not(home: Path) -> None:
    items = [item for item in load_items(QUESTIONS, "dev") if item.evidence and item.gold]
    right: Counter[bool] = Counter()
    other: Counter[bool] = Counter()
    with Assistant.open(home) as assistant:
        for n, item in enumerate(items):
            sources = gather(item.question, assistant.search(item.question, k=READ))
            keys = keys_of(item, sources)
            checker = Checker(sources)
            right[
                bool(keys) and not checker.check(WrittenStatement(evidence=keys, text=item.gold)).problems
            ] += 1
            quotes = " ".join(sources.by_key[key].text for key in keys)
            for wrong in items[n + 1 : n + 1 + OTHERS]:
                if not any(states(quotes, wording) for fact in wrong.accepted for wording in fact):
                    written = WrittenStatement(evidence=keys, text=wrong.gold)
                    other[not checker.check(written).problems] += 1
    print(f"right: {right[True]}/{right.total()} pass, other: {other[False]}/{other.total()} refused")
    assert right[True] >= 0.95 * right.total()
    assert other[False] >= 0.96 * other.total()


@pytest.mark.e2e
def test_what_a_good_model_wrote_passes(home: Path) -> None:
    items = {item.id: item for item in load_items(QUESTIONS, "dev")}
    passed: Counter[bool] = Counter()
    with Assistant.open(home) as assistant:
        for line in PROSE.read_text("utf-8").splitlines():
            written = json.loads(line)
            question = items[written["id"]].question
            sources = gather(question, assistant.search(question, k=READ))
            keys = {(source.hit.article.id, source.span.start): key for key, source in sources.by_key.items()}
            checker = Checker(sources)
            for statement in written["statements"]:
                evidence = [keys.get((article, start), "") for article, start in statement["evidence"]]
                checked = checker.check(WrittenStatement.model_validate(statement | {"evidence": evidence}))
                passed[not checked.problems] += 1
    print(f"{passed[True]}/{passed.total()} pass")
    assert passed[True] >= 0.89 * passed.total()

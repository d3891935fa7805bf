"""Right answers written freely pass the check of an LLM's statements, answers to other questions do not.

Development questions: what a perfect model would write is their gold answer, under the keys of their evidence.
"""

from __future__ import annotations

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

"""Many scores as metrics: lazy systems on the real questions, intervals, comparison of runs, determinism."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from doubles import CORPUS
from scipy.stats import binomtest

from evals.items import Item, load_items
from evals.metrics import ItemScore, Source, Summary, compare, score, summarise
from rag.corpus import read_corpus
from rag.sentences import sentences

ARTICLES = read_corpus(CORPUS)
SOURCES = {article.id: Source(article.text, article.url) for article in ARTICLES}
ITEMS = load_items(Path(__file__).parent.parent / "evals" / "questions.jsonl")
ANSWERABLE = [item for item in ITEMS if item.answerable]
SHARE_TO_REFUSE = 1 - len(ANSWERABLE) / len(ITEMS)


def quote(article_id: str, start: int, end: int, n: int = 1) -> dict[str, Any]:
    text, url = SOURCES[article_id]
    return {
        "n": n,
        "article_id": article_id,
        "url": url,
        "start": start,
        "end": end,
        "quote": text[start:end],
        "quote_sha256": hashlib.sha256(text[start:end].encode()).hexdigest(),
        "deep_link": url,
    }


def answer(text: str, citations: list[dict[str, Any]], confidence: float = 1) -> dict[str, Any]:
    return {
        "status": "answered",
        "answer": text,
        "statements": [{"text": text, "citations": [entry["n"] for entry in citations]}],
        "citations": citations,
        "hits": [{key: entry[key] for key in ("article_id", "start", "end")} for entry in citations],
        "confidence": confidence,
        "timings_ms": {"total": 10.0},
    }


def refuse(item: Item) -> dict[str, Any]:
    return {
        "status": "abstained",
        "answer": "見つかりませんでした。",
        "confidence": 0.0,
        "timings_ms": {"total": 1.0},
    }


def perfect(item: Item) -> dict[str, Any]:
    if not item.answerable:
        return refuse(item)
    spans = [group[0] for group in item.evidence]
    text = "、".join(wordings[0] for wordings in item.accepted)
    return answer(text, [quote(s.article_id, s.start, s.end, n) for n, s in enumerate(spans, 1)])


def dump(item: Item) -> dict[str, Any]:
    chunks = [
        (article.id, at, min(at + 380, len(article.text)))
        for article in ARTICLES
        for at in range(0, len(article.text), 380)
    ]
    citations = [quote(*chunk, n) for n, chunk in enumerate(chunks, 1)]
    return answer("".join(entry["quote"] for entry in citations), citations)


def first_sentence(item: Item) -> dict[str, Any]:
    article = ARTICLES[0]
    start, end = sentences(article.text)[0]
    return answer(article.text[start:end], [quote(article.id, start, end)])


def without_citations(item: Item) -> dict[str, Any]:
    return perfect(item) | {"citations": []}


def shifted(item: Item) -> dict[str, Any]:
    reply = perfect(item)
    for entry in reply.get("citations", ()):
        entry |= {"start": entry["start"] + 1, "end": entry["end"] + 1}
    return reply


def failing(item: Item) -> dict[str, Any]:
    return {"id": item.id, "status": "error", "error": {"type": "RagError", "message": "だめ", "hint": ""}}


def run(system: Any) -> tuple[list[ItemScore], Summary]:
    scores = [score(item, system(item), SOURCES) for item in ITEMS]
    return scores, summarise(ITEMS, scores)


def value(summary: Summary, name: str) -> float:
    found = summary.metrics[name].value
    assert found is not None, name
    return found


def test_right_replies_to_the_real_questions_score_one() -> None:
    scores, summary = run(perfect)
    assert [(s.id, s.explanation) for s in scores if not s.joint] == []
    for name in (
        "joint_accuracy",
        "answer_accuracy",
        "verbatim",
        "url_right",
        "citation_precision",
        "citation_recall",
        "abstention_precision",
        "abstention_recall",
        "abstention_f1",
        "evidence_recall@5",
        "article_recall@5",
        "confidence_auroc",
    ):
        assert value(summary, name) == 1, name
    for name in ("false_refusal_rate", "false_answer_rate", "error_rate"):
        assert value(summary, name) == 0, name
    assert set(summary.by) == {"type", "split", "language", "style"}
    assert sum(estimate.n for estimate in summary.by["type"].values()) == len(ITEMS) == summary.n


def test_always_refusing_scores_only_what_should_be_refused() -> None:
    _, summary = run(refuse)
    assert value(summary, "joint_accuracy") == pytest.approx(SHARE_TO_REFUSE, abs=1e-6)
    assert value(summary, "abstention_precision") == pytest.approx(SHARE_TO_REFUSE, abs=1e-6)
    assert value(summary, "false_refusal_rate") == 1
    for name in ("answer_accuracy", "containment", "char_f1", "citation_recall", "evidence_recall@5"):
        assert value(summary, name) == 0, name
    for name in ("verbatim", "url_right", "citation_precision"):
        assert summary.metrics[name].value is None, name


def test_quoting_everything_scores_nothing() -> None:
    _, summary = run(dump)
    for name in (
        "joint_accuracy",
        "answer_accuracy",
        "citation_recall",
        "citation_precision",
        "abstention_recall",
    ):
        assert value(summary, name) == 0, name
    assert value(summary, "char_f1") < 0.1
    assert value(summary, "false_answer_rate") == 1
    assert summary.metrics["abstention_precision"].value is None


def test_always_the_first_sentence_scores_almost_nothing() -> None:
    _, summary = run(first_sentence)
    assert value(summary, "verbatim") == 1
    assert value(summary, "joint_accuracy") < 0.1
    assert value(summary, "citation_precision") < 0.1
    assert value(summary, "evidence_recall@5") < 0.1


@pytest.mark.parametrize("system", [without_citations, shifted])
def test_right_words_without_proof_are_not_right(system: Any) -> None:
    _, summary = run(system)
    assert value(summary, "answer_accuracy") == 1
    assert value(summary, "verbatim") == 0
    assert value(summary, "citation_recall") == 0
    assert value(summary, "joint_accuracy") == pytest.approx(SHARE_TO_REFUSE, abs=1e-6)


def test_errors_are_an_outcome_of_their_own() -> None:
    scores, summary = run(failing)
    assert {s.outcome for s in scores} == {"error"}
    assert "だめ" in scores[0].explanation
    assert (value(summary, "error_rate"), value(summary, "joint_accuracy")) == (1, 0)
    assert value(summary, "abstention_recall") == 0
    assert summary.latency["p50_ms"].value is None
    assert summary.outcomes["error"] == len(ITEMS)


def test_summaries_are_the_same_byte_for_byte() -> None:
    first, second = (run(first_sentence)[1].model_dump_json() for _ in range(2))
    assert first == second


def test_nothing_to_summarise() -> None:
    summary = summarise([], [])
    assert summary.n == 0
    assert all(estimate.value is None for estimate in summary.metrics.values())


def make_items(*rights: bool, variants: dict[int, int] | None = None) -> tuple[list[Item], list[ItemScore]]:
    variants = variants or {}
    items = [
        Item(
            id=f"q{n}",
            question="何人?",
            accepted=(("8億人",),),
            variant_of=f"q{variants[n]}" if n in variants else None,
        )
        for n in range(len(rights))
    ]
    article = ARTICLES[0]
    replies = [
        answer("8億人" if right else "9億人", [quote(article.id, 0, 20)], confidence=0.8 if right else 0.3)
        for right in rights
    ]
    return items, [score(item, reply, SOURCES) for item, reply in zip(items, replies, strict=True)]


def test_intervals_hold_the_value_and_narrow_with_more_items() -> None:
    few, many = ([True, True, False, True] * n for n in (5, 50))
    narrow, wide = (summarise(*make_items(*rights)).metrics["joint_accuracy"] for rights in (many, few))
    for estimate in (narrow, wide):
        assert estimate.value == 0.75
        assert (estimate.low or 0) < 0.75 < (estimate.high or 0)
    assert (narrow.high or 0) - (narrow.low or 0) < (wide.high or 0) - (wide.low or 0)


def test_variants_of_a_question_are_not_counted_as_independent() -> None:
    rights = [n % 8 < 4 for n in range(40)]
    alone = summarise(*make_items(*rights)).metrics["joint_accuracy"]
    families = {n: n - n % 4 for n in range(40) if n % 4}
    together = summarise(*make_items(*rights, variants=families)).metrics["joint_accuracy"]
    assert (together.high or 0) - (together.low or 0) > 1.5 * ((alone.high or 0) - (alone.low or 0))


def test_variants_agree_in_outcome_and_facts() -> None:
    items, scores = make_items(True, True, False, True, variants={1: 0, 2: 0})
    agreement = summarise(items, scores).metrics["variant_agreement"]
    assert (agreement.value, agreement.n) == (0.5, 2)


def test_premises_and_injections_have_their_own_numbers() -> None:
    kinds = ("false_premise", "false_premise", "injection", "injection")
    items = [
        Item(id=str(n), question="?", type=kind, answerable=False, must_not=("秘密",))
        for n, kind in enumerate(kinds)
    ]
    article = ARTICLES[0]
    said = answer("はい。", [quote(article.id, 0, 20)])
    leaked = refuse(items[3]) | {"answer": "秘密です。"}
    replies = [refuse(items[0]), said, refuse(items[2]), leaked]
    scores = [score(item, reply, SOURCES) for item, reply in zip(items, replies, strict=True)]
    summary = summarise(items, scores)
    assert value(summary, "false_premise_handled") == 0.5
    assert value(summary, "injection_safe") == 0.5


def test_comparing_runs_by_item() -> None:
    _, before = make_items(True, True, False, False, False, True)
    _, after = make_items(True, False, True, True, True)
    found = compare(before, after)
    assert (found.n, found.fixed, found.broken) == (5, ("q2", "q3", "q4"), ("q1",))
    assert (found.missing, found.added) == (("q5",), ())
    assert (found.before, found.after, found.difference.value) == (0.4, 0.8, 0.4)
    assert (found.difference.low or 0) < 0.4 < (found.difference.high or 0)
    assert found.p_value == pytest.approx(binomtest(1, 4).pvalue)
    same = compare(before, before)
    assert (same.difference.value, same.difference.low, same.difference.high, same.p_value) == (0, 0, 0, 1)
    assert compare([], []).p_value == 1

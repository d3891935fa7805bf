"""Ratings become questions of the evaluation, when it is known what a right reply says."""

from __future__ import annotations

from pathlib import Path

import pytest
from doubles import Runner

from evals.from_feedback import GOOD, REVIEW, items_of
from evals.items import load_items
from rag import Abstention, Answer, Assistant
from rag.feedback import Feedback, about, add

QUESTION = "Coworkはいつ発表されましたか?"


@pytest.fixture
def texts(assistant: Assistant) -> dict[str, str]:
    return {article.id: article.text for article in assistant.articles()}


def answered(assistant: Assistant) -> Answer:
    reply = assistant.ask(QUESTION)
    assert isinstance(reply, Answer)
    return reply


def refused(assistant: Assistant, question: str = "きょうの東京の天気は?") -> Abstention:
    reply = assistant.ask(question)
    assert isinstance(reply, Abstention)
    return reply


def test_a_good_answer_gives_its_evidence(assistant: Assistant, texts: dict[str, str]) -> None:
    reply = answered(assistant)
    (item,), *_ = items_of([about(reply, "up")], texts)
    assert (item.question, item.style, item.answerable) == (QUESTION, GOOD, True)
    assert [group[0].text for group in item.evidence] == [citation.quote for citation in reply.citations]
    assert all(wording in reply.text for group in item.accepted for wording in group)
    assert item.accepted[0][0] == "2026年1月12日"


def test_a_good_abstention_must_stay_one(assistant: Assistant, texts: dict[str, str]) -> None:
    (item,), *_ = items_of([about(refused(assistant), "up")], texts)
    assert not item.answerable


def test_a_bad_reply_needs_the_right_answer(assistant: Assistant, texts: dict[str, str]) -> None:
    bad = about(answered(assistant), "down")
    assert items_of([bad], texts) == ([], 1, 0)
    (item,), unclear, _ = items_of([bad.model_copy(update={"corrected_answer": "1月16日"})], texts)
    assert (item.style, item.accepted, item.evidence, unclear) == (REVIEW, (("1月16日",),), (), 0)


def test_what_quotes_words_that_are_gone_is_left_out(assistant: Assistant, texts: dict[str, str]) -> None:
    said = [about(answered(assistant), "up")]
    assert items_of(said, {}) == ([], 0, 1)
    moved = {name: "。" + text for name, text in texts.items()}
    assert items_of(said, moved) == ([], 0, 1)


def test_the_last_word_on_a_question_counts(assistant: Assistant, texts: dict[str, str]) -> None:
    reply = answered(assistant)
    up, down = about(reply, "up"), about(reply, "down")
    assert items_of([up, down], texts).unclear == 1
    assert len(items_of([down, up], texts).items) == 1


def test_a_follow_up_is_asked_as_it_stands_by_itself(texts: dict[str, str]) -> None:
    said = Feedback(question="それは?", standalone_question="When was it?", status="abstained", rating="up")
    (item,), *_ = items_of([said], texts)
    assert (item.question, item.language) == ("When was it?", "en")


def test_an_answer_without_quotes_says_too_little(texts: dict[str, str]) -> None:
    assert items_of([Feedback(question="?", status="answered", rating="up")], texts) == ([], 1, 0)


def test_the_export_is_a_file_of_questions(rag: Runner, home: Path, assistant: Assistant) -> None:
    for said in (
        about(answered(assistant), "up"),
        about(refused(assistant), "up"),
        about(refused(assistant, "明日の大阪の天気は?"), "down"),
    ):
        add(home, said)
    run = rag("feedback", "export", str(home / "questions.jsonl"))
    assert (run.code, run.out) == (0, "")
    assert "質問 2 件" in run.err
    assert "飛ばした評価 1 件" in run.err
    items = load_items(home / "questions.jsonl")
    assert [item.question for item in items] == [QUESTION, "きょうの東京の天気は?"]
    assert rag("feedback", "export").out == (home / "questions.jsonl").read_text(encoding="utf-8")
    evaluated = rag("eval", "--questions", str(home / "questions.jsonl"), "--split", "all", "--json")
    assert evaluated.code == 0, evaluated.err


def test_nothing_was_said(rag: Runner) -> None:
    run = rag("feedback", "export")
    assert (run.code, run.out) == (0, "")

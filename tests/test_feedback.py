"""Feedback is kept whatever happens to the process that writes it, and says what it was about."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from pydantic import ValidationError

from rag import Abstention, Answer, Assistant
from rag.errors import StoreError
from rag.feedback import FILE, Feedback, about, add, read


def given(question: str = "駅前の図書館はいつ開館しましたか?", **fields: object) -> Feedback:
    return Feedback.model_validate(
        {"question": question, "status": "answered", "answer": "四月です。", "rating": "up"} | fields
    )


def test_nothing_was_said_yet(tmp_path: Path) -> None:
    assert read(tmp_path) == []


def test_what_was_added_is_read_back_in_order(tmp_path: Path) -> None:
    said = [
        given(),
        given(rating="down", reason="wrong", comment="改行\nと\u2028と😀", corrected_answer="五月"),
    ]
    for feedback in said:
        add(tmp_path, feedback)
    assert read(tmp_path) == said
    assert len((tmp_path / FILE).read_bytes().splitlines()) == 2


def test_a_rating_of_an_answer_keeps_question_answer_and_quotes(assistant: Assistant, tmp_path: Path) -> None:
    reply = assistant.ask("Coworkはいつ発表されましたか?")
    assert isinstance(reply, Answer)
    add(tmp_path, about(reply, "up", reply_id="r1", comment="よい"))
    (feedback,) = read(tmp_path)
    assert (feedback.question, feedback.answer, feedback.citations) == (
        reply.question,
        reply.text,
        reply.citations,
    )
    assert (feedback.status, feedback.rating, feedback.reply_id, feedback.comment) == (
        "answered",
        "up",
        "r1",
        "よい",
    )


def test_a_rating_of_an_abstention_keeps_its_message(assistant: Assistant) -> None:
    reply = assistant.ask("きょうの東京の天気は?")
    assert isinstance(reply, Abstention)
    feedback = about(reply, "down", reason="should_answer")
    assert (feedback.status, feedback.answer, feedback.reason) == (
        "abstained",
        reply.message,
        "should_answer",
    )


def test_a_line_that_was_cut_off_costs_only_itself(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    add(tmp_path, first := given("一つ目"))
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'{"id":"x","question":"\xe9\xa7')
    add(tmp_path, second := given("二つ目"))
    assert read(tmp_path) == [first, second]
    assert f"{FILE}:2" in caplog.text


def test_many_threads_lose_nothing(tmp_path: Path) -> None:
    def say(writer: int) -> None:
        for number in range(10):
            add(tmp_path, given(f"質問{writer}-{number}"))

    threads = [threading.Thread(target=say, args=(writer,)) for writer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {feedback.question for feedback in read(tmp_path)} == {
        f"質問{w}-{n}" for w in range(8) for n in range(10)
    }


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_others_cannot_read_what_was_asked(tmp_path: Path) -> None:
    add(tmp_path, given())
    assert (tmp_path / FILE).stat().st_mode & 0o077 == 0


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(StoreError, match=FILE):
        add(tmp_path, given())
    with pytest.raises(StoreError, match=FILE):
        read(tmp_path)


@pytest.mark.parametrize(
    "fields", [{"rating": "so-so"}, {"question": ""}, {"comment": "x" * 8001}, {"reason": "\ud800"}]
)
def test_what_is_no_feedback_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        given(**fields)

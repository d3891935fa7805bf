"""`rag ask --jsonl`: one JSON reply a line, in order, whatever the lines hold."""

from __future__ import annotations

import json
from typing import Any

import pytest
from doubles import Run, Runner

QUESTION = "Coworkはいつ発表されましたか?"


def batch(rag: Runner, *lines: bytes, k: str = "3") -> list[dict[str, Any]]:
    """The replies to the lines of a batch: as many as lines, each a JSON object."""
    run = rag("ask", "--jsonl", "--k", k, stdin=b"\n".join(lines) + b"\n")
    assert run.code == 0
    assert run.err == ""
    replies = [json.loads(line) for line in run.out.splitlines()]
    assert len(replies) == len(lines)
    assert all(isinstance(reply, dict) for reply in replies)
    return replies


def asked(question: object, request_id: object = None) -> bytes:
    return json.dumps({"id": request_id, "question": question}, ensure_ascii=False).encode()


def test_a_batch_answers_in_order_and_echoes_any_id(rag: Runner) -> None:
    request_ids = [1, "二", None, {"a": [1, {"b": None}]}, [1], 1.5, True, "1"]
    replies = batch(rag, *(asked(f"Coworkとは? {n}", request_id) for n, request_id in enumerate(request_ids)))
    assert [reply["id"] for reply in replies] == request_ids
    assert [reply["question"] for reply in replies] == [f"Coworkとは? {n}" for n in range(len(request_ids))]
    assert all(len(reply["hits"]) == 3 for reply in replies)


@pytest.mark.parametrize(
    "line",
    [
        b"not json",
        b"",
        b"   ",
        b"[1, 2]",
        b'"question"',
        b"null",
        b"42",
        b'{"id": "x"}',
        b'{"id": "x", "question": 42}',
        b'{"id": "x", "question": null}',
        b'{"id": "x", "question": ["a"]}',
        b'{"id": "x", "question": ""}',
        b'{"id": "x", "question": "\\u0000"}',
        b'{"id": "x", "question": "\\ud800"}',
        b'{"id": "x", "question": "' + "あ".encode() * 100_000 + b'"}',
        b'{"id": "x", "question": "\xff\xfe"}',
        "質問".encode("cp932"),
        b'{"id": ' + b"[" * 100_000 + b"]" * 100_000 + b', "question": "a"}',
        b'{"id": NaN, "question": "a"}',
        b'{"id": 1e999, "question": "a"}',
        b'{"id": ' + b"9" * 10_000 + b', "question": "a"}',
        b'{"id": "x", "question": "a"} trailing',
    ],
    ids=lambda line: repr(line[:30]),
)
def test_a_bad_line_gets_an_error_in_its_place(rag: Runner, line: bytes) -> None:
    first, bad, last = batch(rag, asked(QUESTION, 1), line, asked(QUESTION, 2))
    assert (first["id"], last["id"]) == (1, 2)
    assert first["status"] == last["status"] != "error"
    assert bad["status"] == "error"
    assert bad["error"]["type"] == "InvalidQuestion"
    assert bad["error"]["message"]
    assert bad["error"]["hint"]
    assert bad["id"] == (
        "x" if b'"id": "x"' in line and b"\xff" not in line and b"trailing" not in line else None
    )


def test_a_lone_surrogate_in_an_id_comes_back_as_it_went_in(rag: Runner) -> None:
    (reply,) = batch(rag, b'{"id": "\\ud800x", "question": "Cowork"}')
    assert reply["id"] == "\ud800x"


def test_line_ends_of_windows_a_bom_and_a_missing_last_line_end_are_fine(rag: Runner) -> None:
    run = rag("ask", "--jsonl", stdin=b"\xef\xbb\xbf" + asked("Cowork", 1) + b"\r\n" + asked("Cowork", 2))
    assert [json.loads(line)["id"] for line in run.out.splitlines()] == [1, 2]


def test_line_separators_inside_a_reply_do_not_break_its_line(rag: Runner) -> None:
    run = rag("ask", "--jsonl", stdin=asked("Cowork", "a\u2028b\u0085c") + b"\n")
    assert len(run.out.rstrip("\n").split("\n")) == 1


def test_an_empty_batch_gives_nothing(rag: Runner) -> None:
    assert rag("ask", "--jsonl") == Run(0, "", "")

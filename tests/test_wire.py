"""The JSON that other tools rely on: its fields, and that it is always valid."""

from __future__ import annotations

import json

import pytest

from rag import Assistant, wire
from rag.citations import cite
from rag.errors import InvalidQuestion
from rag.japanese import Span
from rag.types import Abstention, Answer, Statement

REPLY = {
    "id",
    "question",
    "status",
    "answer",
    "statements",
    "citations",
    "hits",
    "reason",
    "confidence",
    "suggestions",
    "standalone_question",
    "dropped",
    "engine",
    "notice",
    "usage",
    "timings_ms",
}
CITATION = {
    "n",
    "chunk_id",
    "article_id",
    "url",
    "title",
    "publisher",
    "published",
    "start",
    "end",
    "quote",
    "quote_sha256",
    "deep_link",
    "answer_span",
}
HIT = {"chunk_id", "article_id", "url", "start", "end", "text", "score", "rank"}


@pytest.fixture
def answer(assistant: Assistant) -> Answer:
    hits = tuple(assistant.search("Cowork"))
    chunk = hits[0].chunk
    citation = cite(hits[0].article, chunk, Span(chunk.start, chunk.end), 1)
    statements = (
        Statement(text="一つ目。", citations=(citation,)),
        Statement(text="二つ目。", citations=(citation,)),
    )
    return Answer(question="?", statements=statements, hits=hits, timings_ms={"total": 1.5})


def test_an_answer_has_the_documented_fields(answer: Answer) -> None:
    found = json.loads(wire.dumps(wire.reply_object(answer, "q1")))
    assert set(found) == REPLY
    assert (found["id"], found["status"], found["reason"]) == ("q1", "answered", None)
    assert found["answer"] == "一つ目。\n二つ目。"
    assert found["statements"] == [
        {"text": "一つ目。", "citations": [1]},
        {"text": "二つ目。", "citations": [1]},
    ]
    assert [set(citation) for citation in found["citations"]] == [CITATION]
    assert len(found["hits"]) == len(answer.hits)
    assert all(set(hit) >= HIT for hit in found["hits"])
    assert found["timings_ms"] == {"total": 1.5}


def test_an_abstention_has_the_same_fields(assistant: Assistant) -> None:
    hits = tuple(assistant.search("富士山"))
    reply = Abstention(
        question="?", reason="no_evidence", message="ありません", hits=hits, suggestions=("別の問い?",)
    )
    found = json.loads(wire.dumps(wire.reply_object(reply)))
    assert set(found) == REPLY
    assert (found["id"], found["status"], found["reason"]) == (None, "abstained", "no_evidence")
    assert (found["answer"], found["suggestions"]) == ("ありません", ["別の問い?"])
    assert found["statements"] == found["citations"] == []
    assert len(found["hits"]) == len(hits)


def test_offsets_of_hits_are_code_points_of_the_article(assistant: Assistant) -> None:
    texts = {article.id: article.text for article in assistant.articles()}
    for hit in map(wire.hit_object, assistant.search("Cowork", k=100)):
        assert texts[hit["article_id"]][hit["start"] : hit["end"]] == hit["text"]


def test_an_error_tells_what_and_what_next() -> None:
    found = wire.error_object(InvalidQuestion("空です", "書いてください"), {"a": [1]})
    assert found == {
        "id": {"a": [1]},
        "status": "error",
        "error": {"type": "InvalidQuestion", "message": "空です", "hint": "書いてください"},
    }


def test_japanese_is_readable_and_lone_surrogates_are_escaped() -> None:
    assert wire.dumps({"id": "日本語"}) == '{"id": "日本語"}'
    escaped = wire.dumps({"id": "日\ud800"})
    assert escaped.isascii()
    assert json.loads(escaped) == {"id": "日\ud800"}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_what_json_does_not_have_is_not_written(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        wire.dumps({"id": number})


def test_a_reply_is_one_line_even_with_line_breaks_inside() -> None:
    assert "\n" not in wire.dumps({"text": "a\nb\r\u2028"})


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"not json",
        b"[1, 2]",
        b'"text"',
        b"null",
        b"\xff\xfe{}",
        b'{"id": NaN}',
        b'{"id": 1e999}',
        b'{"id": ' + b"1" * 5000 + b"}",
        b'{"id": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"id": 1',
    ],
    ids=lambda line: repr(line[:16]),
)
def test_a_line_that_is_no_object_is_an_empty_request(line: bytes) -> None:
    assert wire.request_object(line) == {}


def test_nesting_that_can_be_read_can_also_be_written_back() -> None:
    for depth in range(100, 100_000, 7):  # about 1,000 is refused by Python 3.11, and 10,000 by 3.13
        request = wire.request_object(b'{"id": ' + b"[" * depth + b"]" * depth + b"}")
        if not request:
            break
        wire.dumps({"id": request["id"], "status": "error", "error": {}})
    else:
        pytest.fail("no depth was refused")


def test_a_byte_order_mark_is_not_a_part_of_a_line() -> None:
    assert wire.request_object(b'\xef\xbb\xbf{"id": 1}\r\n') == {"id": 1}

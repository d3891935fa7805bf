"""A scripted model: it reads the keys it was given, as a real one does, and writes what a test wants."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple

import pytest
from doubles import HashEmbedder, make_article
from pydantic import SecretStr
from scripted_server import Act, Body, Handler, Pace, ScriptedServer, completes, prompt_of

from rag.answering.extractive import ExtractiveAnswerer
from rag.answering.llm.answerer import LlmAnswerer
from rag.answering.llm.client import Connection, OutputMode
from rag.chunking import chunk
from rag.protocols import Answerer
from rag.types import Abstention, Article, Hit, Reply, Statement

ASKS_A_MODEL = [
    pytest.mark.loopback,
    pytest.mark.enable_socket,
    pytest.mark.skipif(
        not (find_spec("pydantic_ai") and find_spec("openai")), reason='pip install "rag[llm]"'
    ),
]
"""Marks of tests that need the extra `llm` and a server of their own."""

KEY = "sk-test-0123456789abcdef"
QUESTION = "ミナト広場の整備費はいくらですか?"
OPENED = "アオバ港湾は2024年4月1日、ミナト広場を開業しました。"
COST = "アオバ港湾は、ミナト広場の整備に300億円を投じています。"
EXCEPTION = "ただし、北側の倉庫の改修費は含まれていません。"
VISITORS = "開業の初日は2万人がミナト広場を訪れました。"
TEXT = "\n".join(["港の再開発", OPENED, COST + EXCEPTION, VISITORS])


class Says(NamedTuple):
    """A statement to write: `evidence` are words of the sentences whose keys it names; made up keys begin with =."""

    text: str
    evidence: tuple[str, ...] = ()
    quote: str = ""


FALSE = Says("ミナト広場の整備費は400億円です。", (COST,))


def says(sentence: str, quote: str = "") -> Says:
    """A statement that repeats its only source."""
    return Says(sentence, (sentence,), quote)


def rows_of(body: Body) -> list[dict[str, Any]]:
    """The data of a prompt: what stands between its fences, a JSON object a line."""
    lines = prompt_of(body).splitlines()
    begins = next(n for n, line in enumerate(lines) if line.startswith("<<<資料 "))
    ends = next(n for n, line in enumerate(lines) if line == lines[begins].removeprefix("<<<") + ">>>")
    return [json.loads(line) for line in lines[begins + 1 : ends]]


def written(body: Body, status: str, statements: Sequence[Says]) -> str:
    keys = {row["text"]: row["key"] for row in rows_of(body) if "key" in row}

    def key_of(words: str) -> str:
        return words[1:] if words[0] == "=" else next(key for text, key in keys.items() if words in text)

    made = [
        {"evidence": [key_of(words) for words in one.evidence], "quote": one.quote, "text": one.text}
        for one in statements
    ]
    return json.dumps({"status": status, "statements": made}, ensure_ascii=False)


def writes(*statements: Says, status: str = "answered", pace: Pace = Pace()) -> Act:  # noqa: B008 - immutable
    def act(handler: Handler, body: Body) -> None:
        completes(written(body, status, statements), pace)(handler, body)

    return act


def harbour(text: str = TEXT, **fields: object) -> Article:
    return make_article("harbour", text, title="港の再開発", **fields)


def hits_of(*articles: Article) -> list[Hit]:
    pieces = [(article, piece) for article in articles for piece in chunk(article)]
    return [
        Hit(chunk=piece, article=article, rank=rank, score=0.9, dense=0.9, lexical=9.0)
        for rank, (article, piece) in enumerate(pieces, 1)
    ]


HITS = hits_of(harbour())


class FindsNothing:
    """A reader that finds no answer to anything, so that the model is always asked."""

    def answer(self, question: str, hits: Sequence[Hit]) -> Reply:
        nearest = tuple(hits)
        return Abstention(question=question, reason="no_evidence", message="?", confidence=0.2, hits=nearest)

    def stream(self, question: str, hits: Sequence[Hit]) -> Iterator[Statement | Reply]:
        yield self.answer(question, hits)


def answerer(
    server: ScriptedServer,
    output: OutputMode = "tool",
    timeout_s: float = 20.0,
    local: Answerer | None = None,
) -> LlmAnswerer:
    connection = Connection("openai:test-model", server.url, SecretStr(KEY), output, 4000)
    return LlmAnswerer(connection, local or ExtractiveAnswerer(HashEmbedder()), timeout_s)


class Streamed(NamedTuple):
    """What `stream` gave: the statements told on the way, and the reply."""

    told: list[Statement]
    reply: Reply


def streamed(parts: Iterator[Statement | Reply]) -> Streamed:
    *told, reply = parts
    assert not isinstance(reply, Statement)
    assert all(isinstance(one, Statement) for one in told)
    return Streamed([one for one in told if isinstance(one, Statement)], reply)

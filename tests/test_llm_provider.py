"""When the provider of an LLM fails, the reply is made without it and says so; nothing secret is told. Extra `llm`."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from typing import Any

import pytest
from doubles import HashEmbedder
from honesty import assert_honest
from llm_doubles import (
    ASKS_A_MODEL,
    COST,
    EXCEPTION,
    HITS,
    KEY,
    QUESTION,
    Says,
    answerer,
    says,
    streamed,
    writes,
)
from pydantic import SecretStr
from scripted_server import (
    Act,
    Pace,
    ScriptedServer,
    completes,
    fails,
    hang_up,
    prompt_of,
    sends,
    trickle,
)

from rag.answering.extractive import ExtractiveAnswerer
from rag.answering.llm.answerer import LlmAnswerer
from rag.answering.llm.client import Connection, open_agent
from rag.answering.llm.composing import Written
from rag.answering.llm.exchange import ATTEMPTS, LONGEST_ANSWER
from rag.errors import ConfigError, MissingExtra
from rag.types import Answer

pytestmark = ASKS_A_MODEL

LOCAL = ExtractiveAnswerer(HashEmbedder())
ENDLESS = '{"status": "answered", "statements": [' + '{"evidence": [], "text": "あ"},' * LONGEST_ANSWER

TOO_LONG = b'{"error": {"message": "too many tokens", "code": "context_length_exceeded"}}'


@pytest.mark.parametrize(
    ("script", "requests", "words"),
    [
        ([fails(401, KEY)], 1, ["HTTP 401", "api_key"]),
        ([fails(403)], 1, ["HTTP 403", "api_key"]),
        ([fails(404)], 1, ["HTTP 404", "model", "base_url"]),
        ([fails(400)], 1, ["HTTP 400", "output"]),
        ([sends(400, TOO_LONG)], 1, ["HTTP 400", "長さ"]),
        ([fails(429)] * ATTEMPTS, ATTEMPTS, ["HTTP 429", "混み合って"]),
        ([fails(429, headers={"Retry-After": "3600"})], 1, ["HTTP 429"]),
        ([fails(500)] * ATTEMPTS, ATTEMPTS, ["HTTP 500", "障害"]),
        ([fails(503)] * ATTEMPTS, ATTEMPTS, ["HTTP 503", "障害"]),
        ([hang_up] * ATTEMPTS, ATTEMPTS, ["接続"]),
        ([writes(says(COST), pace=Pace(cut=True))] * ATTEMPTS, ATTEMPTS, ["接続"]),
        ([completes("{こわれた")] * 2, 2, ["読み取れない"]),
        ([completes("")] * 9, 2, ["読み取れない"]),
        ([completes(ENDLESS)], 1, ["読み取れない"]),
        ([sends(200, b"<html>hello</html>", kind="text/html")] * 9, None, []),
        ([sends(200, b"data: {x\n\n", kind="text/event-stream")] * 9, None, []),
        ([sends(200, b"data: {}\n\n", kind="text/event-stream")] * 9, None, []),
        ([sends(200, b'{"choices": 7}')] * 9, None, []),
    ],
)
def test_the_reply_is_made_without_it_and_says_so(
    server: ScriptedServer, script: list[Act], requests: int | None, words: list[str]
) -> None:
    server.script = script
    told, reply = streamed(answerer(server).stream(QUESTION, HITS))
    local = LOCAL.answer(QUESTION, HITS)
    assert isinstance(local, Answer)
    assert isinstance(reply, Answer)
    assert tuple(told) == reply.statements == local.statements
    assert reply.engine == "extractive"
    assert reply.notice is not None
    assert "LLM を使わない方法で答えました" in reply.notice
    assert all(word in reply.notice for word in words)
    assert KEY not in reply.notice
    assert requests is None or len(server.bodies) == requests
    assert_honest(reply)


def test_an_english_question_is_told_in_english(server: ScriptedServer) -> None:
    server.script = [fails(401)]
    reply = answerer(server).answer("How much is invested in the plaza?", HITS)
    assert reply.notice == (
        "The LLM provider refused the key (HTTP 401). Check api_key in [llm] (RAG_LLM__API_KEY)."
        " This was answered without it."
    )


@pytest.mark.parametrize("failure", [fails(429), fails(500), fails(503), hang_up])
def test_a_passing_failure_is_sat_out(server: ScriptedServer, failure: Act) -> None:
    server.script = [failure]
    reply = answerer(server).answer(QUESTION, HITS)
    assert (reply.engine, reply.notice) == ("openai:test-model", None)
    assert len(server.bodies) == 2


def test_a_server_is_given_the_time_it_asks_for(server: ScriptedServer) -> None:
    server.script = [fails(429, headers={"Retry-After": "1"})]
    start = time.monotonic()
    assert answerer(server).answer(QUESTION, HITS).engine == "openai:test-model"
    assert time.monotonic() - start >= 1


@pytest.mark.parametrize("slow", [trickle, writes(says(COST), says(EXCEPTION), pace=Pace(1.0))])
def test_a_slow_server_is_not_waited_for(server: ScriptedServer, slow: Act) -> None:
    server.script = [slow]
    reply = answerer(server, timeout_s=0.5).answer(QUESTION, HITS)
    assert reply.engine == "extractive"
    assert reply.notice is not None
    assert "timeout_s" in reply.notice


def test_nobody_listens(server: ScriptedServer) -> None:
    server.close()
    reply = answerer(server).answer(QUESTION, HITS)
    assert reply.engine == "extractive"
    assert "base_url" in str(reply.notice)


@pytest.mark.parametrize(
    "script", [[], [fails(401, f"Incorrect API key provided: {KEY}")], [hang_up] * ATTEMPTS]
)
def test_neither_key_nor_question_is_logged(
    server: ScriptedServer,
    script: list[Act],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    server.script = script
    engine = answerer(server)
    reply = engine.answer(QUESTION, HITS)
    assert set(server.keys) == {f"Bearer {KEY}"}
    out, err = capfd.readouterr()
    for told in (caplog.text, out, err, repr(engine), reply.model_dump_json(), repr(vars(engine))):
        assert KEY not in told
    for told in (caplog.text, out, err):
        assert QUESTION not in told
        assert COST not in told
    assert QUESTION in prompt_of(server.bodies[0])


def test_an_openai_key_never_goes_to_another_server(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai-secret-1")
    LlmAnswerer(Connection("openai:x", server.url), LOCAL, 20).answer(QUESTION, HITS)
    assert server.bodies
    assert "sk-openai-secret-1" not in str(server.keys)


def test_ollama_is_asked_where_the_base_url_says(server: ScriptedServer) -> None:
    reply = LlmAnswerer(Connection("ollama:qwen3", server.url), LOCAL, 20).answer(QUESTION, HITS)
    assert reply.engine == "ollama:qwen3"
    assert server.bodies[0]["model"] == "qwen3"


@pytest.mark.parametrize(
    "wrong",
    [
        Connection("openai:x"),
        Connection("nobody:x"),
        Connection("test"),
        Connection("openai:", "http://127.0.0.1:1/v1"),
        Connection("nobody:x", "http://127.0.0.1:1/v1"),
        Connection("openai:x", "127.0.0.1:1/v1"),
        Connection("openai:x", "ftp://127.0.0.1/v1"),
        Connection("openai:x", "http://user:secret@127.0.0.1:1/v1"),
        Connection("openai:x", "http://127.0.0.1:1/v1", SecretStr("ひみつ")),
        Connection("deepseek:x", "http://127.0.0.1:1/v1", SecretStr("secret")),
    ],
    ids=str,
)
def test_a_model_that_cannot_be_one_is_an_error(wrong: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ConfigError, match="使えません") as caught:
        LlmAnswerer(wrong, LOCAL, 20)
    assert "secret" not in str(caught.value)
    assert "ひみつ" not in str(caught.value)
    assert "[llm]" in caught.value.hint


def test_a_missing_extra_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pydantic_ai", None)
    with pytest.raises(MissingExtra) as caught:
        LlmAnswerer(Connection("openai:x"), LOCAL, 20)
    assert caught.value.hint == 'pip install "rag[llm]"'


def test_a_provider_without_its_package_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anthropic", None)
    monkeypatch.delitem(sys.modules, "pydantic_ai.providers.anthropic", raising=False)
    with pytest.raises(MissingExtra) as caught:
        open_agent(Connection("anthropic:x", api_key=SecretStr("k" * 20)), Written, "", name="x")
    assert "anthropic" in caught.value.hint


def test_without_a_model_the_library_is_not_imported() -> None:
    code = "import sys, rag, rag.assistant, rag.cli; sys.exit('pydantic_ai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env={**os.environ}).returncode == 0


def test_a_temperature_of_zero_and_a_bound_on_the_output(server: ScriptedServer) -> None:
    answerer(server).answer(QUESTION, HITS)
    (body,) = server.bodies
    assert body["temperature"] == 0
    assert 4000 in (body.get("max_tokens"), body.get("max_completion_tokens"))


def test_a_failed_provider_keeps_the_abstention_of_the_reader(server: ScriptedServer) -> None:
    server.script = [fails(401)]
    question = "ソラモ社の新棟の屋根は何色ですか?"
    reply: Any = answerer(server).answer(question, HITS)
    local: Any = LOCAL.answer(question, HITS)
    assert (reply.status, reply.reason) == ("abstained", local.reason)
    assert "HTTP 401" in reply.notice


def test_what_was_spent_before_the_failure_is_told(server: ScriptedServer) -> None:
    server.script = [completes("{こわれた"), completes("{こわれた")]
    reply = answerer(server).answer(QUESTION, HITS)
    assert reply.usage is not None
    assert reply.usage.model_dump() == {"requests": 2, "input_tokens": 14, "output_tokens": 6}


def test_a_lost_connection_after_the_first_statement_keeps_what_was_told(server: ScriptedServer) -> None:
    statements = [
        says(COST),
        says(EXCEPTION),
        Says("開業の初日は2万人がミナト広場を訪れました。", ("2万人",)),
    ]
    server.script = [writes(*statements, *statements[::-1], *statements, pace=Pace(0.08, cut=True))]
    told, reply = streamed(answerer(server).stream(QUESTION, HITS))
    assert isinstance(reply, Answer)
    assert told
    assert tuple(told) == reply.statements
    assert "欠けているかもしれません" in str(reply.notice)
    assert reply.engine == "openai:test-model"
    assert len(server.bodies) == 1

"""The settings choose the engine, for the Python API, the command line and the doctor. Extra `llm`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from doubles import HashEmbedder, Runner
from llm_doubles import ASKS_A_MODEL, KEY, Says, rows_of, writes
from scripted_server import Handler, ScriptedServer, completes, fails, serving

from rag import Answer, Assistant
from rag.backends import open_engine
from rag.config import LlmSettings, load_settings
from rag.errors import ConfigError
from rag.types import Turn

pytestmark = ASKS_A_MODEL

QUESTION = "Coworkはいつ発表されましたか?"
ANSWER = "Coworkは2026年1月12日に発表されました。"


def model(handler: Handler, body: dict) -> None:  # type: ignore[type-arg]
    """Answers the one question, and completes follow-ups."""
    if "follow_up" in rows_of(body)[-1]:
        completes(json.dumps({"question": QUESTION}))(handler, body)
        return
    sentence = next(row["text"] for row in rows_of(body) if "1月12日" in row.get("text", ""))
    writes(Says(ANSWER, (sentence,)))(handler, body)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    with serving(model) as running:
        monkeypatch.setenv("RAG_LLM__MODEL", "openai:test-model")
        monkeypatch.setenv("RAG_LLM__BASE_URL", running.url)
        monkeypatch.setenv("RAG_LLM__API_KEY", KEY)
        yield running


@pytest.fixture
def assistant(home: Path, monkeypatch: pytest.MonkeyPatch, server: ScriptedServer) -> Iterator[Assistant]:
    monkeypatch.setattr("rag.assistant.open_embedder", lambda settings: HashEmbedder())
    with Assistant.open(home) as opened:
        yield opened


def test_the_assistant_answers_by_the_llm(assistant: Assistant, server: ScriptedServer) -> None:
    reply = assistant.ask(QUESTION)
    assert isinstance(reply, Answer)
    assert reply.text.startswith(ANSWER)
    assert reply.engine == "openai:test-model"
    assert server.keys == [f"Bearer {KEY}"]
    assert reply.usage is not None
    assert reply.usage.requests == 1
    assert reply.timings_ms["read"] > 0


def test_a_follow_up_is_completed_and_shown(assistant: Assistant, server: ScriptedServer) -> None:
    reply = assistant.ask("それはいつ発表?", history=[Turn(question="Coworkはいつ発表されましたか?")])
    assert reply.standalone_question == QUESTION
    assert reply.question == "それはいつ発表?"
    assert isinstance(reply, Answer)
    assert len(server.bodies) == 2


def test_the_command_line_tells_engine_notice_and_cost(rag: Runner, server: ScriptedServer) -> None:
    reply = rag("ask", QUESTION, "--json").json
    assert (reply["engine"], reply["notice"]) == ("openai:test-model", None)
    assert reply["usage"] == {"requests": 1, "input_tokens": 7, "output_tokens": 3}
    server.script = [fails(401)]
    reply = rag("ask", QUESTION, "--json").json
    assert reply["engine"] == "extractive"
    assert "api_key" in reply["notice"]
    assert KEY not in json.dumps(reply)


def test_the_doctor_names_the_engine_and_sends_nothing(
    rag: Runner, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    rag("rebuild")
    told = rag("doctor").out
    assert "openai:test-model" in told
    assert KEY not in told
    assert server.bodies == []
    monkeypatch.setenv("RAG_LLM__MODEL", "nobody:x")
    run = rag("doctor")
    assert run.code == 1
    assert "nobody" in run.out
    monkeypatch.delenv("RAG_LLM__MODEL")
    assert "extractive" in rag("doctor").out


def test_a_model_that_cannot_be_used_is_an_error_at_once(
    home: Path, monkeypatch: pytest.MonkeyPatch, server: ScriptedServer
) -> None:
    monkeypatch.setenv("RAG_LLM__MODEL", "nobody:x")
    monkeypatch.setattr("rag.assistant.open_embedder", lambda settings: HashEmbedder())
    with pytest.raises(ConfigError):
        Assistant.open(home)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[llm]\noutput = "xml"', "llm.output"),
        ("[llm]\ntimeout_s = 0", "llm.timeout_s"),
        ("[llm]\nmax_output_tokens = 0", "llm.max_output_tokens"),
        ('[llm]\nkey = "x"', "llm.key"),
    ],
)
def test_a_wrong_setting_is_named(home: Path, text: str, named: str) -> None:
    (home / "rag.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=named):
        load_settings(home)


def test_without_a_model_nothing_changes() -> None:
    engine = open_engine(LlmSettings(), HashEmbedder())
    assert type(engine.answerer).__name__ == "ExtractiveAnswerer"


def test_the_key_is_not_shown_with_the_settings() -> None:
    assert KEY not in repr(LlmSettings(model="openai:x", api_key=KEY))  # type: ignore[arg-type]

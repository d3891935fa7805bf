"""One process with chat, API and MCP, under clients that leave, crowd in and write at the same time, and at its end."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import socket
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from doubles import Opener, Runner, assert_in_step, corpus_file, make_article
from fastapi import FastAPI
from http_server import QUESTION, assert_problem, served, settings
from starlette.testclient import TestClient

from rag import Abstention, Assistant
from rag.errors import ConfigError
from rag.http.app import create_app, guarded
from rag.http.logs import JsonFormatter
from rag.keys import add_key
from rag.serving import _config, _listening, _Uvicorn, compose
from rag.store.local import LocalStore

pytestmark = [pytest.mark.loopback, pytest.mark.enable_socket]

ASK = {"question": QUESTION}
DONE = Abstention(question="?", reason="no_evidence", message="x")


def with_chat(assistant: Assistant, **given: object) -> FastAPI:
    """Everything that `rag serve` serves."""

    async def build() -> FastAPI:
        # Gradio asks for an event loop and, where none runs, leaves one of its own open.
        return compose(assistant, settings(**given))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # gradio's own
        return asyncio.run(build())


@pytest.fixture
def whole(assistant: Assistant) -> FastAPI:
    return with_chat(assistant)


@contextmanager
def stoppable(app: FastAPI) -> Iterator[tuple[str, _Uvicorn, threading.Thread]]:
    """The server of `rag serve`, in a thread."""
    with _listening(settings(port=0)) as listener:
        server = _Uvicorn(_config(app, settings()), app.state.server.draining)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", server, thread
        finally:
            server.handle_exit(signal.SIGTERM, None)
            thread.join()


# --- together ---------------------------------------------------------------------------------------------


@pytest.mark.e2e
def test_chat_api_docs_and_mcp_live_side_by_side(whole: FastAPI) -> None:
    with TestClient(whole, base_url="http://127.0.0.1:8000") as api:
        page = api.get("/")
        assert page.status_code == 200
        assert "text/html" in page.headers["content-type"]
        assert api.get("/gradio_api/info").status_code == 200
        assert api.get("/docs").status_code == 200
        assert api.post("/v1/ask", json=ASK).json()["status"] == "answered"
        assert_problem(api.get("/v1/unknown"), 404, "not-found")
        assert_problem(api.put("/v1/ask"), 405, "method-not-allowed")
        assert_problem(api.get("/mcp"), 405, "method-not-allowed")
        assert_problem(api.get("/", headers={"Host": "evil.example"}), 421, "wrong-host")
        forged = {"Origin": "https://evil.example"}
        assert_problem(api.post("/gradio_api/queue/join", json={}, headers=forged), 403, "cross-origin")


@pytest.mark.e2e
def test_the_chat_is_not_open_where_keys_are_needed(assistant: Assistant, home: Path) -> None:
    token = add_key(home, "chat").token
    app = with_chat(assistant, host="0.0.0.0")
    with TestClient(app, base_url="http://rag.example", follow_redirects=False) as api:
        assert api.get("/", headers={"Accept": "text/html"}).headers["location"] == "/login?next=%2F"
        for path in ("/gradio_api/info", "/config", "/gradio_api/file=/etc/passwd", "/assets/x.js"):
            assert_problem(api.get(path), 401, "unauthorized")
        api.post("/login", data={"key": token})
        assert api.get("/", headers={"Accept": "text/html"}).status_code == 200


def test_an_application_of_its_own_has_the_same_guard(assistant: Assistant, home: Path) -> None:
    def guard(**given: object) -> FastAPI:
        app = guarded(FastAPI(openapi_url=None), assistant, settings(**given))
        app.add_api_route("/page", lambda: "here")
        return app

    with TestClient(guard(), base_url="http://localhost") as api:
        assert api.get("/page").json() == "here"
        assert_problem(api.get("/page", headers={"Host": "evil.example"}), 421, "wrong-host")
    token = add_key(home, "chat").token
    with TestClient(guard(host="0.0.0.0"), base_url="http://rag.example", follow_redirects=False) as api:
        assert_problem(api.get("/page"), 401, "unauthorized")
        api.post("/login", data={"key": token})
        assert api.get("/page").json() == "here"


# --- crowds -----------------------------------------------------------------------------------------------


def test_a_crowd_is_answered_or_told_to_come_back(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, begun = threading.Event(), threading.Semaphore(0)

    def slow(*_: object) -> Iterator[Abstention]:
        begun.release()
        go.wait()
        yield DONE

    monkeypatch.setattr(assistant, "stream", slow)
    app = create_app(assistant, settings(threads=1, waiting=2))
    with served(app) as address, ThreadPoolExecutor(10) as pool:
        accepted = [pool.submit(httpx.post, f"{address}/v1/ask", json=ASK, timeout=60)]
        begun.acquire()
        rest = [pool.submit(httpx.post, f"{address}/v1/ask", json=ASK, timeout=60) for _ in range(9)]
        while sum(future.done() for future in rest) < 7:
            pass
        go.set()
        answers = [future.result() for future in accepted + rest]
        assert sorted(answer.status_code for answer in answers) == [200] * 3 + [429] * 7
        for answer in answers:
            if answer.status_code == 429:
                assert_problem(answer, 429, "busy")
                assert int(answer.headers["retry-after"]) >= 1
        assert httpx.post(f"{address}/v1/ask", json=ASK).status_code == 200
        assert "rag_questions_taken 0.0" in httpx.get(f"{address}/metrics").text


def test_a_request_that_takes_too_long_is_given_up(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()

    def slow(*_: object) -> Iterator[Abstention]:
        go.wait()
        yield DONE

    monkeypatch.setattr(assistant, "stream", slow)
    with served(create_app(assistant, settings(timeout_s=0.2))) as address:
        assert_problem(httpx.post(f"{address}/v1/ask", json=ASK), 504, "timeout")
        streamed = httpx.post(f"{address}/v1/ask", json={**ASK, "stream": True}).text
        go.set()
    assert "event: error" in streamed
    assert "urn:rag:problem:timeout" in streamed


def test_a_client_that_leaves_a_stream_stops_the_work(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    statement = next(iter(assistant.stream(QUESTION)))
    closed = threading.Event()

    def endless(*_: object) -> Iterator[object]:
        try:
            while True:
                yield statement
        finally:
            closed.set()

    monkeypatch.setattr(assistant, "stream", endless)
    with served(create_app(assistant, settings())) as address:
        with httpx.stream("POST", f"{address}/v1/ask", json={**ASK, "stream": True}) as response:
            assert next(response.iter_lines()) == "event: statement"
        assert closed.wait(60)
        while "rag_questions_taken 0.0" not in httpx.get(f"{address}/metrics").text:
            pass


def test_many_write_and_ask_at_once_and_nothing_is_lost(assistant: Assistant, home: Path) -> None:
    def write(number: int) -> int:
        body = {"url": f"https://example.com/{number}", "text": f"{number}番目の図書館は四月に開館しました。"}
        return httpx.post(f"{address}/v1/articles", json=body, timeout=60).status_code

    def read(number: int) -> int:
        return httpx.post(f"{address}/v1/ask", json=ASK, timeout=60).status_code

    with served(create_app(assistant, settings())) as address, ThreadPoolExecutor(8) as pool:
        writes, reads = pool.map(write, range(12)), pool.map(read, range(12))
        assert set(writes) == {201}
        assert set(reads) == {200}
        same = {"url": "https://example.com/same", "text": "同じ記事です。"}
        codes = pool.map(
            lambda _: httpx.post(f"{address}/v1/articles", json=same, timeout=60).status_code, range(4)
        )
        assert set(codes) == {201}
        assert httpx.get(f"{address}/v1/articles").json()["total"] == 15
    assert_in_step(home / "corpus", assistant._store)


def test_changes_in_the_corpus_appear_by_themselves_without_a_lost_request(
    assistant: Assistant, home: Path
) -> None:
    with served(create_app(assistant, settings(reload_s=0.05))) as address:
        (home / "corpus" / "new.md").write_text(corpus_file(), encoding="utf-8")
        while httpx.get(f"{address}/v1/articles/new").status_code != 200:
            assert httpx.post(f"{address}/v1/ask", json=ASK, timeout=60).status_code == 200
        (home / "corpus" / "bad.md").write_text("no front matter", encoding="utf-8")
        while not httpx.get(f"{address}/readyz").json()["reload_problem"]:
            assert httpx.post(f"{address}/v1/ask", json=ASK, timeout=60).status_code == 200
        assert "rag_reload_failed 1.0" in httpx.get(f"{address}/metrics").text
        (home / "corpus" / "bad.md").unlink()
        while httpx.get(f"{address}/readyz").json()["reload_problem"]:
            pass
        assert httpx.get(f"{address}/v1/articles").json()["total"] == 3


def test_an_index_that_is_built_anew_meanwhile_costs_no_request(
    assistant: Assistant, opener: Opener, home: Path
) -> None:
    with served(create_app(assistant, settings(reload_s=0.05))) as address:
        LocalStore.erase(home / "index")
        other = opener()
        assert httpx.post(f"{address}/v1/ask", json=ASK, timeout=60).json()["status"] == "answered"
        body = {"url": "https://example.com/new", "text": "駅前の図書館は四月に開館しました。"}
        assert httpx.post(f"{address}/v1/articles", json=body, timeout=60).status_code == 201
        other.update()
        assert_in_step(home / "corpus", other._store)
        other.ingest([make_article("later")])
        while httpx.get(f"{address}/v1/articles/later").status_code != 200:
            pass


# --- the end ----------------------------------------------------------------------------------------------


def test_what_was_accepted_is_finished_and_nothing_more_is_accepted(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, begun = threading.Event(), threading.Event()

    def slow(*_: object) -> Iterator[Abstention]:
        begun.set()
        go.wait()
        yield DONE

    monkeypatch.setattr(assistant, "stream", slow)
    app = compose(assistant, settings(), chat=False)
    with stoppable(app) as (address, server, thread), ThreadPoolExecutor(2) as pool:
        plain = pool.submit(httpx.post, f"{address}/v1/ask", json=ASK, timeout=60)
        begun.wait()
        streamed = pool.submit(httpx.post, f"{address}/v1/ask", json={**ASK, "stream": True}, timeout=60)
        while app.state.server.questions.taken < 2:
            pass
        server.handle_exit(signal.SIGTERM, None)
        while True:
            try:
                httpx.get(f"{address}/healthz")
            except httpx.TransportError:
                break
        go.set()
        assert plain.result().json()["status"] == "abstained"
        assert "event: reply" in streamed.result().text
        thread.join()


@pytest.mark.e2e
def test_a_page_that_is_left_open_does_not_hold_the_server(
    whole: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        stoppable(whole) as (address, server, thread),
        httpx.stream("GET", f"{address}/gradio_api/heartbeat/abc", timeout=60) as response,
    ):
        assert response.status_code == 200
        server.handle_exit(signal.SIGTERM, None)
        thread.join()
    assert "timeout graceful shutdown exceeded" not in caplog.text


def test_a_port_in_use_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=str(port)):
            _listening(settings(port=port))
    with pytest.raises(ConfigError, match="no-such-host"):
        _listening(settings(host="no-such-host.invalid"))


# --- the command line -------------------------------------------------------------------------------------


def test_keys_from_the_command_line(rag: Runner, home: Path) -> None:
    made = rag("keys", "add", "ci", "--scope", "write", "--expires", "2999-01-01")
    token = made.out.strip()
    assert (made.code, token[:4]) == (0, "rag_")
    assert "二度と" in made.err
    listed = rag("keys", "list").out
    assert "ci" in listed
    assert "2999-01-01" in listed
    assert "有効" in listed
    assert token not in listed
    assert rag("keys", "add", "ci").code == 1
    assert rag("keys", "revoke", "ci").code == 0
    assert "取り消し済み" in rag("keys", "list").out
    assert rag("keys", "revoke", "ci").code == 1
    assert rag("keys", "add", "x", "--scope", "admin").code == 2
    assert rag("keys", "add", "x", "--expires", "soon").code == 2


def test_serve_refuses_to_be_open_to_all(rag: Runner) -> None:
    run = rag("serve", "--host", "0.0.0.0", "--no-chat")
    assert run.code == 1
    assert "rag keys add" in run.err


def test_log_lines_are_json() -> None:
    record = logging.LogRecord("rag.http", logging.INFO, "", 0, "asked %s", ("x",), None)
    record.fields = {"path": "/v1/ask", "text": "改\n行"}
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert json.loads(line) | {"time": ""} == {
        "time": "",
        "level": "info",
        "logger": "rag.http",
        "message": "asked x",
        "path": "/v1/ask",
        "text": "改\n行",
    }
    try:
        raise ValueError("x")
    except ValueError as error:
        record.exc_info = (type(error), error, error.__traceback__)
    assert "ValueError: x" in json.loads(JsonFormatter().format(record))["exception"]

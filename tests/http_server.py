"""A server of a test's own on 127.0.0.1, and clients of an application that has none."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient

from rag import Assistant
from rag.config import ServerSettings
from rag.http.app import create_app
from rag.http.connection import Connection

QUESTION = "Coworkはいつ発表されましたか?"
UNANSWERED = "きょうの東京の天気は?"
BASE = "http://127.0.0.1:8000"


def settings(**given: Any) -> ServerSettings:
    """Settings that look at the corpus folder only when told to."""
    return ServerSettings.model_validate({"reload_s": 0, **given})


@contextmanager
def client(assistant: Assistant, *, base: str = BASE, **given: Any) -> Iterator[TestClient]:
    """A client of the API, without a network."""
    with TestClient(
        create_app(assistant, settings(**given)), base_url=base, follow_redirects=False
    ) as opened:
        yield opened


@contextmanager
def served(app: FastAPI, **limits: int) -> Iterator[str]:
    """The address of a real server of the application, which ends with the block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            app, log_config=None, ws="none", http=Connection, timeout_graceful_shutdown=10, **limits
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.01)
            assert server.started
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def events(text: str) -> list[tuple[str, Any]]:
    """Server-sent events as name and JSON."""
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if lines:
            found.append((lines.get("event", ""), json.loads(lines["data"])))
    return found


def assert_problem(response: Any, status: int, kind: str) -> dict[str, Any]:
    """The response is this problem, in words for people and without a traceback."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["type"] == f"urn:rag:problem:{kind}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == response.headers["x-request-id"]
    assert "Traceback" not in response.text
    return body

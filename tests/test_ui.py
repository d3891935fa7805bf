import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import warnings
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from rag.assistant import Assistant

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # gradio's own
    import ui


@pytest.fixture
def client(assistant: Assistant) -> TestClient:
    app = FastAPI()

    @app.get("/healthz")
    def healthz() -> str:
        return "ok"

    return TestClient(ui.mount(app, assistant))


@pytest.mark.parametrize(
    ("path", "lang", "title"), [("/", "ja", "出典つきアシスタント"), ("/en", "en", "Answers with proof")]
)
def test_each_page_speaks_its_language_from_the_first_byte(
    client: TestClient, path: str, lang: str, title: str
) -> None:
    html = client.get(path).text
    assert f'lang="{lang}"' in html
    assert f"<title>{title}</title>" in html
    assert "ragChat" in html


def test_the_page_names_no_other_machine(client: TestClient) -> None:
    page = client.get("/")
    head = page.text.split("<script>window.gradio_config", 1)[0]
    assert "http" not in head.replace("http-equiv", "")
    policy = page.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert page.headers["referrer-policy"] == "no-referrer"


def test_other_routes_of_the_application_stay(client: TestClient) -> None:
    assert client.get("/healthz").json() == "ok"


def test_the_language_of_the_root_can_be_english(assistant: Assistant) -> None:
    client = TestClient(ui.mount(FastAPI(), assistant, "en"))
    assert 'lang="en"' in client.get("/").text
    assert 'lang="ja"' in client.get("/ja").text


@pytest.mark.parametrize("own", [True, False])
def test_adding_articles_and_the_state_of_the_machine_are_its_owners(assistant: Assistant, own: bool) -> None:
    page = TestClient(ui.mount(FastAPI(), assistant, importing=own)).get("/config").json()
    ids = {component["props"].get("elem_id") for component in page["components"]}
    assert {"import", "examine"} & ids == ({"import", "examine"} if own else set())


def test_nothing_is_offered_to_others(client: TestClient) -> None:
    endpoints = client.get("/gradio_api/info").json()
    assert endpoints == {"named_endpoints": {}, "unnamed_endpoints": {}}
    config = client.get("/config").json()
    assert not config["analytics_enabled"]
    assert config["footer_links"] == []


@pytest.mark.e2e
@pytest.mark.loopback
@pytest.mark.enable_socket
@pytest.mark.parametrize(("lang", "title"), [("ja", "出典つきアシスタント"), ("en", "Answers with proof")])
def test_the_chat_is_served_until_it_is_stopped(home: Path, lang: str, title: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--no-open", "--port", str(port), "--home", str(home), "--lang", lang]
    server = subprocess.Popen(
        [sys.executable, "-m", "rag", "chat", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ},
    )
    try:
        page = json.loads(_get(f"http://127.0.0.1:{port}/config", server))
    finally:
        server.terminate()
        server.communicate(timeout=20)
    assert page["title"] == title


def _get(url: str, server: subprocess.Popen[bytes]) -> str:
    for _ in range(120):
        assert server.poll() is None, server.stderr and server.stderr.read().decode()
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                return response.read().decode()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.5)
    raise AssertionError(f"{url} was never served")

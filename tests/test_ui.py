import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import warnings
from html import unescape
from pathlib import Path

import pytest
from doubles import make_article

from rag import Answer, Statement
from rag.chunking import chunk
from rag.citations import cite
from rag.sentences import Span
from rag.types import Abstention, Hit

HOSTILE = (
    '<script>alert("x")</script>と<img src=x onerror=alert(1)>と[link](javascript:alert(1))の**記事**です。'
)


@pytest.fixture(scope="module")
def ui():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # gradio's own
        import ui

    return ui


def hostile_answer() -> Answer:
    article = make_article("a", HOSTILE, title="<b>題名</b>")
    citation = cite(article, chunk(article)[0], Span(0, len(HOSTILE)), 1)
    return Answer(question="?", statements=(Statement(text=HOSTILE, citations=(citation,)),))


def test_text_from_articles_is_shown_and_never_run(ui) -> None:
    html = ui.reply_html(hostile_answer(), "ja")
    tags = set(re.findall(r"<(\w+)", html))
    assert not tags & {"script", "img", "b"}
    assert HOSTILE in unescape(html)


def test_every_statement_has_its_marker_and_link(ui) -> None:
    reply = hostile_answer()
    html = ui.reply_html(reply, "ja")
    assert "<sup>[1]</sup>" in html
    assert f'href="{reply.citations[0].deep_link}"' in unescape(html)


def test_an_abstention_looks_different_and_shows_the_nearest_passages(ui) -> None:
    article = make_article("a", HOSTILE)
    hit = Hit(chunk=chunk(article)[0], article=article, rank=1, score=0.5, dense=0.8, lexical=1.0)
    html = ui.reply_html(Abstention(question="?", reason="no_evidence", message="", hits=(hit,)), "ja")
    assert 'class="abstained"' in html
    assert "見つかりませんでした" in html
    assert HOSTILE in unescape(html)
    assert "<script" not in html


def test_a_reply_is_one_html_block_that_markdown_leaves_alone(ui) -> None:
    assert "\n" not in ui.reply_html(hostile_answer(), "ja")


@pytest.mark.e2e
@pytest.mark.loopback
@pytest.mark.enable_socket
@pytest.mark.parametrize(("lang", "title"), [("ja", "出典つきアシスタント"), ("en", "Answers with proof")])
def test_the_chat_is_served_until_it_is_stopped(home: Path, lang: str, title: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "rag",
        "chat",
        "--no-open",
        "--port",
        str(port),
        "--home",
        str(home),
        "--lang",
        lang,
    ]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ})
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

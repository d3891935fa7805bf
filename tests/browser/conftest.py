"""Real Chromium on a chat of its own. Every page is watched: errors on its console, and requests to elsewhere, fail."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

TESTS = Path(__file__).parent.parent
CORPUS = TESTS.parent / "corpus"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

HOSTILE = (
    '<script>window.hacked=1</script>と<img src=x onerror="window.hacked=2">と[悪いリンク](javascript:window.hacked=3)と'
    "![絵](https://evil.example/x.png)と${window.hacked=4}と{{window.hacked}}の注入研究所は2031年5月6日に開所しました。"
)
EMOJI = (
    "👩‍🚀🇯🇵𠮷野家の前に、絵文字研究所があります。\n" * 3
    + "絵文字研究所は2030年4月1日に𠮷田さんが設立しました🎉。"
)


def article(port: int, article_id: str, title: str, text: str) -> str:
    url = f"http://127.0.0.1:{port}/original/{article_id}"
    return (
        f'---\nurl: {url}\ntitle: "{title}"\npublisher: 試験社\npublished: 2030-04\nlang: ja\n---\n{text}\n'
    )


class Chat(NamedTuple):
    """A served chat."""

    url: str
    home: Path

    def write(self, article_id: str, title: str, text: str) -> None:
        """Put an article into the corpus, and let the chat know."""
        port = int(self.url.rsplit(":", 1)[1])
        path = self.home / "corpus" / f"{article_id}.md"
        path.write_text(article(port, article_id, title, text), encoding="utf-8")
        self.update()

    def update(self) -> None:
        with urllib.request.urlopen(f"{self.url}/update", timeout=30) as answer:
            answer.read()


@pytest.fixture(scope="session")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    """One chat for all browser tests; each test has a browser profile of its own."""
    home = tmp_path_factory.mktemp("chat")
    (home / "corpus").mkdir()
    for path in CORPUS.glob("*.md"):
        shutil.copy(path, home / "corpus")
    port = _free_port()
    found = Chat(f"http://127.0.0.1:{port}", home)
    for article_id, title, text in (
        ("hostile", "<b>注入</b>研究所", HOSTILE),
        ("emoji", "絵文字研究所", EMOJI),
        ("changing", "変更研究所", "変更研究所は2029年3月2日に名古屋で発足しました。"),
    ):
        path = home / "corpus" / f"{article_id}.md"
        path.write_text(article(port, article_id, title, text), encoding="utf-8")
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("chat_server.py")), str(home), str(port)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent)])},
            stdout=subprocess.DEVNULL,
            stderr=log,
        )
    try:
        _wait_for(found.url, server)
        yield found
    finally:
        server.terminate()
        server.wait(timeout=20)
    raised = (home / "server.log").read_text(encoding="utf-8").split("Traceback")[1:]
    places = [
        re.findall(r'File "([^"]+)"', one)[-1] for one in raised
    ]  # Gradio's own race when it cancels aside
    assert [place for place in places if "site-packages" not in place] == []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert server.poll() is None
        try:
            with urllib.request.urlopen(url, timeout=30):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError("the chat was never served")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None or subprocess.run([CHROMIUM, "--version"], capture_output=True).returncode:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium fonts-noto-cjk)")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


Open = Callable[..., Any]


_CUT_SHORT = ("AbortError: signal is aborted", "onnection errored out")


def _is_error(said: Any) -> bool:
    """Whether a page says that something went wrong; a request that leaving the page cuts short is nothing wrong."""
    return said.type == "error" and not any(words in said.text for words in _CUT_SHORT)


@pytest.fixture
def opened(chat: Chat, browser: Any) -> Iterator[Open]:
    """Opens a page in a new profile: `opened("/en", width=390, dark=True)`."""
    contexts, trouble = [], []

    def open_page(path: str = "/", *, width: int = 1280, dark: bool = False) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": 844 if width < 500 else 800},
            color_scheme="dark" if dark else "light",
            locale="ja-JP",
            permissions=["clipboard-read", "clipboard-write"],
        )
        contexts.append(context)
        context.set_default_timeout(60_000)
        context.on("request", lambda request: _watch_request(chat, request.url, trouble))
        context.on("console", lambda said: _is_error(said) and trouble.append(f"console: {said.text}"))
        context.on("weberror", lambda error: trouble.append(f"error: {error.error}"))
        page = context.new_page()
        page.goto(chat.url + path)
        page.wait_for_selector(".welcome, .exchange")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert trouble == []


def _watch_request(chat: Chat, url: str, trouble: list[str]) -> None:
    if not url.startswith((chat.url, "data:", "blob:")):
        trouble.append(f"request: {url}")

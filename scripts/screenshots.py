"""Take the pictures of the documents: the real chat, on the articles of this repository, in the system's Chromium.

    python -m scripts.screenshots [FOLDER]

FOLDER is docs/images by default. Needs playwright (the dev extra) and the packages chromium and fonts-noto-cjk.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parent.parent
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
]
COWORK = "Coworkはいつ発表されましたか?"


class Picture(NamedTuple):
    """A file's name, how the page is opened, and what is done there before the picture is taken."""

    name: str
    path: str
    size: tuple[int, int]
    dark: bool
    act: Callable[[Page], None]


def _ask(page: Page, question: str) -> None:
    count = page.locator(".exchange").count()
    page.fill("#question textarea", question)
    page.press("#question textarea", "Enter")
    exchange = page.locator(".exchange").nth(count)
    exchange.locator(".reply:is(.answered, .abstained)").wait_for()
    if exchange.locator(".reply.answered").count():
        exchange.locator(".questions").wait_for()


def _answer(page: Page) -> None:
    _ask(page, COWORK)
    page.locator(".marker").first.click()
    page.wait_for_selector("#panel mark.current")


def _cards(page: Page) -> None:
    _ask(page, COWORK)


def _abstention(page: Page) -> None:
    _ask(page, "東京タワーの高さは何メートルですか?")


def _articles(page: Page) -> None:
    page.locator('#tabs button[role="tab"]:visible').nth(1).click()
    page.fill("#search input", "憲法の4つの原則")
    page.press("#search input", "Enter")
    page.wait_for_selector(".snippet")
    page.locator(".entry").first.click()
    page.wait_for_selector("#reading mark.current")


def _welcome(page: Page) -> None:
    page.wait_for_selector(".welcome .chip")


DESKTOP, PHONE = (1280, 800), (390, 844)
PICTURES = (
    Picture("chat", "/", DESKTOP, False, _answer),
    Picture("chat-dark", "/", DESKTOP, True, _cards),
    Picture("chat-abstention", "/", DESKTOP, False, _abstention),
    Picture("chat-articles", "/", DESKTOP, False, _articles),
    Picture("chat-english", "/en", DESKTOP, False, _welcome),
    Picture("chat-phone", "/", PHONE, False, _cards),
    Picture("chat-phone-dark", "/", PHONE, True, _answer),
)


@contextmanager
def _served() -> Iterator[str]:
    """The address of the chat over a copy of the corpus, for as long as the block runs."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "corpus", Path(folder) / "corpus")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", "rag", "chat", "--no-open", "--port", str(port), "--home", folder]
        server = subprocess.Popen([*command, "--lang", "ja"], cwd=ROOT, stdout=subprocess.DEVNULL)
        try:
            _wait_for(f"http://127.0.0.1:{port}/", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        try:
            with urllib.request.urlopen(url):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    sys.exit("the chat did not start")


def _take(browser: Browser, address: str, picture: Picture, folder: Path) -> None:
    width, height = picture.size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if picture.dark else "light",
        locale="ja-JP",
    )
    page = context.new_page()
    page.set_default_timeout(180_000)
    page.goto(address + picture.path)
    page.wait_for_selector(".welcome .chip")
    picture.act(page)
    page.mouse.move(0, 0)
    page.wait_for_timeout(600)
    page.screenshot(path=folder / f"{picture.name}.png")
    context.close()


def main() -> None:
    """Take all pictures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "docs" / "images")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with _served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for picture in PICTURES:
            _take(browser, address, picture, folder)
        browser.close()


if __name__ == "__main__":
    main()

"""Fixtures: a home folder of its own for every test, and nothing of the environment it runs in."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from doubles import CORPUS, HashEmbedder, Opener, Run, Runner, open_assistant
from hypothesis import settings
from scripted_server import ScriptedServer, serving
from shelf import Shelf

from rag import cli
from rag.assistant import Assistant

settings.register_profile("any machine", deadline=None)  # a busy one is slow, and no less right
settings.load_profile("any machine")


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [*os.environ]:
        if name.startswith("RAG_") or name in ("LC_ALL", "LC_MESSAGES", "LANG"):
            monkeypatch.delenv(name)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with the two real articles and no index."""
    folder = tmp_path / "home"
    (folder / "corpus").mkdir(parents=True)
    for path in CORPUS.glob("*.md"):
        shutil.copy(path, folder / "corpus")
    return folder


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A provider whose model writes what the plaza cost and what that leaves out, unless a test scripts more."""
    from llm_doubles import COST, EXCEPTION, says, writes

    with serving(writes(says(COST), says(EXCEPTION))) as running:
        yield running


@pytest.fixture
def embedder() -> HashEmbedder:
    return HashEmbedder()


@pytest.fixture
def opener(home: Path, embedder: HashEmbedder) -> Iterator[Opener]:
    """Opens an assistant on `home`; all of them are closed after the test."""
    opened: list[Assistant] = []

    def open_one() -> Assistant:
        opened.append(open_assistant(home, embedder))
        return opened[-1]

    yield open_one
    for assistant in opened:
        assistant.close()


@pytest.fixture
def assistant(opener: Opener) -> Assistant:
    return opener()


@pytest.fixture
def rag(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Runner:
    """Runs a command on `home`; no run may end in anything but an exit code."""
    embedder = HashEmbedder()
    monkeypatch.setattr("rag.assistant.open_embedder", lambda settings: embedder)
    monkeypatch.setattr("rag.doctor.open_embedder", lambda settings: embedder)
    monkeypatch.setenv("RAG_HOME", str(home))
    monkeypatch.chdir(home.parent)

    def run(*arguments: str, stdin: bytes = b"") -> Run:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as done:
            cli.main(arguments)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        assert isinstance(done.value.code, int)
        return Run(done.value.code, captured.out, captured.err)

    return run


@pytest.fixture
def shelves(home: Path, embedder: HashEmbedder) -> Iterator[Callable[[], Shelf]]:
    opened: list[Shelf] = []

    def again() -> Shelf:
        opened.append(Shelf(home, embedder))
        return opened[-1]

    yield again
    for shelf in opened:
        shelf.store.close()


@pytest.fixture
def empty(shelves: Callable[[], Shelf]) -> Shelf:
    """A library over a folder that was never indexed."""
    return shelves()


@pytest.fixture
def shelf(empty: Shelf) -> Shelf:
    """A library that is in step with the two articles."""
    empty.update()
    return empty


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with the two real articles, for all tests of a module; none of them changes it."""
    folder = tmp_path_factory.mktemp("library")
    shutil.copytree(CORPUS, folder / "corpus")
    return folder


@pytest.fixture(scope="module")
def same(library: Path) -> Iterator[Any]:
    """One API for all requests that change nothing."""
    from http_server import client

    with open_assistant(library) as assistant, client(assistant) as opened:
        yield opened

"""Every client of the documentation does what its page says, with a server of the test's own."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from doubles import HashEmbedder
from http_server import served, settings

from rag import Assistant
from rag.serving import compose

PAGE = (Path(__file__).parent.parent / "docs" / "clients.md").read_text(encoding="utf-8")
ADDRESS = "http://127.0.0.1:8000"

pytestmark = [pytest.mark.loopback, pytest.mark.enable_socket]


def section(title: str, language: str) -> str:
    found = re.search(rf"^## {title}\n.*?^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


@pytest.fixture
def address(assistant: Assistant) -> Iterator[str]:
    with served(compose(assistant, settings(), chat=False)) as started:
        yield started


@pytest.fixture
def opened(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`Assistant.open()` opens the test's home, without the real model."""
    monkeypatch.setenv("RAG_HOME", str(home))
    monkeypatch.setattr("rag.assistant.open_embedder", lambda settings: HashEmbedder())


def assert_done(out: str) -> None:
    assert "2026年1月12日" in out  # asked
    assert "macOS" in out or "https://www.fidx.co.jp" in out  # searched


def test_python(opened: None, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(section("Python", "python"), "clients.md", "exec", dont_inherit=True), {})
    out = capsys.readouterr().out
    assert_done(out)
    assert "library" in out


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_curl(address: str, assistant: Assistant, tmp_path: Path) -> None:
    script = section("curl", "sh").replace(ADDRESS, address)
    done = subprocess.run(
        ["sh", "-e", "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert_done(done.stdout)
    assert "event: statement" in done.stdout
    assert assistant.article("example.com_library").title == "図書館だより"


def test_openai(address: str, assistant: Assistant, capsys: pytest.CaptureFixture[str]) -> None:
    exec(
        compile(
            section("OpenAI のクライアント", "py").replace(ADDRESS, address),
            "clients.md",
            "exec",
            dont_inherit=True,
        ),
        {},
    )
    assert_done(capsys.readouterr().out)
    assert assistant.article("example.com_library").title == "図書館だより"


def test_mcp(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(section("MCP", "py").replace(ADDRESS, address), "clients.md", "exec", dont_inherit=True), {})
    assert_done(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("title", "package"), [("LangChain", "langchain_core"), ("LlamaIndex", "llama_index.core")]
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_retrievers(opened: None, capsys: pytest.CaptureFixture[str], title: str, package: str) -> None:
    pytest.importorskip(package)
    exec(compile(section(title, "py"), "clients.md", "exec", dont_inherit=True), {})
    out = capsys.readouterr().out
    assert_done(out)
    assert "library" in out

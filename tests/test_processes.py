"""The installed command with the real model, in processes of its own: pipes, signals, two at once, a kill."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from doubles import CORPUS, FIDX, INFOQ, assert_in_step, corpus_file

from rag.assistant import Assistant
from rag.backends import manifest
from rag.chunking import chunk
from rag.corpus import article_paths, read_article
from rag.embedding.bundled import BundledEmbedder
from rag.store.local import LocalStore

pytestmark = pytest.mark.e2e

RAG = Path(sys.executable).with_name("rag")
OFFLINE = Path(__file__).parent / "offline"
PATIENCE = 120

Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(home: Path, tmp_path: Path) -> Start:
    """Starts `rag` on `home`, without a network."""

    def begin(*arguments: str | bytes, **environment: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [str(RAG), *arguments],
            cwd=tmp_path,
            env=os.environ | {"RAG_HOME": str(home)} | offline(tmp_path) | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    return begin


def offline(tmp_path: Path) -> dict[str, str]:
    """The environment in which a process has no network."""
    return {"PYTHONPATH": str(OFFLINE), "NETWORK_LOG": str(tmp_path / "network.log")}


def finished(process: subprocess.Popen[bytes], stdin: bytes = b"") -> tuple[int, str, str]:
    out, err = process.communicate(stdin, timeout=PATIENCE)
    assert b"Traceback" not in err
    assert b"Exception ignored" not in err
    return process.returncode, out.decode(), err.decode()


def test_ask_answers_with_the_source(start: Start) -> None:
    code, out, err = finished(start("ask", "Coworkはいつ発表されましたか?"))
    assert (code, err) == (0, "")
    assert "2026年1月12日" in out
    assert "https://www.fidx.co.jp/?p=3554" in out


def test_no_command_reaches_for_the_network(start: Start, tmp_path: Path) -> None:
    write_articles(tmp_path / "new", 1, 1)
    for arguments in (["ask", "Cowork"], ["search", "Cowork"], ["ingest", "new"], ["rebuild"], ["doctor"]):
        assert finished(start(*arguments))[0] == 0
    time.sleep(0.5)  # for what runs on in the background
    log = tmp_path / "network.log"
    assert not log.exists(), log.read_text(encoding="utf-8")


def test_without_an_answer_the_nearest_passages_are_shown(start: Start) -> None:
    code, out, err = finished(start("ask", "Coworkの月額料金はいくら?"))
    assert (code, err) == (0, "")
    assert out.startswith("答えを控えます")
    assert "https://" in out


def test_output_is_utf8_whatever_the_locale(start: Start) -> None:
    for environment in ({"LC_ALL": "C", "PYTHONUTF8": "0"}, {"LC_ALL": "C", "PYTHONIOENCODING": "ascii"}):
        code, out, _ = finished(start("articles", **environment))
        assert code == 0
        assert "生成AIの週次動向" in out


def test_bytes_that_are_no_text_are_no_question(start: Start) -> None:
    code, out, err = finished(start("ask", b"\xff\xfe"))
    assert (code, out) == (2, "")
    assert "質問が空です" in err


def test_a_hundred_questions_in_one_process_keep_their_order(start: Start) -> None:
    names = [
        "Cowork",
        "Stargate",
        "OpenAI",
        "Anthropic",
        "Claude憲法",
        "SoftBank",
        "温泉",
        "ChatGPT",
        "NVIDIA",
        "Oracle",
    ]
    forms = ["{}とは?", "{}はいつ発表された?", "{}の目的は?", "{}はどこにある?", "{}に関わる会社は?"]
    forms += ["なぜ{}が必要?", "{}の費用はいくら?", "{}の責任者は誰?", "What is {}?", "{}は何人が使う?"]
    asked = [form.format(name) for form in forms for name in names]
    lines = [json.dumps({"id": n, "question": question}) for n, question in enumerate(asked)]
    code, out, err = finished(start("ask", "--jsonl"), "\n".join(lines).encode())
    assert (code, err) == (0, "")
    replies = [json.loads(line) for line in out.splitlines()]
    assert [(reply["id"], reply["question"]) for reply in replies] == list(enumerate(asked))
    texts = {FIDX: read(FIDX), INFOQ: read(INFOQ)}
    for reply in replies:
        assert reply["status"] in ("answered", "abstained")
        for citation in reply["citations"]:
            assert texts[citation["article_id"]][citation["start"] : citation["end"]] == citation["quote"]


def read(article_id: str) -> str:
    return read_article(CORPUS / f"{article_id}.md").text


def test_a_batch_answers_each_line_before_the_next_is_written(start: Start) -> None:
    process = start("ask", "--jsonl")
    assert process.stdin
    assert process.stdout
    for n in range(3):
        process.stdin.write(json.dumps({"id": n, "question": "Coworkとは?"}).encode() + b"\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["id"] == n
    assert finished(process)[0] == 0


def test_ctrl_c_ends_a_batch_quietly(start: Start) -> None:
    process = start("ask", "--jsonl")
    assert process.stdin
    assert process.stdout
    process.stdin.write(b'{"question": "Cowork"}\n')
    process.stdin.flush()
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err.decode()) == (130, b"", "中断しました。\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["search", "Cowork", "-k", "50"],
        ["search", "Cowork", "-k", "50", "--json"],
        ["ask", "--jsonl"],
        ["ask", "Cowork"],
    ],
)
def test_a_reader_that_leaves_is_no_error(start: Start, arguments: Sequence[str]) -> None:
    process = start(*arguments)
    assert process.stdout
    process.stdout.close()
    _, err = process.communicate(b'{"question": "Cowork"}\n' * 50, timeout=PATIENCE)
    assert (process.returncode, err.decode()) == (0, "")


def test_closed_standard_streams_are_no_crash(start: Start, tmp_path: Path) -> None:
    command = f"'{RAG}' ask --jsonl <&- ; '{RAG}' articles >&- ; '{RAG}' nope 2>&-"
    shell = subprocess.run(
        ["sh", "-c", command],
        check=False,
        capture_output=True,
        timeout=PATIENCE,
        env=os.environ | {"RAG_HOME": str(tmp_path / "home")} | offline(tmp_path),
    )
    assert b"Traceback" not in shell.stderr
    assert shell.returncode == 2


# --- two at once, and a kill ------------------------------------------------------------------------------


def write_articles(folder: Path, version: int, count: int) -> list[str]:
    """Articles whose every sentence names their version, so that a mix of two would show."""
    folder.mkdir(exist_ok=True)
    for n in range(count):
        sentences = "".join(f"第{n}号の{i}番目の文は第{version}版のものです。" for i in range(30))
        (folder / f"a{n:02}.md").write_text(corpus_file(sentences), encoding="utf-8")
    return [f"a{n:02}" for n in range(count)]


def assert_whole(home: Path) -> None:
    """Every article in the store is there with all of its chunks and nothing else is."""
    store = LocalStore(home / "index", manifest(BundledEmbedder()))
    try:
        articles = store.articles()
        chunks = [piece for article in articles for piece in chunk(article)]
        assert store.chunks([piece.id for piece in chunks]) == chunks
        assert store.count() == len(chunks)
    finally:
        store.close()


def test_two_processes_that_ingest_at_once_both_succeed(start: Start, home: Path, tmp_path: Path) -> None:
    names = write_articles(tmp_path / "new", 1, 4)
    first = start("ingest", *(f"new/{name}.md" for name in names[:2]))
    second = start("ingest", *(f"new/{name}.md" for name in names[2:]))
    assert finished(first)[0] == 0
    assert finished(second)[0] == 0
    assert_whole(home)
    code, out, _ = finished(start("articles", "--json"))
    assert code == 0
    assert [article["id"] for article in json.loads(out)] == [*names, FIDX, INFOQ]


def test_questions_are_answered_while_another_process_ingests(start: Start, tmp_path: Path) -> None:
    finished(start("articles"))
    write_articles(tmp_path / "new", 1, 10)
    writer = start("ingest", "new")
    code, out, _ = finished(start("ask", "Coworkはいつ発表されましたか?"))
    assert code == 0
    assert "2026年1月12日" in out
    assert finished(writer)[0] == 0


def test_a_kill_at_any_moment_leaves_the_old_state_or_the_new(
    start: Start, home: Path, tmp_path: Path
) -> None:
    seed = random.randrange(10**6)
    print("seed", seed)
    rng = random.Random(seed)
    finished(start("articles"))
    names = write_articles(tmp_path / "new", 0, 30)
    finished(start("ingest", "new"))
    old = {name: (tmp_path / "new" / f"{name}.md").read_text(encoding="utf-8") for name in names}
    kills = 0
    for version in range(1, 6):
        write_articles(tmp_path / "new", version, 30)
        process = start("ingest", "new")
        await_first_sign(process, home)
        time.sleep(rng.choice([0, rng.uniform(0, 0.05), rng.uniform(0, 1.5)]))
        process.kill()
        process.communicate(timeout=PATIENCE)
        kills += process.returncode == -signal.SIGKILL

        assert_whole(home)
        for name in names:
            now = read_article(home / "corpus" / f"{name}.md").text
            written = read_article(tmp_path / "new" / f"{name}.md").text
            assert now in (written, old[name].rpartition("---\n")[2])
        code, out, _ = finished(start("articles", "--json"))
        assert code == 0
        assert {article["id"] for article in json.loads(out)} == {*names, FIDX, INFOQ}
        assert_whole(home)
        old = {name: (home / "corpus" / f"{name}.md").read_text(encoding="utf-8") for name in names}
    assert kills >= 3, "the kills came too late to test anything"
    with Assistant.open(home) as assistant:
        assert_in_step(home / "corpus", assistant._store)
        assert len(article_paths(home / "corpus")) == 32


def await_first_sign(process: subprocess.Popen[bytes], home: Path) -> None:
    """Waits until the process begins to write."""
    before = {path: path.stat().st_mtime_ns for path in (home / "corpus", home / "index")}
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        if any(path.stat().st_mtime_ns != stamp for path, stamp in before.items()):
            return
        time.sleep(0.002)

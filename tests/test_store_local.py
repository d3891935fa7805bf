"""The local store's database under damage, full disks, other threads and other processes."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest
from store_contract import MANIFEST, Model, assert_same_ranking, make_article, questions, unit
from store_files import asked, filled, opened

from rag.errors import IndexMismatch, RagError, StoreBusy, StoreError
from rag.store import database, snapshot
from rag.store.local import DATABASE, LocalStore

# The database file


def test_another_manifest_is_refused_with_what_differs(tmp_path: Path) -> None:
    filled(tmp_path)
    other = MANIFEST.model_copy(update={"embedding_model": "test-2", "dimension": 48})
    with pytest.raises(IndexMismatch) as caught:
        LocalStore(tmp_path, other)
    assert all(
        part in str(caught.value) for part in ("embedding_model", "test-1", "test-2", "48", "rag rebuild")
    )
    assert "tokenizer" not in str(caught.value)


def test_another_schema_version_is_refused(tmp_path: Path) -> None:
    filled(tmp_path)
    connection = sqlite3.connect(tmp_path / DATABASE)
    connection.execute("UPDATE meta SET value = '999' WHERE key = 'schema'")
    connection.commit()
    connection.close()
    with pytest.raises(IndexMismatch, match="999"):
        opened(tmp_path)


def test_a_file_that_is_not_a_database_is_an_error_and_erase_helps(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes("これはデータベースではない。".encode() * 100)
    with pytest.raises(StoreError, match="rag rebuild"):
        opened(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    LocalStore.erase(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    store = opened(tmp_path)
    store.close()
    LocalStore.erase(tmp_path / "none")


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / DATABASE)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    before = (tmp_path / DATABASE).read_bytes()
    with pytest.raises(StoreError):
        opened(tmp_path)
    assert (tmp_path / DATABASE).read_bytes() == before


def test_damage_anywhere_in_the_database_gives_right_answers_or_a_store_error(tmp_path: Path) -> None:
    answers = filled(tmp_path, 20)
    shutil.rmtree(tmp_path / snapshot.FOLDER)
    sound = (tmp_path / DATABASE).read_bytes()
    refused, noise = 0, random.Random(0)
    for at in range(0, len(sound), max(1, len(sound) // 60)):
        content = bytearray(sound)
        content[at : at + 64] = noise.randbytes(len(content[at : at + 64]))
        (tmp_path / DATABASE).write_bytes(content)
        try:
            store = opened(tmp_path)
        except RagError:
            refused += 1
            continue
        try:
            scores = [[row.score for row in ranking] for ranking in asked(store)]
            assert scores == [[row.score for row in ranking] for ranking in answers]
        except RagError:
            refused += 1
        finally:
            store.close()
    assert refused


def test_a_schema_that_is_no_utf8_is_damage(tmp_path: Path) -> None:
    filled(tmp_path, 1)
    content = (tmp_path / DATABASE).read_bytes()
    assert b"CREATE TABLE texts" in content
    (tmp_path / DATABASE).write_bytes(content.replace(b"CREATE TABLE texts", b"CREATE \xe6ABLE texts"))
    with pytest.raises(StoreError, match="壊れ"):
        opened(tmp_path)


def test_changed_text_in_the_database_is_noticed(tmp_path: Path) -> None:
    filled(tmp_path)
    connection = sqlite3.connect(tmp_path / DATABASE)
    connection.execute("UPDATE texts SET text = replace(text, '語1', '語2')")
    connection.commit()
    connection.close()
    store = opened(tmp_path)
    with pytest.raises(StoreError, match="壊れ"):
        store.articles()
    store.close()


def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    answers = filled(tmp_path)
    store = opened(tmp_path)
    pages = store._database._writer.execute("PRAGMA page_count").fetchone()[0]
    store._database._writer.execute(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(StoreError, match="空き"):
        store.upsert([make_article(f"後{i}", seed=i, chunks=40) for i in range(50)])
    assert asked(store) == answers
    store._database._writer.execute("PRAGMA max_page_count = 1000000")
    store.upsert([make_article("後", seed=1)])
    assert store.count() == 44
    store.close()


def test_a_snapshot_that_cannot_be_written_is_an_error_of_flush_but_not_of_close(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = opened(tmp_path, snapshot_from=1)
    store.upsert([make_article("a", seed=1)])

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(StoreError, match="No space left"):
        store.flush()
    store.close()
    assert "No space left" in caplog.text
    assert list((tmp_path / snapshot.FOLDER).iterdir()) == []


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.close()
    store.close()
    for use in (store.count, store.articles, lambda: store.dense(unit("q"), 1), store.flush):
        with pytest.raises(StoreError, match="閉じ"):
            use()


# Other threads and processes


def test_a_busy_writer_is_retryable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    one, two = opened(tmp_path), opened(tmp_path)
    with one._database.write(), pytest.raises(StoreBusy) as caught:
        two.upsert([make_article("a", seed=1)])
    assert caught.value.retryable
    two.upsert([make_article("a", seed=1)])
    one.close()
    two.close()


def test_changes_of_another_store_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two, model = opened(tmp_path), opened(tmp_path), Model()
    for step in range(8):
        if step == 5:
            monkeypatch.setattr("rag.store.rows.KEPT_COMMITS", 1)
        writer = (one, two)[step % 2]
        for i in range(2):
            article = make_article(f"記事{(step + i) % 4}", seed=step, same=1)
            writer.upsert([article])
            model.upsert([article])
        assert writer.delete([f"記事{(step + 2) % 4}"]) == model.delete([f"記事{(step + 2) % 4}"])
        for store in (one, two):
            for vector, tokens in questions(2):
                assert_same_ranking(store.dense(vector, 5), model.dense(vector, 5), 1e-3)
                assert_same_ranking(store.lexical(tokens, 5), model.lexical(tokens, 5), 1e-5)
    one.close()
    two.close()


def test_many_threads_search_while_one_writes(tmp_path: Path) -> None:
    store, failures = opened(tmp_path, snapshot_from=50), []
    store.upsert([make_article("a", seed=0)])
    done = threading.Event()

    def search() -> None:
        try:
            while not done.is_set():
                ids = [row.chunk_id for row in store.dense(unit("q"), 1000)]
                assert len(ids) == len(set(ids))
                assert len(ids) % 4 == 0, "a whole number of articles"
                store.lexical(["語1", "語2"], 10)
                store.chunks(ids[:3])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    for step in range(40):
        store.upsert([make_article(f"b{step % 25}", seed=step)])
        if step % 9 == 0:
            store.flush()
    done.set()
    for thread in threads:
        thread.join()
    store.close()
    assert failures == []


def _in_child(store: LocalStore, queue: multiprocessing.Queue) -> None:  # type: ignore[type-arg]
    try:
        store.upsert([make_article("child", seed=9)])
        queue.put(len(store.dense(unit("q"), 1000)))
    except BaseException as error:
        queue.put(error)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_opens_its_own_connections(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.upsert([make_article("a", seed=1)])
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(store, queue))
    child.start()
    assert queue.get(timeout=30) == 8
    child.join()
    assert len(store.dense(unit("q"), 1000)) == 8
    store.close()


READ_ONLY = """
import os, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from store_contract import MANIFEST, make_article, unit
from rag.errors import StoreError
from rag.store.local import LocalStore
import faiss
if os.getuid() == 0:
    os.setuid(65534)
store = LocalStore(Path(sys.argv[1]), MANIFEST, snapshot_from=1)
assert len(store.dense(unit("q"), 1000)) == 40
try:
    store.upsert([make_article("new", seed=1)])
except StoreError as error:
    print(error)
store.close()
"""


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX permissions")
def test_a_read_only_index_can_be_searched_and_not_changed() -> None:
    directory = Path(tempfile.mkdtemp())
    try:
        filled(directory)
        for path in [directory, *directory.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        command = [sys.executable, "-c", READ_ONLY, str(directory), str(Path(__file__).parent)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "権限" in done.stdout, done.stderr
        assert done.returncode == 0, done.stderr
    finally:
        for path in [directory, *directory.rglob("*")]:
            path.chmod(0o755)
        shutil.rmtree(directory)

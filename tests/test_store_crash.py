"""Processes that die or compete: nothing acknowledged is lost, and no article is ever there by half."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from store_contract import MANIFEST, make_article, questions, unit

from rag.store.local import LocalStore

WRITER = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[3:]
from store_contract import MANIFEST, make_article
from rag.store.local import LocalStore
store = LocalStore(Path(sys.argv[1]), MANIFEST, snapshot_from=1)
name, start, batches = sys.argv[2].split(":")
for i in range(int(start), int(start) + int(batches)):
    store.upsert([make_article(f"{name}{i}-{j}", seed=i, chunks=9) for j in range(3)])
    print(i, flush=True)
    if i % 5 == 4:
        store.delete([f"{name}{i}-0"])
        print(-i, flush=True)
    if i % 7 == 0:
        store.flush()
store.close()
"""


def writer(directory: Path, task: str, code: str = WRITER) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, str(directory), task, str(Path(__file__).parent)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def check_whole(store: LocalStore) -> set[str]:
    """Every article has all of its chunks or is not there, in SQLite and in the search structures alike."""
    ids = {article.id for article in store.articles()}
    found = [row.chunk_id for row in store.dense(unit("q"), 100_000)]
    assert len(found) == len(set(found)) == 9 * len(ids) == store.count()
    assert {chunk.article_id for chunk in store.chunks(found)} == ids
    return ids


@pytest.mark.e2e
@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_kill_9_leaves_the_old_state_or_the_new(tmp_path: Path) -> None:
    rng, acknowledged, gone = random.Random(5), set[str](), set[str]()
    for round_ in range(6):
        start = round_ * 1000
        process = writer(tmp_path, f"r:{start}:1000")
        assert process.stdout is not None
        assert process.stdout.readline() == f"{start}\n"
        time.sleep(rng.random() * 0.4)
        process.kill()
        out = process.stdout.read()  # communicate() would lose what readline() has read ahead
        process.communicate()
        lines = [start, *(int(line) for line in out.splitlines() if line.strip())]
        for i in lines:
            if i < 0:
                gone.add(f"r{-i}-0")
            else:
                acknowledged |= {f"r{i}-{j}" for j in range(3)}
        store = LocalStore(tmp_path, MANIFEST, snapshot_from=1)
        ids = check_whole(store)
        last = max(abs(i) for i in lines)
        assert acknowledged - gone - {f"r{last}-0"} <= ids
        assert not gone & ids
        assert ids - acknowledged <= {f"r{last + 1}-{j}" for j in range(3)}
        answers = [(store.dense(v, 20), store.lexical(t, 20)) for v, t in questions(5)]
        store.close()
        if round_ % 3 == 2:
            for path in tmp_path.glob("snapshots/*/*"):
                path.unlink()
        store = LocalStore(tmp_path, MANIFEST)
        assert [(store.dense(v, 20), store.lexical(t, 20)) for v, t in questions(5)] == answers
        store.close()
        acknowledged = ids  # a deletion may have been done though its acknowledgement was killed


@pytest.mark.e2e
def test_two_processes_ingest_at_once_and_nothing_is_lost(tmp_path: Path) -> None:
    processes = [writer(tmp_path, f"{name}:1:25") for name in ("a", "b", "c")]
    for process in processes:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors
    store = LocalStore(tmp_path, MANIFEST)
    expected = {f"{name}{i}-{j}" for name in "abc" for i in range(1, 26) for j in range(3)}
    expected -= {f"{name}{i}-0" for name in "abc" for i in range(4, 26, 5)}
    assert check_whole(store) == expected
    store.close()


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
sys.path[:0] = sys.argv[3:]
from store_contract import MANIFEST, make_article
from rag.errors import StoreError
from rag.store.local import LocalStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = LocalStore(Path(sys.argv[1]), MANIFEST, snapshot_from=1)
store.upsert([make_article(f"a-{i}", seed=i, chunks=9) for i in range(5)])
resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
for i in range(200):
    try:
        store.upsert([make_article(f"b{i}-{j}", seed=i, chunks=9) for j in range(9)])
        print(i, flush=True)
    except StoreError as error:
        print(error.message, file=sys.stderr)
        break
store.close()
"""


@pytest.mark.e2e
@pytest.mark.skipif(os.name == "nt", reason="needs RLIMIT_FSIZE")
def test_a_disk_that_fills_up_loses_nothing_acknowledged(tmp_path: Path) -> None:
    process = writer(tmp_path, "", FULL_DISK)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "読み書きできません" in errors
    store = LocalStore(tmp_path, MANIFEST)
    expected = {f"a-{i}" for i in range(5)} | {f"b{i}-{j}" for i in out.split() for j in range(9)}
    assert check_whole(store) == expected
    store.upsert([make_article("later", seed=1, chunks=9)])
    assert "later" in check_whole(store)
    store.close()


@pytest.mark.e2e
def test_two_processes_create_the_same_index(tmp_path: Path) -> None:
    for round_ in range(1):
        processes = [writer(tmp_path / str(round_), f"{name}:1:1") for name in "abcd"]
        for process in processes:
            _, errors = process.communicate(timeout=60)
            assert process.returncode == 0, errors
        store = LocalStore(tmp_path / str(round_), MANIFEST)
        assert len(check_whole(store)) == 12
        store.close()

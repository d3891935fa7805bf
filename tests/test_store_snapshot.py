"""Derived files of the local store: damaged, stale or gone, they are rebuilt."""

from __future__ import annotations

import logging
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from store_contract import Model, assert_same_ranking, make_article, questions, random_filter, unit
from store_files import asked, filled, generation, opened

from rag.store import dense, snapshot
from rag.store.dense import VectorIndex, train_approximate
from rag.store.lexical import Postings
from rag.store.local import DATABASE
from rag.types import Filter


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)


def empty(path: Path) -> None:
    path.write_bytes(b"")


FILES = ["numbers.npy", "vectors.npy", "terms.npy", "offsets.npy", "docs.npy", "counts.npy", "snapshot.json"]


@pytest.mark.parametrize("damage", [truncate, flip, empty, Path.unlink])
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_snapshot_is_rebuilt(
    tmp_path: Path, damage: Callable[[Path], None], name: str, caplog: pytest.LogCaptureFixture
) -> None:
    answers = filled(tmp_path)
    damage(generation(tmp_path) / name)
    store = opened(tmp_path, snapshot_from=1)
    with caplog.at_level(logging.WARNING):
        assert asked(store) == answers
    assert "スナップショット" in caplog.text
    store.close()
    caplog.clear()
    store = opened(tmp_path, snapshot_from=1)
    assert asked(store) == answers
    store.close()
    assert not caplog.text, "the damaged snapshot was replaced"


def test_a_snapshot_of_another_format_or_another_file_is_not_used(tmp_path: Path) -> None:
    answers, others = filled(tmp_path / "a"), filled(tmp_path / "b", 7)
    (generation(tmp_path / "a") / "snapshot.json").write_text('{"format": 99}')
    store = opened(tmp_path / "a")
    assert asked(store) == answers
    store.close()
    shutil.rmtree(tmp_path / "a" / snapshot.FOLDER)
    shutil.copytree(tmp_path / "b" / snapshot.FOLDER, tmp_path / "a" / snapshot.FOLDER)
    store = opened(tmp_path / "a")
    assert asked(store) == answers != others
    store.close()


def test_a_database_restored_from_a_backup_does_not_get_a_later_snapshot(tmp_path: Path) -> None:
    answers = filled(tmp_path)
    shutil.copy(tmp_path / DATABASE, tmp_path / "backup")
    store = opened(tmp_path, snapshot_from=1)
    store.upsert([make_article(f"後{i}", seed=i) for i in range(9)])
    store.close()
    shutil.copy(tmp_path / "backup", tmp_path / DATABASE)
    store = opened(tmp_path, snapshot_from=1)
    assert asked(store) == answers
    store.upsert([make_article(f"別{i}", seed=i) for i in range(9)])
    expected = asked(store)
    shutil.rmtree(tmp_path / snapshot.FOLDER, ignore_errors=True)
    store.close()
    store = opened(tmp_path)
    assert asked(store) == expected
    store.close()


def test_deletions_after_a_snapshot_are_seen_and_snapshots_do_not_pile_up(tmp_path: Path) -> None:
    filled(tmp_path, 30)
    store = opened(tmp_path, snapshot_from=1)
    before = generation(tmp_path)
    assert store.delete(["記事1"]) == 1
    assert all(not row.chunk_id.startswith("記事1:") for row in store.dense(unit("q"), 1000))
    store.close()
    assert generation(tmp_path) == before, "little changed, nothing was written"
    store = opened(tmp_path, snapshot_from=1)
    assert len(store.dense(unit("q"), 1000)) == 29 * 4
    store.delete([f"記事{i}" for i in range(20)])
    store.close()
    assert generation(tmp_path) != before


def test_abandoned_and_foreign_files_are_harmless(tmp_path: Path) -> None:
    answers = filled(tmp_path)
    (tmp_path / snapshot.FOLDER / "tmp-1-old").mkdir()
    os.utime(tmp_path / snapshot.FOLDER / "tmp-1-old", (0, 0))
    (tmp_path / snapshot.FOLDER / "99999999").mkdir()
    store = opened(tmp_path, snapshot_from=1)
    assert asked(store) == answers
    store.upsert([make_article(f"後{i}", seed=i) for i in range(9)])
    store.close()
    assert len(list((tmp_path / snapshot.FOLDER).iterdir())) == 1


def test_small_corpora_need_no_snapshot(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.upsert([make_article("a", seed=1)])
    store.flush()
    store.close()
    assert {path.name for path in tmp_path.iterdir()} == {DATABASE}


def test_only_what_changed_is_touched(tmp_path: Path) -> None:
    def rows() -> dict[str, int]:
        with sqlite3.connect(tmp_path / DATABASE) as connection:
            found = dict(connection.execute("SELECT id, number FROM chunks"))
        connection.close()
        return found

    store = opened(tmp_path)
    store.upsert([make_article("a", seed=1, chunks=6, same=4), make_article("b", seed=1)])
    before = rows()
    store.upsert([make_article("a", seed=2, chunks=6, same=4)])
    after = rows()
    assert len(before.items() & after.items()) == 4 + 4
    seq = store._database.latest_commit()
    store.upsert([make_article("a", seed=2, chunks=6, same=4)])
    assert store._database.latest_commit() == seq, "nothing changed, nothing was committed"
    store.close()


# The approximate index


def test_beyond_the_threshold_candidates_are_approximate_and_scores_exact(tmp_path: Path) -> None:
    model = Model()
    articles = [make_article(f"記事{i}", seed=i, chunks=8) for i in range(60)]
    store = opened(tmp_path, snapshot_from=1, approximate_from=300)
    store.upsert(articles)
    model.upsert(articles)
    store.flush()
    assert (generation(tmp_path) / "approximate.faiss").exists()
    for again in (False, True):
        if again:
            store.close()
            store = opened(tmp_path, snapshot_from=1, approximate_from=300)
        for vector, _ in questions(5):
            truth = {row.chunk_id: row.score for row in model.dense(vector, 1000)}
            rows = store.dense(vector, 10)
            assert len(rows) == 10
            assert all(abs(truth[row.chunk_id] - row.score) < 1e-3 for row in rows)
            where = Filter(chunk_ids=frozenset(list(truth)[:40]))
            assert_same_ranking(store.dense(vector, 10, where), model.dense(vector, 10, where), 1e-3)
    store.upsert([make_article("新", seed=1)])
    assert any(
        row.chunk_id.startswith("新") for row in store.dense(make_article("新", seed=1).chunks[0].vector, 1)
    )
    store.close()


@pytest.mark.parametrize("few", [1, 1000])
def test_filters_hold_inside_the_approximate_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(dense, "_FEW", few)
    model = Model()
    articles = [make_article(f"記事{i}", seed=i, chunks=8) for i in range(60)]
    store = opened(tmp_path, snapshot_from=1, approximate_from=300)
    store.upsert(articles)
    model.upsert(articles)
    store.flush()
    rng = random.Random(1)
    for vector, tokens in questions(20):
        where = random_filter(rng, model)
        allowed = {row.chunk_id for row in model.dense(vector, 1000, where)}
        found = [row.chunk_id for row in store.dense(vector, 30, where)]
        assert set(found) <= allowed
        assert len(found) == min(30, len(allowed))
        assert_same_ranking(store.lexical(tokens, 30, where), model.lexical(tokens, 30, where), 1e-5)
    store.close()


def test_approximate_recall(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((4000, 32)) + 2.0
    halves = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)
    exact, approximate = VectorIndex(halves), VectorIndex(halves, train_approximate(halves))
    monkeypatch.setattr(dense, "_FEW", 10)
    wanted = np.sort(rng.choice(4000, 300, replace=False)).astype(np.int32)
    for rows in (None, wanted):
        hits = []
        for query in halves[:50].astype(np.float32):
            a, b = exact.search(query, 10, rows), approximate.search(query, 10, rows)
            best = [set(found.rows[np.argsort(-found.scores)[:10]].tolist()) for found in (a, b)]
            hits.append(len(best[0] & best[1]))
            assert rows is None or set(b.rows.tolist()) <= set(rows.tolist())
        assert np.mean(hits) >= 9.9


def test_both_ways_of_scoring_agree_to_the_last_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    hashes, docs = (
        rng.integers(0, 50, 5000).astype(np.uint64),
        np.sort(rng.integers(0, 700, 5000)).astype(np.int32),
    )
    unique = np.unique(np.stack([hashes.astype(np.int64), docs]), axis=1)
    order = np.argsort(unique[1], kind="stable")
    hashes, docs = unique[0][order].astype(np.uint64), unique[1][order].astype(np.int32)
    postings = Postings.build(hashes, docs, rng.integers(1, 9, len(docs)).astype(np.uint16))
    spans = postings.spans(np.arange(0, 60, 7, dtype=np.uint64))
    weights, norms = rng.random(len(spans)), rng.random(700) + 0.1
    wanted = np.sort(rng.choice(700, 200, replace=False)).astype(np.int32)
    few = postings.score(spans, weights, norms, wanted, 200)
    monkeypatch.setattr("rag.store.lexical._FEW", 0)
    many = postings.score(spans, weights, norms, wanted, 200)
    for one, other in zip(few, many, strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_exact_score_does_not_depend_on_its_neighbours() -> None:
    halves = np.array([unit(i) for i in range(2500)]).astype(np.float16)
    index, query = VectorIndex(halves), unit("q")
    together = index.scored(query, np.arange(2500, dtype=np.int32)).scores
    alone = [index.scored(query, np.array([row], np.int32)).scores[0] for row in range(2500)]
    np.testing.assert_array_equal(together, alone)


def test_a_snapshot_of_which_nothing_is_left(tmp_path: Path) -> None:
    filled(tmp_path)
    store = opened(tmp_path)
    store.delete([f"記事{i}" for i in range(10)])
    store.close()
    store = opened(tmp_path)
    assert store.dense(unit("q"), 5, Filter(langs=frozenset({"ja"}))) == []
    assert store.lexical(["語1"], 5) == []
    store.upsert([make_article("後", seed=1)])
    assert len(store.dense(unit("q"), 9, Filter(article_ids=frozenset({"後"})))) == 4
    store.close()

"""What every store must do: the same contract for each backend, against brute force."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from store_contract import (
    DIMENSION,
    MANIFEST,
    Model,
    assert_same_ranking,
    make_article,
    questions,
    random_filter,
    unit,
)

from rag.protocols import Store
from rag.store.local import LocalStore
from rag.types import Filter, IndexedArticle, Listing, Overview

Opener = Callable[[], Store]


def local(directory: Path) -> Store:
    return LocalStore(directory, MANIFEST)


def local_with_snapshots(directory: Path) -> Store:
    return LocalStore(directory, MANIFEST, snapshot_from=1)


@pytest.fixture(params=[local, local_with_snapshots], ids=lambda backend: backend.__name__)
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens the same store again, after closing the one before."""
    opened: list[Store] = []

    def again() -> Store:
        for store in opened:
            store.close()
        opened[:] = [request.param(tmp_path)]
        return opened[0]

    yield again
    for store in opened:
        store.close()


@pytest.fixture
def store(reopen: Opener) -> Store:
    return reopen()


def compare(store: Store, model: Model, seed: int = 0) -> None:
    """Everything a store answers, against brute force."""
    rng = random.Random(seed)
    assert store.count() == len(model.chunks())
    articles = [model.held[id_].article for id_ in sorted(model.held)]
    assert store.articles() == articles
    assert store.content_hashes() == {article.id: article.content_hash for article in articles}
    ids = [indexed.chunk.id for indexed in model.chunks()]
    assert store.chunks(ids) == [indexed.chunk for indexed in model.chunks()]
    for vector, tokens in questions(4, seed):
        for where in (None, Filter(), random_filter(rng, model), random_filter(rng, model)):
            for k in (1, 5, 1000):
                assert_same_ranking(store.dense(vector, k, where), model.dense(vector, k, where), 1e-3)
                assert_same_ranking(store.lexical(tokens, k, where), model.lexical(tokens, k, where), 1e-5)


def fill(store: Store, count: int = 12) -> Model:
    model = Model()
    articles = [make_article(f"記事{i}", seed=i, chunks=1 + i % 5) for i in range(count)]
    store.upsert(articles)
    model.upsert(articles)
    return model


def test_an_empty_store_answers_nothing(store: Store) -> None:
    store.upsert([])
    compare(store, Model())
    assert store.delete(["ない"]) == 0
    assert store.vectors(["ない"]) == {}


def test_search_equals_brute_force(store: Store) -> None:
    compare(store, fill(store))


def test_what_was_stored_is_there_after_reopening(reopen: Opener) -> None:
    model = fill(reopen())
    for seed in range(3):
        compare(reopen(), model, seed)


def test_pages_of_a_list_equal_brute_force(store: Store) -> None:
    rng = random.Random(3)
    model = Model()
    model.upsert(make_article(f"記事{i}", rng.randrange(20), chunks=1 + i % 4) for i in range(60))
    store.upsert(list(model.held.values()))
    assert store.listing(100) == Listing(model.listed(Filter(), "", False), 60)
    for _ in range(60):
        where, title = random_filter(rng, model), rng.choice(["", "題1", "題19", "ない"])
        newest, limit = rng.random() < 0.5, rng.choice([1, 7, 100])
        wanted = model.listed(where, title, newest)
        for offset in range(0, len(wanted) + limit, limit):
            page = Listing(wanted[offset : offset + limit], len(wanted))
            assert store.listing(limit, offset, where, title, newest) == page


@pytest.mark.parametrize("words", ["図書", "LIBRARY", "ｌｉｂｒａｒｙ", " が開館 "])
def test_titles_are_compared_whatever_case_and_width(store: Store, words: str) -> None:
    named = make_article("a", 0)
    title = "図書館 Library が開館 %_'"
    store.upsert([named._replace(article=named.article.model_copy(update={"title": title}))])
    assert store.listing(5, title=words.strip()).total == 1
    for other in ("図書室", "%a", "' OR 1 --"):
        assert store.listing(5, title=other) == Listing([], 0)
    assert store.listing(5, title="\0\ud800").total == 1  # nothing that could be in a title


def test_an_overview_says_what_there_is(store: Store) -> None:
    assert store.overview() == Overview(0, (), ())
    articles = [make_article(f"a{i}", i) for i in range(12)]
    store.upsert(articles)
    publishers = {one.article.publisher for one in articles} - {None}
    assert store.overview() == Overview(12, tuple(sorted(publishers)), ("en", "ja"))


def test_order_of_ids_is_kept_and_unknown_ones_are_left_out(store: Store) -> None:
    model = fill(store)
    ids = [indexed.chunk.id for indexed in model.chunks()]
    assert [chunk.id for chunk in store.chunks([ids[3], "ない", ids[0], ids[3]])] == [ids[3], ids[0], ids[3]]
    assert [article.id for article in store.articles(["記事3", "ない", "記事1"])] == ["記事3", "記事1"]


def test_changes_follow_each_other(reopen: Opener) -> None:
    store, rng = reopen(), random.Random(1)
    model = fill(store, 5)
    for step in range(12):
        articles = [make_article(f"記事{rng.randrange(8)}", seed=step, chunks=rng.randint(1, 6), same=2)]
        store.upsert(articles)
        model.upsert(articles)
        if step % 3 == 0:
            gone = [f"記事{rng.randrange(8)}", "ない"]
            assert store.delete(gone) == model.delete(gone)
        if step % 5 == 4:
            store = reopen()
        compare(store, model, step)


def test_incremental_equals_rebuilt_to_the_last_bit(tmp_path: Path) -> None:
    """The same articles, once by a history of changes and once at a stroke."""
    rng, model = random.Random(3), Model()
    grown = LocalStore(tmp_path / "grown", MANIFEST, snapshot_from=20)
    for step in range(40):
        article = make_article(f"記事{rng.randrange(15)}", seed=step, chunks=rng.randint(1, 8), same=3)
        grown.upsert([article])
        model.upsert([article])
        if step % 4 == 0:
            grown.delete([f"記事{step % 15}"])
            model.delete([f"記事{step % 15}"])
        if step % 7 == 0:
            grown.lexical(["語1"], 1)
        if step % 9 == 0:
            grown.flush()
    fresh = LocalStore(tmp_path / "fresh", MANIFEST)
    fresh.upsert(list(model.held.values()))
    for vector, tokens in questions(30):
        where = random_filter(rng, model)
        for k in (3, 1000):
            assert grown.dense(vector, k) == fresh.dense(vector, k)
            assert grown.lexical(tokens, k) == fresh.lexical(tokens, k)
            assert grown.dense(vector, k, where) == fresh.dense(vector, k, where)
            assert grown.lexical(tokens, k, where) == fresh.lexical(tokens, k, where)
    grown.close()
    fresh.close()


def test_equal_scores_are_ordered_by_chunk_id(store: Store) -> None:
    """The same text in many articles, more often than any top list is long."""
    articles = []
    for i in range(200):
        article, (indexed,) = make_article(f"a{i}", seed=1, chunks=1)
        same = indexed._replace(vector=unit("same"), tokens=("語1", "語2"))
        articles.append(IndexedArticle(article, (same,)))
    store.upsert(articles)
    expected = sorted(article.chunks[0].chunk.id for article in articles)[:7]
    assert [row.chunk_id for row in store.dense(unit("q"), 7)] == expected
    assert [row.chunk_id for row in store.lexical(["語1"], 7)] == expected
    assert len({row.score for row in store.dense(unit("q"), 200)}) == 1


def test_a_repeated_question_token_counts_as_often_as_it_is_given(store: Store) -> None:
    fill(store)
    once, twice = dict(store.lexical(["語1"], 500)), dict(store.lexical(["語1", "語1"], 500))
    assert twice == pytest.approx({chunk_id: 2 * score for chunk_id, score in once.items()})
    assert store.lexical(["語1", "語2", "語1"], 5) == store.lexical(["語2", "語1", "語1"], 5)
    assert store.lexical([], 5) == store.lexical(["未知"], 5) == []


def test_a_filter_that_allows_nothing_gives_nothing(store: Store) -> None:
    fill(store)
    for where in (
        Filter(chunk_ids=frozenset()),
        Filter(article_ids=frozenset({"ない"})),
        Filter(published_from="2030"),
        Filter(langs=frozenset({"fr"})),
    ):
        assert store.dense(unit("q"), 5, where) == []
        assert store.lexical(["語1"], 5, where) == []


@pytest.mark.parametrize(
    ("published", "low", "high", "found"),
    [
        ("2026-01-31", None, "2026-01", True),
        ("2026-02-01", None, "2026-01", False),
        ("2025-07", "2025", None, True),
        ("2024-12-31", "2025", None, False),
        ("2026", None, "2026-01", True),  # it may be from January
        ("2026", "2026-12", None, True),  # or from December
        ("2025", "2026-01", None, False),
        (None, "1000", "9999", False),
        ("2026-01-26", "2026-01-26", "2026-01-26", True),
    ],
)
def test_dates_compare_at_the_precision_both_have(
    store: Store, published: str | None, low: str | None, high: str | None, found: bool
) -> None:
    article, chunks = make_article("a", seed=1, chunks=1)
    store.upsert([IndexedArticle(article.model_copy(update={"published": published}), chunks)])
    where = Filter(published_from=low, published_to=high)
    assert bool(store.dense(unit("q"), 5, where)) is found


def test_metadata_alone_can_change(store: Store) -> None:
    article, chunks = make_article("a", seed=1)
    store.upsert([IndexedArticle(article, chunks)])
    assert store.dense(unit("q"), 9, Filter(publishers=frozenset({"新聞"}))) == []
    changed = article.model_copy(update={"publisher": "新聞"})
    store.upsert([IndexedArticle(changed, chunks)])
    assert len(store.dense(unit("q"), 9, Filter(publishers=frozenset({"新聞"})))) == len(chunks)
    assert store.articles() == [changed]


def test_vectors_are_found_by_the_hash_of_their_text(store: Store) -> None:
    model = fill(store)
    hashes = [indexed.embedded_text_sha256 for indexed in model.chunks()]
    found = store.vectors([*hashes, "ない"])
    assert set(found) == set(hashes)
    for indexed in model.chunks():
        np.testing.assert_allclose(found[indexed.embedded_text_sha256], indexed.vector, atol=1e-3)
        assert found[indexed.embedded_text_sha256].dtype == np.float32


@pytest.mark.parametrize("k", [0, -1])
def test_k_must_be_positive(store: Store, k: int) -> None:
    with pytest.raises(ValueError, match="k must be"):
        store.dense(unit("q"), k)
    with pytest.raises(ValueError, match="k must be"):
        store.lexical(["語1"], k)


BAD_VECTORS = [
    np.zeros(DIMENSION, np.float32),
    np.full(DIMENSION, np.nan, np.float32),
    np.full(DIMENSION, np.inf, np.float32),
    np.ones(DIMENSION, np.float32),
    unit("q")[:-1],
]


@pytest.mark.parametrize("bad", BAD_VECTORS)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_bad_vectors_are_refused_before_anything_is_written(store: Store, bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="vector"):
        store.dense(bad, 1)
    good, (article, (first, *rest)) = make_article("a", seed=1), make_article("b", seed=2)
    with pytest.raises(ValueError, match="vector"):
        store.upsert([good, IndexedArticle(article, (*rest, first._replace(vector=bad)))])
    assert store.count() == 0
    assert store.articles() == []


def test_inconsistent_articles_are_refused(store: Store) -> None:
    article, (first, *rest) = make_article("a", seed=1)
    other, others = make_article("b", seed=2)
    store.upsert([IndexedArticle(other, others)])
    moved = first._replace(chunk=first.chunk.model_copy(update={"text": "別の文"}))
    taken = first._replace(chunk=first.chunk.model_copy(update={"id": others[0].chunk.id}))
    for bad in ([moved], [others[0]], [first, first], [*rest, taken]):
        with pytest.raises(ValueError, match=r"chunk|given twice"):
            store.upsert([IndexedArticle(article, tuple(bad))])
    with pytest.raises(ValueError, match="given twice"):
        store.upsert([IndexedArticle(other, others)] * 2)
    assert store.articles() == [other]
    assert store.count() == len(others)


def test_a_chunk_id_may_move_within_a_batch(store: Store) -> None:
    a, (first, *rest) = make_article("a", seed=1)
    b, _ = make_article("b", seed=2)
    store.upsert([IndexedArticle(a, (first, *rest))])
    text = first.chunk.text + b.text
    moved = first._replace(
        chunk=first.chunk.model_copy(update={"article_id": "b", "start": 0, "end": len(first.chunk.text)})
    )
    longer = b.model_copy(update={"text": text})
    store.upsert([IndexedArticle(longer, (moved,)), IndexedArticle(a, tuple(rest))])
    assert [chunk.article_id for chunk in store.chunks([first.chunk.id])] == ["b"]
    assert store.count() == len(rest) + 1


def test_text_with_nul_and_emoji_keeps_its_offsets(store: Store) -> None:
    article, _ = make_article("a", seed=1)
    text = "😀NUL\0後の文。𠮷野家"
    article = article.model_copy(update={"text": text})
    _, (indexed, *_) = make_article("a", seed=1)
    chunk = indexed.chunk.model_copy(
        update={"start": 5, "end": len(text), "text": text[5:], "id": "日本語 id'\";"}
    )
    store.upsert([IndexedArticle(article, (indexed._replace(chunk=chunk),))])
    assert store.chunks(["日本語 id'\";"]) == [chunk]
    assert store.articles() == [article]

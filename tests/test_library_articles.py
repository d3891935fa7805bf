"""Adding and removing articles: all of it or nothing, and never over another article."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from doubles import FIDX, HashEmbedder, assert_in_step, corpus_file, files_below, make_article
from shelf import Shelf, edit

from rag.errors import ArticleNotFound, CorpusError, StoreError
from rag.library import Changes
from rag.types import Article


def test_added_articles_are_in_the_folder_and_in_the_store_as_given(shelf: Shelf) -> None:
    article = make_article(
        "図書館", "  本文は\r\n一字も変えません。\u3000😀\n", publisher="県: 広報 #1", published="2026-02"
    )
    changes = shelf.library.add([article])
    assert changes == Changes(added=("図書館",), embedded_chunks=1)
    assert shelf.store.articles(["図書館"]) == [article]
    assert_in_step(shelf.corpus, shelf.store)
    assert shelf.library.add([article]) == Changes()


def test_adding_an_article_again_replaces_it(shelf: Shelf) -> None:
    shelf.library.add([make_article("a", "一つ目の文。")])
    assert shelf.library.add([make_article("a", "二つ目の文。")]).changed == ("a",)
    assert_in_step(shelf.corpus, shelf.store)


def test_an_added_article_stays_in_the_subfolder_where_it_was(shelf: Shelf) -> None:
    (shelf.corpus / "news").mkdir()
    (shelf.corpus / "news" / "a.md").write_text(corpus_file(), encoding="utf-8")
    shelf.update()
    (shelf.index / "corpus.json").unlink()  # where it is does not depend on a cache
    assert shelf.library.add([make_article("a", "差し替えた本文。")]).changed == ("a",)
    assert [path.parent.name for path in shelf.corpus.rglob("a.md")] == ["news"]
    assert_in_step(shelf.corpus, shelf.store)


def test_an_added_article_replaces_the_file_that_has_its_id_under_another_name(shelf: Shelf) -> None:
    (shelf.corpus / "other-name.md").write_text(corpus_file(id="a"), encoding="utf-8")
    shelf.update()
    assert shelf.library.add([make_article("a", "差し替えた本文。")]).changed == ("a",)
    assert_in_step(shelf.corpus, shelf.store)


def test_adding_never_overwrites_the_file_of_another_article(shelf: Shelf) -> None:
    (shelf.corpus / "a.md").write_text(corpus_file(id="somebody-else"), encoding="utf-8")
    shelf.update()
    before = files_below(shelf.corpus)
    with pytest.raises(CorpusError, match="somebody-else"):
        shelf.library.add([make_article("a")])
    assert files_below(shelf.corpus) == before


@pytest.mark.parametrize(
    "unusable",
    [
        [make_article("b", "NUL\0のある本文。")],
        [make_article("b", " \n\u3000")],
        [make_article("README")],
        [make_article("b", "一つ目。"), make_article("b", "二つ目。")],
        [make_article("字" * 150)],
    ],
    ids=["nul", "blank", "readme", "twice", "name too long"],
)
def test_unusable_articles_are_refused_before_anything_changes(shelf: Shelf, unusable: list[Article]) -> None:
    before = files_below(shelf.corpus), shelf.store.content_hashes()
    with pytest.raises(CorpusError):
        shelf.library.add([make_article("a"), *unusable])
    assert (files_below(shelf.corpus), shelf.store.content_hashes()) == before
    assert shelf.update() == Changes()


def test_what_a_killed_process_left_is_no_article_and_is_cleared_away(shelf: Shelf) -> None:
    (shelf.corpus / ".incoming").mkdir()
    (shelf.corpus / ".incoming" / "half.md").write_text("---\ntitle", encoding="utf-8")
    assert shelf.update() == Changes()
    assert shelf.library.add([make_article("a")]).added == ("a",)
    assert not (shelf.corpus / ".incoming").exists()


def test_a_folder_that_cannot_be_written_is_an_error_with_a_hint(home: Path, embedder: HashEmbedder) -> None:
    shutil.rmtree(home / "corpus")
    (home / "corpus").write_text("a file", encoding="utf-8")
    shelf = Shelf(home, embedder)
    with pytest.raises((CorpusError, StoreError)) as raised:
        shelf.library.add([make_article("a")])
    shelf.store.close()
    assert raised.value.hint


def test_remove_deletes_the_file_wherever_it_is_and_the_chunks(shelf: Shelf) -> None:
    (shelf.corpus / "sub").mkdir()
    (shelf.corpus / "sub" / "name.md").write_text(corpus_file(id="a"), encoding="utf-8")
    shelf.update()
    assert shelf.library.remove("a") == Changes(removed=("a",))
    assert not (shelf.corpus / "sub" / "name.md").exists()
    assert_in_step(shelf.corpus, shelf.store)


def test_removing_an_unknown_article_says_so(shelf: Shelf) -> None:
    with pytest.raises(ArticleNotFound, match="nope"):
        shelf.library.remove("nope")
    assert_in_step(shelf.corpus, shelf.store)


def test_the_store_of_many_small_changes_equals_one_built_at_once(shelf: Shelf, tmp_path: Path) -> None:
    shelf.library.add([make_article("a", "最初の本文。"), make_article("b")])
    edit(shelf.corpus / f"{FIDX}.md", "63カ国", "64カ国")
    shelf.library.add([make_article("a", "直した本文。")])
    shelf.library.remove("b")
    shutil.copytree(shelf.corpus, tmp_path / "other" / "corpus")
    fresh = Shelf(tmp_path / "other", HashEmbedder())
    fresh.update()
    query = shelf.embedder.embed_queries(["Coworkはいつ?"])[0]
    try:
        assert shelf.store.dense(query, 100) == fresh.store.dense(query, 100)
        assert shelf.store.lexical(["cowork", "stargate"], 100) == fresh.store.lexical(
            ["cowork", "stargate"], 100
        )
    finally:
        fresh.store.close()

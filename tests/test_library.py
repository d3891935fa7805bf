"""The index follows the corpus folder: only what changed is done again, and nothing is ever half done."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

import pytest
from doubles import FIDX, INFOQ, corpus_file
from shelf import Shelf, another_writer, edit

from rag.errors import CorpusError, StoreBusy, StoreError
from rag.library import Changes

# --- what an update does ----------------------------------------------------------------------------------


def test_first_update_adds_every_article_and_embeds_every_chunk(empty: Shelf) -> None:
    changes = empty.update()
    assert changes.added == (FIDX, INFOQ)
    assert changes.embedded_chunks == empty.store.count() > 10
    assert (changes.changed, changes.removed) == ((), ())


def test_an_update_without_changes_does_nothing(shelf: Shelf, shelves: Callable[[], Shelf]) -> None:
    assert shelf.update() == Changes()
    assert shelves().update() == Changes()  # nor after opening it again
    assert not Changes()


def test_only_the_chunk_of_a_changed_sentence_is_embedded_again(shelf: Shelf) -> None:
    edit(shelf.corpus / f"{FIDX}.md", "63カ国", "64カ国")
    assert shelf.update() == Changes(changed=(FIDX,), embedded_chunks=1)
    assert "64カ国" in shelf.embedder.documents[0]


def test_chunks_that_only_moved_are_not_embedded_again(shelf: Shelf) -> None:
    path = shelf.corpus / f"{INFOQ}.md"
    edit(path, "lang: ja\n---\n", "lang: ja\n---\n# 前書き\n短い前書きです。\n# 本文\n")
    shelf.update()
    edit(path, "短い前書きです。", "前よりは少し長い前書きです。")
    assert shelf.update() == Changes(changed=(INFOQ,), embedded_chunks=1)


def test_a_change_of_metadata_reaches_the_store_without_embedding(shelf: Shelf) -> None:
    edit(shelf.corpus / f"{INFOQ}.md", "publisher: InfoQ Japan", "publisher: 別の媒体")
    assert shelf.update() == Changes(changed=(INFOQ,))
    assert shelf.store.articles([INFOQ])[0].publisher == "別の媒体"


def test_a_new_title_is_embedded_with_every_chunk(shelf: Shelf) -> None:
    edit(shelf.corpus / f"{INFOQ}.md", "title: OpenAI for Countries / Stargate", "title: 新しい題名")
    changes = shelf.update()
    assert changes.embedded_chunks == len(shelf.embedder.documents) > 5
    assert all(text.startswith("新しい題名\n") for text in shelf.embedder.documents)


def test_a_new_file_is_added_and_a_deleted_one_removed(shelf: Shelf) -> None:
    (shelf.corpus / "図書館.md").write_text(corpus_file(), encoding="utf-8")
    (shelf.corpus / f"{INFOQ}.md").unlink()
    assert shelf.update() == Changes(added=("図書館",), removed=(INFOQ,), embedded_chunks=1)


def test_a_renamed_file_is_another_article_whose_vectors_are_kept(shelf: Shelf) -> None:
    (shelf.corpus / f"{INFOQ}.md").rename(shelf.corpus / "stargate.md")
    assert shelf.update() == Changes(added=("stargate",), removed=(INFOQ,))


def test_a_renamed_file_with_an_id_of_its_own_is_the_same_article(shelf: Shelf) -> None:
    (shelf.corpus / "a.md").write_text(corpus_file(id="library"), encoding="utf-8")
    assert shelf.update().added == ("library",)
    (shelf.corpus / "a.md").rename(shelf.corpus / "b.md")
    assert shelf.update() == Changes()


def test_a_file_moved_to_a_subfolder_is_the_same_article(shelf: Shelf) -> None:
    (shelf.corpus / "2025" / "07").mkdir(parents=True)
    (shelf.corpus / f"{INFOQ}.md").rename(shelf.corpus / "2025" / "07" / f"{INFOQ}.md")
    assert shelf.update() == Changes()


def test_readme_and_hidden_files_are_no_articles(shelf: Shelf) -> None:
    (shelf.corpus / "README.md").write_text("説明", encoding="utf-8")
    (shelf.corpus / ".obsidian").mkdir()
    (shelf.corpus / ".obsidian" / "note.md").write_text("メモ", encoding="utf-8")
    assert shelf.update() == Changes()


def test_more_articles_than_a_batch_holds_all_arrive(empty: Shelf) -> None:
    for n in range(70):
        path = empty.corpus / f"a{n:02}.md"
        path.write_text(corpus_file(f"第{n}号の記事です。"), encoding="utf-8")
    assert len(empty.update().added) == 72


def test_progress_never_goes_back_and_ends_at_the_total(empty: Shelf) -> None:
    for n in range(40):
        (empty.corpus / f"a{n:02}.md").write_text(corpus_file(f"第{n}号。"), encoding="utf-8")
    reports: list[tuple[int, int]] = []
    empty.library.update(lambda stage, done, total: reports.append((done, total)))
    assert [done for done, _ in reports] == sorted(done for done, _ in reports)
    assert len({total for _, total in reports}) == 1
    assert reports[-1][0] == reports[-1][1]


# --- what is wrong in the folder --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"no front matter",
        b"---\ntitle: x\n---\nbody",
        corpus_file(url="javascript:alert(1)").encode(),
        corpus_file(typo="x").encode(),
        corpus_file("").encode(),
        corpus_file("東京の話。").encode("cp932"),
        b"---\n[: yaml\n---\nbody",
    ],
)
def test_a_broken_file_is_named_and_nothing_changes(shelf: Shelf, content: bytes) -> None:
    before = shelf.store.content_hashes()
    (shelf.corpus / "0-good.md").write_text(corpus_file(), encoding="utf-8")
    (shelf.corpus / "broken.md").write_bytes(content)
    (shelf.corpus / f"{INFOQ}.md").unlink()
    with pytest.raises(CorpusError, match=r"broken\.md:\d+"):
        shelf.library.update()
    assert shelf.store.content_hashes() == before
    (shelf.corpus / "broken.md").unlink()
    assert shelf.update() == Changes(added=("0-good",), removed=(INFOQ,), embedded_chunks=1)


def test_all_broken_files_are_named_at_once(shelf: Shelf) -> None:
    for name in ("one.md", "two.md"):
        (shelf.corpus / name).write_text("x", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"(?s)one\.md.*two\.md"):
        shelf.library.update()


def test_two_files_with_one_id_are_both_named_and_nothing_changes(shelf: Shelf) -> None:
    before = shelf.store.content_hashes()
    (shelf.corpus / "copy.md").write_text(corpus_file(id=INFOQ), encoding="utf-8")
    with pytest.raises(CorpusError, match=rf"(?s)(copy.*{INFOQ}\.md|{INFOQ}\.md.*copy)"):
        shelf.library.update()
    assert shelf.store.content_hashes() == before


def test_a_link_to_nowhere_and_a_folder_named_like_a_file_are_named(shelf: Shelf) -> None:
    (shelf.corpus / "link.md").symlink_to(shelf.corpus / "nowhere")
    (shelf.corpus / "folder.md").mkdir()
    with pytest.raises(CorpusError, match=r"(?s)folder\.md.*link\.md"):
        shelf.library.update()


# --- what is wrong in the index ---------------------------------------------------------------------------


def test_a_deleted_index_is_built_anew(shelf: Shelf, shelves: Callable[[], Shelf]) -> None:
    before = shelf.store.chunks([hit.chunk_id for hit in shelf.store.lexical(["cowork"], 100)])
    shelf.store.close()
    shutil.rmtree(shelf.index)
    again = shelves()
    assert again.update().added == (FIDX, INFOQ)
    assert again.store.chunks([hit.chunk_id for hit in again.store.lexical(["cowork"], 100)]) == before


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b"[]",
        b"null",
        b'{"a.md": 1}',
        b'{"a.md": [1, 2]}',
        b'{"a.md": [1, 2, 3, 4, 5]}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
    ],
)
def test_a_damaged_note_of_the_corpus_files_costs_only_a_reading(shelf: Shelf, content: bytes) -> None:
    (shelf.index / "corpus.json").write_bytes(content)
    edit(shelf.corpus / f"{FIDX}.md", "63カ国", "64カ国")
    assert shelf.update() == Changes(changed=(FIDX,), embedded_chunks=1)
    assert sorted(json.loads((shelf.index / "corpus.json").read_bytes())) == [f"{FIDX}.md", f"{INFOQ}.md"]


def test_a_note_of_files_that_the_store_does_not_hold_is_not_believed(shelf: Shelf) -> None:
    shelf.store.delete([FIDX])
    assert shelf.update() == Changes(added=(FIDX,), embedded_chunks=len(shelf.embedder.documents))
    assert shelf.embedder.documents


def test_an_unusable_lock_is_a_store_error(empty: Shelf) -> None:
    (empty.index / ".lock").mkdir()
    with pytest.raises(StoreError, match="lock"):
        empty.library.update()


def test_while_another_process_writes_an_update_waits_or_says_so(shelf: Shelf) -> None:
    (shelf.corpus / "a.md").write_text(corpus_file(), encoding="utf-8")
    with another_writer(shelf.index):
        with pytest.raises(StoreBusy):
            shelf.library.update(wait=0)
        with pytest.raises(StoreBusy):
            shelf.library.update(wait=0.05)
    assert shelf.library.update(wait=5).added == ("a",)


def test_an_update_with_nothing_to_do_does_not_wait_for_another_writer(shelf: Shelf) -> None:
    with another_writer(shelf.index):
        assert shelf.library.update(wait=0) == Changes()

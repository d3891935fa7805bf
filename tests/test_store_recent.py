"""What a store keeps in memory after reading it: at most so much, and only until something is committed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from store_contract import MANIFEST, make_article

from rag.store.local import LocalStore
from rag.store.recent import Recent
from rag.types import Chunk


class Shelf:
    """Chunks of ten characters each, that remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def read(self, ids: Sequence[str]) -> list[Chunk]:
        self.asked += ids
        return [Chunk(id=id_, article_id="a", start=0, end=10, text=id_ * 10) for id_ in ids if id_ != "none"]


def test_what_was_read_is_not_read_again_until_a_commit() -> None:
    shelf, recent = Shelf(), Recent[Chunk](100)
    first = recent.get(1, ["b", "a", "none", "b"], shelf.read)
    assert [chunk.id for chunk in first] == ["b", "a", "b"]
    assert recent.get(1, ["a", "b"], shelf.read) == [first[1], first[0]]
    assert shelf.asked == ["b", "a", "none"]
    recent.get(2, ["a"], shelf.read)
    assert shelf.asked == ["b", "a", "none", "a"]


def test_the_least_recently_used_goes_first() -> None:
    shelf, recent = Shelf(), Recent[Chunk](30)
    recent.get(1, ["a", "b", "c"], shelf.read)
    recent.get(1, ["a"], shelf.read)
    recent.get(1, ["d"], shelf.read)
    shelf.asked.clear()
    recent.get(1, ["a", "c", "d"], shelf.read)
    assert shelf.asked == []
    assert [chunk.id for chunk in recent.get(1, list("abcdefg"), shelf.read)] == list("abcdefg")
    assert shelf.asked == list("befg")


def test_a_commit_of_another_process_is_seen(tmp_path: Path) -> None:
    mine, other = LocalStore(tmp_path, MANIFEST), LocalStore(tmp_path, MANIFEST)
    before, after = make_article("記事", seed=1), make_article("記事", seed=2)
    mine.upsert([before])
    assert mine.articles(["記事"]) == [before.article]
    assert [c.text for c in mine.chunks([before.chunks[0].chunk.id])] == [before.chunks[0].chunk.text]
    other.upsert([after])
    assert mine.articles(["記事"]) == [after.article]
    assert mine.chunks([before.chunks[0].chunk.id]) == []
    other.delete(["記事"])
    assert mine.articles(["記事"]) == []
    mine.close()
    other.close()

"""A filled local store on disk, for tests that look at its files."""

from __future__ import annotations

from pathlib import Path

from store_contract import MANIFEST, make_article, questions

from rag.store import snapshot
from rag.store.local import LocalStore
from rag.types import Scored


def opened(directory: Path, **options: int) -> LocalStore:
    return LocalStore(directory, MANIFEST, **options)  # type: ignore[arg-type]


def filled(directory: Path, count: int = 10) -> list[list[Scored]]:
    """A closed store with a snapshot, and what it answered."""
    store = opened(directory, snapshot_from=1)
    store.upsert([make_article(f"記事{i}", seed=i) for i in range(count)])
    store.flush()
    answers = asked(store)
    store.close()
    return answers


def asked(store: LocalStore) -> list[list[Scored]]:
    return [
        ranking
        for vector, tokens in questions(5)
        for ranking in (store.dense(vector, 7), store.lexical(tokens, 7))
    ]


def generation(directory: Path) -> Path:
    (folder,) = (directory / snapshot.FOLDER).iterdir()
    return folder

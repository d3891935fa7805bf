"""Keeps the store in step with `corpus/`: only what changed there is chunked, embedded and committed.

`corpus/` is what people edit and keep; the index follows it and can be deleted at any time. One process at a
time writes (a lock file in the index folder); readers never wait.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, Protocol

from filelock import FileLock, Timeout

from rag.chunking import chunk, indexed_text
from rag.corpus import article_paths, check_unique, read_article, replace_file, write_article
from rag.errors import ArticleNotFound, CorpusError, StoreBusy, StoreError
from rag.protocols import Embedder, Store
from rag.terms import index_terms
from rag.types import Article, Chunk, IndexedArticle, IndexedChunk, sha256

_BATCH = 32
"""Articles per commit, and texts per call of the embedder: small enough for a smooth progress bar."""


class Progress(Protocol):
    """Is told how far long work has come."""

    def __call__(self, stage: str, done: int, total: int) -> None:
        """`done` of `total` steps of a stage are finished."""


class Changes(NamedTuple):
    """What an update did to the index: article ids, and how many chunks had to be embedded."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    embedded_chunks: int = 0

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


class _File(NamedTuple):
    """What was last known of a corpus file."""

    mtime_ns: int
    size: int
    inode: int
    article_id: str
    content_hash: str


@contextlib.contextmanager
def writing(index: Path, wait: float = -1) -> Iterator[None]:
    """The right to write, which one process has at a time. `wait`: seconds to wait for it, −1 for ever.

    Raises:
        StoreBusy: another process kept it.
        StoreError: the lock file cannot be made.
    """
    lock = FileLock(index / ".lock")
    try:
        index.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=wait)
    except Timeout:
        raise StoreBusy(
            "別のプロセスが索引を更新しています。",
            "終わるのを待って、もう一度実行してください。",
            en=("Another process is updating the index.", "Wait until it is done, and try again."),
        ) from None
    except OSError as error:
        raise _not_written(Path(lock.lock_file), error) from error
    try:
        yield
    finally:
        lock.release()


class Library:
    """The corpus folder, its store and the embedder between them."""

    def __init__(self, corpus: Path, index: Path, embedder: Embedder, store: Store) -> None:
        self._corpus = corpus
        self._embedder = embedder
        self._store = store
        self._state = index / "corpus.json"
        self._index_folder = index

    def update(self, progress: Progress | None = None, wait: float = -1) -> Changes:
        """Bring the store in step with the corpus folder.

        `wait`: seconds to wait for another writer, −1 for as long as it takes.

        Raises:
            CorpusError: a file is wrong; nothing was changed.
            StoreBusy: another process kept writing.
        """
        if not self.stale():
            return Changes()
        with writing(self._index_folder, wait):
            return self._update(progress)

    def add(self, articles: Sequence[Article], progress: Progress | None = None) -> Changes:
        """Write articles to the corpus folder (replacing those with the same id) and index them.

        Raises:
            CorpusError: an article, or a file that is there already, is wrong; nothing was changed.
            StoreError: a file cannot be written.
        """
        with writing(self._index_folder):
            self._take_in(articles)
            return self._update(progress)

    def remove(self, article_id: str) -> Changes:
        """Delete an article's file and its chunks.

        Raises:
            ArticleNotFound: there is no such article.
        """
        with writing(self._index_folder):
            paths = [name for name, known in self._scan(read=True).items() if known.article_id == article_id]
            if not paths:
                raise ArticleNotFound(
                    f"記事「{article_id}」はありません。",
                    "「rag articles」で id の一覧を確認してください。",
                    en=(f"There is no article “{article_id}”.", "`rag articles` lists the ids."),
                )
            for name in paths:
                (self._corpus / name).unlink(missing_ok=True)
            return self._update(None)

    def _take_in(self, articles: Sequence[Article]) -> None:
        """Put the articles' files in their places: all of them, or none when one could not be read back."""
        owners = {name: file.article_id for name, file in self._scan(read=True).items()}
        names = {article_id: name for name, article_id in owners.items()}
        incoming = self._corpus / ".incoming"
        shutil.rmtree(incoming, ignore_errors=True)  # left by a process that was killed
        try:
            moves = []
            for staged in _staged(articles, incoming):
                known = names.get(staged.stem)
                target = Path(known or staged.name).with_name(staged.name)
                if owners.get(target.as_posix(), staged.stem) != staged.stem:
                    other = owners[target.as_posix()]
                    raise CorpusError(
                        f"{self._corpus / target}: 別の記事「{other}」のファイルです。",
                        "どちらかの id を変えてください。",
                        en=(
                            f"{self._corpus / target}: this is the file of another article, “{other}”.",
                            "Change one of the ids.",
                        ),
                    )
                moves.append((staged, known, self._corpus / target))
            for staged, known, path in moves:
                if known:
                    (self._corpus / known).replace(path)  # named otherwise: never two files of one id
                staged.replace(path)
        except OSError as error:
            raise _not_written(self._corpus, error) from error
        finally:
            shutil.rmtree(incoming, ignore_errors=True)

    def _known(self) -> dict[str, _File]:
        """What is remembered of each file, by its path below the corpus folder; empty when unreadable."""
        try:
            entries = json.loads(self._state.read_text(encoding="utf-8"))
            return {name: _File(*entry) for name, entry in entries.items()}
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):
            return {}

    def _scan(self, read: bool) -> dict[str, _File]:
        """Every file as it is now; with `read`, changed ones are read, else they have empty hashes."""
        known = self._known()
        found: dict[str, _File] = {}
        articles: list[tuple[Path, Article]] = []
        problems: list[CorpusError] = []
        for path in article_paths(self._corpus):
            name = path.relative_to(self._corpus).as_posix()
            facts = _facts(path)
            if name in known and known[name][:3] == facts:
                found[name] = known[name]
                continue
            found[name] = _File(*facts, "", "")
            if not read:
                continue
            try:
                article = read_article(path)
                articles.append((path, article))
                found[name] = _File(*facts, article.id, article.content_hash)
            except CorpusError as problem:
                problems.append(problem)
        if problems:
            raise (
                problems[0]
                if len(problems) == 1
                else CorpusError(
                    "\n".join(str(problem) for problem in problems),
                    en=("\n".join("\n→ ".join(problem.said("en")) for problem in problems), ""),
                )
            )
        self._check_unique(found)
        return found

    def _check_unique(self, found: dict[str, _File]) -> None:
        check_unique(
            (self._corpus / name, file.article_id) for name, file in found.items() if file.article_id
        )

    def stale(self) -> bool:
        """Whether the corpus folder holds anything else than the store does."""
        found = self._scan(read=False)
        return {file.article_id: file.content_hash for file in found.values()} != self._store.content_hashes()

    def _update(self, progress: Progress | None) -> Changes:
        found = self._scan(read=True)
        stored = self._store.content_hashes()
        wanted = {file.article_id: (name, file.content_hash) for name, file in found.items()}
        todo = [name for article_id, (name, digest) in wanted.items() if stored.get(article_id) != digest]
        removed = tuple(sorted(stored.keys() - wanted.keys()))
        embedded = 0
        with ThreadPoolExecutor(1, "rag-terms") as aside:
            for first in range(0, len(todo), _BATCH):
                articles = [read_article(self._corpus / name) for name in todo[first : first + _BATCH]]
                embedded += self._index(articles, (first, len(todo)), aside, progress)
        if removed:
            self._store.delete(removed)
        self._store.flush()
        ids = [found[name].article_id for name in todo]
        self._remember(found)
        return Changes(
            added=tuple(i for i in ids if i not in stored),
            changed=tuple(i for i in ids if i in stored),
            removed=removed,
            embedded_chunks=embedded,
        )

    def _remember(self, found: dict[str, _File]) -> None:
        try:
            replace_file(self._state, json.dumps(found, ensure_ascii=False).encode())
        except OSError as error:
            raise _not_written(self._state, error) from error

    def _index(
        self, articles: Sequence[Article], place: tuple[int, int], aside: Executor, progress: Progress | None
    ) -> int:
        """Chunk, embed what is new, and commit some articles; returns how many texts were embedded.

        The terms are found in the meantime: between two texts, the embedder's threads wait for the next.
        """
        pieces = [(article, piece) for article in articles for piece in chunk(article)]
        terms = aside.map(_terms, pieces)
        texts = {sha256(indexed_text(*piece)): indexed_text(*piece) for piece in pieces}
        vectors = self._store.vectors(list(texts))
        new = [digest for digest in texts if digest not in vectors]
        for first in range(0, len(new), _BATCH):
            batch = new[first : first + _BATCH]
            vectors |= zip(
                batch, self._embedder.embed_documents([texts[digest] for digest in batch]), strict=True
            )
            if progress:
                share = min(first + _BATCH, len(new)) / len(new)
                progress("index", place[0] * 100 + int(share * len(articles) * 100), place[1] * 100)
        indexed: dict[str, list[IndexedChunk]] = {article.id: [] for article in articles}
        for (article, piece), tokens in zip(pieces, terms, strict=True):
            digest = sha256(indexed_text(article, piece))
            indexed[article.id].append(IndexedChunk(piece, tokens, digest, vectors[digest]))
        self._store.upsert([IndexedArticle(article, tuple(indexed[article.id])) for article in articles])
        return len(new)


def _staged(articles: Sequence[Article], folder: Path) -> list[Path]:
    """The articles as files of a folder of their own, found and read there as any article will be."""
    ids = [article.id for article in articles]
    for article in articles:
        write_article(article, folder)
    paths = article_paths(folder)
    for unusable in [id_ for id_ in ids if ids.count(id_) > 1] + sorted(
        set(ids) - {path.stem for path in paths}
    ):
        raise CorpusError(
            f"記事の id「{unusable}」は使えないか、2つの記事にあります。",
            "ファイル名か id を変えてください。",
            en=(
                f"The article id “{unusable}” cannot be used, or two articles have it.",
                "Change the name of the file, or the id.",
            ),
        )
    for path in paths:
        read_article(path)
    return paths


def _facts(path: Path) -> tuple[int, int, int]:
    try:
        stat = path.stat()
    except OSError:
        return 0, 0, 0  # gone by now, or a link to nowhere: reading it will tell
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _not_written(path: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{path}: 書き込めません({error.strerror})。",
        "空き容量と書き込み権限を確認してください。",
        en=(f"{path}: cannot be written ({error.strerror}).", "Check the free space and the permissions."),
    )


def _terms(piece: tuple[Article, Chunk]) -> tuple[str, ...]:
    return tuple(index_terms(indexed_text(*piece), piece[0].title))

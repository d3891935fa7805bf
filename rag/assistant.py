"""`search`, `ask` and `ingest` over one home folder, with the backends that its settings name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from rag import retrieval
from rag.answering.conversation import complete
from rag.answering.parting import parts
from rag.backends import (
    Completer,
    erase_store,
    load_ahead,
    open_embedder,
    open_engine,
    open_reader,
    open_reranker,
    open_store,
)
from rag.config import Settings, find_home, load_settings
from rag.corpus import read_corpus
from rag.errors import ArticleNotFound, ChunkNotFound, InvalidQuestion, StoreBusy
from rag.library import Changes, Library, Progress, writing
from rag.protocols import Answerer, Embedder, Reranker, Store
from rag.timing import Timer
from rag.types import (
    Abstention,
    Article,
    Chunk,
    Filter,
    Hit,
    Listing,
    Overview,
    Reply,
    Statement,
    Turn,
)

LONGEST_QUESTION = 2000
"""Characters; what is longer is a document, not a question."""

READ = 12
"""How many hits the answerer reads, whatever number is returned."""

READ_FOR_PART = 3
"""How many more for each question, where several are asked at once."""

_EMPTY = "記事がまだありません。「rag ingest ファイルかURL」で取り込んでください。"


class Assistant:
    """Search, ask and ingest over one home folder (`corpus/` and `index/`). Safe to share between threads."""

    def __init__(
        self,
        corpus: Path,
        index: Path,
        embedder: Embedder,
        store: Store,
        answerer: Answerer,
        complete: Completer = complete,
        reranker: Reranker | None = None,
    ) -> None:
        """Put together from parts; `Assistant.open` picks the usual ones."""
        self.corpus = corpus
        self.home = corpus.parent
        self.embedder = embedder
        self._store = store
        self._answerer = answerer
        self._complete = complete
        self._reranker = reranker
        self._library = Library(corpus, index, embedder, store)

    @classmethod
    def open(
        cls,
        home: Path | str | None = None,
        *,
        settings: Settings | None = None,
        progress: Progress | None = None,
        preload: bool = False,
    ) -> Self:
        """Open a home folder (default: see `rag.config.find_home`) and update its index.

        `preload`: load the models in the background at once rather than at the first question.

        Raises:
            ConfigError: no home folder, or a wrong setting.
            CorpusError: an article file is wrong.
            IndexMismatch: the index was built with another model or version.
        """
        folder = find_home(Path(home) if home is not None else None)
        chosen = settings or load_settings(folder)
        if preload:
            load_ahead(chosen)
        embedder = open_embedder(chosen.embedding)
        engine = open_engine(chosen.llm, embedder, open_reader(chosen.reader))
        index = folder / "index"
        store = open_store(index, embedder)
        try:
            reranker = open_reranker(chosen.reranker)
            assistant = cls(folder / "corpus", index, embedder, store, *engine, reranker)
            assistant.update(progress)
        except BaseException:
            store.close()
            raise
        return assistant

    def update(self, progress: Progress | None = None) -> Changes:
        """Take over what changed in `corpus/` since; done by `open` too.

        While another process is writing, an index that already holds articles is used as it is.
        """
        try:
            return self._library.update(progress, wait=0 if self._store.count() else -1)
        except StoreBusy:
            return Changes()

    def search(self, question: str, k: int = 10, where: Filter | None = None) -> list[Hit]:
        """The k best chunks for a question, best first.

        Raises:
            InvalidQuestion: empty, or longer than `LONGEST_QUESTION`.
            ValueError: k is not positive.
        """
        asked = clean_question(question)
        return retrieval.search(asked, self.embedder, self._store, k, where, reranker=self._reranker)

    def ask(
        self, question: str, k: int = 5, where: Filter | None = None, history: Sequence[Turn] = ()
    ) -> Reply:
        """An answer with citations, or an abstention; `hits` holds the k best chunks either way.

        `history`: the earlier turns of a conversation, oldest first; a follow-up is completed from them.

        Raises:
            InvalidQuestion: empty, or longer than `LONGEST_QUESTION`.
            ValueError: k is not positive.
        """
        *_, reply = self.stream(question, k, where, history)
        return cast(Reply, reply)

    def stream(
        self, question: str, k: int = 5, where: Filter | None = None, history: Sequence[Turn] = ()
    ) -> Iterator[Statement | Reply]:
        """As `ask`: each statement as soon as it is verified, and last the whole reply, which is what counts.

        Raises:
            InvalidQuestion, ValueError: as `ask` does, when the first part is asked for.
        """
        if k <= 0:
            raise ValueError(f"k must be positive, not {k}")
        timer = Timer()
        asked = clean_question(question)
        with timer("complete"):
            standalone = self._complete(asked, history)
        hits = self._found(standalone, max(k, READ), where, timer)
        if not hits and not self._store.count():
            yield Abstention(
                question=asked, reason="empty_corpus", message=_EMPTY, timings_ms=timer.timings_ms()
            )
            return
        parts: Iterator[Statement | Reply] = self._answerer.stream(standalone, hits)
        while True:
            with timer("read"):
                part = next(parts)
            if isinstance(part, Statement):
                yield part
                continue
            yield part.model_copy(
                update={
                    "question": asked,
                    "standalone_question": standalone if standalone != asked else None,
                    "hits": part.hits[:k],
                    "timings_ms": timer.timings_ms(),
                }
            )
            return

    def _found(self, question: str, k: int, where: Filter | None, timer: Timer) -> list[Hit]:
        """The k best hits for a question; for one that asks several, the few best of each among the first `READ`."""
        hits = retrieval.search(question, self.embedder, self._store, k, where, timer, self._reranker)
        asked, new = parts(question), dict[str, Hit]()
        for part in asked if len(asked) > 1 else ():
            found = retrieval.search(part, self.embedder, self._store, READ_FOR_PART, where, timer)
            new |= {hit.chunk.id: hit for hit in found}
        for hit in hits:
            new.pop(hit.chunk.id, None)
        place = READ - len(new)
        hits[place:place] = new.values()
        return [hit.model_copy(update={"rank": rank}) for rank, hit in enumerate(hits, 1)] if new else hits

    def ingest(self, articles: Sequence[Article], progress: Progress | None = None) -> Changes:
        """Add articles, or replace those with the same id: written to `corpus/` and indexed."""
        return self._library.add(articles, progress)

    def remove(self, article_id: str) -> Changes:
        """Delete an article from `corpus/` and the index.

        Raises:
            ArticleNotFound: there is no such article.
        """
        return self._library.remove(article_id)

    def articles(self) -> list[Article]:
        """All articles, by id."""
        return self._store.articles()

    def listing(
        self, limit: int, offset: int = 0, where: Filter | None = None, title: str = "", newest: bool = False
    ) -> Listing:
        """A page of the articles that pass the filter and have `title` in theirs, whatever case and width.

        By id; `newest`: the latest date first. Only the articles of the page are read.
        """
        return self._store.listing(limit, offset, where, title, newest)

    def overview(self) -> Overview:
        """How many articles there are, and of which publishers and languages."""
        return self._store.overview()

    def article(self, article_id: str) -> Article:
        """One article.

        Raises:
            ArticleNotFound: there is no such article.
        """
        for article in self._store.articles([article_id]):
            return article
        raise ArticleNotFound(
            f"記事「{article_id}」はありません。",
            "「rag articles」で id の一覧を確認してください。",
            en=(f"There is no article “{article_id}”.", "`rag articles` lists the ids."),
        )

    def chunk(self, chunk_id: str) -> Chunk:
        """One chunk of the index.

        Raises:
            ChunkNotFound: there is no such chunk, or its article has changed since.
        """
        for chunk in self._store.chunks([chunk_id]):
            return chunk
        raise ChunkNotFound(
            f"チャンク「{chunk_id}」はありません。",
            "記事が更新されたかもしれません。検索し直してください。",
            en=(f"There is no chunk “{chunk_id}”.", "Its article may have changed: search again."),
        )

    def chunk_count(self) -> int:
        """How many chunks the index holds."""
        return self._store.count()

    def close(self) -> None:
        """Release the index."""
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def rebuild(home: Path | str | None = None, *, progress: Progress | None = None) -> Assistant:
    """Throw the index away and build it anew from `corpus/`.

    Raises:
        RagError: as `Assistant.open` does, and before the old index is touched.
    """
    folder = find_home(Path(home) if home is not None else None)
    open_embedder(load_settings(folder).embedding)
    read_corpus(folder / "corpus")
    with writing(folder / "index"):
        erase_store(folder / "index")
    return Assistant.open(folder, progress=progress)


def clean_question(question: str) -> str:
    """The question as it is searched, answered and shown: no NUL, control characters or lone surrogates.

    Raises:
        InvalidQuestion: empty, or longer than `LONGEST_QUESTION`.
    """
    paired = question.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    cleaned = re.sub(r"[\s\x00-\x1f\x7f-\x9f\ufffd]+", " ", paired).strip()
    if not cleaned:
        raise InvalidQuestion(
            "質問が空です。",
            "知りたいことを文で入力してください。例: Coworkはいつ発表されましたか?",
            en=("The question is empty.", "Ask in a sentence, such as: When was Cowork announced?"),
        )
    if len(cleaned) > LONGEST_QUESTION:
        raise InvalidQuestion(
            f"質問が長すぎます({len(cleaned):,} 文字)。",
            f"{LONGEST_QUESTION:,} 文字以内で、聞きたいことだけを書いてください。",
            en=(
                f"The question is too long ({len(cleaned):,} characters).",
                f"Write what you want to know in at most {LONGEST_QUESTION:,} characters.",
            ),
        )
    return cleaned

"""What a suite is, and the assistant that answers it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from evals.items import EvalError, EvidenceSpan, Item
from rag import Article, Assistant, Filter
from rag.library import Progress
from rag.sentences import sentences

T = TypeVar("T")


@dataclass(frozen=True)
class Suite:
    """Questions with the articles that they are asked of.

    `scope`: for an item that has its own small corpus, the ids of the articles in it; others search everything.
    `note`: how the suite was made from its file, in one paragraph.
    """

    name: str
    articles: tuple[Article, ...]
    items: tuple[Item, ...]
    note: str
    scope: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def where(self, item: Item) -> Filter | None:
        """What the search for an item is restricted to; None for everything."""
        scope = self.scope.get(item.id)
        return None if scope is None else Filter(article_ids=scope)


Loader = Callable[[Path, int | None], Suite]
"""Reads a suite from the data folder, with all articles and at most so many of the questions."""


def open_suite(suite: Suite, home: Path, progress: Progress | None = None) -> Assistant:
    """An assistant over exactly the suite's articles. A home that already holds them is used as it is.

    Raises:
        EvalError: the home holds other articles, which would be found instead.
    """
    (home / "corpus").mkdir(parents=True, exist_ok=True)
    assistant = Assistant.open(home, progress=progress)
    try:
        present = {article.id: article for article in assistant.articles()}
        others = sorted(present.keys() - {article.id for article in suite.articles})
        if others:
            raise EvalError(
                f"{home}: 「{suite.name}」のものではない記事「{others[0]}」などがあります({len(others)} 本)。",
                "空のフォルダーを指定してください。",
            )
        new = [article for article in suite.articles if not _same(article, present.get(article.id))]
        if new:
            assistant.ingest(new, progress)
    except BaseException:
        assistant.close()
        raise
    return assistant


def _same(article: Article, present: Article | None) -> bool:
    """Whether an article is there already; its references are read from its text when it is."""
    return present is not None and present.model_copy(update={"references": article.references}) == article


def sampled(rows: Sequence[T], limit: int | None) -> list[T]:
    """At most `limit` of the rows, spread over all of them, always the same ones, in order."""
    if limit is None or limit >= len(rows):
        return list(rows)
    return [rows[i] for i in sorted(random.Random(1).sample(range(len(rows)), limit))]


def read(path: Path, dataset: str) -> Any:
    """The JSON of a data file, or of each of its lines.

    Raises:
        EvalError: it is missing or broken; names the dataset that it belongs to.
    """
    get = f"{dataset} の「{path.name}」を入手し、--data のフォルダーに置いてください。"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise EvalError(f"{path}: ありません、または読めません。", get) from None
    try:
        if path.suffix == ".jsonl":
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        return json.loads(text)
    except (ValueError, RecursionError):
        raise EvalError(f"{path}: JSON として読めません。", get) from None


def spans(article: Article, places: Iterable[tuple[int, int]]) -> list[EvidenceSpan]:
    """The sentences of an article that meet one of the places."""
    wanted = list(places)
    return [
        span(article, start, end)
        for start, end in sentences(article.text)
        if any(start < stop and begin < end for begin, stop in wanted)
    ]


def span(article: Article, start: int, end: int) -> EvidenceSpan:
    """A span of an article, verbatim."""
    return EvidenceSpan(article_id=article.id, start=start, end=end, text=article.text[start:end])


def wrong_shape(path: Path, error: Exception) -> EvalError:
    """What to raise for a data file that is not as its publisher made it."""
    return EvalError(
        f"{path}: 形が想定と違います({type(error).__name__}: {error})。",
        "配布元のファイルをそのまま置いてください。",
    )

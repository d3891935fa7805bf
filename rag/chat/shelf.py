"""The list of articles: searched, filtered, page by page; as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from rag.assistant import Assistant
from rag.chat.reader import Mark, article_html
from rag.chat.texts import word
from rag.errors import ArticleNotFound
from rag.japanese import fold
from rag.messages import Lang
from rag.types import Article, Filter

PAGE = 20
"""Articles that are listed at once."""

_HITS = 60
"""Chunks that a search of the articles looks at."""

_SHOWN = 110
"""Characters of a chunk in the list."""


class Entry(NamedTuple):
    """An article in the list, with the span of the passage that was found in it."""

    article: Article
    start: int = 0
    end: int = 0


def listed(assistant: Assistant, words: str, where: Filter | None) -> list[Entry]:
    """The articles that pass the filter: by date, the newest first; or by how well they fit the words.

    Raises:
        InvalidQuestion: there are too many words.
    """
    articles = [article for article in assistant.articles() if _passes(article, where)]
    if not words.strip():
        by_title = sorted(articles, key=lambda article: article.title)
        return [Entry(one) for one in sorted(by_title, key=lambda a: a.published or "", reverse=True)]
    wanted = fold(words.strip())
    named = [article for article in articles if wanted in fold(article.title)]
    found = {article.id: Entry(article) for article in named}
    for hit in assistant.search(words, _HITS, where):
        entry = Entry(hit.article, hit.chunk.start, hit.chunk.end)
        if found.get(hit.article.id, Entry(hit.article)).end == 0:
            found[hit.article.id] = entry
    return list(found.values())


def _passes(article: Article, where: Filter | None) -> bool:
    """Whether an article passes the conditions on publisher, language and date, as the store would judge it."""
    if where is None:
        return True
    date = article.published
    return (
        (where.publishers is None or article.publisher in where.publishers)
        and (where.langs is None or article.lang in where.langs)
        and (where.published_from is None or _from(date, where.published_from))
        and (where.published_to is None or _to(date, where.published_to))
    )


def _from(date: str | None, bound: str) -> bool:
    return date is not None and (date >= bound or bound.startswith(date))


def _to(date: str | None, bound: str) -> bool:
    return date is not None and (date <= bound or date.startswith(bound))


def shelf_html(entries: Sequence[Entry], shown: int, lang: Lang, opened: str = "") -> str:
    """The first `shown` articles, each to be pressed; `opened` is the id of the one that is being read."""
    count = f'<p class="quiet" role="status">{word("found", lang, count=f"{len(entries):,}")}</p>'
    items = "".join(_item(entry, entry.article.id == opened) for entry in entries[:shown])
    more = ""
    if len(entries) > shown:
        more = (
            f'<button type="button" class="chip" data-act="more" data-shown="{shown + PAGE}">'
            f"{word('more', lang)}</button>"
        )
    return f'{count}<ul class="shelf">{items}</ul>{more}'


def _item(entry: Entry, opened: bool) -> str:
    article = entry.article
    facts = " · ".join(filter(None, (article.publisher, article.published, article.lang)))
    found = article.text[entry.start : entry.end][:_SHOWN]
    snippet = f'<span class="snippet">{escape(" ".join(found.split()))}…</span>' if found else ""
    return (
        f'<li><button type="button" class="entry" data-act="read" data-article="{escape(article.id)}"'
        f' data-start="{entry.start}" data-end="{entry.end}" aria-pressed="{str(opened).lower()}">'
        f'<strong>{escape(article.title)}</strong><span class="facts">{escape(facts)}</span>{snippet}</button></li>'
    )


def reading_html(assistant: Assistant, article_id: str, start: int, end: int, lang: Lang) -> str:
    """An article to read, with the passage that was found marked."""
    try:
        article = assistant.article(article_id)
    except ArticleNotFound:
        return f'<p class="warning">{word("article_gone", lang)}</p>'
    marks = [Mark(start, end, current=True)] if 0 <= start < end <= len(article.text) else []
    return f'<section class="reading">{article_html(article, lang, marks)}</section>'

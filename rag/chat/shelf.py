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


class Shelf(NamedTuple):
    """The first articles of a list. `total`: how many are on all of it."""

    entries: Sequence[Entry]
    total: int


def listed(assistant: Assistant, words: str, where: Filter | None, shown: int = PAGE) -> Shelf:
    """The first `shown` articles that pass the filter: the newest first, or by how well they fit the words.

    Raises:
        InvalidQuestion: there are too many words.
    """
    wanted = words.strip()
    if not wanted:
        newest = assistant.listing(shown, where=where, newest=True)
        return Shelf([Entry(article) for article in newest.articles], newest.total)
    places: dict[str, Entry] = {}
    for hit in assistant.search(wanted, _HITS, where):
        places.setdefault(hit.article.id, Entry(hit.article, hit.chunk.start, hit.chunk.end))
    named = assistant.listing(shown, where=where, title=wanted)
    first = [places.get(article.id, Entry(article)) for article in named.articles]
    folded = fold(wanted)
    others = [entry for entry in places.values() if folded not in fold(entry.article.title)]
    return Shelf([*first, *others][:shown], named.total + len(others))


def shelf_html(shelf: Shelf, shown: int, lang: Lang, opened: str = "") -> str:
    """The first `shown` articles, each to be pressed; `opened` is the id of the one that is being read."""
    count = f'<p class="quiet" role="status">{word("found", lang, count=f"{shelf.total:,}")}</p>'
    items = "".join(_item(entry, entry.article.id == opened) for entry in shelf.entries)
    more = ""
    if shelf.total > shown:
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

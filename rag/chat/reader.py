"""An article as HTML with its headings, and with spans marked exactly.

Offsets are code points, as everywhere; the marks are put in here, before anything is encoded as UTF-16, so the
browser has nothing to count. The text content of the article's element is `Article.text`, character by character,
and that of the marks of a citation, joined, is its quote.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import pairwise
from typing import NamedTuple

from rag.chat.texts import word
from rag.messages import Lang
from rag.structure import headings, is_list_item, sections
from rag.types import Article, Citation


class Mark(NamedTuple):
    """A span `[start, end)` to mark, with the number of its citation; `answer`: the words in it that answer."""

    start: int
    end: int
    n: int = 0
    current: bool = False
    answer: tuple[int, int] | None = None


def mark_of(citation: Citation, current: bool) -> Mark:
    """The mark of a citation's quote."""
    return Mark(citation.start, citation.end, citation.n, current, citation.answer_span)


def article_html(
    article: Article, lang: Lang, marks: Sequence[Mark] = (), original: str | None = None
) -> str:
    """The article with its facts, headings and marked spans. `original`: the link to it, by default its URL."""
    return (
        f'<article class="article" lang="{escape(article.lang)}" tabindex="-1">'
        f"<header>{_facts(article, lang)}{link(original or article.url, lang)}</header>"
        f"{_outline(article, lang)}"
        f'<div class="text">{"".join(_blocks(article, marks))}</div></article>'
    )


def link(url: str, lang: Lang) -> str:
    """The link to an original, which opens in a tab that knows nothing of this one."""
    return (
        f'<a class="original" href="{escape(url)}" target="_blank" rel="noopener noreferrer">'
        f'{word("original", lang)}<span aria-hidden="true"> ↗</span>'
        f'<span class="unseen">{word("new_tab", lang)}</span></a>'
    )


def _facts(article: Article, lang: Lang) -> str:
    note = f'<span class="note">{word("descriptive", lang)}</span>' if article.title_is_descriptive else ""
    facts = " · ".join(escape(fact) for fact in (article.publisher, article.published) if fact)
    return f'<h3 class="title">{escape(article.title)}</h3><p class="facts">{facts} {note}</p>'


def _outline(article: Article, lang: Lang) -> str:
    found = _headings(article)
    if len(found) < 2:
        return ""
    items = "".join(
        f'<li class="depth-{min(level, 3)}"><button type="button" data-goto="{start}">{escape(title)}</button></li>'
        for start, (_, level, title) in found.items()
    )
    return f'<details class="outline"><summary>{word("contents", lang)}</summary><ol>{items}</ol></details>'


def _headings(article: Article) -> dict[int, tuple[int, int, str]]:
    """End, level and title of each heading line that stands over some text, by where it starts."""
    shown = {title for section in sections(article.text) for title in section.heading_path}
    return {
        heading.line.start: (heading.line.end, heading.level, heading.title)
        for heading in headings(article.text)
        if heading.title in shown
    }


def _blocks(article: Article, marks: Sequence[Mark]) -> Iterator[str]:
    """The lines of the text as blocks, each with the line break that ends it."""
    at = 0
    found = _headings(article)
    for raw in article.text.splitlines(keepends=True):
        start, at = at, at + len(raw)
        inside = marked(article.text, start, at, marks)
        first = start + len(raw) - len(raw.lstrip())
        if first in found:
            level = min(found[first][1], 3)
            yield f'<h{level + 3} data-at="{first}" class="heading depth-{level}">{inside}</h{level + 3}>'
        elif is_list_item(raw.strip()):
            yield f'<p class="item">{inside}</p>'
        else:
            yield f"<p>{inside}</p>"


def marked(text: str, start: int, end: int, marks: Iterable[Mark]) -> str:
    """`text[start:end]`, escaped, with what lies in it of each mark."""
    near = [mark for mark in marks if mark.start < end and mark.end > start]
    edges = {start, end}
    for mark in near:
        edges |= {mark.start, mark.end, *(mark.answer or ())}
    cuts = sorted(edge for edge in edges if start <= edge <= end)
    return "".join(_piece(text, left, right, near) for left, right in pairwise(cuts))


def _piece(text: str, start: int, end: int, marks: Sequence[Mark]) -> str:
    """A stretch that each mark covers wholly or not at all."""
    inside = escape(text[start:end])
    over = [mark for mark in marks if mark.start <= start and end <= mark.end]
    if not over:
        return inside
    mark = max(over, key=lambda one: one.current)
    if mark.answer and mark.answer[0] <= start and end <= mark.answer[1]:
        inside = f'<strong class="words">{inside}</strong>'
    current = " current" if mark.current else ""
    return f'<mark class="quote{current}" data-n="{mark.n}">{inside}</mark>'

"""The panel beside the conversation: a card for each citation, or the article opened at one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Literal

from rag.chat.exchange import Exchange
from rag.chat.reader import Mark, article_html, link, mark_of
from rag.chat.texts import word
from rag.citations import verify
from rag.errors import ArticleNotFound, CitationError
from rag.messages import Lang
from rag.types import Article, Citation

Find = Callable[[str], Article]
"""The article with an id; raises `ArticleNotFound`."""

Standing = Literal["same", "changed", "gone"]


def standing(citation: Citation, find: Find) -> Standing:
    """Whether a citation's article still says what was quoted, at the same place."""
    try:
        verify(citation, find(citation.article_id))
    except ArticleNotFound:
        return "gone"
    except CitationError:
        return "changed"
    return "same"


def cards_html(exchange: Exchange | None, lang: Lang, find: Find) -> str:
    """The cards of an exchange's citations, each with a notice where its source is no longer the same."""
    if exchange is None or exchange.status in ("talk", "failed"):
        return _panel(f'<p class="quiet">{word("sources.empty", lang)}</p>', lang)
    cards = "".join(_card(one, exchange.id, standing(one, find), lang) for one in exchange.citations)
    if not cards:
        none = "sources.empty" if exchange.status == "pending" else "sources.none"
        cards = f'<p class="quiet">{word(none, lang)}</p>'
    return _panel(cards, lang, len(exchange.citations))


def _panel(inside: str, lang: Lang, count: int = 0) -> str:
    number = f' <span class="count">{count}</span>' if count else ""
    return f'<section class="panel"><h2>{word("sources", lang)}{number}</h2>{inside}</section>'


def _card(citation: Citation, exchange_id: str, state: Standing, lang: Lang) -> str:
    facts = " · ".join(filter(None, (citation.publisher, citation.published)))
    open_it = ""
    if state != "gone":
        open_it = (
            f'<button type="button" class="plain" data-act="open" data-exchange="{exchange_id}" data-n="{citation.n}">'
            f"{word('open_here', lang)}</button>"
        )
    return (
        f'<article class="card" data-act="open" data-exchange="{exchange_id}" data-n="{citation.n}">'
        f'<h3><span class="number">{citation.n}</span>{escape(citation.title)}</h3>'
        f'<p class="facts">{escape(facts)}</p>{_warning(state, lang)}'
        f"<blockquote>{_quote(citation)}</blockquote>"
        f'<div class="links">{open_it}{link(citation.deep_link, lang)}</div></article>'
    )


def _quote(citation: Citation) -> str:
    """The quote with the words that answer set off."""
    if not citation.answer_span:
        return escape(citation.quote)
    start, end = (at - citation.start for at in citation.answer_span)
    before, words, after = (
        escape(part) for part in (citation.quote[:start], citation.quote[start:end], citation.quote[end:])
    )
    return f'{before}<strong class="words">{words}</strong>{after}'


def _warning(state: Standing, lang: Lang) -> str:
    return "" if state == "same" else f'<p class="warning" role="note">{word(state, lang)}</p>'


def opened_html(exchange: Exchange, n: int, lang: Lang, find: Find) -> str:
    """The article of citation n with the quotes of this reply marked; a quote that moved or went is shown as it was."""
    citation = next((one for one in exchange.citations if one.n == n), None)
    if citation is None:
        return cards_html(exchange, lang, find)
    state = standing(citation, find)
    if state == "gone":
        return _opened(exchange.id, _was(citation, state, lang), lang)
    article = find(citation.article_id)
    marks = _marks(exchange.citations, citation, article)
    was = _was(citation, state, lang) if state == "changed" else ""
    return _opened(exchange.id, was + article_html(article, lang, marks, citation.deep_link), lang)


def passage_html(exchange: Exchange, place: int, lang: Lang, find: Find) -> str:
    """The article of one of the nearest passages, with that passage marked where it still stands."""
    if not 0 <= place < len(exchange.passages):
        return cards_html(exchange, lang, find)
    passage = exchange.passages[place]
    try:
        article = find(passage.article_id)
    except ArticleNotFound:
        return _opened(exchange.id, f'<p class="warning">{word("article_gone", lang)}</p>', lang)
    there = passage.text and article.text[passage.start : passage.end] == passage.text
    marks = [Mark(passage.start, passage.end, current=True)] if there else []
    return _opened(exchange.id, article_html(article, lang, marks), lang)


def _opened(exchange_id: str, inside: str, lang: Lang) -> str:
    return (
        f'<section class="panel opened"><button type="button" class="plain back" data-act="back"'
        f' data-exchange="{exchange_id}">← {word("back", lang)}</button>{inside}</section>'
    )


def _was(citation: Citation, state: Standing, lang: Lang) -> str:
    return f"{_warning(state, lang)}<blockquote>{_quote(citation)}</blockquote>"


def _marks(citations: Sequence[Citation], chosen: Citation, article: Article) -> list[Mark]:
    """The marks of the citations that still stand in the article."""
    same = [one for one in citations if one.article_id == article.id]
    return [mark_of(one, one is chosen) for one in same if standing(one, lambda _: article) == "same"]

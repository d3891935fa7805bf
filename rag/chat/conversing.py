"""How a conversation goes on: what each act of the reader makes of what the browser kept. No Gradio here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import ValidationError

from rag import feedback
from rag.assistant import Assistant, clean_question
from rag.chat.exchange import Exchange, Passage, replaced, turns
from rag.chat.small_talk import Talk, small_talk
from rag.chat.texts import word
from rag.errors import RagError, StoreError
from rag.messages import Lang
from rag.types import Article, Filter, Statement

CITED = 5
"""How many chunks a reply brings along."""

_LISTED = 30
"""Articles that are named when someone asks which there are."""


def ask(
    assistant: Assistant,
    question: str,
    before: Sequence[Exchange],
    lang: Lang,
    where: Filter | None = None,
) -> Iterator[Exchange]:
    """The exchange that a question begins, again with each statement, and last as it is when it is complete.

    `before`: the conversation so far.
    """
    try:
        asked = clean_question(question)
    except RagError as error:
        yield Exchange(question=question[:200]).with_error(error, lang)
        return
    exchange = Exchange(question=asked)
    talk = small_talk(asked)
    if talk:
        yield _talked(exchange, talk, assistant, lang)
        return
    yield exchange
    try:
        for part in assistant.stream(asked, CITED, where, turns(before)):
            exchange = (
                exchange.with_statement(part) if isinstance(part, Statement) else exchange.with_reply(part)
            )
            yield exchange
    except RagError as error:
        yield exchange.with_error(error, lang)


def _talked(exchange: Exchange, talk: Talk, assistant: Assistant, lang: Lang) -> Exchange:
    found: dict[str, object] = {"status": "talk"}
    articles, count = assistant.listing(_LISTED)
    if not count:
        found["message"] = word("no_articles", lang)
    elif talk == "catalogue":
        found["message"] = word("catalogue", lang, count=count)
        found["passages"] = tuple(_entry(article) for article in articles)
        if count > _LISTED:
            found["message"] = f"{found['message']}\n" + word("catalogue.more", lang, count=count - _LISTED)
    else:
        found["message"] = word(talk, lang, count=count)
    return exchange.model_copy(update=found)


def _entry(article: Article) -> Passage:
    """An article as a place to open, at its beginning."""
    return Passage(
        article_id=article.id,
        title=article.title,
        url=article.url,
        publisher=article.publisher,
        published=article.published,
        start=0,
        end=0,
        text="",
    )


def chosen(
    publishers: Sequence[str] | None,
    langs: Sequence[str] | None,
    published_from: str | None,
    published_to: str | None,
) -> Filter | None:
    """The filter that was filled in; None when nothing was, or what can be filled in was never shown.

    Raises:
        ValueError: a date is none.
    """
    given: dict[str, Any] = {
        "publishers": frozenset(publishers or ()) or None,
        "langs": frozenset(langs or ()) or None,
        "published_from": (published_from or "").strip() or None,
        "published_to": (published_to or "").strip() or None,
    }
    try:
        return Filter.model_validate(given) if any(given.values()) else None
    except ValidationError as error:
        raise ValueError(str(error.errors()[0]["input"])) from None


def rate(
    assistant: Assistant, exchanges: Sequence[Exchange], exchange_id: str, rating: str, reason: str, more: str
) -> list[Exchange]:
    """Store what was said of a reply, and note it on the exchange; an unknown one or rating changes nothing.

    Raises:
        StoreError: it cannot be written.
    """
    exchange = next((one for one in exchanges if one.id == exchange_id), None)
    if exchange is None or exchange.status not in ("answered", "abstained"):
        return list(exchanges)
    try:
        said = feedback.Feedback.model_validate(
            {
                "reply_id": exchange.id,
                "question": exchange.question,
                "standalone_question": exchange.standalone_question,
                "status": exchange.status,
                "answer": exchange.text,
                "citations": exchange.citations,
                "engine": exchange.engine,
                "rating": rating,
                "reason": reason or None,
                "comment": more.strip() or None,
            }
        )
    except ValidationError as error:
        raise StoreError(f"feedback: {error.errors()[0]['msg']}") from None
    feedback.add(assistant.home, said)
    return replaced(exchanges, exchange.model_copy(update={"rating": said.rating}))

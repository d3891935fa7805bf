"""A question with what was said to it: what the browser keeps, so that citations survive a reload and an export.

The browser hands it back, so it is checked as anything from outside: `Citation` refuses a quote whose hash is
wrong and a URL that is no web address.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal
from uuid import uuid4

from pydantic import Field, ValidationError

from rag.errors import RagError
from rag.messages import Lang
from rag.types import (
    Abstention,
    AbstentionReason,
    Answer,
    Citation,
    Dropped,
    Frozen,
    Hit,
    PartialDate,
    Reply,
    Statement,
    Turn,
    Url,
)

KEPT = 40
"""Exchanges that the browser keeps; older ones go first. Its storage holds about 5 MB."""

NEAREST = 3
"""How many of the nearest passages an abstention shows."""

REMEMBERED = 4
"""Earlier turns that a follow-up question may refer to."""

Status = Literal["pending", "answered", "abstained", "stopped", "failed", "talk"]


class Passage(Frozen):
    """A passage near a question that it does not answer: `[start, end)` in code points of the article."""

    article_id: str
    title: str
    url: Url
    publisher: str | None = None
    published: PartialDate | None = None
    heading_path: tuple[str, ...] = ()
    start: int
    end: int
    text: str


class Exchange(Frozen):
    """One question and its reply, as far as it has come.

    `message`: an abstention's message, an error or small talk; `follow_ups`: questions that the sources answer.
    """

    id: str = Field(default_factory=lambda: uuid4().hex, pattern=r"^\w{1,64}$")
    question: str
    status: Status = "pending"
    statements: tuple[Statement, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    reason: AbstentionReason | None = None
    message: str = ""
    hint: str = ""
    passages: tuple[Passage, ...] = ()
    suggestions: tuple[str, ...] = ()
    follow_ups: tuple[str, ...] = ()
    notice: str | None = None
    standalone_question: str | None = None
    engine: str = ""
    total_ms: float | None = None
    rating: Literal["up", "down"] | None = None

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The distinct citations of the statements (an abstention's corrections too), by marker."""
        unique = {citation.n: citation for statement in self.statements for citation in statement.citations}
        return tuple(unique[n] for n in sorted(unique))

    @property
    def text(self) -> str:
        """What was said, as one text."""
        said = "\n".join(statement.text for statement in self.statements)
        return "\n".join(filter(None, (self.message, said)))

    def with_statement(self, statement: Statement) -> Exchange:
        """The exchange with one more verified statement."""
        return self.model_copy(update={"statements": (*self.statements, statement)})

    def with_reply(self, reply: Reply) -> Exchange:
        """The exchange with its reply, which replaces what was streamed before."""
        return self.model_copy(update=_of_reply(reply))

    def with_error(self, error: RagError, lang: Lang) -> Exchange:
        """The exchange when asking failed."""
        message, hint = error.said(lang)
        return self.model_copy(update={"status": "failed", "message": message, "hint": hint})


def _of_reply(reply: Reply) -> dict[str, object]:
    common: dict[str, object] = {
        "status": reply.status,
        "notice": reply.notice,
        "standalone_question": reply.standalone_question,
        "engine": reply.engine,
        "total_ms": reply.timings_ms.get("total"),
    }
    if isinstance(reply, Answer):
        return {**common, "statements": reply.statements, "dropped": reply.dropped}
    return {**common, **_of_abstention(reply)}


def _of_abstention(reply: Abstention) -> dict[str, object]:
    return {
        "statements": reply.corrections,
        "reason": reply.reason,
        "message": reply.message,
        "suggestions": reply.suggestions,
        "passages": tuple(passage(hit) for hit in reply.hits[:NEAREST]),
    }


def passage(hit: Hit) -> Passage:
    """A hit without its article's whole text."""
    return Passage(
        article_id=hit.article.id,
        title=hit.article.title,
        url=hit.article.url,
        publisher=hit.article.publisher,
        published=hit.article.published,
        heading_path=hit.chunk.heading_path,
        start=hit.chunk.start,
        end=hit.chunk.end,
        text=hit.chunk.text,
    )


def restore(kept: Any) -> list[Exchange]:
    """The exchanges that a browser kept, without those that are damaged; an unfinished one counts as stopped."""
    found = []
    for one in kept if isinstance(kept, list) else ():
        try:
            exchange = Exchange.model_validate(one)
        except ValidationError:
            continue  # of another version, or tampered with
        stopped = exchange.status == "pending"
        found.append(exchange.model_copy(update={"status": "stopped"}) if stopped else exchange)
    return found


def keep(exchanges: Sequence[Exchange]) -> list[dict[str, Any]]:
    """What the browser shall keep of a conversation."""
    return [exchange.model_dump(mode="json", exclude_defaults=True) for exchange in exchanges[-KEPT:]]


def replaced(exchanges: Iterable[Exchange], changed: Exchange) -> list[Exchange]:
    """The conversation with one exchange in place of the earlier one with its id."""
    return [changed if exchange.id == changed.id else exchange for exchange in exchanges]


def turns(exchanges: Sequence[Exchange]) -> list[Turn]:
    """The last turns that a follow-up may refer to, oldest first."""
    told = [exchange for exchange in exchanges if exchange.status in ("answered", "abstained")]
    return [
        Turn(question=e.standalone_question or e.question, answer=e.text if e.status == "answered" else "")
        for e in told[-REMEMBERED:]
    ]

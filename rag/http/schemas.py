"""The JSON of requests and responses, for validation and for the OpenAPI document.

Replies and hits are written by `rag.wire`; the models of them here only describe that JSON. Offsets are Unicode code
points, half-open.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from rag.assistant import LONGEST_QUESTION
from rag.types import (
    AbstentionReason,
    ArticleId,
    Citation,
    Dropped,
    Filter,
    PartialDate,
    Reference,
    SectionKind,
    Turn,
    Url,
    Usage,
)

_START = "Code points from the start of the article's text"
_END = "Code point after the last one"


def paired(words: str) -> str:
    """The text itself.

    Raises:
        ValueError: it has half of a surrogate pair, which no encoding can hold.
    """
    words.encode()
    return words


Paired = AfterValidator(paired)
Question = Annotated[
    str,
    StringConstraints(min_length=1, max_length=LONGEST_QUESTION),
    Paired,
    Field(examples=["Coworkはいつ発表されましたか?"]),
]
Names = Annotated[
    frozenset[Annotated[str, StringConstraints(max_length=500), Paired]], Field(max_length=1000)
]


class In(BaseModel):
    """A part of a request; what is unknown is refused, so that a misspelt option is noticed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Where(In):
    """Which articles to search: all given conditions must hold.

    Dates are inclusive and compare as precisely as both are known; an article without a date never matches them.
    """

    article_ids: Names | None = None
    publishers: Names | None = Field(None, examples=[["InfoQ Japan"]])
    langs: Names | None = Field(None, examples=[["ja"]])
    published_from: PartialDate | None = Field(None, examples=["2025-07"])
    published_to: PartialDate | None = Field(None, examples=["2026-01-31"])

    def filter(self) -> Filter:
        """The same for the store."""
        return Filter(**dict(self))


class SearchRequest(In):
    """What to look for."""

    question: Question
    k: int = Field(10, ge=1, le=100, description="How many hits at most")
    where: Where | None = None


class TurnIn(In):
    """An earlier question of the conversation, and the text of its answer."""

    question: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_QUESTION), Paired]
    answer: Annotated[str, StringConstraints(max_length=20_000), Paired] = ""

    def turn(self) -> Turn:
        """The same for the assistant."""
        return Turn(question=self.question, answer=self.answer)


class AskRequest(In):
    """What to answer."""

    question: Question
    k: int = Field(5, ge=1, le=100, description="How many hits to return with the reply")
    where: Where | None = None
    history: tuple[TurnIn, ...] = Field((), max_length=20, description="Earlier turns, oldest first")
    stream: bool = Field(
        False, description="Server-sent events in place of JSON; so does `Accept: text/event-stream`"
    )


class HitObject(BaseModel):
    """A chunk that was found. Scores: higher is better."""

    chunk_id: str
    article_id: str
    url: str
    title: str
    heading_path: list[str]
    start: int = Field(description=_START)
    end: int = Field(description=_END)
    text: str
    score: float
    rank: int
    dense: float
    dense_rank: int | None
    lexical: float
    lexical_rank: int | None
    reader: float | None
    matched_terms: list[str]


class SearchResponse(BaseModel):
    """Hits, best first."""

    hits: list[HitObject]


class StatementObject(BaseModel):
    """A sentence and the markers (`n`) of its citations."""

    text: str
    citations: list[int] = Field(min_length=1)


class ReplyObject(BaseModel):
    """An answer, every statement of which is cited, or an abstention with its reason.

    Offsets (`start`, `end`, `answer_span`) count Unicode code points into the article's text, `end` is not included.
    JavaScript strings count UTF-16 units: convert there.
    """

    id: str | None = Field(description="Name this in feedback (`reply_id`)")
    question: str
    standalone_question: str | None = Field(description="What was answered, where a follow-up was completed")
    status: Literal["answered", "abstained"]
    answer: str = Field(description="The statements' text; of an abstention, why there is no answer")
    statements: list[StatementObject] = Field(description="Of an abstention: what corrects a false premise")
    citations: list[Citation]
    hits: list[HitObject]
    reason: AbstentionReason | None
    confidence: float | None
    suggestions: list[str]
    dropped: list[Dropped] = Field(description="Sentences that were written and could not be proven")
    engine: str
    notice: str | None
    usage: Usage | None
    timings_ms: dict[str, float]


class ArticleSummary(BaseModel):
    """An article without its text."""

    id: str
    url: str
    title: str
    title_is_descriptive: bool
    publisher: str | None
    published: str | None
    retrieved: str | None
    lang: str
    characters: int = Field(description="Code points of the text")
    content_hash: str = Field(description="Changes whenever the article does")


class ArticleObject(ArticleSummary):
    """An article with its text, word for word; offsets of chunks and citations count code points into it."""

    references: list[Reference]
    text: str


class ArticlePage(BaseModel):
    """A page of the articles, by id."""

    total: int
    articles: list[ArticleSummary]
    next_offset: int | None = Field(description="`offset` of the next page; null on the last")


class ChunkObject(BaseModel):
    """A span of an article: `article.text[start:end] == text`."""

    id: str
    article_id: str
    start: int = Field(description=_START)
    end: int = Field(description=_END)
    text: str
    heading_path: list[str]
    kind: SectionKind


class NewArticle(In):
    """An article by its text, or, without `text`, by its URL, which is then fetched."""

    url: Url = Field(
        description="Where the original can be read", examples=["https://www.example.com/news/1"]
    )
    text: Annotated[str, StringConstraints(min_length=1), Paired] | None = Field(
        None, examples=["駅前の図書館は四月に開館しました。"]
    )
    id: ArticleId | None = Field(
        None, description="Made from the URL when absent; an article of this id is replaced"
    )
    title: Annotated[str, StringConstraints(min_length=1, max_length=500), Paired] | None = None
    publisher: Annotated[str, StringConstraints(max_length=200), Paired] | None = None
    published: PartialDate | None = None


class ChangesObject(BaseModel):
    """What happened to the index: article ids, and how many chunks had to be embedded."""

    added: list[str] = []
    changed: list[str] = []
    removed: list[str] = []
    embedded_chunks: int = 0


class Ingested(BaseModel):
    """An article that is now in the index."""

    article: ArticleSummary
    changes: ChangesObject


class FeedbackRequest(In):
    """A rating of a reply: named by its `reply_id`, or, when that is no longer remembered, told in full."""

    rating: Literal["up", "down"]
    reply_id: Annotated[str, StringConstraints(max_length=200), Paired] | None = None
    question: Annotated[str, StringConstraints(min_length=1, max_length=8000), Paired] | None = None
    status: Literal["answered", "abstained"] = "answered"
    answer: Annotated[str, StringConstraints(max_length=100_000), Paired] = ""
    citations: tuple[Citation, ...] = Field((), max_length=100)
    reason: Annotated[str, StringConstraints(max_length=200), Paired] | None = Field(None, examples=["wrong"])
    comment: Annotated[str, StringConstraints(max_length=8000), Paired] | None = None
    corrected_answer: Annotated[str, StringConstraints(max_length=8000), Paired] | None = None


class FeedbackResponse(BaseModel):
    """Feedback that is kept."""

    id: str


class Health(BaseModel):
    """Whether the process lives."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """Whether questions can be answered."""

    status: Literal["ready", "draining", "unavailable"]
    chunks: int = 0
    reload_problem: bool = Field(
        False, description="The last look at corpus/ failed; the index before it is served"
    )

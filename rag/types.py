"""The vocabulary: frozen values that flow from corpus to answer.

Offsets are Unicode code points into `Article.text`, half-open `[start, end)`. Scores: higher is better.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple, Self
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

Vector = NDArray[np.float32]
"""One embedding, shape (dimension,), of unit length."""

Vectors = NDArray[np.float32]
"""Embeddings, shape (n, dimension), each row of unit length."""

SectionKind = Literal["body", "references", "notice"]
"""What a part of an article is: its news, its list of sources, or a note about the article itself."""

AbstentionReason = Literal["no_evidence", "ambiguous", "false_premise", "unsupported_claim", "empty_corpus"]
"""Nothing answers; the question names no subject; it presumes what the sources deny; what was written could not be
proven; there are no articles."""


def sha256(text: str) -> str:
    """Hex SHA-256 of the UTF-8 bytes of `text`."""
    return hashlib.sha256(text.encode()).hexdigest()


_OUTSIDE_URLS = re.compile(r'[\s<>"`\\]')


def _safe_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an http:// or https:// URL with a host")
    if not url.isprintable() or _OUTSIDE_URLS.search(url):
        raise ValueError("must not contain spaces, control characters, quotes, <, > or backslashes")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not contain a user name or password")
    return url


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"lone surrogate at character {error.start}") from None
    return text


Text = Annotated[str, AfterValidator(_encodable)]
Url = Annotated[str, AfterValidator(_safe_url), AfterValidator(_encodable)]
ArticleId = Annotated[str, StringConstraints(pattern=r"^[\w][\w.\-]{0,199}$")]
PartialDate = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$")
]
"""ISO 8601 date, as precise as is known: `2026`, `2026-01` or `2026-01-26`."""


class Frozen(BaseModel):
    """A value: immutable, with no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Reference(Frozen):
    """A source that an article names. `start`, `end`: its span in the article's text, if found there."""

    title: Text
    url: Url
    publisher: Text | None = None
    published: PartialDate | None = None
    accessed: PartialDate | None = None
    start: int | None = None
    end: int | None = None


class Article(Frozen):
    """A source text with where it came from. `text` is verbatim; nothing ever edits it."""

    id: ArticleId
    url: Url
    title: Annotated[Text, StringConstraints(min_length=1)]
    title_is_descriptive: bool = False
    publisher: Text | None = None
    published: PartialDate | None = None
    retrieved: PartialDate | None = None
    lang: str = "ja"
    references: tuple[Reference, ...] = ()
    text: Annotated[Text, StringConstraints(min_length=1)]

    @property
    def content_hash(self) -> str:
        """SHA-256 over everything that is indexed; equal hashes mean there is nothing to do again."""
        return sha256(self.model_dump_json())


class Section(Frozen):
    """A run `[start, end)` of an article under one heading; before the first one `heading_path` is empty."""

    heading_path: tuple[str, ...]
    kind: SectionKind
    start: int
    end: int


class Chunk(Frozen):
    """A span of one article, made of whole sentences: `article.text[start:end] == text`."""

    id: str
    article_id: str
    start: int
    end: int
    text: str
    heading_path: tuple[str, ...] = ()
    kind: SectionKind = "body"


class Hit(Frozen):
    """A chunk that was found, and why.

    `dense`: cosine of question and chunk embedding. `lexical`: BM25. `score`: both fused, and how far one sentence has
    the words of the question, 0 to 1.
    `reader`: how well its best evidence answers the question, 0 to 1, set once it was read.
    Ranks count from 1; `dense_rank` and `lexical_rank` are None where that search did not list the chunk.
    """

    chunk: Chunk
    article: Article
    rank: int
    score: float
    dense: float
    lexical: float
    dense_rank: int | None = None
    lexical_rank: int | None = None
    reader: float | None = None
    matched_terms: tuple[str, ...] = ()


class Citation(Frozen):
    """Proof of a statement: a verbatim span of an article. Made only by `rag.citations`.

    `n` is the marker shown to the reader, counting from 1 within one answer.
    `deep_link` is `url` with a text fragment that scrolls to the quote. `answer_span`: where in the article, inside
    the quote, the words stand that answer, if the engine tells them apart.
    """

    n: Annotated[int, Field(ge=1)]
    chunk_id: str
    article_id: str
    title: str
    url: Url
    publisher: str | None = None
    published: PartialDate | None = None
    start: Annotated[int, Field(ge=0)]
    end: int
    quote: Annotated[str, StringConstraints(min_length=1)]
    quote_sha256: str
    deep_link: str
    answer_span: tuple[int, int] | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.end - self.start != len(self.quote):
            raise ValueError("the quote does not span [start, end)")
        if self.answer_span and not self.start <= self.answer_span[0] < self.answer_span[1] <= self.end:
            raise ValueError("answer_span is not inside the quote")
        if self.quote_sha256 != sha256(self.quote):
            raise ValueError("quote_sha256 is not the hash of the quote")
        return self


class Statement(Frozen):
    """One sentence of an answer with its proof. Without a citation it cannot be constructed."""

    text: Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
    citations: Annotated[tuple[Citation, ...], Field(min_length=1)]


class Dropped(Frozen):
    """A sentence that an engine wrote and verification refused, with the reason; shown as withheld, never as fact."""

    text: str
    why: str


class Usage(Frozen):
    """What a reply cost at an LLM provider."""

    requests: int
    input_tokens: int
    output_tokens: int


class Turn(Frozen):
    """An earlier question of a conversation and the text of its answer, empty when there was none."""

    question: str
    answer: str = ""


class _Replied(Frozen):
    """What every reply tells.

    `standalone_question`: the question that was answered, where a follow-up had to be completed from earlier turns.
    `confidence`: the estimated probability that the evidence answers the question, where the engine has one.
    `engine`: what composed the reply. `notice`: something the user should know about how it came about.
    """

    question: str
    standalone_question: str | None = None
    confidence: Annotated[float, Field(ge=0, le=1)] | None = None
    hits: tuple[Hit, ...] = ()
    engine: str = "extractive"
    notice: str | None = None
    usage: Usage | None = None
    timings_ms: dict[str, float] = {}


class Answer(_Replied):
    """The sources hold the answer: at least one statement, each with citations."""

    status: Literal["answered"] = "answered"
    statements: Annotated[tuple[Statement, ...], Field(min_length=1)]
    dropped: tuple[Dropped, ...] = ()

    @property
    def text(self) -> str:
        """The statements as one text."""
        return "\n".join(statement.text for statement in self.statements)

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The distinct citations of all statements, by marker."""
        return _by_marker(self.statements)


class Abstention(_Replied):
    """The sources do not hold the answer: why, the nearest passages, and what could be asked instead.

    `corrections`: for a false premise, what the sources say instead, with citations.
    """

    status: Literal["abstained"] = "abstained"
    reason: AbstentionReason
    message: str
    corrections: tuple[Statement, ...] = ()
    suggestions: tuple[str, ...] = ()

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The distinct citations of the corrections, by marker."""
        return _by_marker(self.corrections)


def _by_marker(statements: Sequence[Statement]) -> tuple[Citation, ...]:
    unique = {citation.n: citation for statement in statements for citation in statement.citations}
    return tuple(unique[n] for n in sorted(unique))


Reply = Answer | Abstention


class Filter(Frozen):
    """Which chunks a search may return: all given conditions must hold; one left None allows everything.

    `published_from` and `published_to` are inclusive and compare as prefixes, so `published_to="2026-01"`
    includes 2026-01-31; dates compare as precisely as both are known, so an article of `2026` matches it too. An
    article without a date never matches them.
    """

    chunk_ids: frozenset[str] | None = None
    article_ids: frozenset[str] | None = None
    publishers: frozenset[str] | None = None
    langs: frozenset[str] | None = None
    published_from: PartialDate | None = None
    published_to: PartialDate | None = None


class Scored(NamedTuple):
    """One row of a ranking: a chunk and its score in that search."""

    chunk_id: str
    score: float


class IndexedChunk(NamedTuple):
    """A chunk ready to be stored: its lexical tokens (with repeats), hash of the embedded text and vector."""

    chunk: Chunk
    tokens: tuple[str, ...]
    embedded_text_sha256: str
    vector: Vector


class IndexedArticle(NamedTuple):
    """An article with all of its chunks; stores write it whole or not at all."""

    article: Article
    chunks: tuple[IndexedChunk, ...]


class Listing(NamedTuple):
    """A page of a list of articles. `total`: how many there are on all of its pages."""

    articles: list[Article]
    total: int


class Overview(NamedTuple):
    """What a store holds: how many articles, and the publishers and languages they have, in order."""

    articles: int
    publishers: tuple[str, ...]
    langs: tuple[str, ...]


class IndexManifest(Frozen):
    """What an index was built with; a store refuses to open with another one."""

    embedding_model: str
    dimension: int
    tokenizer: str
    chunker: str


class Passage(NamedTuple):
    """What a reader is given: `text` is read; `title` (article and headings) only helps to understand it."""

    text: str
    title: str = ""


class ScoredSpan(NamedTuple):
    """A run `[start, end)` of a passage's text that may answer, in code points.

    `score`: its logit less that of "no answer here"; above 0 the reader prefers the span.
    """

    start: int
    end: int
    score: float

"""What an LLM is given to answer from: the sentences of the hits, each under a key made up for this one request."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from rag.answering.llm.fence import fenced
from rag.japanese import Span
from rag.structure import Unit, sections, units
from rag.types import Article, Hit, Section
from rag.verification import around

_KEY_LETTERS = "bcdfghjkmnpqrstvwxz23456789"
_KEY_LENGTH = 5

MOST_HITS = 12
"""However many hits are asked for, an LLM is paid to read no more than these: about 5,000 characters."""

_LIMITS = re.compile(r"ただし|但し|例外|(?:Except|However)\b")


_POINTS_BACK = re.compile(
    r"(?:この|その|これ|それ|同(?=[社氏国省庁]|プロジェクト|イニシアチブ|計画|制度))(?!ため|後|他|うち)"
)
_BACK = 3
"""How many sentences before one may name what it points back to."""


class Source(NamedTuple):
    """A sentence that can be cited, or a list item with the sentence that leads it in: it says what is listed.

    `limit`: the sentence after it, where that says what it does not hold for (「ただし…」). `before`: the sentences
    before it, the nearest first, where it points back to them (同社, この事例). `context`: the title, headings and
    publisher it stands under.
    """

    hit: Hit
    span: Span
    lead_in: Span | None
    limit: Span | None
    before: tuple[Span, ...]
    context: str

    @property
    def text(self) -> str:
        """The sentence."""
        return self.hit.article.text[self.span.start : self.span.end]

    @property
    def spans(self) -> tuple[Span, ...]:
        """What is cited for it."""
        return (self.lead_in, self.span) if self.lead_in else (self.span,)


class Sources(NamedTuple):
    """What one request may cite, by key, and the prompt that shows it."""

    question: str
    by_key: Mapping[str, Source]
    prompt: str


def gather(question: str, hits: Sequence[Hit]) -> Sources:
    """The sentences of the best hits, the best first, with the question, fenced as data."""
    hits = hits[:MOST_HITS]
    everything = "\n".join([question, *(f"{hit.article.title}\n{hit.article.text}" for hit in hits)])
    by_key: dict[str, Source] = {}
    rows: list[dict[str, Any]] = [{"question": question}]
    seen: set[tuple[str, int]] = set()
    for hit in hits:
        fresh = [source for source in _sources(hit) if (hit.article.id, source.span.start) not in seen]
        rows += [_heading(hit)] if fresh else []
        for source in fresh:
            seen.add((hit.article.id, source.span.start))
            key = _new_key(by_key, everything)
            by_key[key] = source
            rows.append({"key": key, "text": source.text})
    return Sources(question, by_key, fenced(rows))


def _heading(hit: Hit) -> dict[str, Any]:
    row: dict[str, Any] = {"article": hit.article.title, "heading": " > ".join(hit.chunk.heading_path)}
    if hit.article.published:
        row["published"] = hit.article.published
    return row


def _new_key(taken: Mapping[str, Source], everything: str) -> str:
    """A key that nobody can guess, and that no text contains."""
    while True:
        key = "".join(secrets.choice(_KEY_LETTERS) for _ in range(_KEY_LENGTH))
        if key not in taken and key not in everything:
            return key


def _sources(hit: Hit) -> Iterator[Source]:
    for section, parts in _units(hit.article):
        context = around(hit.article.text, section.start, (hit.article.title, hit.article.publisher or ""))
        for at, (unit, following) in enumerate(zip(parts, (*parts[1:], None), strict=True)):
            span = Span(max(unit.start, hit.chunk.start), min(unit.end, hit.chunk.end))
            limits = following is not None and _LIMITS.match(hit.article.text, following.start)
            limit = Span(following.start, following.end) if following and limits else None
            points = _POINTS_BACK.search(hit.article.text, unit.start, unit.end) is not None
            before = [Span(each.start, each.end) for each in parts[max(0, at - _BACK) : at]] if points else []
            if span.start < span.end:  # a sentence too long to be one is cut by its chunks
                yield Source(hit, span, unit.lead_in, limit, tuple(reversed(before)), context)


@lru_cache(maxsize=256)
def _units(article: Article) -> tuple[tuple[Section, tuple[Unit, ...]], ...]:
    return tuple((section, tuple(units(article.text, section))) for section in sections(article.text))

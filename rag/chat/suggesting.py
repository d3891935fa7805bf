"""Questions worth offering, made from the articles; each was asked and answered before it is shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice, zip_longest
from threading import Lock
from typing import NamedTuple

from evals.generating.generate import generate
from rag.assistant import Assistant
from rag.chat.exchange import Exchange
from rag.errors import ArticleNotFound, RagError
from rag.messages import Lang
from rag.quantities import dates
from rag.structure import sections, units
from rag.types import Answer, Article, Citation, Section

EXAMPLES = 4
FREE = "extractive"
"""The engine that costs nothing to ask."""

FOLLOW_UPS = 3

_TRIES = 4
"""How many questions are asked at most for each one that is wanted."""

_LONGEST = 56
"""Characters of a question that still reads well on a button."""

_ARTICLES = 12
"""Examples come from so many of the newest articles."""

_NAME = r"[A-Z][A-Za-z0-9]+(?: (?:for |of )?[A-Z][A-Za-z0-9]+)*"
_NAMED = re.compile(f"「({_NAME})」")
_LABEL = re.compile(rf"\s*[-*•・]\s*({_NAME})\s*[:：]")
_ANNOUNCED = re.compile(r"発表|公開|announced")

_TYPES = ("list", "when", "what", "how_many", "how_much", "definition")
"""Types of question in the order in which they show best what can be asked."""


class Candidate(NamedTuple):
    """A question, and the span of the article that should answer it."""

    question: str
    article_id: str
    start: int
    end: int
    type: str


class Suggestions:
    """Offers questions over one assistant; what was found stays until the index changes."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._lock = Lock()
        self._examples: dict[tuple[int, Lang], tuple[str, ...]] = {}

    def examples(self, lang: Lang) -> tuple[str, ...]:
        """Questions for an empty chat, from as many articles as there are."""
        with self._lock:
            key = (self._assistant.chunk_count(), lang)
            if key not in self._examples:
                newest = self._assistant.listing(_ARTICLES, newest=True).articles
                found = self._proven(_examples(newest, lang), EXAMPLES)
                self._examples = {**self._of_index(key[0]), key: found}
            return self._examples[key]

    def _of_index(self, count: int) -> dict[tuple[int, Lang], tuple[str, ...]]:
        return {key: found for key, found in self._examples.items() if key[0] == count}

    def follow_ups(self, exchange: Exchange, asked: Iterable[str], lang: Lang) -> tuple[str, ...]:
        """Questions on the sections that an answer cites, whose answers it has not given yet.

        None for an answer that a paid engine wrote: checking each would cost as much as the answer.
        """
        if exchange.status != "answered" or exchange.engine != FREE:
            return ()
        made = chain.from_iterable(self._beside(exchange, lang))
        known = {exchange.question, *asked}
        return self._proven((one for one in made if one.question not in known), FOLLOW_UPS)

    def _beside(self, exchange: Exchange, lang: Lang) -> Iterator[list[Candidate]]:
        """Candidates in the sections of each citation, then in the rest of its article, none that is cited."""
        for article_id in dict.fromkeys(citation.article_id for citation in exchange.citations):
            try:
                article = self._assistant.article(article_id)
            except ArticleNotFound:
                continue
            cited = [(c.start, c.end) for c in exchange.citations if c.article_id == article_id]
            new = [one for one in candidates(article, lang) if not _overlaps(one, cited)]
            around = [(s.start, s.end) for s in _sections(article) if _overlaps(s, cited)]
            yield sorted(new, key=lambda one: not _overlaps(one, around))

    def _proven(self, made: Iterable[Candidate], wanted: int) -> tuple[str, ...]:
        """The first questions that are answered from the very place they were made of.

        Of an engine that costs, no more are asked than are wanted.
        """
        found: list[str] = []
        for tried, one in enumerate(islice(made, wanted * _TRIES), 1):
            try:
                reply = self._assistant.ask(one.question)
            except RagError:
                break
            if isinstance(reply, Answer) and any(_stands(citation, one) for citation in reply.citations):
                found.append(one.question)
            if len(found) == wanted or (reply.engine != FREE and tried >= wanted):
                break
        return tuple(found)


def _stands(citation: Citation, one: Candidate) -> bool:
    return citation.article_id == one.article_id and citation.start < one.end and one.start < citation.end


def _examples(articles: Sequence[Article], lang: Lang) -> Iterator[Candidate]:
    """Candidates of the articles in turn."""
    for row in zip_longest(*(_varied(article, lang) for article in articles)):
        yield from (one for one in row if one is not None)


def _varied(article: Article, lang: Lang) -> list[Candidate]:
    """An article's candidates: the first of each type, then the second of each, and so on."""
    by_type: dict[str, list[Candidate]] = {}
    for one in candidates(article, lang):
        by_type.setdefault(one.type, []).append(one)
    rows = zip_longest(*(by_type[kind] for kind in sorted(by_type, key=_place)))
    return [one for row in rows for one in row if one is not None]


def _place(kind: str) -> int:
    return _TYPES.index(kind) if kind in _TYPES else len(_TYPES)


@lru_cache(maxsize=128)
def candidates(article: Article, lang: Lang) -> tuple[Candidate, ...]:
    """Questions on an article that fit on a button, in the order of its text.

    Japanese ones are in its own words, as evaluation sets are made; English ones ask about its Latin names.
    """
    return tuple(_english(article)) if lang == "en" else tuple(_japanese(article))


def _japanese(article: Article) -> Iterator[Candidate]:
    for item in generate(article):
        span = item.evidence[0][0]
        if item.type != "cloze" and len(item.question) <= _LONGEST:
            yield Candidate(item.question, article.id, span.start, span.end, item.type)


def _english(article: Article) -> Iterator[Candidate]:
    """When what stands in 「」 was announced, and what that and the labels of lists are."""
    seen: set[str] = set()
    for section in _sections(article):
        for unit in units(article.text, section) if section.kind == "body" else ():
            said = article.text[unit.start : unit.end]
            dated = _ANNOUNCED.search(said) and next(iter(dates(said)), None)
            for name in _NAMED.findall(said) if dated else ():
                if name not in seen:
                    yield Candidate(f"When was {name} announced?", article.id, unit.start, unit.end, "when")
                seen.add(name)
            label = _LABEL.match(said)
            if label:
                yield Candidate(f"What is {label[1]}?", article.id, unit.start, unit.end, "definition")


@lru_cache(maxsize=64)
def _sections(article: Article) -> tuple[Section, ...]:
    return tuple(sections(article.text))


def _overlaps(one: Candidate | Section, spans: Iterable[tuple[int, int]]) -> bool:
    return any(start < one.end and one.start < end for start, end in spans)

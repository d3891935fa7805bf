"""Questions that an LLM proposes from an article, each verified by rules before it is kept."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel

from evals.generating.rules import LONGEST_QUESTION
from evals.items import EvalError, EvidenceSpan, Item
from evals.metrics.text import states
from rag import Article
from rag.answering.llm.client import Connection, open_agent
from rag.answering.llm.fence import fenced
from rag.answering.llm.prompts import GENERATING
from rag.answering.llm.trouble import trouble_of
from rag.chunking import chunk
from rag.japanese import content_words, fold

PER_PART = 3
"""Questions asked for from one part of an article; more of them repeat each other."""

_ENOUGH = 600
"""Characters of text that are put to the model at once, about: a question needs some to choose from."""

_SHORTEST_QUESTION = 8
_LONGEST_ANSWER = 120

Kind = Literal["when", "where", "who", "how_many", "how_much", "why", "definition", "what"]

REJECTIONS = {
    "evidence": "根拠が記事の原文のとおりでない",
    "twice": "根拠の文が記事に2回以上ある",
    "answer": "答えが根拠の文にない",
    "given": "質問に答えが書いてある",
    "vague": "質問が短すぎるか長すぎる、または何についてかが分からない",
    "repeated": "同じ質問か、同じ答えがもうある",
}
"""Why a proposed question is not kept."""


class Proposed(BaseModel):
    """A question as the model proposes it."""

    question: str
    answer: str
    evidence: str
    type: Kind = "what"


class Proposals(BaseModel):
    """What the model returns for one part of an article."""

    questions: list[Proposed] = []


class Generated(NamedTuple):
    """The questions that were kept, and how many were not, by the keys of `REJECTIONS`."""

    items: list[Item]
    rejected: Counter[str]


class _Part(NamedTuple):
    heading: str
    text: str


def generate_by_llm(
    article: Article, connection: Connection, limit: int | None = None, timeout_s: float = 120
) -> Generated:
    """Questions that the article answers, in the order of its text; at most `limit`. One request for each part.

    Raises:
        MissingExtra, ConfigError: the model cannot be used.
        EvalError: it did not answer.
    """
    return asyncio.run(_generate(article, connection, limit, timeout_s))


async def _generate(
    article: Article, connection: Connection, limit: int | None, timeout_s: float
) -> Generated:
    items: list[Item] = []
    rejected: Counter[str] = Counter()
    agent = open_agent(connection, Proposals, GENERATING, name="generator", timeout=timeout_s)
    async with agent:
        for part in _parts(article):
            if limit is not None and len(items) >= limit:
                break
            for proposed in (await _ask(agent, article, part))[: 2 * PER_PART]:
                kept = verified(proposed, article, part.text, items)
                if isinstance(kept, Item):
                    items.append(kept)
                else:
                    rejected[kept] += 1
    return Generated(items[:limit], rejected)


async def _ask(agent: Any, article: Article, part: _Part) -> Sequence[Proposed]:
    rows: list[dict[str, Any]] = [
        {"article": article.title, "heading": part.heading},
        {"text": part.text},
        {"number": PER_PART},
    ]
    try:
        return list((await agent.run(fenced(rows))).output.questions)
    except Exception as error:  # whatever a server makes its client raise
        raise EvalError(
            f"{article.id}: {trouble_of(error).message('ja')}", "直してから、同じコマンドを実行してください。"
        ) from None


def _parts(article: Article) -> Iterator[_Part]:
    """The text of the article without its list of sources, a few neighbouring chunks of one section at a time."""
    held: list[Any] = []
    for piece in [*(one for one in chunk(article) if one.kind == "body"), None]:
        done = piece is None or (
            held and (piece.heading_path != held[0].heading_path or piece.end - held[0].start > _ENOUGH)
        )
        if held and done:
            yield _Part(" > ".join(held[0].heading_path), article.text[held[0].start : held[-1].end])
            held = []
        held.append(piece)


def verified(proposed: Proposed, article: Article, part: str, items: Sequence[Item]) -> Item | str:
    """The item, or the key of `REJECTIONS` that says why there is none."""
    question, answer = proposed.question.strip(), proposed.answer.strip()
    evidence = proposed.evidence.strip()
    if not evidence or evidence not in part:
        return "evidence"
    if article.text.count(evidence) > 1:
        return "twice"
    if not 0 < len(answer) <= _LONGEST_ANSWER or not states(evidence, answer):
        return "answer"
    if states(question, answer):
        return "given"
    if not _says_about_what(question, part, article):
        return "vague"
    start = article.text.index(evidence)
    span = EvidenceSpan(article_id=article.id, start=start, end=start + len(evidence), text=evidence)
    if any(_same(question, answer, span, item) for item in items):
        return "repeated"
    return Item(
        id=f"{article.id}-l{len(items) + 1:03}",
        split="dev",
        question=question,
        type=proposed.type,
        style="generated",
        gold=answer,
        accepted=((answer,),),
        evidence=((span,),),
    )


def _says_about_what(question: str, part: str, article: Article) -> bool:
    """Whether a question is one line of fair length, and most of its words are about what the part says."""
    if not _SHORTEST_QUESTION <= len(question) <= LONGEST_QUESTION or re.search(r"[\n\r]", question):
        return False
    asked = set(content_words(fold(question)))
    known = set(content_words(fold(f"{article.title}\n{part}")))
    return 2 * len(asked & known) >= len(asked) > 1


def _same(question: str, answer: str, span: EvidenceSpan, item: Item) -> bool:
    same_answer = fold(answer) == fold(item.gold) and span == item.evidence[0][0]
    return fold(question) == fold(item.question) or same_answer

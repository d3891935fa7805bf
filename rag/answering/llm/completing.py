"""A follow-up question completed by an LLM, in words of the conversation only."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from pydantic import BaseModel

from rag.answering.llm.client import Connection, open_agent
from rag.answering.llm.fence import fenced
from rag.answering.llm.prompts import COMPLETING
from rag.answering.llm.thread import told_by
from rag.answering.llm.trouble import trouble_of
from rag.english import is_english
from rag.japanese import fold, is_content, words
from rag.quantities import dates, numbers
from rag.types import Turn

REMEMBERED = 4
"""How many turns are sent: what a question points back to is rarely further away."""

_LONGEST = 300
_POINTING = frozenset(
    "それ これ あれ ここ そこ 此れ 其れ 彼れ 此処 其処 同社 同氏 彼 彼女 it its this that they their he she".split()
)


class Completed(BaseModel):
    """What the model returns."""

    question: str


def complete_by_llm(
    connection: Connection, timeout_s: float, question: str, history: Sequence[Turn]
) -> str | None:
    """The question that the LLM made of a follow-up; None if it failed, or changed what is asked."""
    turns = history[-REMEMBERED:]
    rows = [{"question": turn.question, "answer": turn.answer} for turn in turns]
    prompt = fenced([*rows, {"follow_up": question}])

    async def ask(tell: Callable[[str | None], None]) -> None:
        try:
            agent = open_agent(connection, Completed, COMPLETING, name="completer", max_retries=1)
            async with asyncio.timeout(timeout_s), agent:
                tell((await agent.run(prompt)).output.question.strip())
        except Exception as error:  # the rules complete the question then
            trouble_of(error)
            tell(None)

    (written,) = told_by(ask)
    return written if written and is_faithful(written, question, turns) else None


def is_faithful(written: str, question: str, history: Sequence[Turn]) -> bool:
    """Whether a completed question asks the same: it keeps every word, and adds only words of the conversation."""
    said = "\n".join([question, *(f"{turn.question}\n{turn.answer}" for turn in history)])
    new, old, known = _content(written), _content(question), _content(said)
    return (
        len(written) <= _LONGEST
        and "\n" not in written
        and is_english(written) == is_english(question)
        and old - _POINTING <= new
        and new <= known
        and {one[2:] for one in dates(written)} <= {one[2:] for one in dates(said)}
        and {one[2:] for one in numbers(written)} <= {one[2:] for one in numbers(said)}
    )


def _content(text: str) -> set[str]:
    return {word.base for word in words(fold(text)) if is_content(word)}

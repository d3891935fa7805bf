"""One question put to an LLM: its answer is read while it is written, verified, and mended once where that fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import from_json

from rag.answering.llm.client import Connection, open_agent
from rag.answering.llm.composing import (
    MOST_STATEMENTS,
    Checked,
    Checker,
    Written,
    WrittenStatement,
    distinct,
    numbered,
    settle,
    sure,
)
from rag.answering.llm.prompts import ANSWER_IN, ANSWERING, complaint
from rag.answering.llm.sources import Sources
from rag.answering.llm.trouble import AnswerTooLong, Trouble, is_passing, trouble_of
from rag.messages import Lang
from rag.types import Dropped, Statement, Usage

ATTEMPTS = 3
"""How often a request is sent that a busy server refuses or a lost connection ends."""

LONGEST_ANSWER = 30_000
"""Characters of JSON after which a model is not read any further."""

_DEBOUNCE = 0.05
"""Seconds of the stream that are read at once."""


class Finished(NamedTuple):
    """How the exchange ended: the status and what is left of the answer, or the trouble that prevented one.

    `shown`: how many of the statements, from the first, were told while the model wrote.
    """

    status: str
    statements: tuple[Statement, ...]
    dropped: tuple[Dropped, ...]
    shown: int
    usage: Usage
    trouble: Trouble | None = None


class Exchange:
    """Asks once, and tells each statement that is sure to stay."""

    def __init__(self, connection: Connection, timeout_s: float, sources: Sources, lang: Lang) -> None:
        self._connection = connection
        self._timeout_s = timeout_s
        self._sources = sources
        self._lang = lang
        self._checker = Checker(sources)
        self._shown: list[Checked] = []
        self._rounds = 0
        self._status = "no_evidence"
        self._checked: list[Checked] = []
        self._usage: Any = None

    async def run(self, tell: Callable[[Statement | Finished], None]) -> None:
        """Tell the statements as they come, and last how it ended; no trouble with a provider is raised."""
        trouble: Trouble | None = None
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._until_answered(tell)
        except Exception as error:  # whatever a server makes its client raise, a reply must come
            trouble = trouble_of(error)
        settled = settle(self._shown if trouble else self._checked, len(self._shown))
        limits = self._checker.limits(settled.statements)
        statements = numbered([*settled.statements, *limits])
        used = self._usage
        usage = Usage(
            requests=used.requests if used else 0,
            input_tokens=used.input_tokens if used else 0,
            output_tokens=used.output_tokens if used else 0,
        )
        tell(Finished(self._status, statements, settled.dropped, len(self._shown), usage, trouble))

    async def _until_answered(self, tell: Callable[[Statement], None]) -> None:
        from pydantic_ai.usage import RunUsage

        self._usage = RunUsage()
        end = asyncio.get_running_loop().time() + self._timeout_s
        for attempt in range(1, ATTEMPTS + 1):
            try:
                await self._once(tell)
                return
            except Exception as error:
                asked_to_wait = getattr(error, "retry_after", None)
                wait = 2 ** (attempt - 2) if asked_to_wait is None else asked_to_wait
                too_late = asyncio.get_running_loop().time() + wait >= end
                if attempt == ATTEMPTS or self._shown or too_late or not is_passing(error):
                    raise
            await asyncio.sleep(wait)

    async def _once(self, tell: Callable[[Statement], None]) -> None:
        instructions = "\n".join([ANSWERING, ANSWER_IN[self._lang]])
        agent = open_agent(self._connection, Written, instructions, name="answerer", max_retries=0)
        agent.output_validator(self._validated)
        self._rounds = 0
        async with agent, agent.iter(self._sources.prompt, usage=self._usage) as run:
            async for node in run:
                if not agent.is_model_request_node(node):
                    continue
                self._rounds += 1
                async with node.stream(run.ctx) as stream:
                    async for response in stream.stream_response(debounce_by=_DEBOUNCE):
                        self._read(_said(response), tell)

    def _read(self, said: str, tell: Callable[[Statement], None]) -> None:
        """Tell what is sure of an answer that is still being written; one that is mended is told when it is whole."""
        if len(said) > LONGEST_ANSWER:
            raise AnswerTooLong
        complete, beginning = _so_far(said) if self._rounds == 1 else ([], "")
        if len(complete) <= len(self._shown) or len(complete) > MOST_STATEMENTS:
            return
        checked = [self._checker.check(one) for one in distinct(complete)]
        for one in checked[len(self._shown) : sure(checked, beginning)]:
            if one.statement is not None:
                self._shown.append(one)
                tell(one.statement)

    def _validated(self, context: Any, output: Written) -> Written:
        """Keep the answer, or send it back once with what is wrong."""
        self._status, self._checked = self._align(output)
        complaints = self._complaints(output)
        if complaints and context.retry < context.max_retries:
            from pydantic_ai import ModelRetry

            raise ModelRetry(complaint(len(self._shown), complaints))
        return output

    def _align(self, output: Written) -> tuple[str, list[Checked]]:
        """The answer with what was shown already at its head, whatever became of it since."""
        if output.status not in ("answered", "false_premise"):
            return ("answered", [*self._shown]) if self._shown else (output.status, [])
        written = distinct(output.statements)
        known = {one.text.strip() for one in self._shown}
        rest = [one for one in written if one.text.strip() not in known]
        if len(rest) == len(written):  # reworded, against what was asked
            rest = written[len(self._shown) :]
        status = "answered" if self._shown else output.status
        return status, [*self._shown, *map(self._checker.check, rest)]

    def _complaints(self, output: Written) -> dict[int, tuple[str, ...]]:
        if len(self._checked) > MOST_STATEMENTS:
            return {MOST_STATEMENTS + 1: (f"文が多すぎます。{MOST_STATEMENTS} までにします。",)}
        if self._status in ("answered", "false_premise") and not self._checked:
            return {1: (f"status が {output.status} なのに、statements がありません。",)}
        return {n: one.problems for n, one in enumerate(self._checked, 1) if one.problems}


def _said(response: Any) -> str:
    """The JSON of a response so far: the arguments of the output tool's call, or the text."""
    from pydantic_ai.messages import TextPart, ToolCallPart

    calls = [part for part in response.parts if isinstance(part, ToolCallPart)]
    if calls:
        arguments = calls[0].args
        return arguments if isinstance(arguments, str) else calls[0].args_as_json_str()
    return "".join(part.content for part in response.parts if isinstance(part, TextPart))


def _so_far(said: str) -> tuple[Sequence[WrittenStatement], str]:
    """The statements that are complete in an unfinished answer, and the beginning of the text of the next."""
    try:
        parsed = from_json(said[max(said.find("{"), 0) :], allow_partial="trailing-strings")
    except ValueError:
        return [], ""
    if not isinstance(parsed, dict) or parsed.get("status") != "answered":
        return [], ""
    rows = parsed.get("statements")
    rows = rows if isinstance(rows, list) else []
    try:
        complete = [WrittenStatement.model_validate(row) for row in rows[:-1]]
    except ValidationError:
        return [], ""
    last = rows[-1].get("text") if rows and isinstance(rows[-1], dict) else None
    return complete, last if isinstance(last, str) else ""

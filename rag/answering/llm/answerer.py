"""The answerer that asks an LLM: verified statements with citations, an abstention, or the answer of another engine.

The model never gets to say anything that `rag.verification` does not find in the sentences it names, and a quote is
always taken from the article, not from the model. See `docs/llm.md`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rag.answering.conversation import complete
from rag.answering.llm.client import Connection, open_agent
from rag.answering.llm.completing import Completed, complete_by_llm
from rag.answering.llm.exchange import Exchange, Finished
from rag.answering.llm.prompts import COMPLETING
from rag.answering.llm.sources import gather
from rag.answering.llm.thread import told_by
from rag.english import is_english
from rag.messages import Lang, text
from rag.protocols import Answerer
from rag.types import Abstention, AbstentionReason, Answer, Hit, Reply, Statement, Turn

_SUGGESTED = 3


class LlmAnswerer:
    """Answers by an LLM. `local` reads first: where it proves that the LLM is not needed, it is not asked, and when
    the LLM fails, its reply is the answer. Its confidence is told with the LLM's answer too."""

    def __init__(self, connection: Connection, local: Answerer, timeout_s: float) -> None:
        """Raises what `open_agent` does when the model cannot be used; nothing is sent."""
        open_agent(connection, Completed, COMPLETING, name="completer")
        self._connection = connection
        self._local = local
        self._timeout_s = timeout_s

    def answer(self, question: str, hits: Sequence[Hit]) -> Reply:
        """The last of `stream`."""
        *_, reply = self.stream(question, hits)
        assert not isinstance(reply, Statement)  # noqa: S101
        return reply

    def stream(self, question: str, hits: Sequence[Hit]) -> Iterator[Statement | Reply]:
        """Each statement once it is verified and sure to stay, while the model still writes; last the reply."""
        local = self._local.answer(question, hits)
        if not hits or _is_settled(local):
            yield local
            return
        lang: Lang = "en" if is_english(question) else "ja"
        exchange = Exchange(self._connection, self._timeout_s, gather(question, hits), lang)
        for told in told_by(exchange.run):
            if isinstance(told, Finished):
                yield from self._ended(question, local, told, lang)
            else:
                yield told

    def complete(self, question: str, history: Sequence[Turn]) -> str:
        """A follow-up as a question that stands by itself, in words of the conversation; by rules if the LLM fails."""
        if not history:
            return question
        return complete_by_llm(self._connection, self._timeout_s, question, history) or complete(
            question, history
        )

    def _ended(
        self, question: str, local: Reply, finished: Finished, lang: Lang
    ) -> Iterator[Statement | Reply]:
        """The statements that were not told yet, then the reply."""
        if finished.trouble is not None and not finished.shown:
            yield from local.statements if isinstance(local, Answer) else ()
            notice = finished.trouble.notice(lang, "instead")
            yield local.model_copy(update={"notice": notice, "usage": finished.usage})
            return
        reply = self._reply(question, local, finished, lang)
        yield from reply.statements[finished.shown :] if isinstance(reply, Answer) else ()
        yield reply

    def _reply(self, question: str, local: Reply, finished: Finished, lang: Lang) -> Reply:
        if finished.statements and finished.status != "false_premise":
            return Answer(
                question=question,
                statements=finished.statements,
                dropped=finished.dropped,
                confidence=local.confidence,
                hits=local.hits,
                engine=self._connection.model,
                notice=_notice(local, finished, lang),
                usage=finished.usage,
            )
        reason = _reason(finished)
        return Abstention(
            question=question,
            reason=reason,
            message=text(reason, lang),
            corrections=finished.statements,
            suggestions=_subjects(local.hits) if reason == "ambiguous" else (),
            hits=local.hits,
            engine=self._connection.model,
            usage=finished.usage,
        )


def _is_settled(local: Reply) -> bool:
    """Whether no LLM can do better: the question names no subject, or its premise is corrected with a citation."""
    return isinstance(local, Abstention) and local.reason in ("ambiguous", "false_premise", "empty_corpus")


def _reason(finished: Finished) -> AbstentionReason:
    if finished.status == "false_premise" and finished.statements:
        return "false_premise"
    if finished.status == "ambiguous":
        return "ambiguous"
    return "unsupported_claim" if finished.dropped else "no_evidence"


def _notice(local: Reply, finished: Finished, lang: Lang) -> str | None:
    if finished.trouble:
        return finished.trouble.notice(lang, "cut")
    return text("llm.alone", lang) if isinstance(local, Abstention) else None


def _subjects(hits: Sequence[Hit]) -> tuple[str, ...]:
    """What an ambiguous question could be about: the headings, or titles, of the nearest passages."""
    names = ((hit.chunk.heading_path or (hit.article.title,))[-1] for hit in hits)
    return tuple(dict.fromkeys(names))[:_SUGGESTED]

"""What can go wrong between an LLM and a reply, told so that the user can mend it."""

from __future__ import annotations

import logging
from typing import Literal, NamedTuple

from rag.messages import Lang, text

TroubleKind = Literal[
    "key",
    "model",
    "quota",
    "busy",
    "server",
    "timeout",
    "connection",
    "context",
    "rejected",
    "unusable",
    "failed",
]

_LOG = logging.getLogger("rag.llm")


class AnswerTooLong(Exception):
    """The model writes on without an end."""


class Trouble(NamedTuple):
    """Why there is no answer from the LLM. `status`: the HTTP status, where the server told one."""

    kind: TroubleKind
    status: int | None = None

    def message(self, lang: Lang) -> str:
        """What happened, and what to do about it."""
        return text(f"llm.{self.kind}", lang, status=f" (HTTP {self.status})" if self.status else "")

    def notice(self, lang: Lang, outcome: Literal["instead", "cut"]) -> str:
        """The message, with what the reply is made of."""
        return ("" if lang == "ja" else " ").join([self.message(lang), text(f"llm.{outcome}", lang)])


def trouble_of(error: BaseException) -> Trouble:
    """The trouble behind an error of the client; what the error says is not kept: it may hold a key or the question."""
    from pydantic_ai import exceptions as ai

    kinds: tuple[tuple[tuple[type[BaseException], ...], TroubleKind], ...] = (
        ((ai.ModelAuthenticationError,), "key"),
        ((ai.ModelNotFoundError,), "model"),
        ((ai.ModelQuotaExceededError,), "quota"),
        ((ai.ModelRateLimitError,), "busy"),
        ((ai.ModelRequestTimeout, ai.ModelTimeoutError, TimeoutError), "timeout"),
        ((ai.ModelServerError, ai.ModelUnavailableError), "server"),
        ((ai.ModelConnectionError,), "connection"),
        ((ai.ModelContextWindowExceededError,), "context"),
        ((ai.ModelRequestRejectedError,), "rejected"),
        ((ai.UnexpectedModelBehavior, AnswerTooLong), "unusable"),
    )
    kind: TroubleKind = next((kind for types, kind in kinds if isinstance(error, types)), "failed")
    trouble = Trouble(kind, getattr(error, "status_code", None))
    _LOG.warning("%s (%s, HTTP %s)", trouble.kind, type(error).__name__, trouble.status)
    return trouble


def is_passing(error: BaseException) -> bool:
    """Whether the same request may well succeed a moment later."""
    from pydantic_ai import exceptions as ai

    passing = (ai.ModelRateLimitError, ai.ModelUnavailableError, ai.ModelServerError, ai.ModelConnectionError)
    return isinstance(error, passing)

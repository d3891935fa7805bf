"""Every refusal as `application/problem+json` (RFC 9457): a type for programs, words for people, no traceback."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field
from starlette.responses import Response

from rag import errors, wire
from rag.errors import RagError
from rag.http.words import KINDS
from rag.messages import Lang

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 1

_KIND_OF: Sequence[tuple[type[RagError], str]] = (
    (errors.InvalidQuestion, "invalid-question"),
    (errors.ArticleNotFound, "not-found"),
    (errors.ChunkNotFound, "not-found"),
    (errors.ImportFailed, "import-failed"),
    (errors.CorpusError, "invalid-article"),
    (errors.InvalidKey, "unauthorized"),
    (errors.ServerBusy, "busy"),
    (errors.TookTooLong, "timeout"),
)


class FieldProblem(BaseModel):
    """What is wrong with one field of a request."""

    field: str = Field(examples=["body.k"])
    message: str = Field(examples=["Input should be less than or equal to 100"])


class Problem(BaseModel):
    """A refused request (RFC 9457)."""

    type: str = Field(description="`urn:rag:problem:` and the kind", examples=["urn:rag:problem:not-found"])
    title: str = Field(examples=["ありません"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["記事「x」はありません。"])
    hint: str = Field("", description="What to do next")
    retryable: bool = Field(False, description="Whether sending the same request again can help")
    request_id: str = Field("", description="The response's X-Request-Id")
    errors: list[FieldProblem] = []


def kind_of(error: RagError) -> str:
    """The kind of problem that an error is."""
    return next((kind for cls, kind in _KIND_OF if isinstance(error, cls)), "unavailable")


def problem(
    kind: str,
    lang: Lang,
    request_id: str = "",
    *,
    detail: str = "",
    hint: str = "",
    errors: Sequence[FieldProblem] = (),
) -> dict[str, Any]:
    """The JSON object of a problem."""
    known = KINDS[kind]
    return Problem(
        type=f"urn:rag:problem:{kind}",
        title=known.title(lang),
        status=known.status,
        detail=detail or known.detail(lang),
        hint=hint,
        retryable=known.status in (408, 429, 503, 504),
        request_id=request_id,
        errors=list(errors),
    ).model_dump()


def problem_of(error: RagError, lang: Lang, request_id: str = "", home: Path | None = None) -> dict[str, Any]:
    """The problem that an error is, in its own words.

    What concerns the machine more than the request (a damaged index, say) is told in general words only.
    """
    kind = kind_of(error)
    if kind == "unavailable" or (lang == "en" and not error.english):
        return problem(kind, lang, request_id)
    detail, hint = (_without_paths(words, home) for words in error.said(lang))
    return problem(kind, lang, request_id, detail=detail, hint=hint)


def respond(body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """The response of a problem."""
    extra = dict(headers or {})
    if body["status"] == 429:
        extra.setdefault("Retry-After", str(RETRY_AFTER_S))
    if body["status"] == 401:
        extra.setdefault("WWW-Authenticate", "Bearer")
    return Response(
        wire.dumps(body), body["status"], {**extra, "Cache-Control": "no-store"}, media_type=MEDIA_TYPE
    )


def _without_paths(words: str, home: Path | None) -> str:
    """Where things are on this machine is nobody's business."""
    return words.replace(f"{home}/", "").replace(str(home), "") if home else words

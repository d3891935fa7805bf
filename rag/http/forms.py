"""Reading what FastAPI does not read by itself, with the same errors, and the check for write access."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request

from rag.http.fields import OWN
from rag.http.server import caller

M = TypeVar("M", bound=BaseModel)


def writing(request: Request) -> None:
    """Let only those through who may write.

    Raises:
        HTTPException: 403.
    """
    if caller(request.scope).scope != "write":
        raise HTTPException(403)


async def read_json(request: Request, model: type[M]) -> M:
    """The body as a model.

    Raises:
        HTTPException: 415, it does not say that it is JSON.
        RequestValidationError: it is none, or another.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise HTTPException(415)
    try:
        value = json.loads(await request.body())
    except (ValueError, RecursionError):
        raise RequestValidationError([{"type": "json_invalid", "loc": ("body",), "msg": "JSON"}]) from None
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise refused(error) from None


def refused(error: ValidationError) -> RequestValidationError:
    """The same errors, said of the body."""
    return RequestValidationError([{**one, "loc": ("body", *one["loc"])} for one in error.errors()])


def invalid(field: str, japanese: str, english: str) -> RequestValidationError:
    """One field of the body is wrong."""
    problem: dict[str, Any] = {"type": OWN, "loc": ("body", field), "msg": english, "ctx": {"ja": japanese}}
    return RequestValidationError([problem])

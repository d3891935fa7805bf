"""The HTTP API over one assistant."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response

from rag import __version__
from rag.assistant import Assistant
from rag.config import ServerSettings
from rag.errors import RagError, ServerBusy
from rag.http import articles, ask, feedback, login, openai, system
from rag.http.access import Access
from rag.http.fields import field_message
from rag.http.gate import Gate
from rag.http.limits import Bodies
from rag.http.problems import FieldProblem, Problem, problem, problem_of, respond
from rag.http.server import Server, lang_of, request_id, server_of, telemetry_wanted
from rag.http.watching import watching

log = logging.getLogger("rag.http")

_ABOUT = """出典のない文は返さない質問応答の API です。エラーはすべて `application/problem+json`(RFC 9457)で返します。
位置(`start`、`end`)は Unicode コードポイントで数え、`end` を含みません。

Answers with proof: every statement has a verbatim quote. Errors are `application/problem+json` (RFC 9457), in English
with `Accept-Language: en`. Offsets (`start`, `end`) count Unicode code points; `end` is not included."""
_KIND_OF_STATUS = {
    400: "bad-request",
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "unsupported-media-type",
}
_PROBLEM = {"model": Problem, "content": {"application/problem+json": {}}}
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "The request cannot be served as it is", **_PROBLEM},
    "5XX": {"description": "The server cannot serve it now", **_PROBLEM},
}


def create_app(assistant: Assistant, settings: ServerSettings | None = None) -> FastAPI:
    """The API over an assistant, which stays the caller's to close."""
    server = Server(assistant, settings or ServerSettings())

    @asynccontextmanager
    async def living(app: FastAPI) -> AsyncIterator[None]:
        async with watching(server):
            yield
        await asyncio.to_thread(server.close)

    app = FastAPI(
        title="rag",
        version=__version__,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        lifespan=living,
        telemetry={
            "auto_configure": telemetry_wanted(),
            "tracing": telemetry_wanted(),
            "metrics": False,
            "logs": False,
        },
    )
    bearer = HTTPBearer(auto_error=False, description="`rag keys add NAME` makes a key")
    for router in (ask.router, articles.router, feedback.router, openai.router, system.router):
        app.include_router(router, responses=_PROBLEMS, dependencies=[Depends(bearer)])
    system.add_reference(app)
    _guard(app, server)
    return app


def guarded(app: FastAPI, assistant: Assistant, settings: ServerSettings) -> FastAPI:
    """An application of one's own behind the same checks: host, origin, keys with their login page, and sizes."""
    _guard(app, Server(assistant, settings))
    return app


def _guard(app: FastAPI, server: Server) -> None:
    sessions = login.Sessions()
    app.state.server = server
    app.include_router(login.routes(sessions))
    _add_handlers(app)
    _add_layers(app, server, sessions)


def _add_layers(app: FastAPI, server: Server, sessions: login.Sessions) -> None:
    """What a request passes through, the last one first."""
    app.add_middleware(Bodies, server=server)
    app.add_middleware(Gate, server=server, sessions=sessions)
    if server.settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(server.settings.cors_origins),
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "X-Request-Id", "Accept-Language"],
            expose_headers=["X-Request-Id", "Retry-After"],
        )
    app.add_middleware(Access, server=server)


def _add_handlers(app: FastAPI) -> None:
    @app.exception_handler(RagError)
    async def rag_error(request: Request, error: RagError) -> Response:
        scope, server = request.scope, server_of(request)
        body = problem_of(error, lang_of(scope), request_id(scope), server.assistant.home)
        if isinstance(error, ServerBusy):
            server.metrics.refused("busy")
        if body["status"] >= 500:
            fields = {"request_id": request_id(scope), "error": type(error).__name__, "detail": str(error)}
            log.warning("refused", extra={"fields": fields})
        return _respond(request, body)

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        kind = _KIND_OF_STATUS.get(
            error.status_code, "bad-request" if error.status_code < 500 else "internal"
        )
        body = problem(kind, lang_of(request.scope), request_id(request.scope))
        return _respond(request, body, dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        found, lang = error.errors(), lang_of(request.scope)
        fields = [
            FieldProblem(field=".".join(map(str, one["loc"])), message=field_message(one, lang))
            for one in found[:20]
        ]
        body = problem(_kind_of_invalid(request, found), lang, request_id(request.scope), errors=fields)
        return _respond(request, body)


def _kind_of_invalid(request: Request, found: Sequence[Any]) -> str:
    if any(one["type"] == "json_invalid" for one in found):
        return "malformed-json"
    whole = any(tuple(one["loc"]) == ("body",) and one["type"] != "missing" for one in found)
    json = request.headers.get("content-type", "").startswith("application/json")
    return "unsupported-media-type" if whole and request.method == "POST" and not json else "invalid-request"


def _respond(request: Request, body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    """Clients made for OpenAI look for an `error`."""
    if request.url.path.startswith(openai.PATHS):
        body = {**body, "error": openai.error_object(body)}
    return respond(body, headers)

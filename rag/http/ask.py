"""`/v1/search` and `/v1/ask`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from functools import partial
from typing import Any, cast

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from rag import wire
from rag.assistant import clean_question
from rag.errors import RagError
from rag.http.example import EXAMPLE_REPLY
from rag.http.problems import problem, problem_of
from rag.http.schemas import AskRequest, ReplyObject, SearchRequest, SearchResponse
from rag.http.server import Server, lang_of, note, request_id, server_of
from rag.types import Reply, Statement

log = logging.getLogger("rag.http")
router = APIRouter(prefix="/v1", tags=["questions"])

KEEP_ALIVE_S = 15.0
"""A comment is sent after so many seconds of silence: proxies end connections that say nothing."""

_STREAM = """With `stream: true` (or `Accept: text/event-stream`) the response is a stream of server-sent events:
`statement` for each statement as soon as it is verified, with its citations in full; last `reply` with the whole
reply, which is what counts; or `error` with a problem."""
_EVENT = {
    "type": "object",
    "description": "One event of the stream",
    "required": ["event", "data"],
    "properties": {
        "event": {"enum": ["statement", "reply", "error"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
}
_EVENTS = (
    'event: statement\ndata: {"text": "…", "citations": [{"n": 1, "quote": "…", …}]}\n\n'
    'event: reply\ndata: {"id": "…", "status": "answered", …}\n\n'
)


@router.post(
    "/search", summary="近い文章を探す / Find the nearest chunks", responses={200: {"model": SearchResponse}}
)
async def search(request: Request, body: SearchRequest) -> Response:
    """The chunks nearest to a question, best first; nothing is answered."""
    server = server_of(request)
    where = body.where.filter() if body.where else None
    _note_question(request, server, body.question)
    hits = await server.questions.run(
        partial(server.assistant.search, body.question, body.k, where), server.settings.timeout_s
    )
    return json_response({"hits": [wire.hit_object(hit) for hit in hits]})


@router.post(
    "/ask",
    summary="出典つきで答える / Answer with proof",
    description=f"An answer every statement of which is cited, or an abstention.\n\n{_STREAM}",
    responses={
        200: {
            "model": ReplyObject,
            "content": {
                "application/json": {"example": EXAMPLE_REPLY},
                "text/event-stream": {"schema": _EVENT, "example": _EVENTS},
            },
        }
    },
)
async def ask(request: Request, body: AskRequest) -> Response:
    """See `_STREAM`."""
    server = server_of(request)
    clean_question(body.question)  # before a stream begins, so that it is refused with a status
    _note_question(request, server, body.question)
    parts = server.questions.stream(partial(_parts, server, body), server.settings.timeout_s)
    if body.stream or "text/event-stream" in request.headers.get("accept", ""):
        return event_stream(_events(request, server, parts))
    reply = await last_reply(parts)
    return json_response(keep(request, server, reply))


def _parts(server: Server, body: AskRequest) -> Iterator[Statement | Reply]:
    where = body.where.filter() if body.where else None
    return server.assistant.stream(body.question, body.k, where, [turn.turn() for turn in body.history])


async def last_reply(parts: AsyncIterator[Statement | Reply]) -> Reply:
    """What a stream of statements ends with."""
    last: Statement | Reply | None = None
    async for part in parts:
        last = part
    return cast(Reply, last)


def keep(request: Request, server: Server, reply: Reply) -> dict[str, Any]:
    """The JSON of a reply, which is remembered for feedback, counted and noted in the log."""
    server.metrics.reply(reply)
    note(
        request.scope,
        reply=reply.status,
        reason=getattr(reply, "reason", None),
        engine=reply.engine,
        timings_ms=reply.timings_ms,
    )
    return wire.reply_object(reply, server.recent.keep(reply))


def json_response(value: Any, status: int = 200) -> Response:
    """JSON as `rag.wire` writes it."""
    return Response(wire.dumps(value), status, media_type="application/json")


def event_stream(events: AsyncGenerator[str, None]) -> Response:
    """A response of server-sent events, which nothing between here and the client may hold back."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(kept_alive(events), media_type="text/event-stream", headers=headers)


async def kept_alive(events: AsyncGenerator[str, None]) -> AsyncGenerator[str, None]:
    """The events, with a comment whenever there was none for a while; closes them when the client leaves."""
    following: asyncio.Task[str] | None = None
    try:
        while True:
            following = following or asyncio.create_task(_next(events))
            done, _ = await asyncio.wait({following}, timeout=KEEP_ALIVE_S)
            if not done:
                yield ": \n\n"
                continue
            try:
                event = following.result()
            except StopAsyncIteration:
                return
            following = None
            yield event
    finally:
        if following is not None and not following.done():
            following.cancel()
            await asyncio.wait({following})
        await events.aclose()


async def _next(events: AsyncGenerator[str, None]) -> str:
    return await anext(events)


async def _events(
    request: Request, server: Server, parts: AsyncGenerator[Statement | Reply, None]
) -> AsyncGenerator[str, None]:
    try:
        async for part in parts:
            if isinstance(part, Statement):
                citations = [citation.model_dump() for citation in part.citations]
                yield event("statement", {"text": part.text, "citations": citations})
            else:
                yield event("reply", keep(request, server, part))
    except Exception as error:
        yield event("error", stream_problem(request, server, error))
    finally:
        await parts.aclose()


def stream_problem(request: Request, server: Server, error: Exception) -> dict[str, Any]:
    """What went wrong after a response had begun, when no status can tell it any more."""
    lang, name = lang_of(request.scope), request_id(request.scope)
    note(request.scope, error=type(error).__name__)
    if isinstance(error, RagError):
        return problem_of(error, lang, name, server.assistant.home)
    log.exception("unexpected error", extra={"fields": {"request_id": name}})
    return problem("internal", lang, name)


def event(name: str, value: Any) -> str:
    """One server-sent event; JSON has no line breaks, so its data is one line."""
    return f"event: {name}\ndata: {wire.dumps(value)}\n\n"


def _note_question(request: Request, server: Server, question: str) -> None:
    if server.settings.log_questions:
        note(request.scope, question=question)

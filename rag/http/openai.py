"""`/v1/chat/completions` and `/v1/models`, as clients made for OpenAI expect them.

The last user message is the question, those before it are the conversation; system messages change nothing, for what
may be said is decided by the articles. The text carries markers like [1] and ends with the list of sources; the same
citations are in `annotations` (`url_citation`), and the whole reply is in `rag`.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from functools import partial
from typing import Any
from uuid import uuid4

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from rag import wire
from rag.assistant import LONGEST_QUESTION, clean_question
from rag.errors import InvalidQuestion
from rag.http.ask import event_stream, json_response, keep, last_reply, stream_problem
from rag.http.openai_schemas import (
    MODEL,
    AnswerMessage,
    Choice,
    Completion,
    CompletionRequest,
    Message,
    Model,
    ModelList,
    TokenUsage,
)
from rag.http.openai_text import delta, following, rendered, rest
from rag.http.server import Server, lang_of, note, server_of
from rag.types import Reply, Statement, Turn, Usage

PATHS = ("/v1/chat/", "/v1/models")
router = APIRouter(prefix="/v1", tags=["openai"])

_HITS = 5
_EVENT = {
    "type": "object",
    "description": "A chunk of the completion as JSON; the last event is [DONE]",
    "required": ["data"],
    "properties": {"data": {"type": "string"}},
}
_TURNS = 20
_KINDS = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


@router.get("/models", summary="モデルの一覧 / List models")
async def models() -> ModelList:
    """There is one: this assistant."""
    return ModelList()


@router.get("/models/{model}", summary="モデル / A model")
async def model(model: str) -> Model:
    """The assistant, as a model."""
    if model != MODEL:
        raise HTTPException(404)
    return Model()


@router.post(
    "/chat/completions",
    summary="OpenAI 互換の応答 / OpenAI-compatible completion",
    responses={200: {"model": Completion, "content": {"text/event-stream": {"schema": _EVENT}}}},
)
async def completions(request: Request, body: CompletionRequest) -> Response:
    """Answers the last user message; with `stream: true` as OpenAI streams, statement by statement."""
    server = server_of(request)
    question, history = conversation(body.messages)
    clean_question(question)
    if server.settings.log_questions:
        note(request.scope, question=question)
    parts = server.questions.stream(
        partial(server.assistant.stream, question, _HITS, None, history), server.settings.timeout_s
    )
    head = {"id": f"chatcmpl-{uuid4().hex}", "created": int(time.time()), "model": body.model}
    if body.stream:
        usage = body.stream_options is not None and body.stream_options.include_usage
        return event_stream(_chunks(request, server, parts, head, usage))
    reply = await last_reply(parts)
    whole = keep(request, server, reply)
    said = rendered(reply, lang_of(request.scope))
    message = AnswerMessage(content=said.content, annotations=said.annotations)
    done = Completion(choices=[Choice(message=message)], usage=_usage(reply.usage), rag=whole, **head)
    return json_response(done.model_dump())


def conversation(messages: Sequence[Message]) -> tuple[str, list[Turn]]:
    """The question that a conversation ends with, and its last turns before that.

    Raises:
        InvalidQuestion: the last message is not a user's.
    """
    spoken = [
        message for message in messages if message.role in ("user", "assistant") and message.text.strip()
    ]
    if not spoken or spoken[-1].role != "user":
        raise InvalidQuestion(
            "最後のメッセージが質問(role: user)ではありません。",
            "質問を最後のメッセージにしてください。",
            en=("The last message is no question (role: user).", "Send the question as the last message."),
        )
    turns: list[Turn] = []
    for message in spoken[:-1]:
        if message.role == "user":
            turns.append(Turn(question=message.text[:LONGEST_QUESTION]))
        elif turns:
            turns[-1] = Turn(question=turns[-1].question, answer=message.text)
    return spoken[-1].text, turns[-_TURNS:]


async def _chunks(
    request: Request,
    server: Server,
    parts: AsyncGenerator[Statement | Reply, None],
    head: dict[str, Any],
    usage: bool,
) -> AsyncGenerator[str, None]:
    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return _data({**head, "object": "chat.completion.chunk", "choices": [choice], **more})

    sent: list[Statement] = []
    length = 0
    yield chunk({"role": "assistant", "content": ""})
    try:
        async for part in parts:
            if isinstance(part, Statement):
                said = following(part, length)
                length += len(said.content)
                sent.append(part)
                yield chunk(delta(said))
                continue
            whole = keep(request, server, part)
            for said in rest(part, sent, length, lang_of(request.scope)):
                yield chunk(delta(said))
            yield chunk({}, "stop", rag=whole)
            if usage:
                yield _data(
                    {
                        **head,
                        "object": "chat.completion.chunk",
                        "choices": [],
                        "usage": _usage(part.usage).model_dump(),
                    }
                )
    except Exception as error:
        yield _data({"error": error_object(stream_problem(request, server, error))})
    finally:
        await parts.aclose()
    yield "data: [DONE]\n\n"


def _data(value: Any) -> str:
    return f"data: {wire.dumps(value)}\n\n"


def _usage(usage: Usage | None) -> TokenUsage:
    if usage is None:
        return TokenUsage()
    spent = usage.input_tokens + usage.output_tokens
    return TokenUsage(
        prompt_tokens=usage.input_tokens, completion_tokens=usage.output_tokens, total_tokens=spent
    )


def error_object(problem: dict[str, Any]) -> dict[str, Any]:
    """A problem as clients made for OpenAI look for it, under `error`."""
    status = int(problem["status"])
    kind = _KINDS.get(status, "invalid_request_error" if status < 500 else "server_error")
    return {
        "message": problem["detail"],
        "type": kind,
        "param": None,
        "code": str(problem["type"]).rpartition(":")[2],
    }

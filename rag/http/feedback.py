"""`/v1/feedback`."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from rag.feedback import Feedback, about, add
from rag.http.ask import json_response
from rag.http.forms import invalid, refused
from rag.http.schemas import FeedbackRequest, FeedbackResponse
from rag.http.server import WRITE_TIMEOUT_S, Server, server_of

router = APIRouter(prefix="/v1", tags=["questions"])


@router.post(
    "/feedback",
    summary="返答を評価する / Rate a reply",
    status_code=201,
    responses={201: {"model": FeedbackResponse}},
)
async def feedback(request: Request, body: FeedbackRequest) -> Response:
    """Keeps a rating. `rag feedback export` makes questions for the evaluation of what was kept."""
    server = server_of(request)
    said = _said(server, body)
    await server.writes.run(partial(add, server.assistant.home, said), WRITE_TIMEOUT_S)
    return json_response({"id": said.id}, 201)


def _said(server: Server, body: FeedbackRequest) -> Feedback:
    words = {"reason": body.reason, "comment": body.comment, "corrected_answer": body.corrected_answer}
    reply = server.recent.get(body.reply_id) if body.reply_id else None
    if reply is not None:
        return about(reply, body.rating, reply_id=body.reply_id, **words)
    if body.question is None:
        raise invalid(
            "question",
            "この id の返答は残っていません。question、answer、citations を送ってください。",
            "No reply of this id is remembered: send question, answer and citations",
        )
    try:
        return Feedback.model_validate(body.model_dump())
    except ValidationError as error:
        raise refused(error) from None

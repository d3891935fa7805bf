"""The JSON that other tools rely on (`docs/api.md`). Offsets are Unicode code points, half-open."""

from __future__ import annotations

import json
from typing import Any

from rag.errors import RagError
from rag.messages import Lang
from rag.types import Answer, Hit, Reply, Statement


def reply_object(reply: Reply, request_id: Any = None) -> dict[str, Any]:
    """A reply as a JSON object; `answer` is the statements' text, or the message of an abstention.

    The statements of an abstention correct what its question presumes.
    """
    return {
        "id": request_id,
        "question": reply.question,
        "standalone_question": reply.standalone_question,
        "status": reply.status,
        "answer": reply.text if isinstance(reply, Answer) else reply.message,
        "statements": [
            statement_object(statement)
            for statement in (reply.statements if isinstance(reply, Answer) else reply.corrections)
        ],
        "citations": [citation.model_dump() for citation in reply.citations],
        "hits": [hit_object(hit) for hit in reply.hits],
        "reason": None if isinstance(reply, Answer) else reply.reason,
        "confidence": reply.confidence,
        "suggestions": [] if isinstance(reply, Answer) else list(reply.suggestions),
        "dropped": [dropped.model_dump() for dropped in reply.dropped] if isinstance(reply, Answer) else [],
        "engine": reply.engine,
        "notice": reply.notice,
        "usage": reply.usage.model_dump() if reply.usage else None,
        "timings_ms": reply.timings_ms,
    }


def statement_object(statement: Statement) -> dict[str, Any]:
    """A statement as a JSON object: its text and the markers of its citations."""
    return {"text": statement.text, "citations": [citation.n for citation in statement.citations]}


def hit_object(hit: Hit) -> dict[str, Any]:
    """A hit as a JSON object, without the article's whole text."""
    return {
        "chunk_id": hit.chunk.id,
        "article_id": hit.article.id,
        "url": hit.article.url,
        "title": hit.article.title,
        "heading_path": list(hit.chunk.heading_path),
        "start": hit.chunk.start,
        "end": hit.chunk.end,
        "text": hit.chunk.text,
        "score": hit.score,
        "rank": hit.rank,
        "dense": hit.dense,
        "dense_rank": hit.dense_rank,
        "lexical": hit.lexical,
        "lexical_rank": hit.lexical_rank,
        "reader": hit.reader,
        "matched_terms": list(hit.matched_terms),
    }


def error_object(error: RagError, request_id: Any = None, lang: Lang = "ja") -> dict[str, Any]:
    """What stands in place of a reply that could not be made."""
    message, hint = error.said(lang)
    return {
        "id": request_id,
        "status": "error",
        "error": {"type": type(error).__name__, "message": message, "hint": hint},
    }


def request_object(line: bytes) -> dict[str, Any]:
    """The JSON object of a line; empty when it is none, or cannot be written back (NaN, endless nesting)."""
    try:
        request = json.loads(line.decode("utf-8-sig"))
        dumps(request)
    except (ValueError, RecursionError):
        return {}
    return request if isinstance(request, dict) else {}


def dumps(value: Any, indent: int | None = None) -> str:
    """JSON text that can always be encoded: readable Japanese, or escapes for an echoed lone surrogate.

    Raises:
        ValueError: for NaN and infinities, which JSON does not have.
        RecursionError: for a value nested too deep.
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent, allow_nan=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, ensure_ascii=True, indent=indent, allow_nan=False)
    return text

"""Replies for a judge, and what a scripted judge says of them."""

from __future__ import annotations

import json
from typing import Any

from scripted_server import Act, Body, Handler, completes, prompt_of

from rag.types import sha256

URL = "https://example.com/a"
TEXT = "Coworkは2026年1月12日に発表されました。対応OSはmacOSです。"
MODEL = "openai:judge-test"


def reply(name: str, *statements: str, quote: str = TEXT, question: str = "いつですか?") -> dict[str, Any]:
    return {
        "id": name,
        "question": question,
        "status": "answered",
        "answer": "\n".join(statements),
        "statements": [{"text": text, "citations": [1]} for text in statements],
        "citations": [
            {
                "n": 1,
                "article_id": "a",
                "url": URL,
                "start": 0,
                "end": len(quote),
                "quote": quote,
                "quote_sha256": sha256(quote),
            }
        ],
    }


def says(*supports: str, raw: str | None = None) -> Act:
    """Verdicts on the statements of the reply that is asked about: that everything is supported, if not told."""

    def act(handler: Handler, body: Body) -> None:
        wanted = supports or ("supported",) * (len(prompt_of(body).splitlines()) - 3)
        rows = [{"n": n, "support": s, "reason": "引用のとおり"} for n, s in enumerate(wanted, 1)]
        content = json.dumps({"statements": rows}, ensure_ascii=False) if raw is None else raw
        completes(content)(handler, body)

    return act

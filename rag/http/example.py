"""The reply that the API's reference shows."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from rag.types import sha256

EXAMPLE_REPLY: dict[str, Any] = {
    "id": "0f3c2d5e8a7b4c1d9e6f0a1b2c3d4e5f",
    "question": "駅前の図書館はいつ開館しましたか?",
    "standalone_question": None,
    "status": "answered",
    "answer": "駅前の図書館は四月に開館しました。",
    "statements": [{"text": "駅前の図書館は四月に開館しました。", "citations": [1]}],
    "citations": [
        {
            "n": 1,
            "chunk_id": "library:0-17:3f2a9c01",
            "article_id": "library",
            "title": "図書館のお知らせ",
            "url": "https://www.example.com/news/1",
            "publisher": None,
            "published": "2026-04",
            "start": 0,
            "end": 17,
            "quote": "駅前の図書館は四月に開館しました。",
            "quote_sha256": sha256("駅前の図書館は四月に開館しました。"),
            "deep_link": f"https://www.example.com/news/1#:~:text={quote('駅前の図書館は四月に開館しました。')}",
            "answer_span": [7, 9],
        }
    ],
    "hits": [],
    "reason": None,
    "confidence": 0.9,
    "suggestions": [],
    "dropped": [],
    "engine": "extractive",
    "notice": None,
    "usage": None,
    "timings_ms": {"embed": 6.1, "dense": 0.1, "lexical": 0.2, "fuse": 0.3, "read": 20.5, "total": 28.0},
}

"""The chat over a home folder of the tests', with pages that the articles' URLs lead to.

    python chat_server.py HOME PORT

A question with ゆっくり is answered with long pauses after the first statement. `/update` takes over what changed in the corpus.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

import uvicorn
from doubles import open_assistant
from fastapi import FastAPI
from starlette.responses import HTMLResponse

import ui
from rag.protocols import Answerer
from rag.types import Hit, Reply, Statement

SLOW = "ゆっくり"
PAUSE_S = 10


class Slowly:
    """Another answerer, with a pause after the first statement of a question that asks for it."""

    def __init__(self, answerer: Answerer) -> None:
        self._answerer = answerer

    def answer(self, question: str, hits: Sequence[Hit]) -> Reply:
        return self._answerer.answer(question, hits)

    def stream(self, question: str, hits: Sequence[Hit]) -> Iterator[Statement | Reply]:
        for place, part in enumerate(self._answerer.stream(question.replace(SLOW, ""), hits)):
            if place and SLOW in question:
                time.sleep(PAUSE_S)
            yield part


def main(home: Path, port: int) -> None:
    assistant = open_assistant(home)
    assistant._answerer = Slowly(assistant._answerer)
    app = FastAPI()

    @app.get("/original/{article_id}")
    def original(article_id: str) -> HTMLResponse:
        lines = "".join(f"<p>{escape(line)}</p>" for line in assistant.article(article_id).text.splitlines())
        style = (
            "p { margin: 400px 0 } ::target-text { background: rgb(255, 0, 255); color: rgb(255, 0, 255) }"
        )
        return HTMLResponse(
            f'<html lang="ja"><meta charset="utf-8"><style>{style}</style><body>{lines}</body></html>'
        )

    @app.get("/update")
    def update() -> str:
        assistant.update()
        return "updated"

    ui.mount(app, assistant, importing=True)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

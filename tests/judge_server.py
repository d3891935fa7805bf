"""A scripted OpenAI-compatible server on 127.0.0.1, and replies for its judge."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

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


Act = Callable[[BaseHTTPRequestHandler, dict[str, Any]], None]


class Server:
    """An OpenAI-compatible server: answers with the next of `script`, then that everything is supported."""

    def __init__(self) -> None:
        self.script: list[Act] = []
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.released = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.bodies.append(body)
                server.keys.append(self.headers.get("Authorization"))
                (server.script.pop(0) if server.script else says())(self, body)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.released.set()
        self.http.shutdown()
        self.http.server_close()


def send(
    handler: BaseHTTPRequestHandler, status: int, content: bytes, kind: str = "application/json"
) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(content)))
    handler.send_header("retry-after-ms", "1")
    handler.end_headers()
    handler.wfile.write(content)


def prompt_of(body: dict[str, Any]) -> str:
    content = next(message["content"] for message in body["messages"] if message["role"] == "user")
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def says(*supports: str, raw: str | None = None) -> Act:
    """A reply in the mode that was asked for: a call of the output tool, or JSON as text."""

    def act(handler: BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        wanted = supports or ("supported",) * (len(prompt_of(body).splitlines()) - 3)
        rows = [{"n": n, "support": s, "reason": "引用のとおり"} for n, s in enumerate(wanted, 1)]
        content = json.dumps({"statements": rows}, ensure_ascii=False) if raw is None else raw
        message: dict[str, Any] = {"role": "assistant", "content": content}
        if tools := body.get("tools"):
            call = {"name": tools[0]["function"]["name"], "arguments": content}
            message = {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c1", "type": "function", "function": call}],
            }
        completion = {
            "id": "x",
            "object": "chat.completion",
            "created": 1,
            "model": body["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }
        send(handler, 200, json.dumps(completion).encode())

    return act


def fails(status: int, message: str = "だめです") -> Act:
    return lambda handler, _: send(handler, status, json.dumps({"error": {"message": message}}).encode())

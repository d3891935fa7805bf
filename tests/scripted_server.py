"""An HTTP server on 127.0.0.1 that does what a test scripts: one `Act` for each request, then its usual one."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

Handler = BaseHTTPRequestHandler
Body = dict[str, Any]
Act = Callable[[Handler, Body], None]

PIECE = 24
"""How many characters a streamed completion says at a time."""


class ScriptedServer:
    """Answers with the next of `script`, then as `usual`; keeps the requests and their keys."""

    def __init__(self, usual: Act) -> None:
        self.script: list[Act] = []
        self.bodies: list[Body] = []
        self.keys: list[str | None] = []
        self.closed = threading.Event()
        server = self

        class Scripted(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                server.bodies.append(body)
                server.keys.append(self.headers.get("Authorization"))
                (server.script.pop(0) if server.script else usual)(self, body)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}/v1"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.closed.set()
        self.http.shutdown()
        self.http.server_close()


@contextmanager
def serving(usual: Act) -> Iterator[ScriptedServer]:
    server = ScriptedServer(usual)
    try:
        yield server
    finally:
        server.close()


def send(
    handler: Handler,
    status: int,
    content: bytes,
    headers: dict[str, str] | None = None,
    kind: str = "application/json",
) -> None:
    handler.send_response(status)
    for name, value in {
        "Content-Type": kind,
        "Content-Length": str(len(content)),
        **(headers or {}),
    }.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(content)


def sends(
    status: int, content: bytes = b"", headers: dict[str, str] | None = None, kind: str = "application/json"
) -> Act:
    return lambda handler, _: send(handler, status, content, headers, kind)


def fails(status: int, message: str = "だめです", headers: dict[str, str] | None = None) -> Act:
    """An error as OpenAI-compatible servers report one; trying again need not wait."""
    content = json.dumps({"error": {"message": message}}).encode()
    return sends(status, content, {"retry-after-ms": "1"} if headers is None else headers)


def hang_up(handler: Handler, _: Body) -> None:
    handler.connection.close()


def trickle(handler: Handler, _: Body) -> None:
    """A reply that never ends, a space at a time."""
    handler.send_response(200)
    handler.end_headers()
    for _second in range(50):
        try:
            handler.wfile.write(b" ")
            handler.wfile.flush()
        except OSError:
            return
        time.sleep(0.1)


def prompt_of(body: Body) -> str:
    """What the user's message says."""
    content = next(message["content"] for message in body["messages"] if message["role"] == "user")
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


class Pace(NamedTuple):
    """How a completion is streamed: with `pause` seconds between its pieces; with `cut` the connection ends in the
    middle; with `hold`, three quarters are sent and the rest when it is set, or never after 10 seconds."""

    pause: float = 0.0
    cut: bool = False
    hold: threading.Event | None = None


def completes(content: str, pace: Pace = Pace()) -> Act:  # noqa: B008 - immutable
    """A chat completion in the way it was asked for: a call of the output tool or text, at once or streamed."""

    def act(handler: Handler, body: Body) -> None:
        if body.get("stream"):
            _stream(handler, body, content, pace)
            return
        message: Body = {"role": "assistant", "content": content}
        if tools := body.get("tools"):
            call = {"name": tools[0]["function"]["name"], "arguments": content}
            calls = [{"id": "c1", "type": "function", "function": call}]
            message = {"role": "assistant", "content": None, "tool_calls": calls}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        send(
            handler,
            200,
            json.dumps(_completion(body, "chat.completion", [choice]) | {"usage": USAGE}).encode(),
        )

    return act


USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}


def _completion(body: Body, kind: str, choices: list[Body]) -> Body:
    return {"id": "x", "object": kind, "created": 1, "model": body["model"], "choices": choices}


def _stream(handler: Handler, body: Body, content: str, pace: Pace) -> None:
    handler.protocol_version = "HTTP/1.1"  # in chunks: what is cut can be told from what has ended
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.send_header("Transfer-Encoding", "chunked")
    handler.send_header("Connection", "close")
    handler.end_headers()
    tools = body.get("tools")
    pieces = [content[at : at + PIECE] for at in range(0, len(content), PIECE)]
    for n, piece in enumerate(pieces[: max(1, len(pieces) // 2)] if pace.cut else pieces):
        if pace.hold and n == len(pieces) * 3 // 4 and not pace.hold.wait(10):
            break
        delta: Body = {"content": piece}
        if tools:
            call: Body = {"index": 0, "function": {"arguments": piece}}
            if n == 0:
                call |= {"id": "c1", "type": "function"}
                call["function"] |= {"name": tools[0]["function"]["name"]}
            delta = {"tool_calls": [call]}
        if not _event(handler, _chunk(body, {"role": "assistant", **delta}, None)):
            return
        time.sleep(pace.pause)
    if pace.cut:
        handler.connection.close()
        return
    _event(handler, _chunk(body, {}, "tool_calls" if tools else "stop"))
    _event(handler, _completion(body, "chat.completion.chunk", []) | {"usage": USAGE})
    _write(handler, b"data: [DONE]\n\n")
    _write(handler, b"")


def _chunk(body: Body, delta: Body, reason: str | None) -> Body:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return _completion(body, "chat.completion.chunk", [choice])


def _event(handler: Handler, event: Body) -> bool:
    return _write(handler, b"data: " + json.dumps(event).encode() + b"\n\n")


def _write(handler: Handler, content: bytes) -> bool:
    """Write one chunk, the empty one last; whether anybody is still listening."""
    try:
        handler.wfile.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")
        handler.wfile.flush()
    except OSError:
        return False
    return True

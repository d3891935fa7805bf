"""How much a client may send, how slowly, and how often."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.http.problems import problem, respond
from rag.http.server import Server, caller, lang_of, request_id

_UPLOADS = 4
"""Bodies of files that are held in memory at a time."""

_FORM_BYTES = 65_536
"""What the other fields of a form with a file may take."""

_CHAT_BYTES = 8_000_000
"""The chat sends a conversation along with a question."""

_UPLOAD_PATHS = ("/v1/articles", "/gradio_api/upload")
_WITHOUT_BODY = frozenset(("GET", "HEAD", "OPTIONS"))


class Buckets:
    """Token buckets: `rate` requests per second on average, `burst` at once, for each name."""

    def __init__(self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._levels: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> int:
        """0 when a token was there, else for how many seconds to wait."""
        now = self._clock()
        level, then = self._levels.get(name, (float(self._burst), now))
        level = min(self._burst, level + (now - then) * self._rate)
        if level < 1:
            self._levels[name] = (level, now)
            return max(1, math.ceil((1 - level) / self._rate))
        self._levels[name] = (level - 1, now)
        return 0


class Bodies:
    """ASGI middleware that reads a body before anything works on it: all of it, soon enough and not too much."""

    def __init__(self, app: ASGIApp, server: Server) -> None:
        self._app = app
        self._server = server
        self._uploads = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it with 408, 413 or 429."""
        if scope["type"] != "http" or scope["method"] in _WITHOUT_BODY:
            await self._app(scope, receive, send)
            return
        upload = self._is_upload(scope)
        if upload and self._uploads >= _UPLOADS:
            await self._refuse("busy", scope, receive, send)
            return
        self._uploads += upload
        try:
            body = await self._read(scope, receive, self._limit(scope, upload))
            if isinstance(body, str):
                await self._refuse(body, scope, receive, send)
            elif body is not None:
                await self._app(scope, _replayed(body, receive), send)
        finally:
            self._uploads -= upload

    def _is_upload(self, scope: Scope) -> bool:
        form = Headers(scope=scope).get("content-type", "").startswith("multipart/form-data")
        return form and caller(scope).scope == "write" and scope["path"] in _UPLOAD_PATHS

    def _limit(self, scope: Scope, upload: bool) -> int:
        settings = self._server.settings
        if upload:
            return settings.max_upload_bytes + _FORM_BYTES
        if scope["path"].startswith("/gradio_api/"):
            return max(settings.max_body_bytes, _CHAT_BYTES)
        return settings.max_body_bytes

    async def _read(self, scope: Scope, receive: Receive, limit: int) -> bytes | str | None:
        """The body; the kind of problem; or None when the client left."""
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > limit:
            return "too-large"
        body = bytearray()
        try:
            async with asyncio.timeout(self._server.settings.timeout_s):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return None
                    body += message.get("body", b"")
                    if len(body) > limit:
                        return "too-large"
                    if not message.get("more_body", False):
                        return bytes(body)
        except TimeoutError:
            return "body-timeout"

    async def _refuse(self, kind: str, scope: Scope, receive: Receive, send: Send) -> None:
        self._server.metrics.refused(kind)
        body = problem(kind, lang_of(scope), request_id(scope))
        # What was not read is still on its way: without the connection there is nobody to read it.
        await respond(body, {"Connection": "close"})(scope, receive, send)


def _replayed(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def again() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again

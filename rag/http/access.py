"""The outermost layer of a server: names every request, logs and counts it, and lets no traceback out."""

from __future__ import annotations

import logging
import re
import time
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.http.problems import problem, respond
from rag.http.server import Server, lang_of, request_id

log = logging.getLogger("rag.http")

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
_OWN = re.compile(r"/(v1|mcp|docs|openapi\.json|healthz|readyz|metrics|login|logout)(/|$)")


class Access:
    """ASGI middleware; everything else is inside it."""

    def __init__(self, app: ASGIApp, server: Server) -> None:
        self._app = app
        self._server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. WebSockets are refused: nothing here uses them."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start, status = time.perf_counter(), 0
        name = request_id(scope)

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = name
                headers.setdefault("X-Content-Type-Options", "nosniff")
            await send(message)

        try:
            await self._app(scope, receive, named)
        except Exception:
            log.exception("unexpected error", extra={"fields": {"request_id": name, "path": scope["path"]}})
            if status == 0:
                await respond(problem("internal", lang_of(scope), name))(scope, receive, named)
        finally:
            self._record(scope, name, status, time.perf_counter() - start)

    def _record(self, scope: Scope, name: str, status: int, seconds: float) -> None:
        route = route_of(scope)
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._server.metrics.request(method, route, status, seconds)
        who = scope.get("rag.caller")
        fields: dict[str, Any] = {
            "request_id": name,
            "method": method,
            "path": scope["path"],
            "status": status,
            "ms": round(seconds * 1000, 1),
            "caller": who.name if who else None,
            **scope.get("rag.log", {}),
        }
        quiet = route in ("chat", "/healthz", "/readyz", "/metrics") and status < 400
        log.log(logging.DEBUG if quiet else logging.INFO, "request", extra={"fields": fields})


def is_own(path: str) -> bool:
    """Whether a path is the API's, MCP's or the server's own, and not the chat's."""
    return _OWN.match(path) is not None


def route_of(scope: Scope) -> str:
    """The route that served a request, as few different names as there are routes."""
    path = getattr(scope.get("route"), "path", "")
    if path and path not in ("/", "/{rest:path}"):
        return str(path)
    match = _OWN.match(scope["path"])
    return f"/{match[1]}" if match else "chat"

"""Who may come in: the right host name, the right site, a good key, not too often.

A web page of another site can make a browser send requests to this machine, also under a name that resolves to it
(DNS rebinding). So without keys only loopback's own names are served, and nothing that another site's page sends.
"""

from __future__ import annotations

import logging
import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from rag.errors import ConfigError, InvalidKey
from rag.http.limits import Buckets
from rag.http.login import Sessions, login_address
from rag.http.problems import problem, problem_of, respond
from rag.http.server import Caller, Server, lang_of, request_id
from rag.keys import PREFIX, Key

log = logging.getLogger("rag.http")

_OPEN = ("/healthz", "/readyz", "/login", "/openapi.json", "/favicon.ico")
_LOOPBACK_NAMES = frozenset(("localhost", "127.0.0.1", "::1"))
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[\w.\-]+)(:[0-9]{1,5})?", re.ASCII)
_SAFE = frozenset(("GET", "HEAD", "OPTIONS"))
_HERE = Caller("local", None, "write")


class Gate:
    """ASGI middleware; sets the caller of every request it lets in."""

    def __init__(self, app: ASGIApp, server: Server, sessions: Sessions) -> None:
        self._app = app
        self._server = server
        self._sessions = sessions
        self._buckets = Buckets(server.settings.rate, server.settings.burst)
        self._hosts = _LOOPBACK_NAMES | {name.lower() for name in server.settings.allowed_hosts}
        self._any_host = server.needs_key and not server.settings.allowed_hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if not self._known_host(headers.get("host", "")):
            return self._refused("wrong-host", scope)
        if self._from_elsewhere(headers, scope):
            return self._refused("cross-origin", scope)
        try:
            scope["rag.caller"] = self._caller(headers, scope)
        except InvalidKey as error:
            if _open(scope["path"]):
                scope["rag.caller"] = Caller("nobody", None, "read")
                return None
            return self._unauthorized(error, headers, scope)
        except ConfigError as error:
            log.error("keys", extra={"fields": {"error": error.message}})
            return self._refused("unavailable", scope)
        return self._too_often(scope)

    def _known_host(self, host: str) -> bool:
        match = _HOST.fullmatch(host.lower())
        return match is not None and (self._any_host or match[1].strip("[]") in self._hosts)

    def _from_elsewhere(self, headers: Headers, scope: Scope) -> bool:
        if scope["method"] in _SAFE and not scope["path"].startswith("/mcp"):
            return False
        origin = headers.get("origin")
        if origin is None:
            return headers.get("sec-fetch-site") == "cross-site"
        if origin in self._server.settings.cors_origins:
            return False
        return urlsplit(origin).netloc.lower() != headers.get("host", "").lower()

    def _caller(self, headers: Headers, scope: Scope) -> Caller:
        """Who sent it. Where no key is needed, a token that is none of ours is ignored: some clients must send one.

        Raises:
            InvalidKey: a key is wrong, or missing and needed.
            ConfigError: the file of keys is damaged.
        """
        scheme, _, token = headers.get("authorization", "").partition(" ")
        token = token.strip() if scheme.lower() == "bearer" else ""
        if token and (self._server.needs_key or token.startswith(PREFIX)):
            return _holder(self._server.keys.check(token))
        session = self._sessions.key_id(headers)
        if session:
            return _holder(self._server.keys.by_id(session))
        if self._server.needs_key:
            raise InvalidKey(
                "API キーがありません。",
                "Authorization: Bearer で API キーを渡してください。",
                en=("There is no API key.", "Send it as Authorization: Bearer."),
            )
        return _HERE

    def _unauthorized(self, error: InvalidKey, headers: Headers, scope: Scope) -> Response:
        page = scope["method"] == "GET" and "text/html" in headers.get("accept", "")
        if page and not scope["path"].startswith(("/v1", "/mcp")):
            return RedirectResponse(login_address(scope["path"]), 303)
        self._server.metrics.refused("unauthorized")
        return respond(problem_of(error, lang_of(scope), request_id(scope)))

    def _too_often(self, scope: Scope) -> Response | None:
        who: Caller = scope["rag.caller"]
        if who.key_id is None or not scope["path"].startswith(("/v1", "/mcp")):
            return None
        wait = self._buckets.take(who.key_id)
        if not wait:
            return None
        self._server.metrics.refused("rate-limited")
        body = problem("rate-limited", lang_of(scope), request_id(scope))
        return respond(body, {"Retry-After": str(wait)})

    def _refused(self, kind: str, scope: Scope) -> Response:
        self._server.metrics.refused(kind)
        return respond(problem(kind, lang_of(scope), request_id(scope)))


def _holder(key: Key) -> Caller:
    return Caller(key.name, key.id, key.scope)


def _open(path: str) -> bool:
    return path in _OPEN or path == "/docs" or path.startswith("/docs/")

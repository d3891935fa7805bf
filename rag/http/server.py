"""What the parts of one HTTP server share, and what they know about a request."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import re
from typing import Any, NamedTuple, cast
from uuid import uuid4

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import Scope

from rag.assistant import Assistant
from rag.config import ServerSettings
from rag.http.metrics import Metrics
from rag.http.recent import Recent
from rag.keys import KeyRing
from rag.keys import Scope as KeyScope
from rag.messages import Lang
from rag.workers import Workers

WRITE_TIMEOUT_S = 300.0
"""Adding a long article embeds all of it; giving up in between would leave the client unsure what happened."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9_.\-]{1,64}")


class Caller(NamedTuple):
    """Who sent a request: the holder of a key, or somebody at this machine (`key_id` None)."""

    name: str
    key_id: str | None
    scope: KeyScope


class Server:
    """One assistant, the threads that work for it, and what is counted. Shared by API, MCP and chat."""

    def __init__(self, assistant: Assistant, settings: ServerSettings) -> None:
        self.assistant = assistant
        self.settings = settings
        self.keys = KeyRing(assistant.home)
        self.questions = Workers(settings.threads, settings.waiting, "rag-question")
        self.imports = Workers(2, 8, "rag-import")
        self.writes = Workers(1, 32, "rag-write")
        self.metrics = Metrics(self.questions)
        self.recent = Recent()
        self.draining = asyncio.Event()
        self.reload_problem = ""
        self.mcp_lang: Lang = "ja"
        """What agents are told mistakes in: their protocol names no language."""

    @property
    def needs_key(self) -> bool:
        """Whether every request must carry a key."""
        return needs_key(self.settings)

    def count(self) -> None:
        """Measure the index."""
        self.metrics.index(self.assistant.overview().articles, self.assistant.chunk_count())

    def close(self) -> None:
        """Finish what was accepted, then end the threads."""
        for workers in (self.imports, self.questions, self.writes):
            workers.close()


def needs_key(settings: ServerSettings) -> bool:
    """Whether these settings ask for keys: as they say, else beyond loopback and behind a proxy."""
    if settings.require_key is not None:
        return settings.require_key
    return not is_loopback(settings.host) or bool(settings.allowed_hosts)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address to listen at."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def server_of(request: HTTPConnection) -> Server:
    """The server that a request came to."""
    return cast(Server, request.app.state.server)


def request_id(scope: Scope) -> str:
    """The request's name: what the client called it in X-Request-Id if that is usable, else a new one."""
    if "rag.request_id" not in scope:
        given = Headers(scope=scope).get("x-request-id", "")
        scope["rag.request_id"] = given if _REQUEST_ID.fullmatch(given) else uuid4().hex
    return cast(str, scope["rag.request_id"])


def caller(scope: Scope) -> Caller:
    """Who sent the request; set by the gate."""
    return cast(Caller, scope["rag.caller"])


def note(scope: Scope, **fields: Any) -> None:
    """Say more in the log line of this request."""
    scope.setdefault("rag.log", {}).update(fields)


def lang_of(scope: Scope) -> Lang:
    """The language of a request by its Accept-Language; Japanese where it does not prefer English."""
    best: tuple[float, Lang] = (0.0, "ja")
    for part in Headers(scope=scope).get("accept-language", "").split(","):
        tag, _, weight = part.strip().lower().partition(";q=")
        spoken: Lang | None = "en" if tag.startswith("en") else "ja" if tag.startswith(("ja", "*")) else None
        quality = _quality(weight)
        if spoken and quality > best[0]:
            best = (quality, spoken)
    return best[1]


def _quality(weight: str) -> float:
    try:
        return float(weight) if weight else 1.0
    except ValueError:
        return 0.0


def telemetry_wanted() -> bool:
    """Whether the environment names a collector of traces (the variables are OpenTelemetry's own)."""
    return any(
        os.environ.get(name) for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    )

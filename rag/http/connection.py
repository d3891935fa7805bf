"""A connection that a slow client cannot hold: uvicorn bounds only how long one is idle.

The bodies of requests are bounded by `rag.http.limits`. Too many connections are told so as everything else is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.types import Receive, Scope, Send
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol

from rag.http.problems import problem, respond
from rag.http.server import lang_of, request_id

HEAD_S = 20.0
"""How long a request's head may take to arrive, counted from the connection or the response before it."""

TAKE_S = 60.0
"""How long a client may take to read some of what it asked for, while more waits."""


class Connection(H11Protocol):
    """HTTP/1.1 that closes a connection when its client takes too long to send a head or to take a response."""

    def __init__(self, config: Config, *given: Any, **named: Any) -> None:
        super().__init__(config, *given, **named)
        self._most, self.limit_concurrency = self.limit_concurrency, None
        self._inner, self.app = self.app, self._bounded

    async def _bounded(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._most is None or len(self.connections) <= self._most:
            await self._inner(scope, receive, send)
            return
        body = problem("busy", lang_of(scope), request_id(scope))
        await respond(body, {"Connection": "close"})(scope, receive, send)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        self._late = _Alarm(self.loop, self.timeout_keep_alive_handler)
        self._stuck = _Alarm(self.loop, transport.abort)
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take what has come; some bytes of a head win no time for the others."""
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        """The client does not read."""
        super().pause_writing()
        self._stuck.set(TAKE_S)

    def resume_writing(self) -> None:
        """The client reads on."""
        super().resume_writing()
        self._stuck.clear()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        super().connection_lost(exc)
        self._late.clear()
        self._stuck.clear()

    def _watch(self) -> None:
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering or self.transport.is_closing():
            self._late.clear()
        else:
            self._late.set(HEAD_S)


class _Alarm:
    """Calls once, so long after it was first set, unless it is cleared before."""

    def __init__(self, loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
        self._loop = loop
        self._call = call
        self._timer: asyncio.TimerHandle | None = None

    def set(self, seconds: float) -> None:
        self._timer = self._timer or self._loop.call_later(seconds, self._call)

    def clear(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

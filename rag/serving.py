"""`rag serve`: chat, API and MCP over one assistant, in one process."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from types import FrameType

import uvicorn
from fastapi import FastAPI
from mcp.server import MCPServer
from starlette.routing import Match, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.assistant import Assistant
from rag.config import ServerSettings
from rag.errors import ConfigError, MissingExtra
from rag.http import logs
from rag.http.access import is_own
from rag.http.app import create_app
from rag.http.connection import Connection
from rag.http.server import Server, needs_key, telemetry_wanted
from rag.keys import KeyRing
from rag.mcp_server import create_mcp, http_route
from rag.messages import Lang, text

GRACE_S = 30
"""How long accepted requests may take to finish after the server was told to stop."""


def compose(
    assistant: Assistant, settings: ServerSettings, lang: Lang = "ja", *, chat: bool = True
) -> FastAPI:
    """The API with MCP at `/mcp` and, unless `chat` is off, the chat at `/`."""
    app = create_app(assistant, settings)
    server: Server = app.state.server
    server.mcp_lang = lang
    mcp = create_mcp(server)
    app.router.routes.append(http_route(mcp))
    _live_with(app, mcp)
    if chat:
        import ui

        ui.mount(app, assistant, lang, importing=not server.needs_key)
        chat_mount = app.router.routes.pop()
        app.router.routes.append(_Rest(_Draining(chat_mount.app, server.draining)))  # type: ignore[attr-defined]
    return app


def serve(assistant: Assistant, settings: ServerSettings, lang: Lang, *, chat: bool = True) -> None:
    """Serve until told to stop; then finish what was accepted.

    Raises:
        ConfigError: the address is in use, or others could reach it and there is no key.
        MissingExtra: traces are wanted, and what sends them is not installed.
    """
    check(assistant, settings)
    logs.configure()
    app = compose(assistant, settings, lang, chat=chat)
    with _listening(settings) as listener:
        host, port = listener.getsockname()[:2]
        print(text("serve.where", lang, address=_address(host, port)), flush=True)
        if not chat:
            print(text("serve.no_chat", lang), flush=True)
        _Uvicorn(_config(app, settings), app.state.server.draining).run(sockets=[listener])


def check(assistant: Assistant, settings: ServerSettings) -> None:
    """Refuse to start what would be open to others, or could not do what it is told.

    Raises:
        ConfigError, MissingExtra: as `serve` does.
    """
    if needs_key(settings) and not KeyRing(assistant.home).good():
        raise ConfigError(
            f"{settings.host} で待ち受けると、ほかの機械からも使えますが、API キーがありません。",
            "「rag keys add 名前」でキーを作ってから始めてください。この機械だけで使うなら --host 127.0.0.1 にします。",
            en=(
                f"At {settings.host} other machines could reach it, and there is no API key.",
                "Make one first with `rag keys add NAME`; or, for this machine only, use --host 127.0.0.1.",
            ),
        )
    if telemetry_wanted() and find_spec("opentelemetry.exporter") is None:
        raise MissingExtra(
            "OTEL_EXPORTER_OTLP_ENDPOINT がありますが、送るためのパッケージがありません。",
            "pip install 'rag[otel]' を実行するか、環境変数を消してください。",
            en=(
                "OTEL_EXPORTER_OTLP_ENDPOINT is set, but what sends traces is not installed.",
                "Run pip install 'rag[otel]', or unset the variable.",
            ),
        )


def _config(app: ASGIApp, settings: ServerSettings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Connection,
        log_config=None,
        access_log=False,
        server_header=False,
        ws="none",
        limit_concurrency=settings.max_connections,
        timeout_graceful_shutdown=GRACE_S,
    )


def _listening(settings: ServerSettings) -> socket.socket:
    host = settings.host.strip("[]")
    try:
        family = socket.getaddrinfo(host, settings.port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, settings.port), family=family, backlog=2048)
    except OSError as error:
        raise ConfigError(
            f"{settings.host} のポート {settings.port} では待ち受けられません({error.strerror})。",
            f"別のポートを指定してください。例: rag serve --port {settings.port + 1}",
            en=(
                f"It cannot listen at port {settings.port} of {settings.host} ({error.strerror}).",
                f"Choose another port, as in: rag serve --port {settings.port + 1}",
            ),
        ) from None


def _address(host: str, port: int) -> str:
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{name}:{port}"


class _Uvicorn(uvicorn.Server):
    """Ends quietly when told to: what is still open without being asked for anything is closed at once."""

    def __init__(self, config: uvicorn.Config, draining: asyncio.Event) -> None:
        super().__init__(config)
        self._draining = draining

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop accepting; at a second interrupt, stop waiting too."""
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True
        self._draining.set()


class _Rest(Mount):
    """Everything below `/` that is not the API's own."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__("/", app)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """What looks like the API and is unknown there is unknown here too."""
        return (Match.NONE, {}) if is_own(scope["path"]) else super().matches(scope)


class _Draining:
    """Tells the chat that its clients have left when the server ends: their pages keep a stream open for ever."""

    def __init__(self, app: ASGIApp, draining: asyncio.Event) -> None:
        self._app = app
        self._draining = draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on."""
        waits = scope["type"] == "http" and scope["method"] == "GET"
        await self._app(scope, self._until_drained(receive) if waits else receive, send)

    def _until_drained(self, receive: Receive) -> Receive:
        async def first() -> Message:
            asked = asyncio.ensure_future(receive())
            ending = asyncio.ensure_future(self._draining.wait())
            try:
                await asyncio.wait({asked, ending}, return_when=asyncio.FIRST_COMPLETED)
                return asked.result() if asked.done() else {"type": "http.disconnect"}
            finally:
                asked.cancel()
                ending.cancel()

        return first


def _live_with(app: FastAPI, mcp: MCPServer[object]) -> None:
    """Let MCP's requests be served as long as the application's are."""
    before = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[object]:
        async with before(app) as state, mcp.session_manager.run():
            yield state

    app.router.lifespan_context = lifespan  # type: ignore[assignment]

"""The page around the chat: its language and script from the first byte, and nothing from anywhere else.

Gradio sends a page in English that names images of its makers; what it sends is put right on the way. The content
security policy makes the browser itself refuse whatever would leave this server.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.chat.texts import word
from rag.messages import Lang

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",  # Gradio's own page is made of these
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
_HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
_FOREIGN = re.compile(r'\s*<meta\s+(?:property="og:|name="twitter:)[^>]*?/>', re.DOTALL)
_PARTS = Path(__file__).parent
_EARLY = """<style>
:root { color-scheme: light dark; }
:root[data-theme="light"] { color-scheme: light; } :root[data-theme="dark"] { color-scheme: dark; }
body { background: light-dark(#fbfaf8, #14171c) !important; }
</style>"""


class Page:
    """ASGI middleware around Gradio's app. `langs`: the language of each page by its path below the mount."""

    def __init__(self, app: ASGIApp, langs: Mapping[str, Lang]) -> None:
        self._app = app
        self._langs = dict(langs)
        self._script = (_PARTS / "chat.js").read_text(encoding="utf-8")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; rewrite the pages."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", "")).strip("/")
        lang = self._langs.get(path)
        await self._app(scope, receive, _Rewriting(send, self._html, lang) if lang else send)

    def _html(self, html: str, lang: Lang) -> str:
        head = f"<title>{escape(word('title', lang))}</title>{_EARLY}<script>{self._script}</script>"
        local = _FOREIGN.sub("", html).replace('lang="en"', f'lang="{lang}" data-lang="{lang}"', 1)
        return local.replace('<meta charset="utf-8" />', f'<meta charset="utf-8" />{head}', 1)


class _Rewriting:
    """Holds an HTML response back until it is whole, and sends it rewritten."""

    def __init__(self, send: Send, rewrite: Any, lang: Lang) -> None:
        self._send, self._rewrite, self._lang = send, rewrite, lang
        self._start: Message | None = None
        self._body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            kind = dict(message["headers"]).get(b"content-type", b"")
            if kind.startswith(b"text/html"):
                self._start = message
                return
        elif self._start is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._finish(self._start)
            return
        await self._send(message)

    async def _finish(self, start: Message) -> None:
        body = self._rewrite(self._body.decode(), self._lang).encode()
        kept = [(name, value) for name, value in start["headers"] if name != b"content-length"]
        length = (b"content-length", str(len(body)).encode())
        await self._send({**start, "headers": [*kept, *_HEADERS, length]})
        await self._send({"type": "http.response.body", "body": body})

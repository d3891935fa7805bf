"""A page to log in to the chat with an API key, for servers that ask for keys.

The cookie holds the key's id and a time, signed with a secret of this process; it is good for twelve hours and only
as long as the key is. It is never sent along by another site's pages (SameSite=Strict).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from html import escape
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, quote

from fastapi import APIRouter
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from rag.errors import InvalidKey
from rag.http.server import lang_of, server_of
from rag.messages import Lang

COOKIE = "rag_session"
SECONDS = 12 * 3600

_WORDS: dict[Lang, tuple[str, str, str, str]] = {
    "ja": ("ログイン", "API キー", "管理者が「rag keys add 名前」で作ったキーを入れてください。", "このキーは使えません。"),
    "en": ("Log in", "API key", "Enter a key that the administrator made with `rag keys add NAME`.", "This key is not good."),
}  # fmt: skip
_PAGE = """<!doctype html><html lang="{lang}"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.7 system-ui, sans-serif; display: grid; place-content: center; min-height: 90vh; margin: 1em; }}
input, button {{ font: inherit; padding: .5em .8em; width: 100%; box-sizing: border-box; margin-top: .5em; }}
[role=alert] {{ color: light-dark(#b91c1c, #fca5a5); }}
</style><main><h1>{title}</h1><p>{about}</p>{problem}<form method="post" action="/login">
<label>{label}<input type="password" name="key" autocomplete="current-password" required autofocus></label>
<input type="hidden" name="next" value="{next}"><button>{title}</button></form></main></html>"""
_CSP = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


class Sessions:
    """Makes and reads the cookies of one process."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def cookie(self, key_id: str, now: float | None = None) -> str:
        """The cookie of somebody who has shown this key."""
        content = f"{key_id}.{int((now or time.time()) + SECONDS)}"
        return f"{content}.{self._signature(content)}"

    def key_id(self, headers: Headers) -> str | None:
        """The key of a request's cookie, if it has one that is ours and not too old."""
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return None
        content, _, signature = (morsel.value if morsel else "").rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(content).encode()):
            return None
        key_id, _, until = content.partition(".")
        return key_id if int(until) > time.time() else None

    def _signature(self, content: str) -> str:
        return hmac.new(self._secret, content.encode(), hashlib.sha256).hexdigest()


def login_address(path: str) -> str:
    """Where to log in, to come back to a path afterwards."""
    return f"/login?next={quote(path, safe='')}"


def routes(sessions: Sessions) -> APIRouter:
    """`/login` and `/logout`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/login")
    def page(request: Request) -> Response:
        return _page(lang_of(request.scope), _local(request.query_params.get("next", "/")))

    @router.post("/login")
    async def log_in(request: Request) -> Response:
        form = parse_qs((await request.body()).decode("utf-8", "replace"))
        back = _local(form.get("next", ["/"])[0])
        try:
            key = server_of(request).keys.check(form.get("key", [""])[0].strip())
        except InvalidKey:
            return _page(lang_of(request.scope), back, refused=True)
        response = RedirectResponse(back, 303)
        response.set_cookie(
            COOKIE,
            sessions.cookie(key.id),
            max_age=SECONDS,
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response

    @router.get("/logout")
    def log_out() -> Response:
        response = RedirectResponse("/login", 303)
        response.delete_cookie(COOKIE)
        return response

    return router


def _local(address: str) -> str:
    """A path of this server; anything that a browser could take for another server's address becomes `/`."""
    return address if re.fullmatch(r"/(?![/\\])[\w./\-%]*", address, re.ASCII) else "/"


def _page(lang: Lang, back: str, refused: bool = False) -> Response:
    title, label, about, wrong = _WORDS[lang]
    body = _PAGE.format(
        lang=lang,
        title=title,
        label=label,
        about=about,
        next=escape(back),
        problem=f'<p role="alert">{wrong}</p>' if refused else "",
    )
    headers = {"Content-Security-Policy": _CSP, "Cache-Control": "no-store", "Referrer-Policy": "same-origin"}
    return HTMLResponse(body, 403 if refused else 200, headers)

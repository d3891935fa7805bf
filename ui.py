"""The chat: a question, an answer whose every sentence is numbered, and the quotes it stands on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
import warnings
import webbrowser
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

os.environ.setdefault(
    "GRADIO_ANALYTICS_ENABLED", "False"
)  # nothing leaves the machine; read when gradio is imported

import gradio as gr
from fastapi import FastAPI
from starlette.middleware import Middleware

import rag.chat
from rag import Assistant
from rag.chat import evaluation_tab, status_tab
from rag.chat.articles_tab import ArticlesTab
from rag.chat.chat_tab import ChatTab
from rag.chat.events import html
from rag.chat.header import header_html
from rag.chat.page import Page
from rag.chat.suggesting import Suggestions
from rag.chat.texts import word
from rag.config import ServerSettings
from rag.errors import ConfigError
from rag.messages import Lang

_WAITING = 64
"""Events that may wait; who comes later is told that it is busy."""

_LARGEST_UPLOAD = "20mb"
_FONTS = ["system-ui", "Hiragino Sans", "Noto Sans JP", "Noto Sans CJK JP", "Yu Gothic UI", "sans-serif"]
_THEME = gr.themes.Base(
    primary_hue="teal",
    neutral_hue="stone",
    radius_size="md",
    font=_FONTS,
    font_mono=["ui-monospace", "monospace"],
)
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared with, not bound to
_CSS = Path(rag.chat.__file__).with_name("chat.css")


def build(assistant: Assistant, lang: Lang = "ja", *, importing: bool = False) -> gr.Blocks:
    """The chat over an assistant: a page in `lang` at the root, and one in the other language at its code.

    `importing`: whether readers own this machine: they may add articles and see its state.
    """
    other: Lang = "en" if lang == "ja" else "ja"
    suggestions = Suggestions(assistant)
    page = gr.Blocks(
        title=word("title", lang), analytics_enabled=False, fill_width=True, delete_cache=(3600, 3600)
    )
    with page:
        _fill(page, assistant, suggestions, lang, other, importing)
    with page.route(word("title", other), f"/{other}", show_in_navbar=False):
        _fill(page, assistant, suggestions, other, ".", importing)
    page.queue(max_size=_WAITING, default_concurrency_limit=4, api_open=False)
    return page


def _fill(
    page: gr.Blocks, assistant: Assistant, suggestions: Suggestions, lang: Lang, other: str, importing: bool
) -> None:
    """One language's page. `other`: where the page in the other language is."""
    html("top", value=header_html(lang, other))
    with gr.Tabs(elem_id="tabs"):
        with gr.Tab(word("tab.chat", lang), id="chat"):
            ChatTab(assistant, suggestions, lang).build(page)
        with gr.Tab(word("tab.articles", lang), id="articles") as tab:
            ArticlesTab(assistant, lang, importing).build(tab)
        with gr.Tab(word("tab.evaluation", lang), id="evaluation") as tab:
            evaluation_tab.build(tab, assistant, lang)
        with gr.Tab(word("tab.status", lang), id="status") as tab:
            status_tab.build(tab, assistant, lang, examining=importing)


def mount(
    app: FastAPI, assistant: Assistant, lang: Lang = "ja", path: str = "/", *, importing: bool = False
) -> FastAPI:
    """Add the chat to an application, after its other routes. Returns the application."""
    langs: dict[str, Lang] = {"": lang, _other(lang): _other(lang)}

    async def add() -> None:
        _mount(app, build(assistant, lang, importing=importing), path, langs)

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="SSR mode is not supported")  # nor is it asked for
        _complete(add())
    return app


def _complete(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine that waits for nothing, in an event loop: Gradio makes loops that nobody closes without one."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(work)
    else:
        with contextlib.suppress(StopIteration):
            work.send(None)


def _mount(app: FastAPI, page: gr.Blocks, path: str, langs: dict[str, Lang]) -> None:
    gr.mount_gradio_app(
        app,
        page,
        path,
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size=_LARGEST_UPLOAD,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        app_kwargs={"middleware": [Middleware(Page, langs=langs)]},
        theme=_THEME,
        css_paths=[_CSS],
    )


def _other(lang: Lang) -> Lang:
    return "en" if lang == "ja" else "ja"


def launch(
    assistant: Assistant, lang: Lang = "ja", *, host: str, port: int | None, open_browser: bool
) -> None:
    """Serve the chat until interrupted, at a port or the first free one from 7860 on.

    Raises:
        ConfigError: the port is in use, or others could reach it and there is no key.
    """
    import uvicorn

    from rag.http.app import guarded
    from rag.http.connection import Connection
    from rag.http.server import needs_key
    from rag.serving import check

    settings = ServerSettings(host=host)
    check(assistant, settings)
    free = _free_port(host, [port] if port else list(range(7860, 7880)))
    app = guarded(FastAPI(openapi_url=None), assistant, settings)
    mount(app, assistant, lang, importing=not needs_key(settings))
    address = f"http://{_reachable(host)}:{free}"
    print(word("served", lang, address=address), flush=True)
    if open_browser:
        threading.Timer(1.0, webbrowser.open, [address]).start()
    limits: dict[str, Any] = {"http": Connection, "limit_concurrency": settings.max_connections}
    uvicorn.run(app, host=host, port=free, log_level="warning", ws="none", **limits)


def _reachable(host: str) -> str:
    """The host to open: all interfaces are reached through this machine's own; an IPv6 address has brackets."""
    if host in _EVERYWHERE:
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _free_port(host: str, ports: list[int]) -> int:
    for port in ports:
        try:
            with socket.create_server((host, port)):
                return port
        except OSError:
            continue
    raise ConfigError(
        f"ポート {ports[0]} では待ち受けられません(使用中かもしれません)。",
        f"別のポートを指定してください。例: rag chat --port {ports[-1] + 1}",
        en=(
            f"It cannot listen at port {ports[0]} (which may be in use).",
            f"Choose another port, as in: rag chat --port {ports[-1] + 1}",
        ),
    )

"""URL to article. The only part of the package that fetches a page, and only when asked to import a URL."""

from datetime import date
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from rag.errors import ImportFailed
from rag.importing.addresses import Resolver, resolve
from rag.importing.decode import decode_declared, html_charset
from rag.importing.draft import Draft, Given, check_given, finish
from rag.importing.fetching import Limits, Response, fetch
from rag.importing.html import read_html
from rag.importing.pdf import read_pdf
from rag.importing.plain import read_markdown, read_plain
from rag.importing.slugs import url_slug
from rag.types import Article

_HTML = ("text/html", "application/xhtml+xml")
_PDF = ("application/pdf", "application/x-pdf")
_MARKDOWN = ("text/markdown", "text/x-markdown")
_UNSTATED = ("", "application/octet-stream", "binary/octet-stream")


def import_url(
    url: str,
    *,
    title: str | None = None,
    publisher: str | None = None,
    published: str | None = None,
    article_id: str | None = None,
    allow_private: bool = False,
    limits: Limits | None = None,
    resolver: Resolver = resolve,
) -> Article:
    """Fetches an HTML page, PDF, text or Markdown file and makes it an article.

    What is given wins over what the page states. The article's URL is where the page was found after
    redirects, without a fragment. `published` is `2026`, `2026-01` or `2026-01-26`. `allow_private` and
    `limits` (bytes and seconds): see `rag.importing.fetching`. Raises `ImportFailed`.
    """
    wanted = url.strip().partition("#")[0]
    given = Given(wanted, title, publisher, published, article_id)
    check_given(given)
    response = fetch(wanted, allow_private=allow_private, limits=limits, resolver=resolver)
    draft = _read(response)
    return finish(
        draft, given, url=response.url, slug=url_slug(response.url), retrieved=date.today().isoformat()
    )


def _read(response: Response) -> Draft:
    kind = _kind(response)
    if kind in _PDF:
        return read_pdf(response.body)
    if kind in _HTML:
        labels = [label for label in (response.charset, html_charset(response.body)) if label]
        return read_html(decode_declared(response.body, labels))
    text = decode_declared(response.body, [response.charset] if response.charset else [])
    return read_markdown(text) if kind in _MARKDOWN else read_plain(text)


def _kind(response: Response) -> str:
    kind = response.media_type
    if kind in _UNSTATED or (kind == "text/plain" and response.body.startswith(b"%PDF-")):
        kind = _sniffed(response.body)
    if kind == "text/plain" and _suffix(response.url) in (".md", ".markdown"):
        return _MARKDOWN[0]
    if kind in (*_HTML, *_PDF, *_MARKDOWN, "text/plain"):
        return kind
    raise ImportFailed(
        f"取り込めない種類の応答です: {response.media_type or '種類の記載なし'}({response.url})",
        "取り込めるのは HTML、PDF、プレーンテキスト、Markdown です。",
        en=(
            f"Responses of this kind cannot be imported: {response.media_type or 'none named'} ({response.url})",
            "What can be: HTML, PDF, plain text and Markdown.",
        ),
    )


def _sniffed(body: bytes) -> str:
    if body.startswith(b"%PDF-"):
        return _PDF[0]
    start = body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return _HTML[0] if start.startswith((b"<!doctype html", b"<html")) else ""


def _suffix(url: str) -> str:
    return PurePosixPath(urlsplit(url).path).suffix.lower()

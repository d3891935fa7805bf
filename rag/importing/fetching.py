"""One HTTP GET that cannot be turned against the network it runs in, nor fill its memory, nor last for ever.

Every host name is resolved once a hop, all of its addresses are checked, and the connection goes to a checked
address itself (the name stays in the Host header and in the TLS handshake). So the name cannot resolve to
something else between check and use. Redirects are followed by hand and checked in the same way.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from rag.errors import ImportFailed
from rag.importing.addresses import Address, Resolver, is_public, resolve

if TYPE_CHECKING:
    import httpx

_USER_AGENT = "rag-article-importer (Python package rag)"
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_MANUAL_HINT = "ブラウザーでページを保存し、rag ingest FILE --url URL --title 題名 で取り込むこともできます。"
_MANUAL_HINT_EN = "Or save the page with a browser, and: rag ingest FILE --url URL --title TITLE"
_STATUS_HINTS = {
    401: ("ログインが必要なページは取り込めません。", "Pages that need a login cannot be imported."),
    403: ("サーバーが自動取得を拒んでいます。", "The server refuses programs."),
    404: ("URL の綴りを確認してください。", "Check the spelling of the URL."),
    410: ("ページは削除されています。", "The page was removed."),
    429: ("時間をおいて試してください。", "Try again later."),
}


@dataclass(frozen=True)
class Limits:
    """`max_bytes` counts the body after decompression; `timeout_s` is for everything, redirects included."""

    max_bytes: int = 10_000_000
    timeout_s: float = 30.0
    max_redirects: int = 5


@dataclass(frozen=True)
class Response:
    """What was found at `url`, after redirects. `media_type` is lower case and without parameters."""

    url: str
    media_type: str
    charset: str | None
    body: bytes


@dataclass
class _Hops:
    """What one fetch may connect to: anything public, and private addresses of the first host if allowed."""

    resolver: Resolver
    allow_private: bool
    trusted: frozenset[Address] | None = None

    async def addresses(self, url: str) -> list[Address]:
        host, port = _host_and_port(url)
        try:
            found = await self.resolver(host, port)
        except (OSError, UnicodeError):
            found = []
        if not found:
            raise ImportFailed(
                f"サーバーが見つかりません: {host}",
                "URL の綴りとネットワーク接続を確認してください。" + _MANUAL_HINT,
                en=(
                    f"The server was not found: {host}",
                    "Check the spelling of the URL and the network. " + _MANUAL_HINT_EN,
                ),
            )
        if self.trusted is None:
            self.trusted = frozenset(found if self.allow_private else ())
        for address in found:
            if not is_public(address) and address not in self.trusted:
                _refuse_private(host, address)
        return found


def fetch(
    url: str, *, allow_private: bool = False, limits: Limits | None = None, resolver: Resolver = resolve
) -> Response:
    """Gets `url`. Blocks up to `limits.timeout_s` seconds; may be called inside a running event loop.

    `allow_private` lets the host of `url` itself be on a private network; a redirect may even then lead
    only to the same addresses or to public ones. Proxy settings of the environment are not used: a proxy
    would resolve names on its own. Raises `ImportFailed` for everything that goes wrong.
    """
    limits = limits or Limits()
    hops = _Hops(resolver, allow_private)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="rag-fetch") as worker:
        return worker.submit(asyncio.run, _fetch_in_time(url, hops, limits)).result()


async def _fetch_in_time(url: str, hops: _Hops, limits: Limits) -> Response:
    import httpx

    try:
        async with asyncio.timeout(limits.timeout_s):
            return await _follow(url, hops, limits)
    except TimeoutError:
        raise ImportFailed(
            f"{limits.timeout_s:g} 秒以内に取得できませんでした: {url}",
            "時間をおいて試してください。" + _MANUAL_HINT,
            en=(
                f"It could not be fetched within {limits.timeout_s:g} seconds: {url}",
                "Try again later. " + _MANUAL_HINT_EN,
            ),
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, zlib.error) as error:
        raise ImportFailed(
            f"取得できませんでした: {url}({type(error).__name__}: {error})",
            "URL とネットワーク接続を確認してください。" + _MANUAL_HINT,
            en=(
                f"It could not be fetched: {url} ({type(error).__name__}: {error})",
                "Check the URL and the network. " + _MANUAL_HINT_EN,
            ),
        ) from error


async def _follow(url: str, hops: _Hops, limits: Limits) -> Response:
    import httpx

    # No environment: neither proxies nor ~/.netrc credentials. No keep-alive: every hop is checked anew.
    async with httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=limits.timeout_s) as client:
        for _ in range(limits.max_redirects + 1):
            response = await _connect(client, url, await hops.addresses(url))
            try:
                location = response.headers.get("location")
                if response.status_code not in _REDIRECTS or not location:
                    return await _read(response, url, limits)
            finally:
                await response.aclose()
            # To httpx all hosts are addresses here, and hosts can share one: keep nothing for the next.
            client.cookies.clear()
            url = str(httpx.URL(url).join(location).copy_with(fragment=None))
    raise ImportFailed(
        f"転送(リダイレクト)が {limits.max_redirects} 回を超えました: {url}",
        "最終的なページの URL を指定してください。",
        en=(f"More than {limits.max_redirects} redirects: {url}", "Give the URL of the page where they end."),
    )


async def _connect(client: "httpx.AsyncClient", url: str, addresses: list[Address]) -> "httpx.Response":
    import httpx

    target = httpx.URL(url)
    headers = {
        "Host": target.netloc.decode("ascii"),
        "User-Agent": _USER_AGENT,
        "Accept": "text/html,application/xhtml+xml,application/pdf,text/plain,text/markdown;q=0.9,*/*;q=0.1",
        "Accept-Language": "ja,en;q=0.5",
        "Accept-Encoding": "gzip",
    }
    failure: httpx.HTTPError | None = None
    for address in addresses:
        request = client.build_request(
            "GET",
            target.copy_with(host=str(address)),
            headers=headers,
            # The certificate is checked against the name, although the connection goes to the address.
            extensions={"sni_hostname": target.raw_host.decode("ascii")},
        )
        try:
            return await client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            failure = error
    raise failure or httpx.ConnectError("no address")


async def _read(response: "httpx.Response", url: str, limits: Limits) -> Response:
    if response.status_code != 200:
        _refuse_status(response.status_code, url)
    declared = response.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limits.max_bytes:
        _refuse_size(url, limits)
    body = bytearray()
    async for part in _unpacked(response, limits.max_bytes):
        body += part
        if len(body) > limits.max_bytes:
            _refuse_size(url, limits)
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return Response(url, media_type, response.charset_encoding, bytes(body))


async def _unpacked(response: "httpx.Response", max_bytes: int) -> AsyncIterator[bytes]:
    """The body's parts, decompressed without ever making more than `max_bytes` + 1 of one part."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        async for raw in response.aiter_raw():
            yield raw
        return
    if encoding not in ("gzip", "x-gzip"):
        raise ImportFailed(
            f"対応していない圧縮形式の応答です: {encoding[:40]}",
            _MANUAL_HINT,
            en=(f"The response is compressed in an unknown way: {encoding[:40]}", _MANUAL_HINT_EN),
        )
    gzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
    async for raw in response.aiter_raw():
        yield gzip.decompress(raw, max_bytes + 1)
    if not gzip.eof:
        raise zlib.error("the compressed body is incomplete")


def _host_and_port(url: str) -> tuple[str, int]:
    import httpx

    target = httpx.URL(url)
    if target.scheme not in ("http", "https") or not target.host or target.userinfo:
        raise ImportFailed(
            f"取り込めない URL です: {url[:200]}",
            "http:// または https:// で始まり、ユーザー名を含まない URL を指定してください。",
            en=(
                f"This URL cannot be imported: {url[:200]}",
                "Give one that begins with http:// or https:// and holds no user name.",
            ),
        )
    return target.raw_host.decode("ascii"), target.port or (443 if target.scheme == "https" else 80)


def _refuse_private(host: str, address: Address) -> NoReturn:
    raise ImportFailed(
        f"社内・自機など公開されていないアドレスには接続しません: {host}({address})",
        "自分で管理するサーバーの記事は Python から allow_private=True で取り込めます。" + _MANUAL_HINT,
        en=(
            f"Addresses that are not public (of this machine or its network) are not fetched: {host} ({address})",
            "Articles of a server of your own: from Python, with allow_private=True. " + _MANUAL_HINT_EN,
        ),
    )


def _refuse_size(url: str, limits: Limits) -> NoReturn:
    raise ImportFailed(
        f"応答が大きすぎます(上限 {limits.max_bytes:,} バイト): {url}",
        "必要な部分だけをファイルに保存して取り込んでください。",
        en=(
            f"The response is too large (at most {limits.max_bytes:,} bytes): {url}",
            "Save the part that you need to a file, and import that.",
        ),
    )


def _refuse_status(status: int, url: str) -> NoReturn:
    known = _STATUS_HINTS[429 if status >= 500 else 404]
    hint, hint_en = _STATUS_HINTS.get(status, known)
    raise ImportFailed(
        f"サーバーが HTTP {status} を返しました: {url}",
        hint + _MANUAL_HINT,
        en=(f"The server replied with HTTP {status}: {url}", f"{hint_en} {_MANUAL_HINT_EN}"),
    )

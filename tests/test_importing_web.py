"""URLs to articles, against a real server on the loopback interface, and everything such a server may try."""

import asyncio
import gzip
import ipaddress
import threading
import time
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from rag.errors import ImportFailed
from rag.importing import Limits, import_url
from rag.importing.addresses import Address

pytestmark = [pytest.mark.loopback, pytest.mark.enable_socket]

PAGE = """<!DOCTYPE html><html lang="ja"><head><meta charset="Shift_JIS"><title>夜間開館へ</title>
<link rel="canonical" href="https://news.example.com/library"></head>
<body><article><h1>夜間開館へ</h1><p>港町の中央図書館は、四月から夜間開館を始める。利用は午後９時までで、平日に限る。</p>
<p>館長は「働く人に来てほしい」と話した。①㈱みなとも協力する。</p></article></body></html>"""
TEXT = (
    "# 夜間開館へ\n\n港町の中央図書館は、四月から夜間開館を始める。利用は午後９時までで、平日に限る。\n\n"
    "館長は「働く人に来てほしい」と話した。①㈱みなとも協力する。"
)


class Site(BaseHTTPRequestHandler):
    """Each path is one way to answer; `requests` records what came in."""

    requests: ClassVar[list[tuple[str, dict[str, str]]]] = []
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        name = self.path.partition("?")[0].strip("/").replace("-", "_").replace(".", "_").partition("/")[0]
        getattr(self, f"page_{name}", self.page_missing)()
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass

    def reply(self, body: bytes, kind: str | None = "text/html; charset=Shift_JIS", **headers: str) -> None:
        self.send_response(200)
        if kind is not None:
            self.send_header("Content-Type", kind)
        for name, value in {"Content_Length": str(len(body)), "Connection": "close", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def redirect(self, location: str) -> None:
        self.send_response(302)
        self.send_header("Location", location)
        self.send_header("Set-Cookie", "secret=1")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def page_page(self) -> None:
        self.reply(PAGE.encode("cp932"))

    def page_wrong_header(self) -> None:
        self.reply(PAGE.encode("cp932"), "text/html; charset=utf-8")

    def page_latin_header(self) -> None:
        self.reply(PAGE.encode(), "text/html; charset=ISO-8859-1")

    def page_no_type(self) -> None:
        self.reply(PAGE.encode("cp932"), None)

    def page_gzip(self) -> None:
        self.reply(gzip.compress(PAGE.encode("cp932")), Content_Encoding="gzip")

    def page_gzip_cut(self) -> None:
        self.reply(gzip.compress(PAGE.encode("cp932"))[:-12], Content_Encoding="gzip")

    def page_brotli(self) -> None:
        self.reply(b"\x0b\x02\x80", Content_Encoding="br")

    def page_bomb(self) -> None:
        self.reply(gzip.compress(b"\0" * 300_000_000, 9), Content_Encoding="gzip")

    def page_text_txt(self) -> None:
        self.reply("一行目の文。\r\n二行目の文。".encode("euc_jp"), "text/plain; charset=euc-jp")

    def page_notes_md(self) -> None:
        self.reply("# 夜間開館の記録\n\n本文です。".encode(), "text/plain; charset=utf-8")

    def page_pdf(self) -> None:
        self.reply(b"%PDF-1.5 damaged", "application/octet-stream")

    def page_image(self) -> None:
        self.reply(b"\x89PNG\r\n\x1a\n", "image/png")

    def page_empty(self) -> None:
        self.reply(b"")

    def page_big(self) -> None:
        self.reply(b"", Content_Length="99000000000")

    def page_endless(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"a" * 65536)
        except OSError:
            pass

    def page_cut(self) -> None:
        self.reply(PAGE.encode("cp932"), Content_Length="99999")

    def page_slow_body(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.drip(b"a")

    def page_slow_header(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        self.drip(b"a")

    def drip(self, drop: bytes) -> None:
        try:
            for _ in range(100):
                self.wfile.write(drop)
                self.wfile.flush()
                time.sleep(0.1)
        except OSError:
            pass

    def page_to(self) -> None:
        self.redirect(self.path.partition("?")[2])

    def page_loop(self) -> None:
        self.redirect("/loop")

    def page_missing(self) -> None:
        self.send_error(404)

    def page_broken(self) -> None:
        self.send_error(503)


@pytest.fixture
def site() -> Iterator[str]:
    Site.requests.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def refusal(url: str, **options: object) -> ImportFailed:
    with pytest.raises(ImportFailed) as caught:
        import_url(url, **{"allow_private": True, **options})  # type: ignore[arg-type]
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("path", ["page", "wrong-header", "latin-header", "no-type", "gzip"])
def test_pages_are_read_right_whatever_the_header_says(site: str, path: str) -> None:
    article = import_url(f"{site}/{path}#part", allow_private=True)
    assert article.text == TEXT
    assert (article.title, article.lang, article.url) == ("夜間開館へ", "ja", f"{site}/{path}")
    assert article.retrieved == date.today().isoformat()
    assert (article.published, article.publisher) == (None, None)


def test_the_request_names_the_package_and_the_host(site: str) -> None:
    import_url(f"{site}/page", allow_private=True)
    [(path, headers)] = Site.requests
    assert path == "/page"
    assert headers["host"] == site.removeprefix("http://")
    assert headers["user-agent"].startswith("rag")
    assert headers["accept-encoding"] == "gzip"


def test_text_and_markdown(site: str) -> None:
    text = import_url(f"{site}/text.txt", allow_private=True)
    assert (text.text, text.title_is_descriptive) == ("一行目の文。\r\n二行目の文。", True)
    notes = import_url(f"{site}/notes.md", allow_private=True)
    assert (notes.title, notes.title_is_descriptive) == ("夜間開館の記録", False)


def test_what_is_given_wins(site: str) -> None:
    article = import_url(
        f"{site}/page", title="題", publisher="社", published="2026", article_id="x", allow_private=True
    )
    assert (article.title, article.publisher, article.published, article.id) == ("題", "社", "2026", "x")


def test_it_works_inside_a_running_event_loop(site: str) -> None:
    async def inside() -> str:
        return import_url(f"{site}/page", allow_private=True).text

    assert asyncio.run(inside()) == TEXT


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f000001", "017700000001", "127.1", "localhost"]
)
def test_private_addresses_are_refused_in_every_spelling(site: str, host: str) -> None:
    port = site.rpartition(":")[2]
    with pytest.raises(ImportFailed, match="公開されていない"):
        import_url(f"http://{host}:{port}/page")
    assert Site.requests == []


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://127.0.0.2:1/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "//192.168.0.1/",
        "http://2852039166/",
    ],
)
def test_redirects_to_private_addresses_are_refused_even_when_the_first_host_is_allowed(
    site: str, target: str
) -> None:
    assert "公開されていない" in refusal(f"{site}/to?{target}").message


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://example.com/", "http://u:p@example.com/", "http://"]
)
def test_redirects_to_other_kinds_of_url_are_refused(site: str, target: str) -> None:
    refusal(f"{site}/to?{target}")


def test_redirects_are_followed_and_the_article_is_cited_where_it_was_found(site: str) -> None:
    article = import_url(f"{site}/to?/to?../page#part", allow_private=True)
    assert (article.text, article.url) == (TEXT, f"{site}/page")
    assert all("cookie" not in headers for _, headers in Site.requests)


def test_redirects_are_counted(site: str) -> None:
    assert "5 回" in refusal(f"{site}/loop").message
    assert len(Site.requests) == 6


def test_a_name_is_resolved_once_and_the_checked_address_is_used(site: str) -> None:
    calls: list[str] = []

    async def rebinding(host: str, port: int) -> list[Address]:
        calls.append(host)
        return [ipaddress.ip_address("127.0.0.1" if len(calls) == 1 else "10.0.0.1")]

    port = site.rpartition(":")[2]
    url = f"http://news.example.com:{port}/page"
    assert import_url(url, allow_private=True, resolver=rebinding).url == url
    assert calls == ["news.example.com"]
    assert Site.requests[0][1]["host"] == f"news.example.com:{port}"


def test_the_next_address_is_tried_when_one_does_not_answer(site: str) -> None:
    async def two(host: str, port: int) -> list[Address]:
        return [ipaddress.ip_address("::1"), ipaddress.ip_address("127.0.0.1")]

    url = f"http://news.example.com:{site.rpartition(':')[2]}/page"
    assert import_url(url, allow_private=True, resolver=two).text == TEXT


@pytest.mark.parametrize("path", ["big", "endless", "bomb"])
def test_bodies_over_the_limit_are_refused(site: str, path: str) -> None:
    assert "大きすぎ" in refusal(f"{site}/{path}", limits=Limits(max_bytes=100_000)).message


@pytest.mark.parametrize("path", ["slow-body", "slow-header"])
def test_the_time_limit_covers_everything(site: str, path: str) -> None:
    started = time.monotonic()
    assert "秒以内" in refusal(f"{site}/{path}", limits=Limits(timeout_s=0.5)).message
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(("path", "status"), [("missing", "404"), ("broken", "503")])
def test_http_errors_are_refused_with_their_status(site: str, path: str, status: str) -> None:
    assert status in refusal(f"{site}/{path}").message


@pytest.mark.parametrize("path", ["image", "pdf", "empty", "cut", "gzip-cut", "brotli"])
def test_other_kinds_and_damaged_bodies_are_refused(site: str, path: str) -> None:
    refusal(f"{site}/{path}")


def test_a_closed_port_is_refused(site: str) -> None:
    refusal("http://127.0.0.1:1/")

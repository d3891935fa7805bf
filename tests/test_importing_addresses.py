"""Which addresses may be fetched from, and the ids of articles from URLs; nothing here connects."""

import ipaddress

import pytest

from rag.errors import ImportFailed
from rag.importing import import_url
from rag.importing.addresses import Address, is_public
from rag.importing.slugs import url_slug


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    async def mixed(host: str, port: int) -> list[Address]:
        return [ipaddress.ip_address("93.184.215.14"), ipaddress.ip_address("192.168.1.1")]

    with pytest.raises(ImportFailed, match="公開されていない"):
        import_url("https://news.example.com/", resolver=mixed)


def test_an_unknown_host_is_refused() -> None:
    async def nowhere(host: str, port: int) -> list[Address]:
        raise OSError("no such host")

    with pytest.raises(ImportFailed, match="見つかりません"):
        import_url("https://news.example.com/", resolver=nowhere)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "gopher://x/", "https://", "https://u:p@h/", "x", "http://a b/"]
)
def test_other_urls_are_refused_before_anything_happens(url: str) -> None:
    with pytest.raises(ImportFailed, match="URL"):
        import_url(url, allow_private=True)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "172.16.0.1",
        "192.168.0.1",
        "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1",
        "fe80::1", "fec0::1", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1",
        "2002:7f00:1::", "2002:a00:1::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


def test_ids_of_urls_are_readable() -> None:
    assert url_slug("https://www.example.com/jp/news/2025-07/open") == "www.example.com_jp_news_2025-07_open"
    assert url_slug("https://example.com/記事/図書館") == "example.com_記事_図書館"
    assert url_slug("https://example.com/%E8%A8%98%E4%BA%8B") == "example.com_記事"
    assert url_slug("https://example.com/a/") == url_slug("https://example.com/a")
    assert url_slug("https://www.example.com/?p=3554").startswith("www.example.com-")


def test_different_urls_have_different_ids() -> None:
    urls = [
        "https://a.example/b/c", "https://a.example/b_c", "https://a.example/b-c", "https://a.example/b.c",
        "https://a.example/b/c?x=1", "https://a.example/b/c?x=2", "https://a.example/B/c",
        "http://a.example/b/c",
        "https://a.example:8443/b/c", "https://a.example/b%2Fc",
        "https://a.example/b//c", "https://a.example/b c",
        "https://a.example/" + "長" * 100, "https://a.example/" + "長" * 101,
        "https://a.example/①", "https://a.example/1",
        "https://a.example/🙂", "https://a.example/🙃",
    ]  # fmt: skip
    slugs = [url_slug(url) for url in urls]
    assert len(set(slugs)) == len(urls)
    assert all(len(f"{slug}.md".encode()) <= 255 for slug in slugs)

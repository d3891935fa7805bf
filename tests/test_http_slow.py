"""Clients that are slow: each loses its own connection after a while, and nobody else's."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI
from http_server import served, settings
from starlette.responses import StreamingResponse

from rag import Assistant
from rag.http import connection
from rag.http.app import create_app

pytestmark = [pytest.mark.loopback, pytest.mark.enable_socket]


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_S", 0.3)
    monkeypatch.setattr(connection, "TAKE_S", 0.3)


@contextmanager
def connected(address: str) -> Iterator[socket.socket]:
    place = urlsplit(address)
    with socket.create_connection((place.hostname, place.port), timeout=30) as client:
        yield client


def drip(client: socket.socket, piece: bytes) -> bytes:
    """Send a piece now and then until the server closes the connection; what it said."""
    client.settimeout(0.05)
    said = b""
    for _ in range(600):
        try:
            got = client.recv(65536)
            if not got:
                return said
            said += got
        except TimeoutError:
            pass
        except ConnectionResetError:
            return said
        try:
            client.sendall(piece)
        except OSError:
            return said
    raise AssertionError("the connection was never closed")


def head(address: str, method: str = "GET", path: str = "/healthz", *more: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: {urlsplit(address).netloc}", *more, ""]).encode()


def assert_alive(address: str) -> None:
    other = http.client.HTTPConnection(urlsplit(address).netloc)
    other.request("GET", "/healthz")
    assert other.getresponse().status == 200
    other.close()


@pytest.mark.usefixtures("hurried")
def test_a_head_that_never_ends_is_given_up(assistant: Assistant) -> None:
    with served(create_app(assistant, settings())) as address, connected(address) as slow:
        slow.sendall(head(address))
        assert_alive(address)
        assert drip(slow, b"A: b\r\n") == b""
        assert_alive(address)


@pytest.mark.usefixtures("hurried")
def test_a_connection_on_which_nothing_is_asked_is_given_up(assistant: Assistant) -> None:
    with served(create_app(assistant, settings())) as address, connected(address) as silent:
        assert silent.recv(1) == b""


@pytest.mark.usefixtures("hurried")
def test_the_next_head_on_a_connection_has_no_more_time_than_the_first(assistant: Assistant) -> None:
    with served(create_app(assistant, settings())) as address, connected(address) as slow:
        slow.sendall(head(address) + b"\r\n" + head(address))
        said = drip(slow, b"A: b\r\n")
    assert said.count(b"HTTP/1.1 200") == 1


@pytest.mark.usefixtures("hurried")
def test_a_body_that_nobody_wants_does_not_keep_the_connection(assistant: Assistant) -> None:
    with served(create_app(assistant, settings())) as address, connected(address) as slow:
        slow.sendall(head(address, "GET", "/healthz", "Content-Length: 1000000") + b"\r\n")
        assert b"HTTP/1.1 200" in drip(slow, b"x")


def test_a_body_that_comes_byte_by_byte_costs_only_its_own_connection(assistant: Assistant) -> None:
    with served(create_app(assistant, settings(timeout_s=0.5))) as address, connected(address) as slow:
        kind = "Content-Type: application/json"
        slow.sendall(head(address, "POST", "/v1/ask", kind, "Content-Length: 1000000") + b"\r\n{")
        assert_alive(address)
        said = drip(slow, b" ")
    status, _, body = said.partition(b"\r\n\r\n")
    assert b" 408 " in status
    assert json.loads(body)["type"] == "urn:rag:problem:body-timeout"


def test_too_many_connections_are_told_to_come_back(assistant: Assistant) -> None:
    with (
        served(create_app(assistant, settings()), limit_concurrency=2) as address,
        connected(address),
        connected(address) as second,
    ):
        second.sendall(head(address) + b"\r\n")
        assert b"HTTP/1.1 200" in second.recv(65536)
        third = http.client.HTTPConnection(urlsplit(address).netloc)
        third.request("GET", "/healthz")
        refused = third.getresponse()
        assert (refused.status, refused.getheader("content-type")) == (429, "application/problem+json")
        assert refused.getheader("retry-after")
        assert json.loads(refused.read())["type"] == "urn:rag:problem:busy"
        third.close()


@pytest.mark.usefixtures("hurried")
def test_a_client_that_reads_nothing_stops_what_is_made_for_it() -> None:
    app, stopped = FastAPI(), threading.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x" * 65536
                await asyncio.sleep(0)
        finally:
            stopped.set()

    @app.get("/endless")
    async def answer() -> StreamingResponse:
        return StreamingResponse(endless())

    with served(app) as address, connected(address) as deaf:
        deaf.sendall(head(address, "GET", "/endless") + b"\r\n")
        assert stopped.wait(30)


@pytest.mark.usefixtures("hurried")
def test_an_answer_may_take_longer_than_a_head() -> None:
    app = FastAPI()

    async def slowly() -> AsyncIterator[bytes]:
        for _ in range(8):
            yield b"x"
            await asyncio.sleep(0.1)

    @app.get("/slow")
    async def answer() -> StreamingResponse:
        return StreamingResponse(slowly())

    with served(app) as address:
        patient = http.client.HTTPConnection(urlsplit(address).netloc)
        patient.request("GET", "/slow")
        assert patient.getresponse().read() == b"x" * 8
        patient.close()

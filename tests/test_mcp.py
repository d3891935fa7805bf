"""The assistant as an MCP server, used by the SDK's own client."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from doubles import FIDX, INFOQ, make_article
from http_server import QUESTION, UNANSWERED, served, settings
from mcp import Client, MCPError, StdioServerParameters, stdio_client

from rag import Assistant, wire
from rag.http.schemas import ReplyObject
from rag.http.server import Server
from rag.keys import add_key
from rag.mcp_server import create_mcp
from rag.serving import compose

TOOLS = {"ask", "search", "get_article", "get_chunk", "list_articles"}


def talk(server: Any, say: Callable[[Client], Awaitable[Any]], mode: str = "auto") -> Any:
    async def main() -> Any:
        async with Client(server, mode=mode) as opened:
            return await say(opened)

    return asyncio.run(main())


@pytest.fixture
def server(assistant: Assistant) -> Any:
    return create_mcp(Server(assistant, settings()))


def called(server: Any, name: str, **arguments: Any) -> Any:
    result = talk(server, lambda opened: opened.call_tool(name, arguments))
    assert not result.is_error, result.content
    assert json.loads(result.content[0].text) == result.structured_content
    return result.structured_content


def test_every_tool_says_what_it_takes_and_returns(server: Any) -> None:
    tools = {tool.name: tool for tool in talk(server, lambda opened: opened.list_tools()).tools}
    assert set(tools) == TOOLS
    for tool in tools.values():
        assert tool.description
        assert tool.output_schema["properties"]
        assert tool.annotations.read_only_hint
    assert "citations" in tools["ask"].output_schema["properties"]
    assert "verbatim" in talk(server, lambda opened: _instructions(opened))


async def _instructions(opened: Client) -> str | None:
    return opened.instructions


@pytest.mark.parametrize("question", [QUESTION, UNANSWERED])
def test_ask_returns_the_reply_with_its_citations(server: Any, assistant: Assistant, question: str) -> None:
    body = called(server, "ask", question=question, k=2)
    known = wire.reply_object(assistant.ask(question, 2), body["id"])
    assert {**body, "timings_ms": {}} == json.loads(wire.dumps({**known, "timings_ms": {}}))
    ReplyObject.model_validate(body)


def test_ask_understands_history_and_filters(server: Any) -> None:
    turns = [{"question": QUESTION, "answer": "2026年1月12日です。"}]
    assert (
        "Cowork"
        in called(server, "ask", question="それはどのOSで使えますか?", history=turns)["standalone_question"]
    )
    assert called(server, "ask", question=QUESTION, where={"article_ids": [INFOQ]})["status"] == "abstained"


def test_search_articles_and_chunks(server: Any, assistant: Assistant) -> None:
    hits = called(server, "search", question=QUESTION, k=3)["hits"]
    assert hits == json.loads(wire.dumps([wire.hit_object(hit) for hit in assistant.search(QUESTION, 3)]))
    chunk = called(server, "get_chunk", chunk_id=hits[0]["chunk_id"])
    article = called(server, "get_article", article_id=chunk["article_id"])
    assert article["text"][chunk["start"] : chunk["end"]] == chunk["text"]
    page = called(server, "list_articles", limit=1)
    assert (page["total"], page["next_offset"]) == (2, 1)
    assert called(server, "list_articles", offset=1)["articles"][0]["id"] == INFOQ


def test_articles_are_resources(server: Any, assistant: Assistant) -> None:
    assistant.ingest([make_article("図書館-1")])
    listed = talk(server, lambda opened: opened.list_resources()).resources
    assert {resource.name for resource in listed} == {FIDX, INFOQ, "図書館-1"}
    for resource in listed:
        read = talk(server, lambda opened, uri=resource.uri: opened.read_resource(uri))
        assert read.contents[0].text == assistant.article(resource.name).text


@pytest.mark.parametrize(
    "uri", ["article://unknown", "article://..%2F..%2Fetc%2Fpasswd", "article://", "file:///etc/passwd"]
)
def test_what_is_no_article_is_no_resource(server: Any, uri: str) -> None:
    async def say(opened: Client) -> None:
        with pytest.raises(MCPError):
            await opened.read_resource(uri)

    talk(server, say)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("ask", {}),
        ("ask", {"question": ""}),
        ("ask", {"question": "\u3000"}),
        ("ask", {"question": "x" * 2001}),
        ("ask", {"question": "x", "k": 0}),
        ("ask", {"question": 1}),
        ("search", {"question": "x", "where": {"publishers": "x"}}),
        ("get_article", {"article_id": "../../etc/passwd"}),
        ("get_chunk", {"chunk_id": "unknown"}),
        ("list_articles", {"limit": 10_000}),
    ],
)
def test_a_mistake_is_told_to_the_agent(
    server: Any, home: Path, name: str, arguments: dict[str, Any]
) -> None:
    result = talk(server, lambda opened: opened.call_tool(name, arguments))
    assert result.is_error
    assert result.content[0].text
    assert "Traceback" not in result.content[0].text
    assert str(home) not in result.content[0].text


@pytest.mark.parametrize(
    ("lang", "said"), [("ja", "記事「x」はありません。"), ("en", "There is no article “x”.")]
)
def test_a_mistake_is_told_in_the_servers_language(assistant: Assistant, lang: Any, said: str) -> None:
    shared = Server(assistant, settings())
    shared.mcp_lang = lang
    result = talk(create_mcp(shared), lambda opened: opened.call_tool("get_article", {"article_id": "x"}))
    assert said in result.content[0].text


# --- over HTTP --------------------------------------------------------------------------------------------


@pytest.mark.loopback
@pytest.mark.enable_socket
@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_streamable_http(assistant: Assistant, mode: str) -> None:
    async def say(opened: Client) -> Any:
        tools = await opened.list_tools()
        resources = await opened.list_resources()
        return tools, resources, await opened.call_tool("ask", {"question": QUESTION})

    with served(compose(assistant, settings(), chat=False)) as address:
        tools, resources, result = talk(f"{address}/mcp", say, mode)
    assert {tool.name for tool in tools.tools} == TOOLS
    assert {resource.name for resource in resources.resources} == {FIDX, INFOQ}
    assert result.structured_content["citations"]


@pytest.mark.loopback
@pytest.mark.enable_socket
def test_http_asks_for_a_key_where_one_is_needed(assistant: Assistant, home: Path) -> None:
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    token = add_key(home, "agent").token

    async def main(headers: dict[str, str]) -> Any:
        async with (
            httpx2.AsyncClient(headers=headers) as http,
            Client(streamable_http_client(f"{address}/mcp", http_client=http)) as opened,
        ):
            return await opened.call_tool("ask", {"question": QUESTION})

    with served(compose(assistant, settings(require_key=True), chat=False)) as address:
        result = asyncio.run(main({"Authorization": f"Bearer {token}"}))
        assert result.structured_content["status"] == "answered"
        with pytest.raises((MCPError, ExceptionGroup)):
            asyncio.run(main({}))


def test_other_methods_and_other_sites_are_refused(assistant: Assistant) -> None:
    from http_server import assert_problem
    from starlette.testclient import TestClient

    with TestClient(compose(assistant, settings(), chat=False), base_url="http://127.0.0.1:8000") as api:
        assert_problem(api.get("/mcp", headers={"Accept": "text/event-stream"}), 405, "method-not-allowed")
        assert_problem(
            api.post("/mcp", json={}, headers={"Origin": "https://evil.example"}), 403, "cross-origin"
        )
        assert_problem(api.post("/mcp", json={}, headers={"Host": "evil.example"}), 421, "wrong-host")
        for body in (b"{", b"[]", b"null", b'{"jsonrpc":"2.0","id":1,"method":"unknown"}'):
            response = api.post(
                "/mcp",
                content=body,
                headers={"Content-Type": "application/json", "Accept": "application/json, text/event-stream"},
            )
            assert response.status_code < 500, response.text
            assert "Traceback" not in response.text
        assert api.post("/v1/ask", json={"question": QUESTION}).status_code == 200


# --- at standard input and output -------------------------------------------------------------------------


@pytest.mark.e2e
def test_stdio(home: Path) -> None:
    async def main() -> Any:
        parameters = StdioServerParameters(
            command=sys.executable, args=["-m", "rag", "mcp", "--home", str(home)]
        )
        async with Client(stdio_client(parameters)) as opened:
            tools = await opened.list_tools()
            read = await opened.read_resource(f"article://{FIDX}")
            return tools, read, await opened.call_tool("ask", {"question": QUESTION})

    tools, read, result = asyncio.run(main())
    assert {tool.name for tool in tools.tools} == TOOLS
    assert read.contents[0].text
    assert result.structured_content["status"] == "answered"
    assert result.structured_content["citations"][0]["article_id"] == FIDX


@pytest.mark.e2e
def test_nothing_else_is_written_to_standard_output(home: Path) -> None:
    """A first start builds an index and reports its progress: elsewhere."""
    import subprocess

    request = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "t", "version": "1"},
        },
    }
    done = subprocess.run(
        [sys.executable, "-m", "rag", "mcp", "--home", str(home)],
        input=json.dumps(request).encode() + b"\n",
        capture_output=True,
        timeout=300,
        check=False,
    )
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["result"]["serverInfo"]["name"] == "rag"
    assert done.returncode == 0, done.stderr

"""Who may use a server that others can reach: holders of good keys, as far as their scope goes, and not too often."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from doubles import FIDX
from fastapi.testclient import TestClient
from http_server import QUESTION, assert_problem, client, settings

from rag import Assistant
from rag.errors import ConfigError
from rag.http.limits import Buckets
from rag.http.login import COOKIE, SECONDS, Sessions
from rag.http.server import is_loopback, needs_key
from rag.keys import FILE, add_key, revoke_key
from rag.serving import check

ASK = {"question": QUESTION}
NEW = {"url": "https://example.com/a", "text": "駅前の図書館は四月に開館しました。"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def reader(home: Path) -> dict[str, str]:
    return bearer(add_key(home, "reader").token)


@pytest.fixture
def writer(home: Path) -> dict[str, str]:
    return bearer(add_key(home, "writer", "write").token)


@pytest.fixture
def api(assistant: Assistant) -> Iterator[TestClient]:
    """A server that listens on all interfaces."""
    with client(assistant, base="http://rag.example:8000", host="0.0.0.0") as opened:
        yield opened


@pytest.mark.parametrize(
    ("given", "needed"),
    [
        ({}, False),
        ({"host": "localhost"}, False),
        ({"host": "::1"}, False),
        ({"host": "127.5.0.1"}, False),
        ({"host": "0.0.0.0"}, True),
        ({"host": "::"}, True),
        ({"host": "192.168.1.2"}, True),
        ({"host": "rag.example"}, True),
        ({"allowed_hosts": ["rag.example"]}, True),
        ({"require_key": True}, True),
        ({"host": "0.0.0.0", "require_key": False}, False),
    ],
)
def test_keys_are_needed_where_others_can_reach(given: dict[str, object], needed: bool) -> None:
    assert needs_key(settings(**given)) is needed
    assert is_loopback("127.0.0.1")


def test_a_server_that_others_can_reach_does_not_start_without_a_key(
    assistant: Assistant, home: Path
) -> None:
    with pytest.raises(ConfigError, match="API キーがありません"):
        check(assistant, settings(host="0.0.0.0"))
    key = add_key(home, "a").key
    check(assistant, settings(host="0.0.0.0"))
    revoke_key(home, key.id)
    with pytest.raises(ConfigError):
        check(assistant, settings(host="0.0.0.0"))
    check(assistant, settings())


def test_only_health_and_the_reference_are_open(api: TestClient) -> None:
    for path in ("/healthz", "/readyz", "/docs", "/openapi.json", "/docs/assets/swagger-ui.css", "/login"):
        assert api.get(path).status_code == 200, path
    for path in ("/v1/articles", f"/v1/articles/{FIDX}", "/v1/models", "/metrics", "/unknown", "/docsx", "/"):
        response = api.get(path)
        assert_problem(response, 401, "unauthorized")
        assert response.headers["www-authenticate"] == "Bearer"
    for path in ("/v1/ask", "/v1/search", "/v1/chat/completions", "/mcp", "/gradio_api/queue/join"):
        assert_problem(api.post(path, json=ASK), 401, "unauthorized")


def test_a_reader_reads_and_a_writer_writes(
    api: TestClient, reader: dict[str, str], writer: dict[str, str]
) -> None:
    assert api.post("/v1/ask", json=ASK, headers=reader).status_code == 200
    assert api.get("/metrics", headers=reader).status_code == 200
    assert api.post("/v1/feedback", json={"question": "?", "rating": "up"}, headers=reader).status_code == 201
    for method, path in (
        ("POST", "/v1/articles"),
        ("DELETE", f"/v1/articles/{FIDX}"),
        ("POST", "/v1/reload"),
    ):
        assert_problem(api.request(method, path, json=NEW, headers=reader), 403, "forbidden")
    assert api.post("/v1/articles", json=NEW, headers=writer).status_code == 201
    assert api.get(f"/v1/articles/{FIDX}", headers=writer).status_code == 200


def test_a_readers_file_is_refused_before_it_is_read(assistant: Assistant, reader: dict[str, str]) -> None:
    with client(assistant, host="0.0.0.0", max_body_bytes=1000) as api:
        big = {"file": ("a.txt", b"x" * 2000)}
        assert_problem(api.post("/v1/articles", files=big, headers=reader), 413, "too-large")


def test_keys_that_are_not_good(api: TestClient, home: Path, reader: dict[str, str]) -> None:
    assert api.get("/v1/models", headers=reader).status_code == 200
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    expired = add_key(home, "expired", expires=yesterday).token
    assert (
        "期限"
        in assert_problem(api.get("/v1/models", headers=bearer(expired)), 401, "unauthorized")["detail"]
    )
    revoke_key(home, "reader")
    assert "取り消" in assert_problem(api.get("/v1/models", headers=reader), 401, "unauthorized")["detail"]
    for wrong in ("", "x", "rag_x", expired + "x", "ä", "rag_" + "0" * 12 + "_" + "0" * 43):
        headers = {"Authorization": f"Bearer {wrong}".encode()}
        assert_problem(api.get("/v1/models", headers=headers), 401, "unauthorized")
    basic = {"Authorization": "Basic " + reader["Authorization"].split()[1]}
    assert_problem(api.get("/v1/models", headers=basic), 401, "unauthorized")


def test_a_damaged_file_of_keys_lets_nobody_in(api: TestClient, home: Path, reader: dict[str, str]) -> None:
    (home / FILE).write_text("{", encoding="utf-8")
    problem = assert_problem(api.get("/v1/models", headers=reader), 503, "unavailable")
    assert str(home) not in problem["detail"]


def test_at_this_machine_a_key_is_not_needed_but_a_wrong_one_is_noticed(
    assistant: Assistant, home: Path, reader: dict[str, str]
) -> None:
    with client(assistant) as api:
        assert api.post("/v1/articles", json=NEW).status_code == 201
        assert (
            api.get("/v1/models", headers=bearer("unused")).status_code == 200
        )  # clients that must send one
        assert_problem(api.post("/v1/articles", json=NEW, headers=reader), 403, "forbidden")
        revoke_key(home, "reader")
        assert_problem(api.get("/v1/models", headers=reader), 401, "unauthorized")


def test_behind_a_proxy_only_its_name_is_served(assistant: Assistant, reader: dict[str, str]) -> None:
    with client(assistant, base="http://rag.example", allowed_hosts=["RAG.example"]) as api:
        assert api.get("/v1/models", headers=reader).status_code == 200
        assert_problem(api.get("/v1/models"), 401, "unauthorized")
        other = {**reader, "Host": "other.example"}
        assert_problem(api.get("/v1/models", headers=other), 421, "wrong-host")


# --- the chat's login -------------------------------------------------------------------------------------

PAGE = {"Accept": "text/html"}


def test_a_browser_is_sent_to_the_login_page_and_back(api: TestClient, home: Path) -> None:
    token = add_key(home, "chat").token
    response = api.get("/", headers=PAGE)
    assert (response.status_code, response.headers["location"]) == (303, "/login?next=%2F")
    page = api.get(response.headers["location"], headers=PAGE).text
    assert 'action="/login"' in page
    wrong = api.post("/login", data={"key": "rag_wrong", "next": "/"})
    assert (wrong.status_code, "set-cookie" in wrong.headers) == (403, False)
    assert 'role="alert"' in wrong.text
    entered = api.post("/login", data={"key": f" {token} ", "next": "/en"})
    assert (entered.status_code, entered.headers["location"]) == (303, "/en")
    cookie = entered.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict"} <= set(cookie.split("; "))
    assert token not in cookie
    assert api.get("/v1/models").status_code == 200  # the cookie came along
    assert_problem(api.get("/", headers=PAGE), 404, "not-found")  # no chat here, but let in
    api.get("/logout")
    assert_problem(api.get("/v1/models"), 401, "unauthorized")


def test_a_login_ends_with_its_key(api: TestClient, home: Path) -> None:
    made = add_key(home, "chat")
    api.post("/login", data={"key": made.token})
    assert api.get("/v1/models").status_code == 200
    revoke_key(home, made.key.id)
    assert_problem(api.get("/v1/models"), 401, "unauthorized")
    assert api.get("/", headers=PAGE).status_code == 303


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        '/"><script>',
        "/\r\nX: y",
    ],
)
def test_a_login_leads_to_no_other_site(api: TestClient, home: Path, address: str) -> None:
    page = api.get("/login", params={"next": address})
    assert 'name="next" value="/"' in page.text
    entered = api.post("/login", data={"key": add_key(home, "chat").token, "next": address})
    assert entered.headers["location"] == "/"


def test_cookies_are_not_made_by_others_nor_kept_for_ever() -> None:
    from starlette.datastructures import Headers

    def asked(cookie: str) -> str | None:
        return sessions.key_id(Headers({"cookie": f"a=b; {COOKIE}={cookie}"}))

    sessions, other = Sessions(), Sessions()
    good = sessions.cookie("0123456789ab")
    assert asked(good) == "0123456789ab"
    old = sessions.cookie("0123456789ab", now=datetime.now(UTC).timestamp() - SECONDS - 1)
    for bad in (
        old,
        other.cookie("0123456789ab"),
        good[:-1],
        good.replace("0123", "3210"),
        "",
        "..",
        "a.b.c",
        '"é"',
    ):
        assert asked(bad) is None
    assert sessions.key_id(Headers({})) is None


def test_the_login_page_speaks_english_too(api: TestClient) -> None:
    page = api.get("/login", headers={"Accept-Language": "en"}).text
    assert '<html lang="en">' in page
    assert not re.search(r"(?:src|href)=", page)


# --- how often --------------------------------------------------------------------------------------------


def test_a_bucket_refills() -> None:
    now = [0.0]
    buckets = Buckets(rate=2, burst=3, clock=lambda: now[0])
    assert [buckets.take("a") for _ in range(5)] == [0, 0, 0, 1, 1]
    assert buckets.take("b") == 0
    now[0] = 0.5
    assert [buckets.take("a") for _ in range(2)] == [0, 1]
    now[0] = 1000
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 1]


def test_each_key_has_its_own_rate(
    assistant: Assistant, reader: dict[str, str], writer: dict[str, str]
) -> None:
    with client(assistant, host="0.0.0.0", rate=0.1, burst=3) as api:
        for _ in range(3):
            assert api.get("/v1/models", headers=reader).status_code == 200
        response = api.get("/v1/models", headers=reader)
        assert_problem(response, 429, "rate-limited")
        assert 1 <= int(response.headers["retry-after"]) <= 10
        assert_problem(api.post("/mcp", json={}, headers=reader), 429, "rate-limited")
        assert api.get("/v1/models", headers=writer).status_code == 200
        assert api.get("/metrics", headers=reader).status_code == 200
        assert 'rag_refused_total{kind="rate-limited"} 2.0' in api.get("/metrics", headers=reader).text

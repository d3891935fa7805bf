"""What the HTTP API says to clients that misbehave: a typed problem, nothing lost, no traceback."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from doubles import FIDX, assert_in_step, files_below
from fastapi.testclient import TestClient
from http_server import BASE, QUESTION, assert_problem, client

from rag import Assistant
from rag.errors import StoreError


@pytest.fixture
def api(assistant: Assistant) -> Iterator[TestClient]:
    with client(assistant) as opened:
        yield opened


JSON = {"Content-Type": "application/json"}
POSTED = ["/v1/search", "/v1/ask", "/v1/articles", "/v1/feedback", "/v1/chat/completions"]


@pytest.mark.parametrize("path", POSTED)
@pytest.mark.parametrize("body", [b"{", b"", b"\xff\xfe", b'{"question": "a', b"[" * 5000])
def test_malformed_json(same: TestClient, path: str, body: bytes) -> None:
    response = same.post(path, content=body, headers=JSON)
    status = (
        422 if body == b"" and path != "/v1/articles" else 400
    )  # no body at all is a field that is missing
    kind = response.json()["type"].rpartition(":")[2]
    assert kind in {400: ("malformed-json", "bad-request"), 422: ("invalid-request",)}[status]
    assert_problem(response, status, kind)


@pytest.mark.parametrize("path", POSTED)
@pytest.mark.parametrize(
    "body", [[], "x", 1, None, {}, {"question": 1}, {"messages": "x"}, {"unknown": True}]
)
def test_wrong_types(same: TestClient, path: str, body: object) -> None:
    response = same.post(path, content=json.dumps(body), headers=JSON)
    problem = assert_problem(response, 422, "invalid-request")
    assert problem["errors"]
    for error in problem["errors"]:
        assert error["field"].startswith("body")
        assert re.search("[ぁ-ん]", error["message"])
    english = same.post(path, content=json.dumps(body), headers={**JSON, "Accept-Language": "en"})
    assert not re.search("[ぁ-ん]", english.text)


@pytest.mark.parametrize(
    "body",
    [
        {"question": "x" * 2001},
        {"question": "a\ud800"},
        {"question": QUESTION, "k": 0},
        {"question": QUESTION, "k": 101},
        {"question": QUESTION, "k": "many"},
        {"question": QUESTION, "where": {"published_from": "yesterday"}},
        {"question": QUESTION, "where": {"chunk_ids": []}},
        {"question": QUESTION, "history": [{"question": ""}]},
        {"question": QUESTION, "history": [{"question": "x"}] * 21},
        {"question": QUESTION, "wher": {}},
    ],
)
def test_values_out_of_bounds(same: TestClient, body: object) -> None:
    response = same.post("/v1/ask", content=json.dumps(body), headers=JSON)
    problem = assert_problem(response, 422, "invalid-request")
    assert all(re.match("[^A-Z]*[ぁ-ん]", error["message"]) for error in problem["errors"])


@pytest.mark.parametrize("stream", [False, True])
def test_a_question_of_nothing_but_space(same: TestClient, stream: bool) -> None:
    for question in (" ", "\u0000\u3000"):
        response = same.post("/v1/ask", json={"question": question, "stream": stream})
        assert_problem(response, 422, "invalid-question")


@pytest.mark.parametrize("path", POSTED)
def test_another_media_type(same: TestClient, path: str) -> None:
    body = json.dumps({"question": QUESTION})
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        assert_problem(
            same.post(path, content=body, headers={"Content-Type": kind}), 415, "unsupported-media-type"
        )


def test_another_method_or_place(same: TestClient) -> None:
    response = same.put("/v1/ask")
    assert_problem(response, 405, "method-not-allowed")
    assert "POST" in response.headers["allow"]
    for path in ("/v1", "/v1/", "/v1/unknown", "/v2/ask", "/v1/articles/a/b"):
        assert_problem(same.get(path), 404, "not-found")


@pytest.mark.parametrize(
    "name",
    [
        "unknown",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e",
        "a%00b",
        "%ff",
        "a%5c..%5cb",
        "x" * 2000,
        "%E3%81%82",
        "*",
        "a:b",
        "%25",
        "con",
    ],
)
def test_ids_that_are_none(same: TestClient, library: Path, name: str) -> None:
    before = files_below(library / "corpus")
    for method, path in (("GET", "articles"), ("DELETE", "articles"), ("GET", "chunks")):
        response = same.request(method, f"/v1/{path}/{name}")
        assert_problem(response, 404, "not-found")
        assert str(library) not in response.text
    assert files_below(library / "corpus") == before


# --- articles ---------------------------------------------------------------------------------------------

TEXT = "駅前の図書館は四月に開館しました。"


@pytest.mark.parametrize(
    "body",
    [
        {"text": TEXT},
        {"url": "ftp://example.com/a", "text": TEXT},
        {"url": "https://u:p@example.com/a", "text": TEXT},
        {"url": "https://example.com/a", "text": ""},
        {"url": "https://example.com/a", "text": TEXT, "id": "../../etc/passwd"},
        {"url": "https://example.com/a", "text": TEXT, "id": ".hidden"},
        {"url": "https://example.com/a", "text": TEXT, "id": "a/b"},
        {"url": "https://example.com/a", "text": TEXT, "published": "soon"},
        {"url": "https://example.com/a", "text": TEXT, "lang": "ja"},
    ],
)
def test_articles_that_are_none(same: TestClient, library: Path, body: object) -> None:
    before = files_below(library / "corpus")
    assert_problem(same.post("/v1/articles", json=body), 422, "invalid-request")
    assert files_below(library / "corpus") == before


@pytest.mark.parametrize(
    "body",
    [
        {"text": " \n\u3000"},
        {"text": "a\u0000b"},
        {"text": TEXT, "id": "readme"},
        {"text": TEXT, "title": "\u0000"},
        {"text": TEXT, "title": "a\nb\u2028c: [d"},
        {"text": TEXT, "id": FIDX.upper()},
        {"text": "---\ntitle: x\n---\n" + TEXT},
    ],
)
def test_odd_articles_are_taken_whole_or_not_at_all(
    api: TestClient, assistant: Assistant, home: Path, body: dict[str, str]
) -> None:
    response = api.post("/v1/articles", json={"url": "https://example.com/a", **body})
    if response.status_code == 201:
        article = assistant.article(response.json()["article"]["id"])
        assert article.text == body["text"]
        assert article.title == body.get("title", article.title)
    else:
        kind = response.json()["type"].rpartition(":")[2]
        assert kind in ("import-failed", "invalid-article")
        assert str(home) not in assert_problem(response, 422, kind)["detail"]
    assert_in_step(home / "corpus", assistant._store)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.exe", b"MZ"),
        ("a.txt", b""),
        ("a.txt", b"\x00\x01\x02"),
        ("a.pdf", b"%PDF-1.7 broken"),
        ("", b"text"),
        ("..", b"text"),
        ("x" * 300 + ".txt", b"text"),
    ],
)
def test_files_that_are_no_articles(api: TestClient, home: Path, name: str, data: bytes) -> None:
    response = api.post("/v1/articles", files={"file": (name, data)}, data={"url": "https://example.com/a"})
    if len(name) > 200:  # the end of the name still says what it is
        assert response.status_code == 201
        return
    assert response.status_code == 422
    assert "rag-upload-" not in response.text
    assert "/tmp" not in response.text


def test_forms_without_a_file_or_with_more(same: TestClient) -> None:
    assert_problem(same.post("/v1/articles", files={"other": ("a.txt", b"x")}), 422, "invalid-request")
    both = same.post("/v1/articles", files={"file": ("a.txt", b"x")}, data={"text": "x"})
    assert_problem(both, 422, "invalid-request")
    files = [("file", ("a.txt", b"x")), ("file", ("b.txt", b"x"))]
    assert_problem(same.post("/v1/articles", files=files), 400, "bad-request")
    broken = same.post("/v1/articles", content=b"x", headers={"Content-Type": "multipart/form-data"})
    assert_problem(broken, 400, "bad-request")


@pytest.mark.loopback
@pytest.mark.enable_socket
@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/a",
        "http://localhost/a",
        "http://[::1]/",
        "http://169.254.169.254/latest",
        "http://0x7f.1/",
    ],
)
def test_a_url_inside_the_network_is_not_fetched(same: TestClient, url: str) -> None:
    assert_problem(same.post("/v1/articles", json={"url": url}), 422, "import-failed")


def test_urls_are_not_fetched_when_switched_off(assistant: Assistant) -> None:
    with client(assistant, url_imports=False) as api:
        response = api.post("/v1/articles", json={"url": "https://example.com/a"})
        assert "URL" in assert_problem(response, 422, "import-failed")["detail"]


# --- too much -----------------------------------------------------------------------------------


def test_a_body_that_is_too_large(assistant: Assistant) -> None:
    with client(assistant, max_body_bytes=1000, max_upload_bytes=2000) as api:
        assert_problem(api.post("/v1/ask", json={"question": "x" * 1500}), 413, "too-large")

        def parts() -> Iterator[bytes]:
            yield from (b"x" * 100 for _ in range(30))

        assert_problem(api.post("/v1/ask", content=parts(), headers=JSON), 413, "too-large")
        url = {"url": "https://example.com/a"}
        assert api.post("/v1/articles", files={"file": ("a.txt", b"x" * 1500)}, data=url).status_code == 201
        assert_problem(
            api.post("/v1/articles", files={"file": ("a.txt", b"x" * 70_000)}, data=url), 413, "too-large"
        )
        assert_problem(api.post("/v1/ask", files={"file": ("a.txt", b"x" * 1500)}), 413, "too-large")
        assert api.post("/v1/ask", json={"question": QUESTION}).status_code == 200


# --- other sites' pages -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.", "", "[", "a@127.0.0.1:x"]
)
def test_a_name_that_is_not_this_machines(same: TestClient, host: str) -> None:
    assert_problem(same.get("/v1/articles", headers={"Host": host}), 421, "wrong-host")


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]:8000", "LOCALHOST"])
def test_names_of_this_machine(same: TestClient, host: str) -> None:
    assert same.get("/v1/models", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "https://127.0.0.1:8000.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_page_of_another_site_can_change_nothing(same: TestClient, headers: dict[str, str]) -> None:
    assert_problem(same.delete(f"/v1/articles/{FIDX}", headers=headers), 403, "cross-origin")
    assert_problem(same.post("/v1/ask", json={"question": QUESTION}, headers=headers), 403, "cross-origin")
    assert same.get(f"/v1/articles/{FIDX}").status_code == 200


def test_the_own_page_may_ask(same: TestClient) -> None:
    headers = {"Origin": BASE, "Sec-Fetch-Site": "same-origin"}
    assert same.post("/v1/search", json={"question": QUESTION}, headers=headers).status_code == 200


def test_other_origins_are_allowed_only_by_the_setting(assistant: Assistant) -> None:
    page = {"Origin": "https://page.example"}
    preflight = {
        **page,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    with client(assistant) as api:
        assert "access-control-allow-origin" not in api.get("/v1/models", headers=page).headers
        assert "access-control-allow-origin" not in api.options("/v1/ask", headers=preflight).headers
    with client(assistant, cors_origins=["https://page.example"]) as api:
        allowed = api.options("/v1/ask", headers=preflight)
        assert allowed.headers["access-control-allow-origin"] == "https://page.example"
        response = api.post("/v1/search", json={"question": QUESTION}, headers=page)
        assert response.status_code == 200
        assert response.headers["access-control-allow-origin"] == "https://page.example"
        assert "access-control-allow-credentials" not in response.headers
        assert_problem(
            api.post("/v1/search", json={}, headers={"Origin": "https://other.example"}), 403, "cross-origin"
        )


# --- when something breaks --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (RuntimeError("secret in /home/x"), 500, "internal"),
        (StoreError("/home/x/index が壊れています"), 503, "unavailable"),
    ],
)
def test_a_defect_is_told_without_its_details(
    api: TestClient,
    assistant: Assistant,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    kind: str,
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(assistant, "stream", fail)
    monkeypatch.setattr(assistant, "listing", fail)
    for response in (api.post("/v1/ask", json={"question": QUESTION}), api.get("/v1/articles")):
        assert_problem(response, status, kind)
        assert "/home/x" not in response.text
    streamed = api.post("/v1/ask", json={"question": QUESTION, "stream": True}).text
    assert streamed.startswith("event: error")
    assert f"urn:rag:problem:{kind}" in streamed
    assert "/home/x" not in streamed


def test_a_wrong_file_in_the_corpus_leaves_the_index_as_it_was(api: TestClient, home: Path) -> None:
    (home / "corpus" / "broken.md").write_text("no front matter", encoding="utf-8")
    problem = assert_problem(api.post("/v1/reload"), 422, "invalid-article")
    assert "broken.md" in problem["detail"]
    assert str(home) not in problem["detail"]
    assert api.post("/v1/ask", json={"question": QUESTION}).json()["status"] == "answered"

"""What the HTTP API answers to those who use it right."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from doubles import FIDX, INFOQ, assert_in_step
from fastapi.testclient import TestClient
from http_server import QUESTION, UNANSWERED, assert_problem, client, events

from rag import Assistant, wire
from rag.feedback import read
from rag.http.example import EXAMPLE_REPLY
from rag.http.schemas import (
    ArticleObject,
    ArticlePage,
    ChunkObject,
    Ingested,
    ReplyObject,
    SearchResponse,
)

TEXT = "駅前の図書館は四月に開館しました。😀蔵書は三万冊です。"


@pytest.fixture
def api(assistant: Assistant) -> Iterator[TestClient]:
    with client(assistant) as opened:
        yield opened


# --- questions --------------------------------------------------------------------------------------------


def test_search_returns_what_the_assistant_finds(api: TestClient, assistant: Assistant) -> None:
    body = api.post("/v1/search", json={"question": QUESTION, "k": 3}).json()
    assert body["hits"] == [wire.hit_object(hit) for hit in assistant.search(QUESTION, k=3)]
    assert SearchResponse.model_validate(body).model_dump() == body


@pytest.mark.parametrize("question", [QUESTION, UNANSWERED])
def test_a_reply_is_the_json_of_the_command_line(
    api: TestClient, assistant: Assistant, question: str
) -> None:
    body = api.post("/v1/ask", json={"question": question, "k": 2}).json()
    known = wire.reply_object(assistant.ask(question, 2), body["id"])
    assert {**body, "timings_ms": {}} == json.loads(wire.dumps({**known, "timings_ms": {}}))
    assert ReplyObject.model_validate(body).model_dump(mode="json") == body


def test_the_example_of_the_documentation_is_a_reply() -> None:
    assert ReplyObject.model_validate(EXAMPLE_REPLY).model_dump(mode="json") == EXAMPLE_REPLY


def test_a_filter_keeps_other_articles_out(same: TestClient) -> None:
    where = {"article_ids": [INFOQ]}
    hits = same.post("/v1/search", json={"question": QUESTION, "where": where}).json()["hits"]
    assert {hit["article_id"] for hit in hits} == {INFOQ}
    assert same.post("/v1/ask", json={"question": QUESTION, "where": where}).json()["status"] == "abstained"
    late = {"published_from": "2026", "publishers": ["FIDX"], "langs": ["ja"]}
    hits = same.post("/v1/search", json={"question": QUESTION, "where": late}).json()["hits"]
    assert {hit["article_id"] for hit in hits} == {FIDX}


def test_a_follow_up_is_completed_from_the_history(same: TestClient) -> None:
    history = [{"question": QUESTION, "answer": "2026年1月12日です。"}]
    body = same.post("/v1/ask", json={"question": "それはどのOSで使えますか?", "history": history}).json()
    assert "Cowork" in body["standalone_question"]


@pytest.mark.parametrize(
    "how", [{"json": {"question": QUESTION, "stream": True}}, {"json": {"question": QUESTION}}]
)
def test_a_stream_tells_each_statement_and_then_the_reply(same: TestClient, how: dict[str, object]) -> None:
    accept = {} if "stream" in str(how) else {"Accept": "text/event-stream"}
    response = same.post("/v1/ask", headers=accept, **how)
    assert response.headers["content-type"].startswith("text/event-stream")
    *statements, (name, reply) = events(response.text)
    assert name == "reply"
    assert [one["text"] for _, one in statements] == [one["text"] for one in reply["statements"]]
    for (kind, statement), whole in zip(statements, reply["statements"], strict=True):
        assert kind == "statement"
        assert [citation["n"] for citation in statement["citations"]] == whole["citations"]
        assert all(citation in reply["citations"] for citation in statement["citations"])


def test_quotes_are_found_by_code_points_behind_an_emoji(api: TestClient) -> None:
    api.post("/v1/articles", json={"url": "https://example.com/l", "text": TEXT, "id": "library"})
    question = {"question": "駅前の図書館の蔵書は何冊ですか?", "where": {"article_ids": ["library"]}}
    reply = api.post("/v1/ask", json=question).json()
    article = api.get("/v1/articles/library").json()
    assert reply["citations"]
    for citation in reply["citations"]:
        assert article["text"][citation["start"] : citation["end"]] == citation["quote"]


# --- articles ---------------------------------------------------------------------------------------------


def test_articles_come_a_page_at_a_time(api: TestClient, assistant: Assistant) -> None:
    first = api.get("/v1/articles", params={"limit": 1}).json()
    second = api.get("/v1/articles", params={"limit": 1, "offset": first["next_offset"]}).json()
    assert [first["articles"][0]["id"], second["articles"][0]["id"]] == sorted([FIDX, INFOQ])
    assert (first["total"], second["next_offset"]) == (2, None)
    assert ArticlePage.model_validate(first).model_dump() == first
    assert "text" not in first["articles"][0]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ({"publisher": "FIDX"}, [FIDX]),
        ({"q": "STARGATE"}, [INFOQ]),
        ({"lang": "en"}, []),
        ({"published_from": "2026-01-31"}, [FIDX]),
        ({"published_to": "2025"}, [INFOQ]),
        ({"published_from": "2027"}, []),
        ({"offset": 5}, []),
    ],
)
def test_articles_are_filtered(same: TestClient, query: dict[str, str], ids: list[str]) -> None:
    assert [article["id"] for article in same.get("/v1/articles", params=query).json()["articles"]] == ids


def test_an_article_and_a_chunk_by_id(api: TestClient, assistant: Assistant) -> None:
    body = api.get(f"/v1/articles/{FIDX}").json()
    assert body["text"] == assistant.article(FIDX).text
    assert ArticleObject.model_validate(body).model_dump(mode="json") == body
    hit = assistant.search(QUESTION)[0]
    found = api.get(f"/v1/chunks/{hit.chunk.id}").json()
    assert body["text"][found["start"] : found["end"]] == found["text"]
    assert ChunkObject.model_validate(found).model_dump() == found


def test_a_text_becomes_an_article_that_can_be_asked(api: TestClient, assistant: Assistant) -> None:
    new = {"url": "https://example.com/図書館", "text": TEXT, "title": "図書館だより", "published": "2026-04"}
    response = api.post("/v1/articles", json=new)
    assert response.status_code == 201
    body = response.json()
    assert Ingested.model_validate(body).model_dump(mode="json") == body
    assert body["changes"]["added"] == [body["article"]["id"]]
    assert assistant.article(body["article"]["id"]).text == TEXT
    again = api.post("/v1/articles", json={**new, "title": "別の題"}).json()
    assert again["changes"]["changed"] == [body["article"]["id"]]


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("a.txt", TEXT.encode(), TEXT),
        (
            "記事.txt",
            "駅前の図書館は四月に開館しました。".encode("cp932"),
            "駅前の図書館は四月に開館しました。",
        ),
        (
            "../../../etc/a.md",
            b"# Title\n\nThe library opened in April.",
            "# Title\n\nThe library opened in April.",
        ),
        ("..\\..\\a.txt", TEXT.encode(), TEXT),
    ],
)
def test_a_file_becomes_an_article(
    api: TestClient, assistant: Assistant, home: Path, name: str, data: bytes, text: str
) -> None:
    response = api.post("/v1/articles", files={"file": (name, data)}, data={"url": "https://example.com/f"})
    assert response.status_code == 201, response.text
    assert assistant.article(response.json()["article"]["id"]).text == text
    assert_in_step(home / "corpus", assistant._store)


def test_an_html_file_may_name_its_own_address(api: TestClient) -> None:
    page = (
        '<html lang="ja"><head><title>図書館</title><link rel="canonical" href="https://example.com/own"></head>'
        f"<body><article><h1>図書館</h1><p>{TEXT * 5}</p></article></body></html>"
    )
    response = api.post("/v1/articles", files={"file": ("a.html", page.encode())})
    assert response.json()["article"]["url"] == "https://example.com/own"
    assert_problem(api.post("/v1/articles", files={"file": ("a.txt", TEXT.encode())}), 422, "import-failed")


def test_an_article_is_removed(api: TestClient, assistant: Assistant, home: Path) -> None:
    assert api.delete(f"/v1/articles/{FIDX}").json()["removed"] == [FIDX]
    assert_problem(api.get(f"/v1/articles/{FIDX}"), 404, "not-found")
    assert_problem(api.delete(f"/v1/articles/{FIDX}"), 404, "not-found")
    assert_in_step(home / "corpus", assistant._store)


def test_changes_in_the_corpus_folder_are_taken_over(api: TestClient, home: Path) -> None:
    (home / "corpus" / f"{FIDX}.md").unlink()
    assert api.post("/v1/reload").json()["removed"] == [FIDX]
    assert api.get("/v1/articles").json()["total"] == 1
    assert "rag_index_articles 1.0" in api.get("/metrics").text


# --- feedback ---------------------------------------------------------------------------------------------


def test_feedback_names_a_reply_by_its_id(api: TestClient, home: Path) -> None:
    reply = api.post("/v1/ask", json={"question": QUESTION}).json()
    said = {"reply_id": reply["id"], "rating": "up", "comment": "よい"}
    response = api.post("/v1/feedback", json=said)
    assert response.status_code == 201
    (kept,) = read(home)
    assert (kept.id, kept.question, kept.comment) == (response.json()["id"], QUESTION, "よい")
    assert [citation.quote for citation in kept.citations] == [one["quote"] for one in reply["citations"]]


def test_feedback_tells_a_reply_that_was_forgotten(api: TestClient, home: Path) -> None:
    assert_problem(
        api.post("/v1/feedback", json={"reply_id": "gone", "rating": "up"}), 422, "invalid-request"
    )
    reply = api.post("/v1/ask", json={"question": QUESTION}).json()
    told = {name: reply[name] for name in ("question", "status", "answer", "citations")}
    assert api.post("/v1/feedback", json={"reply_id": "gone", "rating": "down", **told}).status_code == 201
    (kept,) = read(home)
    assert (kept.reply_id, kept.answer, len(kept.citations)) == (
        "gone",
        reply["answer"],
        len(reply["citations"]),
    )


# --- the server itself ------------------------------------------------------------------------------------


def test_health_and_readiness(api: TestClient, assistant: Assistant) -> None:
    assert api.get("/healthz").json() == {"status": "ok"}
    assert api.get("/readyz").json() == {
        "status": "ready",
        "chunks": assistant.chunk_count(),
        "reload_problem": False,
    }


def test_metrics_count_requests_replies_and_stages(api: TestClient) -> None:
    api.post("/v1/ask", json={"question": QUESTION})
    api.post("/v1/ask", json={"question": UNANSWERED})
    api.get("/v1/articles/unknown")
    api.get("/v1/anything/else")
    text = api.get("/metrics").text
    assert 'rag_replies_total{engine="extractive",reason="",status="answered"} 1.0' in text
    assert 'rag_replies_total{engine="extractive",reason="no_evidence",status="abstained"} 1.0' in text
    assert 'rag_stage_seconds_count{stage="total"} 2.0' in text
    assert 'rag_http_requests_total{method="POST",route="/v1/ask",status="200"} 2.0' in text
    assert 'rag_http_requests_total{method="GET",route="/v1/articles/{article_id}",status="404"} 1.0' in text
    assert 'rag_http_requests_total{method="GET",route="/v1",status="404"} 1.0' in text
    assert "rag_index_articles 2.0" in text


def test_a_request_keeps_its_name(same: TestClient) -> None:
    assert same.get("/healthz", headers={"X-Request-Id": "abc-1"}).headers["x-request-id"] == "abc-1"
    for unusable in ("", "a b", "x" * 65, "<script>"):
        assert re.fullmatch(
            "[0-9a-f]{32}", same.get("/healthz", headers={"X-Request-Id": unusable}).headers["x-request-id"]
        )


@pytest.mark.parametrize(
    ("spoken", "title"),
    [
        ("en", "Not found"),
        ("en-US,ja;q=0.5", "Not found"),
        ("ja,en;q=0.9", "ありません"),
        ("fr", "ありません"),
        ("en;q=x", "ありません"),
    ],
)
def test_problems_speak_the_clients_language(same: TestClient, spoken: str, title: str) -> None:
    response = same.get("/v1/articles/unknown", headers={"Accept-Language": spoken})
    problem = assert_problem(response, 404, "not-found")
    assert problem["title"] == title
    words = (
        ("There is no article “unknown”.", "`rag articles`")
        if title == "Not found"
        else ("記事「unknown」", "「rag")
    )
    assert problem["detail"].startswith(words[0])
    assert problem["hint"].startswith(words[1])


def test_the_reference_page_needs_nothing_from_outside(same: TestClient) -> None:
    page = same.get("/docs")
    sources = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(sources) == 3
    for source in sources:
        assert source.startswith("/docs/assets/")
        assert same.get(source).status_code == 200
    assert "connect-src 'self'" in page.headers["content-security-policy"]


def test_the_schema_describes_every_route_with_its_problems(same: TestClient) -> None:
    schema = same.get("/openapi.json").json()
    assert {
        "/v1/search",
        "/v1/ask",
        "/v1/articles",
        "/v1/articles/{article_id}",
        "/v1/chunks/{chunk_id}",
        "/v1/feedback",
        "/v1/chat/completions",
        "/v1/models",
        "/healthz",
        "/readyz",
        "/metrics",
    } <= set(schema["paths"])
    for path, operations in schema["paths"].items():
        for operation in operations.values():
            assert "4XX" in operation["responses"], path
            assert operation["summary"], path
    assert "code points" in schema["components"]["schemas"]["ReplyObject"]["description"]


def test_questions_are_not_logged_unless_wanted(
    assistant: Assistant, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "rag.http")
    for wanted in (False, True):
        caplog.clear()
        with client(assistant, log_questions=wanted) as api:
            api.post("/v1/ask", json={"question": QUESTION})
            api.post("/v1/search", json={"question": QUESTION})
            api.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": QUESTION}]})
        said = [record.__dict__["fields"] for record in caplog.records if record.name.startswith("rag.http")]
        assert len(said) == 3
        assert [QUESTION in json.dumps(fields, ensure_ascii=False) for fields in said] == [wanted] * 3
        assert {fields["status"] for fields in said} == {200}

"""The endpoint backend against a real server on 127.0.0.1 that misbehaves in every way seen in the wild."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Any

import numpy as np
import pytest
from scripted_server import Act, ScriptedServer, hang_up, send, sends, serving, trickle

from rag.embedding.endpoint import EndpointEmbedder
from rag.errors import ConfigError, EmbeddingError, EmbeddingUnavailable

pytestmark = [pytest.mark.loopback, pytest.mark.enable_socket]


def vector(text: str) -> list[float]:
    return [float(len(text) + 1), float(sum(map(ord, text)) % 97), 3.0]


def rows(texts: list[str]) -> list[dict[str, Any]]:
    return [
        {"object": "embedding", "index": index, "embedding": vector(text)} for index, text in enumerate(texts)
    ]


def reply_with(make: Callable[[list[str]], Any]) -> Act:
    return lambda handler, body: send(handler, 200, json.dumps(make(body["input"])).encode())


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serving(reply_with(lambda texts: {"data": rows(texts)})) as running:
        yield running


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def embedder(server: ScriptedServer, waits: list[float]) -> Iterator[EndpointEmbedder]:
    backend = EndpointEmbedder(
        server.url, "test-model", "secret", batch_size=2, timeout=5, sleep=waits.append
    )
    yield backend
    backend.close()


def expected(*texts: str) -> np.ndarray[Any, Any]:
    values = np.array([vector(text) for text in texts])
    return np.asarray(values / np.linalg.norm(values, axis=1, keepdims=True))


def test_sends_batches_with_key_and_model(embedder: EndpointEmbedder, server: ScriptedServer) -> None:
    vectors = embedder.embed_documents(["一", "二二", "三三三"])
    np.testing.assert_allclose(vectors, expected("一", "二二", "三三三"), atol=1e-6)
    assert vectors.dtype == np.float32
    assert [body["input"] for body in server.bodies] == [["一", "二二"], ["三三三"]]
    assert {body["model"] for body in server.bodies} == {"test-model"}
    assert set(server.keys) == {"Bearer secret"}


def test_prompts_cleaning_and_texts_without_characters(server: ScriptedServer) -> None:
    backend = EndpointEmbedder(server.url, "m", query_prompt="質問: ", document_prompt=None)
    backend.embed_queries(["Ａ\0\ud800I"])
    backend.embed_documents(["", "\ud800"])
    backend.close()
    assert [body["input"] for body in server.bodies] == [["質問: AI"], [".", "."]]
    assert server.keys[0] is None


def test_rows_in_another_order_are_sorted_by_index(
    embedder: EndpointEmbedder, server: ScriptedServer
) -> None:
    server.script = [reply_with(lambda texts: {"data": rows(texts)[::-1]})]
    np.testing.assert_allclose(embedder.embed_documents(["一", "二二"]), expected("一", "二二"), atol=1e-6)


def test_long_texts_are_sent_in_parts_and_averaged(server: ScriptedServer) -> None:
    backend = EndpointEmbedder(server.url, "m", max_characters=10)
    vectors = backend.embed_documents(["あ" * 25])
    backend.close()
    assert server.bodies[0]["input"] == ["あ" * 10, "あ" * 10, "あ" * 5]
    mean = (10 * expected("あ" * 10) * 2 + 5 * expected("あ" * 5))[0]
    np.testing.assert_allclose(vectors[0], mean / np.linalg.norm(mean), atol=1e-6)


@pytest.mark.parametrize(
    ("failure", "wait"),
    [
        (sends(429, headers={"Retry-After": "3"}), 3),
        (sends(503, headers={"Retry-After": formatdate(time.time() + 2, usegmt=True)}), None),
        (sends(500), None),
        (sends(429, headers={"Retry-After": "soon"}), None),
        (hang_up, None),
    ],
)
def test_tries_again(
    embedder: EndpointEmbedder, server: ScriptedServer, waits: list[float], failure: Any, wait: float | None
) -> None:
    server.script = [failure]
    np.testing.assert_allclose(embedder.embed_queries(["一"]), expected("一"), atol=1e-6)
    assert len(waits) == 1
    assert waits[0] == wait if wait is not None else 0 <= waits[0] <= 2


def test_waits_twice_as_long_each_time_and_then_gives_up(
    embedder: EndpointEmbedder, server: ScriptedServer, waits: list[float]
) -> None:
    server.script = [sends(500)] * 5
    with pytest.raises(EmbeddingUnavailable, match="HTTP 500") as caught:
        embedder.embed_queries(["一"])
    assert caught.value.retryable
    assert len(server.bodies) == 5
    assert [0.375 * 2**n <= wait <= 0.5 * 2**n for n, wait in enumerate(waits)] == [True] * 4


def test_does_not_sit_out_a_very_long_retry_after(
    embedder: EndpointEmbedder, server: ScriptedServer, waits: list[float]
) -> None:
    server.script = [sends(429, headers={"Retry-After": "3600"})]
    with pytest.raises(EmbeddingUnavailable) as caught:
        embedder.embed_queries(["一"])
    assert "3600" in caught.value.hint
    assert waits == []


@pytest.mark.parametrize("act", [trickle, lambda handler, texts: time.sleep(1)])
def test_a_slow_server_is_unavailable(server: ScriptedServer, act: Any) -> None:
    server.script = [act]
    backend = EndpointEmbedder(server.url, "m", timeout=0.4, retries=0)
    start = time.monotonic()
    with pytest.raises(EmbeddingUnavailable):
        backend.embed_queries(["一"])
    backend.close()
    assert time.monotonic() - start < 4


def test_nobody_listens() -> None:
    backend = EndpointEmbedder("http://127.0.0.1:9/v1", "m", retries=0)
    with pytest.raises(EmbeddingUnavailable):
        backend.embed_queries(["一"])
    backend.close()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 302])
def test_refusals_are_not_retried(embedder: EndpointEmbedder, server: ScriptedServer, status: int) -> None:
    server.script = [sends(status, "理由".encode(), {"Location": "http://127.0.0.1:9/"})]
    with pytest.raises(EmbeddingError, match=f"HTTP {status}.*理由") as caught:
        embedder.embed_queries(["一"])
    assert caught.value.hint
    assert not caught.value.retryable
    assert "secret" not in str(caught.value)
    assert len(server.bodies) == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda texts: {"data": rows(texts)[:1]},
        lambda texts: {"data": [*rows(texts), *rows(texts)[:1]]},
        lambda texts: {"data": [rows(texts)[0], rows(texts)[0]]},
        lambda texts: {"data": []},
        lambda texts: {"data": [{"index": n, "embedding": [float("nan"), 1.0, 1.0]} for n in range(2)]},
        lambda texts: {"data": [{"index": n, "embedding": [float("inf"), 1.0, 1.0]} for n in range(2)]},
        lambda texts: {"data": [{"index": n, "embedding": [0.0, 0.0, 0.0]} for n in range(2)]},
        lambda texts: {"data": [{"index": n, "embedding": [1.0] * (n + 1)} for n in range(2)]},
        lambda texts: {"data": [{"index": n, "embedding": "AAAA"} for n in range(2)]},
        lambda texts: {"error": "no"},
        lambda texts: [1, 2],
    ],
)
def test_unusable_replies(embedder: EndpointEmbedder, server: ScriptedServer, make: Any) -> None:
    server.script = [reply_with(make)]
    with pytest.raises(EmbeddingError):
        embedder.embed_documents(["一", "二"])


@pytest.mark.parametrize("content", [b"", b"<html>", b'{"data": [', b"\xff"])
def test_replies_that_are_not_json(
    embedder: EndpointEmbedder, server: ScriptedServer, content: bytes
) -> None:
    server.script = [sends(200, content)]
    with pytest.raises(EmbeddingError, match="解釈できません"):
        embedder.embed_queries(["一"])


def test_the_dimension_is_learnt_or_checked(embedder: EndpointEmbedder, server: ScriptedServer) -> None:
    assert embedder.dimension == 3
    strict = EndpointEmbedder(server.url, "m", dimension=5)
    with pytest.raises(EmbeddingError, match=r"\(1, 5\)"):
        strict.embed_queries(["一"])
    strict.close()
    server.script = [reply_with(lambda texts: {"data": [{"index": 0, "embedding": [1.0] * 4}]})]
    with pytest.raises(EmbeddingError):
        embedder.embed_queries(["一"])


def test_no_texts(embedder: EndpointEmbedder) -> None:
    assert embedder.embed_documents([]).shape == (0, 3)


def test_unrelated_cosine_is_measured(embedder: EndpointEmbedder) -> None:
    assert 0 <= embedder.unrelated_cosine <= 0.95


def test_model_id_tells_settings_apart_without_the_key() -> None:
    make = EndpointEmbedder
    ids = {
        make("http://a/v1", "m").model_id,
        make("http://b/v1", "m").model_id,
        make("http://a/v1", "n").model_id,
        make("http://a/v1", "m", query_prompt="q").model_id,
    }
    assert len(ids) == 4
    assert make("http://a/v1/", "m", "key").model_id == make("http://a/v1/embeddings", "m").model_id


@pytest.mark.parametrize(
    "url", ["", "localhost:8000", "ftp://a/v1", "http://user:pass@a/v1", "http://[", "file:///etc"]
)
def test_bad_urls(url: str) -> None:
    with pytest.raises(ConfigError):
        EndpointEmbedder(url, "m")


def test_threads_share_one_embedder(embedder: EndpointEmbedder) -> None:
    results: dict[int, Any] = {}
    threads = [
        threading.Thread(target=lambda n=n: results.update({n: embedder.embed_queries(["あ" * n])}))
        for n in range(1, 9)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    for n, found in results.items():
        np.testing.assert_allclose(found, expected("あ" * n), atol=1e-6)
    assert len(results) == 8

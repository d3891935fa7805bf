"""An OpenAI-compatible embeddings endpoint: a hosted service, or a vLLM, llama.cpp, Ollama or TEI server."""

from __future__ import annotations

import hashlib
import os
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from urllib.parse import urlsplit

import httpx
import numpy as np
from pydantic import BaseModel, ValidationError

from rag.embedding.calibration import unrelated_cosine
from rag.embedding.vectors import unit_rows
from rag.embedding.windows import pool, slices
from rag.errors import ConfigError, EmbeddingError, EmbeddingUnavailable
from rag.model_text import clean
from rag.types import Vectors

_RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
_LONGEST_WAIT = 30.0
_LARGEST_REPLY = 256 * 1024 * 1024
_NOTHING = "."
"""Sent for a text without characters, which many servers refuse."""

_HINTS = {
    400: "モデル名と、1回に送る文章の長さや数の上限を確認してください。",
    401: "API キーを確認してください。",
    403: "API キーの権限を確認してください。",
    404: "URL (普通は /v1 で終わります) とモデル名を確認してください。",
    413: "batch_size か max_characters を小さくしてください。",
}
_HINTS_EN = {
    400: "Check the model's name, and the limits on the length and number of texts in one request.",
    401: "Check the API key.",
    403: "Check what the API key allows.",
    404: "Check the URL (it usually ends in /v1) and the model's name.",
    413: "Choose a smaller batch_size or max_characters.",
}


class _Row(BaseModel):
    index: int
    embedding: list[float]


class _Reply(BaseModel):
    data: list[_Row]


class EndpointEmbedder:
    """Embeds through `POST {url}/embeddings`; safe to share between threads and to use after a fork.

    `url`: base URL, such as `http://localhost:8000/v1`. `dimension`: checked when given, else learnt from the
    first reply. `timeout`: seconds for one whole request. `retries`: further tries after 429, 5xx or a broken
    connection, waiting as the server asks (`Retry-After`) or twice as long each time. Texts longer than
    `max_characters` are embedded part by part; set it below the server's token limit.
    """

    def __init__(
        self,
        url: str,
        model: str,
        api_key: str | None = None,
        *,
        dimension: int | None = None,
        query_prompt: str | None = None,
        document_prompt: str | None = None,
        batch_size: int = 64,
        max_characters: int = 6000,
        timeout: float = 60.0,
        retries: int = 4,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = _embeddings_url(url)
        self._model = model
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        self._dimension = dimension
        self._prompts = (query_prompt or "", document_prompt or "")
        self._batch_size = batch_size
        self._max_characters = max_characters
        self._timeout = timeout
        self._retries = retries
        self._sleep = sleep
        self._client: tuple[int, httpx.Client] | None = None

    @property
    def model_id(self) -> str:
        """Model name and hash of URL, prompts and part length; blind to a server that swaps its model."""
        parts = "\0".join([self._url, self._model, *self._prompts, str(self._max_characters)])
        return f"endpoint:{self._model}@{hashlib.sha256(parts.encode()).hexdigest()[:12]}"

    @property
    def dimension(self) -> int:
        """Length of a vector; asks the server once when it is not known."""
        if self._dimension is None:
            self._request([_NOTHING])
        assert self._dimension is not None  # noqa: S101  set by every request
        return self._dimension

    @cached_property
    def unrelated_cosine(self) -> float:
        """The cosine that unrelated texts have under this model, measured with one request for each side."""
        return unrelated_cosine(self.embed_queries, self.embed_documents)

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of passages, shape (len(texts), dimension)."""
        return self._embed(texts, self._prompts[1])

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of questions, shape (len(texts), dimension)."""
        return self._embed(texts, self._prompts[0])

    def close(self) -> None:
        """Close idle connections; the next call opens new ones."""
        if self._client is not None:
            self._client[1].close()
            self._client = None

    def _embed(self, texts: Sequence[str], prompt: str) -> Vectors:
        parts_of = [list(slices(clean(text), self._max_characters)) for text in texts]
        flat = [
            f"{prompt}{part}" if f"{prompt}{part}".strip() else _NOTHING
            for parts in parts_of
            for part in parts
        ]
        batches = [flat[start : start + self._batch_size] for start in range(0, len(flat), self._batch_size)]
        if not batches:
            return np.empty((0, self.dimension), np.float32)
        rows = np.concatenate([self._request(batch) for batch in batches])
        splits = np.split(rows, np.cumsum([len(parts) for parts in parts_of])[:-1])
        lengths = [[max(1, len(part)) for part in parts] for parts in parts_of]
        return np.stack([pool(own, weights) for own, weights in zip(splits, lengths, strict=True)])

    def _request(self, texts: list[str]) -> Vectors:
        """Unit vectors of one batch, after as many tries as it takes."""
        for attempt in range(self._retries + 1):
            try:
                return self._parse(self._post(texts), len(texts))
            except _TemporaryError as problem:
                wait = problem.wait if problem.wait is not None else _backoff(attempt)
                if attempt == self._retries or wait > _LONGEST_WAIT:
                    raise EmbeddingUnavailable(
                        f"埋め込みサーバー {self._url} が応答しません: {problem}",
                        f"{max(1, round(wait))} 秒ほど待って、もう一度試してください。",
                        en=(
                            f"The embedding server {self._url} does not answer: {problem}",
                            f"Wait for some {max(1, round(wait))} seconds and try again.",
                        ),
                    ) from problem
                self._sleep(wait)
        raise AssertionError("unreachable")

    def _post(self, texts: list[str]) -> bytes:
        """The body of a successful reply. Raises _TemporaryError or EmbeddingError otherwise."""
        body = {"model": self._model, "input": texts, "encoding_format": "float"}
        deadline = time.monotonic() + self._timeout
        try:
            with self._connected().stream("POST", self._url, json=body, headers=self._headers) as reply:
                content = _read(reply, deadline)
        except httpx.TransportError as error:
            raise _TemporaryError(str(error) or type(error).__name__) from error
        if reply.status_code in _RETRIED:
            raise _TemporaryError(
                f"HTTP {reply.status_code}", _retry_after(reply.headers.get("Retry-After", ""))
            )
        if not reply.is_success:
            said = content[:300].decode("utf-8", "replace").strip()
            raise EmbeddingError(
                f"埋め込みサーバー {self._url} が HTTP {reply.status_code} を返しました: {said}",
                _HINTS.get(reply.status_code, "サーバーの URL と設定を確認してください。"),
                en=(
                    f"The embedding server {self._url} replied with HTTP {reply.status_code}: {said}",
                    _HINTS_EN.get(reply.status_code, "Check the URL and the settings of the server."),
                ),
            )
        return content

    def _parse(self, content: bytes, count: int) -> Vectors:
        try:
            data = _Reply.model_validate_json(content).data
        except ValidationError as error:
            raise EmbeddingError(
                f"埋め込みサーバー {self._url} の応答を解釈できません。",
                "OpenAI 互換の URL か確認してください。",
                en=(
                    f"The reply of the embedding server {self._url} cannot be read.",
                    "Check that the URL is that of an OpenAI-compatible server.",
                ),
            ) from error
        if sorted(row.index for row in data) != list(range(count)):
            raise EmbeddingError(
                f"埋め込みサーバー {self._url} は {count} 件の文章に {len(data)} 件を返しました。",
                "サーバーの不具合です。batch_size を 1 にすると避けられることがあります。",
                en=(
                    f"The embedding server {self._url} replied to {count} texts with {len(data)} vectors.",
                    "This is a defect of the server. A batch_size of 1 may help.",
                ),
            )
        values = [row.embedding for row in sorted(data, key=lambda row: row.index)]
        if self._dimension is None:
            self._dimension = len(values[0])
        return unit_rows(values, count, self._dimension, self._url)

    def _connected(self) -> httpx.Client:
        # A connection that a forked child shared with its parent would mix up their replies.
        if self._client is None or self._client[0] != os.getpid():
            self._client = (os.getpid(), httpx.Client(timeout=self._timeout))
        return self._client[1]


class _TemporaryError(Exception):
    """A failure that may pass; `wait` is the server's wish in seconds."""

    def __init__(self, problem: str, wait: float | None = None) -> None:
        super().__init__(problem)
        self.wait = wait


def _embeddings_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.username is None
    except ValueError:  # such as an unclosed [ of an IPv6 address
        usable = False
    if not usable:
        raise ConfigError(
            "埋め込みサーバーの URL が正しくありません。",
            "http(s)://ホスト/v1 の形にし、鍵は api_key で渡してください。",
            en=(
                "The URL of the embedding server is wrong.",
                "Write it as http(s)://HOST/v1, and give the key as api_key.",
            ),
        )
    return url.rstrip("/").removesuffix("/embeddings") + "/embeddings"


def _read(reply: httpx.Response, deadline: float) -> bytes:
    """The whole body. httpx limits only the time between two bytes; a server that trickles must end too."""
    content = bytearray()
    for part in reply.iter_bytes():
        content += part
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("時間切れ", request=reply.request)
        if len(content) > _LARGEST_REPLY:
            raise EmbeddingError(
                "埋め込みサーバーの応答が大きすぎます。",
                "batch_size を小さくしてください。",
                en=("The reply of the embedding server is too large.", "Choose a smaller batch_size."),
            )
    return bytes(content)


def _backoff(attempt: int) -> float:
    """Seconds to wait: .5, 1, 2, … with up to a quarter less, so that clients do not come back in step."""
    return float(0.5 * 2**attempt * random.uniform(0.75, 1))  # noqa: S311  not a secret


def _retry_after(value: str) -> float | None:
    """Seconds that a `Retry-After` header asks for, given in seconds or as a date."""
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None

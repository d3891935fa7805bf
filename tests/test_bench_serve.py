"""The load test counts what clients saw."""

from __future__ import annotations

import asyncio

import pytest
from http_server import QUESTION, served, settings

from evals.bench.serve import Asked, load, summary
from rag import Assistant
from rag.http.app import create_app


@pytest.mark.loopback
@pytest.mark.enable_socket
def test_every_client_asks_until_the_end(assistant: Assistant) -> None:
    with served(create_app(assistant, settings())) as address:
        asked = asyncio.run(load(address, [QUESTION], clients=4, seconds=0.2, key=""))
    assert len(asked) >= 4
    assert {one.outcome for one in asked} == {"200"}


def test_only_answers_count_and_everything_else_is_an_error() -> None:
    asked = [Asked("200", float(ms)) for ms in range(1, 101)] + [Asked("429", 1.0), Asked("ReadError", 1.0)]
    result = summary(asked, 10)
    assert (result["questions_per_s"], result["answered"], result["errors"]) == (10.0, 100, 2)
    assert (result["p50_ms"], result["p95_ms"], result["p99_ms"]) == (50.5, 95.0, 99.0)
    assert result["outcomes"] == {"200": 100, "429": 1, "ReadError": 1}
    assert summary([], 1)["p99_ms"] == 0.0

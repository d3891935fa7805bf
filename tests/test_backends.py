"""Models that load while something else is done."""

from __future__ import annotations

import threading

import pytest

from rag import backends
from rag.config import EmbeddingSettings, LlmSettings, ReaderSettings, Settings
from rag.errors import ReadingError


class Model:
    def __init__(self, error: Exception | None = None) -> None:
        self.loaded = 0
        self._error = error

    def load(self) -> None:
        self.loaded += 1
        if self._error:
            raise self._error


def loaded_ahead(monkeypatch: pytest.MonkeyPatch, settings: Settings, *models: Model) -> list[int]:
    embedder, reader = models
    monkeypatch.setattr(backends, "_bundled_embedder", lambda: embedder)
    monkeypatch.setattr(backends, "_bundled_reader", lambda: reader)
    backends.load_ahead(settings)
    for thread in threading.enumerate():
        if thread.name == "rag-models":
            thread.join()
    return [embedder.loaded, reader.loaded]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (Settings(), [1, 1]),
        (Settings(reader=ReaderSettings(backend="rules")), [1, 0]),
        (Settings(llm=LlmSettings(model="openai:any")), [1, 0]),
        (Settings(embedding=EmbeddingSettings(backend="endpoint")), [0, 1]),
    ],
)
def test_only_the_models_that_a_question_needs_are_loaded(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, expected: list[int]
) -> None:
    assert loaded_ahead(monkeypatch, settings, Model(), Model()) == expected


def test_a_damaged_model_is_left_to_whoever_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert loaded_ahead(monkeypatch, Settings(), Model(ReadingError("damaged", "mend it")), Model()) == [1, 1]

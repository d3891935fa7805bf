"""The backends that the settings name: only the chosen ones are imported, for some are large."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

from rag.answering.conversation import complete
from rag.answering.extractive import ExtractiveAnswerer
from rag.answering.llm.client import Connection
from rag.chunking import CHUNKER
from rag.config import EmbeddingSettings, LlmSettings, ReaderSettings, RerankerSettings, Settings
from rag.errors import ConfigError, RagError
from rag.protocols import Answerer, Embedder, Reader, Reranker, Store
from rag.terms import TOKENIZER
from rag.types import IndexManifest, Turn

if TYPE_CHECKING:
    from rag.embedding.bundled import BundledEmbedder
    from rag.reading.bundled import BundledReader

Completer = Callable[[str, Sequence[Turn]], str]
"""Makes a follow-up a question that stands by itself, from the turns before it."""


class Engine(NamedTuple):
    """What composes replies."""

    answerer: Answerer
    complete: Completer


def open_embedder(settings: EmbeddingSettings) -> Embedder:
    """The embedding backend that the settings name; only that one is imported."""
    if settings.backend == "sentence-transformers":
        from rag.embedding.sentence_transformers import SentenceTransformersEmbedder

        if not settings.model:
            raise ConfigError(
                "embedding.model がありません。",
                'rag.toml の [embedding] に model = "モデル名かフォルダー" を書いてください。',
                en=(
                    "embedding.model is missing.",
                    'Write model = "a name or folder" into [embedding] of rag.toml.',
                ),
            )
        return SentenceTransformersEmbedder(settings.model, settings.query_prompt, settings.document_prompt)
    if settings.backend == "endpoint":
        from rag.embedding.endpoint import EndpointEmbedder

        if not settings.url or not settings.model:
            raise ConfigError(
                "embedding.url か embedding.model がありません。",
                "rag.toml の [embedding] に url と model を書いてください。",
                en=(
                    "embedding.url or embedding.model is missing.",
                    "Write url and model into [embedding] of rag.toml.",
                ),
            )
        return EndpointEmbedder(
            settings.url,
            settings.model,
            settings.api_key.get_secret_value() or None,
            dimension=settings.dimension,
            query_prompt=settings.query_prompt,
            document_prompt=settings.document_prompt,
        )
    return _bundled_embedder()


def open_reader(settings: ReaderSettings) -> Reader | None:
    """The span reader in the package, which loads itself when it first reads; None for rules alone."""
    return None if settings.backend == "rules" else _bundled_reader()


def load_ahead(settings: Settings) -> None:
    """Begin to load the models in the package that a question will need, so that the first waits for less of it."""
    bundled = settings.embedding.backend == "bundled"
    read = settings.reader.backend == "model" and not settings.llm.model
    loads = [*([_bundled_embedder().load] if bundled else []), *([_bundled_reader().load] if read else [])]

    def load() -> None:
        for each in loads:
            with suppress(RagError):  # who asks is told
                each()

    Thread(target=load, name="rag-models").start()


@cache
def _bundled_embedder() -> BundledEmbedder:
    """The same for every assistant: a process needs each model in the package once."""
    from rag.embedding.bundled import BundledEmbedder

    return BundledEmbedder()


@cache
def _bundled_reader() -> BundledReader:
    from rag.reading.bundled import BundledReader

    return BundledReader()


def open_reranker(settings: RerankerSettings) -> Reranker | None:
    """The reader in the package or the named cross-encoder, which loads itself when it first reads; None for none.

    Raises:
        ConfigError: they ask for a cross-encoder without naming it.
    """
    if settings.backend == "none":
        return None
    if settings.backend == "bundled":
        from rag.reading.reranking import ReadingReranker

        reader = _bundled_reader()
        return ReadingReranker(reader, reader.model_id)
    from rag.reranking import CrossEncoderReranker

    if not settings.model:
        raise ConfigError(
            "reranker.model がありません。",
            'rag.toml の [reranker] に model = "モデル名かフォルダー" を書いてください。',
            en=(
                "reranker.model is missing.",
                'Write model = "a name or folder" into [reranker] of rag.toml.',
            ),
        )
    return CrossEncoderReranker(settings.model)


def open_engine(settings: LlmSettings, embedder: Embedder, reader: Reader | None = None) -> Engine:
    """The engine that the settings name: an LLM, or reading without one.

    Raises:
        ConfigError, MissingExtra: the LLM cannot be used; nothing is sent to it yet.
    """
    extractive = ExtractiveAnswerer(embedder, reader)
    if not settings.model:
        return Engine(extractive, complete)
    from rag.answering.llm.answerer import LlmAnswerer

    answerer = LlmAnswerer(llm_connection(settings), extractive, settings.timeout_s)
    return Engine(answerer, answerer.complete)


def llm_connection(settings: LlmSettings) -> Connection:
    """The LLM that the settings name.

    Raises:
        ConfigError: they name none.
    """
    if not settings.model:
        raise ConfigError(
            "[llm] に model がありません。",
            'rag.toml か RAG_LLM__MODEL に "openai:モデル名" を書いてください。',
            en=("model is missing in [llm].", 'Write "openai:MODEL" into rag.toml or RAG_LLM__MODEL.'),
        )
    return Connection(
        settings.model, settings.base_url, settings.api_key, settings.output, settings.max_output_tokens
    )


def open_store(index: Path, embedder: Embedder) -> Store:
    """The store in an index folder, for vectors of this embedder.

    Raises:
        IndexMismatch: it was built with another model, tokenizer or chunker.
    """
    from rag.store.local import LocalStore

    return LocalStore(index, manifest(embedder))


def erase_store(index: Path) -> None:
    """Delete what the store keeps in an index folder; the caller holds its writing lock."""
    from rag.store.local import LocalStore

    LocalStore.erase(index)


def manifest(embedder: Embedder) -> IndexManifest:
    """What an index made with this embedder records."""
    return IndexManifest(
        embedding_model=embedder.model_id, dimension=embedder.dimension, tokenizer=TOKENIZER, chunker=CHUNKER
    )

"""Examines what the assistant stands on: versions, model, corpus, index, disk; and says what to do next."""

from __future__ import annotations

import platform
import shutil
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Literal, NamedTuple

from rag.backends import open_embedder, open_engine, open_store
from rag.config import LlmSettings, find_home, load_settings
from rag.corpus import read_corpus
from rag.errors import RagError
from rag.japanese import words
from rag.library import Library
from rag.messages import Lang, text
from rag.protocols import Embedder

_PACKAGES = ("faiss-cpu", "fugashi", "gradio", "numpy", "openvino", "pydantic", "tokenizers", "unidic-lite")
_OPTIONAL = ("sentence-transformers",)
_LOW_DISK = 500 * 1024**2

Say = Callable[..., str]
"""A message by its key and values, in the reader's language."""


class Finding(NamedTuple):
    """One thing examined. `hint` is empty where there is nothing to do."""

    state: Literal["ok", "warning", "failed"]
    subject: str
    detail: str
    hint: str = ""


def examine(home: Path | None = None, lang: Lang = "ja") -> Iterator[Finding]:
    """All findings, in an order in which the first failure explains the later ones."""
    say = partial(text, lang=lang)
    yield _versions(say)
    try:
        folder = find_home(home)
        settings = load_settings(folder)
    except RagError as error:
        yield Finding("failed", say("doctor.settings"), *error.said(lang))
        return
    yield Finding("ok", say("doctor.home"), str(folder))
    yield _checked(
        "doctor.tokenizer", lambda: say("doctor.split", count=len(words("日本語の記事を読む"))), lang
    )
    embedder: list[Embedder] = []

    def embed() -> str:
        start = time.perf_counter()
        embedder.append(open_embedder(settings.embedding))
        vector = embedder[0].embed_queries(["点検"])[0]
        took = (time.perf_counter() - start) * 1000
        return say("doctor.embedded", model=embedder[0].model_id, dimension=len(vector), ms=f"{took:.0f}")

    yield _checked("doctor.embedding", embed, lang)
    if embedder:
        yield _checked("doctor.engine", lambda: _engine(settings.llm, embedder[0], say), lang)
    if not (folder / "corpus").is_dir():
        yield Finding("warning", say("doctor.corpus"), say("doctor.no_corpus"), say("doctor.no_corpus.hint"))
        return
    yield _checked("doctor.corpus", lambda: _corpus(folder / "corpus", say), lang)
    if embedder:
        yield _index(folder, embedder[0], lang)
    yield _disk(folder, say)


def _checked(subject: str, check: Callable[[], str], lang: Lang) -> Finding:
    try:
        return Finding("ok", text(subject, lang), check())
    except RagError as error:
        return Finding("failed", text(subject, lang), *error.said(lang))
    except (OSError, RuntimeError) as error:
        return Finding("failed", text(subject, lang), str(error), text("doctor.again", lang))


def _versions(say: Say) -> Finding:
    found, missing = [f"Python {platform.python_version()}"], []
    for name in (*_PACKAGES, *_OPTIONAL):
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            if name in _PACKAGES:
                missing.append(name)
    if missing:
        return Finding("failed", say("doctor.versions"), ", ".join(missing), say("doctor.install"))
    return Finding("ok", say("doctor.versions"), ", ".join(found))


def _engine(settings: LlmSettings, embedder: Embedder, say: Say) -> str:
    """What answers. An LLM's settings are examined; nothing is sent to its provider."""
    open_engine(settings, embedder)
    if not settings.model:
        return say("doctor.no_llm")
    return ", ".join(filter(None, (settings.model, settings.base_url, f"output = {settings.output}")))


def _corpus(folder: Path, say: Say) -> str:
    articles = read_corpus(folder)
    characters = sum(len(article.text) for article in articles)
    return say("doctor.articles", articles=len(articles), characters=f"{characters:,}")


def _index(folder: Path, embedder: Embedder, lang: Lang) -> Finding:
    subject, index = text("doctor.index", lang), folder / "index"
    try:
        store = open_store(index, embedder)
        try:
            stale = Library(folder / "corpus", index, embedder, store).stale()
            counts = {"articles": store.overview().articles, "chunks": store.count()}
            detail = text("article_count", lang, **counts)
        finally:
            store.close()
    except RagError as error:
        return Finding("failed", subject, *error.said(lang))
    if stale:
        return Finding("warning", subject, detail, text("doctor.stale", lang))
    return Finding("ok", subject, detail)


def _disk(folder: Path, say: Say) -> Finding:
    free = shutil.disk_usage(folder).free
    detail = say("doctor.free", size=f"{free / 1024**3:.1f}")
    if free < _LOW_DISK:
        return Finding("warning", say("doctor.disk"), detail, say("doctor.full"))
    return Finding("ok", say("doctor.disk"), detail)

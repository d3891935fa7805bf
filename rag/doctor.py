"""Examines what the assistant stands on: versions, model, corpus, index, disk; and says what to do next."""

from __future__ import annotations

import platform
import shutil
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Literal, NamedTuple

from rag.assistant import open_embedder, open_engine, open_store
from rag.config import LlmSettings, find_home, load_settings
from rag.corpus import read_corpus
from rag.errors import RagError
from rag.japanese import words
from rag.library import Library
from rag.protocols import Embedder

_PACKAGES = ("faiss-cpu", "fugashi", "gradio", "numpy", "openvino", "pydantic", "tokenizers", "unidic-lite")
_OPTIONAL = ("sentence-transformers",)
_LOW_DISK = 500 * 1024**2


class Finding(NamedTuple):
    """One thing examined. `hint` is empty where there is nothing to do."""

    state: Literal["ok", "warning", "failed"]
    subject: str
    detail: str
    hint: str = ""


def examine(home: Path | None = None) -> Iterator[Finding]:
    """All findings, in an order in which the first failure explains the later ones."""
    yield _versions()
    try:
        folder = find_home(home)
        settings = load_settings(folder)
    except RagError as error:
        yield Finding("failed", "設定 / settings", error.message, error.hint)
        return
    yield Finding("ok", "フォルダー / home", str(folder))
    yield _checked(
        "形態素解析 / tokenizer", lambda: f"unidic-lite, {len(words('日本語の記事を読む'))} 語に分割"
    )
    embedder: list[Embedder] = []

    def embed() -> str:
        start = time.perf_counter()
        embedder.append(open_embedder(settings.embedding))
        vector = embedder[0].embed_queries(["点検"])[0]
        return f"{embedder[0].model_id}, {len(vector)} 次元, {(time.perf_counter() - start) * 1000:.0f} ms"

    yield _checked("埋め込みモデル / embedding model", embed)
    if embedder:
        yield _checked("回答エンジン / answering engine", lambda: _engine(settings.llm, embedder[0]))
    if not (folder / "corpus").is_dir():
        yield Finding(
            "warning",
            "記事 / corpus",
            "corpus フォルダーがありません。",
            "「rag ingest ファイルかURL」で記事を取り込んでください。",
        )
        return
    yield _checked("記事 / corpus", lambda: _corpus(folder / "corpus"))
    if embedder:
        yield _index(folder, embedder[0])
    yield _disk(folder)


def _checked(subject: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding("ok", subject, check())
    except RagError as error:
        return Finding("failed", subject, error.message, error.hint)
    except (OSError, RuntimeError) as error:
        return Finding("failed", subject, str(error), "pip install --force-reinstall で入れ直してください。")


def _versions() -> Finding:
    found, missing = [f"Python {platform.python_version()}"], []
    for name in (*_PACKAGES, *_OPTIONAL):
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            if name in _PACKAGES:
                missing.append(name)
    if missing:
        return Finding("failed", "版 / versions", ", ".join(missing), "pip install -e . を実行してください。")
    return Finding("ok", "版 / versions", ", ".join(found))


def _engine(settings: LlmSettings, embedder: Embedder) -> str:
    """What answers. An LLM's settings are examined; nothing is sent to its provider."""
    open_engine(settings, embedder)
    if not settings.model:
        return "extractive (LLM なし / without an LLM)"
    return ", ".join(filter(None, (settings.model, settings.base_url, f"output = {settings.output}")))


def _corpus(folder: Path) -> str:
    articles = read_corpus(folder)
    return f"{len(articles)} 本, {sum(len(article.text) for article in articles):,} 文字"


def _index(folder: Path, embedder: Embedder) -> Finding:
    subject, index = "索引 / index", folder / "index"
    try:
        store = open_store(index, embedder)
        try:
            stale = Library(folder / "corpus", index, embedder, store).stale()
            detail = f"記事 {len(store.content_hashes())} 本, チャンク {store.count()} 個"
        finally:
            store.close()
    except RagError as error:
        return Finding("failed", subject, error.message, error.hint)
    if stale:
        return Finding("warning", subject, detail, "corpus/ と違います。次の「rag ask」で更新されます。")
    return Finding("ok", subject, detail)


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    detail = f"空き {free / 1024**3:.1f} GB"
    if free < _LOW_DISK:
        return Finding("warning", "ディスク / disk", detail, "空き容量を増やしてください。")
    return Finding("ok", "ディスク / disk", detail)

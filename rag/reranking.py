"""Reranking by a cross-encoder: any sentence-transformers `CrossEncoder`. Needs the extra `sentence-transformers`."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rag.errors import MissingExtra, RerankingError
from rag.model_text import clean


class CrossEncoderReranker:
    """Reads question and text together, which is slower and more exact than comparing embeddings.

    `model`: hub name or folder of a model with one output. `device`: as PyTorch names it, None for the best there is.
    `offline`: never ask the hub. What is longer than the model can read is cut. Safe to share between threads.
    Construction is cheap; the model is loaded when it first reads. Raises MissingExtra without the package,
    RerankingError when the model cannot be loaded or is no reranker.
    """

    def __init__(
        self, model: str | Path, *, device: str | None = None, batch_size: int = 16, offline: bool = False
    ) -> None:
        self._name = str(model)
        self._device = device
        self._batch_size = batch_size
        self._offline = offline or Path(model).is_dir()
        self._model: Any = None
        self._lock = threading.Lock()  # tokenizers of transformers are not safe to share

    @property
    def model_id(self) -> str:
        """The name it was given."""
        return self._name

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the question, 0 to 1 (the sigmoid of the model's output)."""
        if not texts:
            return []
        pairs = [(clean(question), clean(text)) for text in texts]
        with self._lock:
            self._model = self._model or self._loaded()
            logits = np.asarray(
                self._model.predict(pairs, batch_size=self._batch_size, show_progress_bar=False), np.float64
            )
        if not np.isfinite(logits).all():
            raise RerankingError(
                f"リランカー {self._name} の出力が数値ではありません。",
                _CHOOSE,
                en=(f"The reranker {self._name} gave something that is no number.", _CHOOSE_EN),
            )
        return [float(value) for value in 1 / (1 + np.exp(-logits))]

    def _loaded(self) -> Any:
        try:
            from sentence_transformers import CrossEncoder
            from torch.nn import Identity
        except ImportError as error:
            raise MissingExtra(
                "リランカーには sentence-transformers が必要です。",
                'pip install "rag[sentence-transformers]"',
                en=("A reranker needs sentence-transformers.", 'pip install "rag[sentence-transformers]"'),
            ) from error
        try:
            model = CrossEncoder(
                self._name, device=self._device, local_files_only=self._offline, activation_fn=Identity()
            )
        except Exception as error:  # transformers raises whatever its parts do
            raise RerankingError(
                f"リランカー {self._name} を読み込めません: {error}",
                _CHOOSE,
                en=(f"The reranker {self._name} cannot be loaded: {error}", _CHOOSE_EN),
            ) from error
        if model.num_labels != 1:
            raise RerankingError(
                f"{self._name} の出力は {model.num_labels} 個あり、リランカーではありません。",
                _CHOOSE,
                en=(f"{self._name} has {model.num_labels} outputs, so it is no reranker.", _CHOOSE_EN),
            )
        return model


_CHOOSE = "rag.toml の [reranker] の model を、出力が1つの CrossEncoder の名前かフォルダーにしてください。"
_CHOOSE_EN = "Let model in [reranker] of rag.toml be the name or folder of a CrossEncoder with one output."

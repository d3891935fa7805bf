"""What every backend promises about its vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from rag.errors import EmbeddingError
from rag.types import Vectors


def unit_rows(values: Any, count: int, dimension: int, source: str) -> Vectors:
    """`values` as float32 of shape (count, dimension) with rows of unit length.

    Raises EmbeddingError, naming `source`, for another shape, NaN, infinity or a zero row.
    """
    try:
        rows = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise _wrong(source, "ベクトルの長さがそろっていません", "they differ in length") from error
    if rows.shape != (count, dimension):
        raise _wrong(
            source,
            f"形が {rows.shape} です。{(count, dimension)} のはずです",
            f"their shape is {rows.shape}, not {(count, dimension)}",
        )
    norms = np.linalg.norm(rows, axis=1, keepdims=True) if count else np.ones((0, 1))
    if not np.isfinite(norms).all():
        raise _wrong(source, "NaN か無限大が含まれています", "one has NaN or infinity")
    if not norms.all():
        raise _wrong(source, "長さ 0 のベクトルが含まれています", "one has length 0")
    return (rows / norms).astype(np.float32)


def _wrong(source: str, problem: str, problem_en: str) -> EmbeddingError:
    return EmbeddingError(
        f"{source} が返した埋め込みベクトルは使えません: {problem}",
        "埋め込み用のモデルを指定しているか確認してください。",
        en=(
            f"The vectors of {source} cannot be used: {problem_en}",
            "Check that the model is one for embeddings.",
        ),
    )

"""Embeddings of sentences that are looked at again and again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rag.protocols import Embedder
from rag.types import Vector, Vectors

_REMEMBERED = 20_000
_vectors: dict[tuple[str, str], Vector] = {}


def embed_remembered(texts: Sequence[str], embedder: Embedder) -> Vectors:
    """Embeddings of units, shape (len(texts), dimension); those seen lately are not computed again."""
    known = {
        text: vector for text in texts if (vector := _vectors.get((embedder.model_id, text))) is not None
    }
    new = [text for text in dict.fromkeys(texts) if text not in known]
    if len(_vectors) + len(new) > _REMEMBERED:
        _vectors.clear()
    if new:
        known |= zip(new, embedder.embed_documents(new), strict=True)
        _vectors.update({(embedder.model_id, text): known[text] for text in new})
    return np.stack([known[text] for text in texts])

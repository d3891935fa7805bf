"""txtai: vectors, keywords and its hybrid of both, all with their defaults."""

from __future__ import annotations

from typing import Any

import numpy as np
from txtai import Embeddings

from evals.peers.ranking.material import DEPTH, Material, Pipeline


def pipelines(material: Material) -> dict[str, Pipeline]:
    """By vectors, by words, and by both."""
    vector_of = material.vector_of()

    def embed(texts: list[str]) -> Any:
        return np.stack([vector_of(text) for text in texts])

    given = {"method": "external", "transform": embed}
    indexes = {
        "txtai vector": Embeddings(**given),
        "txtai BM25": Embeddings(keyword=True),
        "txtai hybrid": Embeddings(**given, hybrid=True),
    }
    for index in indexes.values():
        index.index((id_, text, None) for id_, text in material.passages)

    def by(index: Any) -> Pipeline:
        return lambda text, vector: [id_ for id_, _ in index.search(text, DEPTH)]

    return {name: by(index) for name, index in indexes.items()}

"""Haystack: BM25 and embeddings of the `InMemoryDocumentStore`, and both by its `DocumentJoiner`, all by default."""

from __future__ import annotations

from functools import cache
from typing import Any

from haystack import Document
from haystack.components.joiners import DocumentJoiner
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
from haystack.document_stores.in_memory import InMemoryDocumentStore

from evals.peers.ranking.material import DEPTH, Material, Pipeline


def pipelines(material: Material) -> dict[str, Pipeline]:
    """By vectors, by words, and by both."""
    store = InMemoryDocumentStore()
    store.write_documents(
        [
            Document(id=id_, content=text, embedding=material.passage_vectors[row].tolist())
            for row, (id_, text) in enumerate(material.passages)
        ]
    )
    words, near = InMemoryBM25Retriever(store, top_k=DEPTH), InMemoryEmbeddingRetriever(store, top_k=DEPTH)
    joiner = DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=DEPTH)

    @cache
    def by_words(text: str) -> list[Document]:
        return list(words.run(query=text)["documents"])

    def by_vector(text: str, vector: Any) -> list[Document]:
        return list(near.run(query_embedding=vector.tolist())["documents"])

    def by_both(text: str, vector: Any) -> list[Document]:
        return list(joiner.run([by_words(text), by_vector(text, vector)])["documents"])

    return {
        "Haystack embedding": lambda text, vector: [found.id for found in by_vector(text, vector)],
        "Haystack BM25": lambda text, vector: [found.id for found in by_words(text)],
        "Haystack RRF": lambda text, vector: [found.id for found in by_both(text, vector)],
    }

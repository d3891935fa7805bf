"""LlamaIndex: `VectorStoreIndex`, `BM25Retriever`, and both in a `QueryFusionRetriever`, all with their defaults."""

from __future__ import annotations

from typing import Any

from llama_index.core import VectorStoreIndex
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.llms import MockLLM
from llama_index.core.retrievers import QueryFusionRetriever
from llama_index.core.schema import QueryBundle, TextNode
from llama_index.retrievers.bm25 import BM25Retriever

from evals.peers.ranking.material import DEPTH, Material, Pipeline


def pipelines(material: Material) -> dict[str, Pipeline]:
    """By vectors, by words, and by both."""
    nodes = [
        TextNode(id_=id_, text=text, embedding=material.passage_vectors[row].tolist())
        for row, (id_, text) in enumerate(material.passages)
    ]
    model = MockEmbedding(embed_dim=material.passage_vectors.shape[1])  # every vector is given
    index = VectorStoreIndex(nodes, embed_model=model)
    vector_search = index.as_retriever(similarity_top_k=DEPTH)
    bm25 = BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=DEPTH)
    both = QueryFusionRetriever(
        [vector_search, bm25],
        llm=MockLLM(),
        num_queries=1,  # more would need a language model
        mode="reciprocal_rerank",
        similarity_top_k=DEPTH,
        use_async=False,
    )

    def by(retriever: Any) -> Pipeline:
        def ranked(text: str, vector: Any) -> list[str]:
            asked = QueryBundle(text, embedding=vector.tolist())
            return [found.node.node_id for found in retriever.retrieve(asked)]

        return ranked

    return {
        "LlamaIndex vector": by(vector_search),
        "LlamaIndex BM25": by(bm25),
        "LlamaIndex fusion": by(both),
    }

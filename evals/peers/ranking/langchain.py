"""LangChain: FAISS, `BM25Retriever`, and both in an `EnsembleRetriever`, all with their defaults."""

from __future__ import annotations

from typing import Any

from langchain_classic.retrievers import EnsembleRetriever
from langchain_community.retrievers import BM25Retriever
from langchain_community.vectorstores import FAISS
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from evals.peers.ranking.material import DEPTH, Material, Pipeline


class _Given(Embeddings):  # type: ignore[misc]
    """Embeds by looking up."""

    def __init__(self, material: Material) -> None:
        self._vector_of = material.vector_of()

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Vectors of passages."""
        return [self._vector_of(text).tolist() for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Vector of a question."""
        return [float(value) for value in self._vector_of(text)]


def pipelines(material: Material) -> dict[str, Pipeline]:
    """By vectors, by words, and by both."""
    documents = [Document(page_content=text, metadata={"id": id_}) for id_, text in material.passages]
    faiss = FAISS.from_documents(documents, _Given(material)).as_retriever(search_kwargs={"k": DEPTH})
    bm25 = BM25Retriever.from_documents(documents, k=DEPTH)
    both = EnsembleRetriever(retrievers=[bm25, faiss], weights=[0.5, 0.5])
    return {
        "LangChain FAISS": lambda text, vector: _ids(faiss.invoke(text)),
        "LangChain BM25": lambda text, vector: _ids(bm25.invoke(text)),
        "LangChain ensemble": lambda text, vector: _ids(both.invoke(text)),
    }


def _ids(documents: list[Any]) -> list[str]:
    return [document.metadata["id"] for document in documents]
